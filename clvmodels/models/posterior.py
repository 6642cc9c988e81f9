"""What the posteriors of all models share: draws, summary, and one NetCDF file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import version
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from pandas.util import hash_pandas_object

from clvmodels.errors import InvalidArgument, check_interval, shown
from clvmodels.files import POSTERIOR, write_whole
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.intervals import Array, quantiles
from clvmodels.models.prior_posterior import prior_and_posterior
from clvmodels.models.priors import Prior
from clvmodels.notebook import as_html
from clvmodels.rfm import RFM, RFMTable, TimeUnit, days_per_unit

FORMAT = 1
# Beyond these, squares and ratios of parameters leave the computer's numbers.
SMALLEST, LARGEST = 1e-100, 1e100
PREDICTIVE_DRAWS = 1000
PACKAGES = ("clvmodels", "pymc", "arviz", "numpy", "scipy", "xarray")


@dataclass(frozen=True, kw_only=True, repr=False)
class Posterior:
    """Draws of a model's parameters with what is known about them. Made by `fit` or `load_posterior`.

    Attributes
    ----------
    samples : xarray.Dataset
        One variable per parameter, dims (chain, draw).
    diagnostics : Diagnostics
        How the draws were made, and whether the fit's checks held.
    priors : dict of str to Prior
        The priors that were used, data-dependent scales filled in.
    time_unit : str
        Unit of the times in the data; every horizon is in it.
    random_seed : int
        Seed of the fit; predictive draws use it too unless told otherwise.
    fingerprint : str
        SHA-256 of the distinct rows that were fitted, with their counts and unit.

    Raises
    ------
    InvalidArgument
        If a parameter is not above its `lowest` value (0 unless said) and finite in every draw, or the unit, the seed
        or the priors' names are not known.
    """

    samples: xr.Dataset
    diagnostics: Diagnostics
    priors: dict[str, Prior]
    time_unit: TimeUnit
    random_seed: int
    fingerprint: str

    label: ClassVar[str] = ""
    parameters: ClassVar[tuple[str, ...]] = ()
    lowest: ClassVar[dict[str, float]] = {}

    def __post_init__(self) -> None:
        """Refuse what no fit makes: parameters, priors, a unit or a seed outside their domain."""
        self._check_draws()
        days_per_unit(self.time_unit)
        fresh_seed(self.random_seed)
        if self.priors and set(self.priors) != set(names := self.prior_draws()):
            raise InvalidArgument(f"the priors are of {list(self.priors)}; give those of {list(names)}")

    @property
    def draw_count(self) -> int:
        """Number of draws, over all chains; 1 for a mode alone."""
        return self.samples.sizes["chain"] * self.samples.sizes["draw"]

    @property
    def predictive_draw_count(self) -> int:
        """Number of outcomes drawn per customer: one per draw, or 1,000 from a point."""
        return self.draw_count if self.draw_count > 1 else PREDICTIVE_DRAWS

    def summary(self, *, interval: float = 0.9) -> pd.DataFrame:
        """Parameters by name: mean, sd, lower, upper, effective sample size, and the method's own check.

        Returns
        -------
        pandas.DataFrame
            Columns mean, sd, lower, upper, ess, and k_hat (importance) or r_hat (nuts). A mode alone ("map") has its
            value as mean, and nothing else. `diagnostics` says more.
        """
        check_interval(interval)
        flat = self._flat()
        # A point is one also where it is repeated, as in a pool.
        alone = not np.ptp(flat, axis=0).any()
        lower, upper = quantiles(flat[:1] if alone else flat, interval, "credible")
        table = pd.DataFrame(
            {"mean": flat.mean(axis=0), "sd": np.nan if alone else flat.std(axis=0, ddof=1)},
            index=pd.Index(self.parameters, name="parameter"),
        ).assign(lower=lower, upper=upper, ess=self._effective_sizes())
        return table.assign(**self._check_columns())

    def by_model(self) -> dict[str, Self]:
        """The posteriors of single models by their names: itself, or the members of a pool."""
        return {self.label: self}

    def with_draws(self, count: int) -> Self:
        """The same posterior with so many of its draws, evenly chosen; repeated where there are fewer."""
        if count == self.draw_count:
            return self
        kept = np.arange(count) * self.draw_count // count
        values = {
            str(name): (("chain", "draw"), each.to_numpy().reshape(1, -1)[:, kept])
            for name, each in self.samples.items()
        }
        return replace(self, samples=xr.Dataset(values, coords={"chain": [0], "draw": np.arange(count)}))

    def named_draws(self) -> dict[str, Array]:
        """The draws of every parameter by its name."""
        return dict(zip(self.parameters, self.parameter_draws(), strict=True))

    def prior_draws(self) -> dict[str, Array]:
        """The draws in the parametrisation of the priors, by its names."""
        return self.named_draws()

    def prior_and_posterior(self) -> pd.DataFrame:
        """Densities of the parameters that have priors, before and after the data; see `models.prior_posterior`.

        Returns
        -------
        pandas.DataFrame
            Columns prior (missing where improper) and posterior, indexed by parameter and `at`. InvalidArgument is
            raised for a point, and for given parameters: neither has a density.
        """
        return prior_and_posterior(self.prior_draws(), self.priors)

    def to_arviz(self) -> Any:
        """The draws as ArviZ holds them: InferenceData on ArviZ 0.x, DataTree on 1.x."""
        from clvmodels.models.arviz_object import to_arviz

        return to_arviz(self._tree())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write one NetCDF file (a `posterior` group that ArviZ reads too); an earlier posterior is replaced whole."""
        # By way of memory: on a full disk HDF5 ends in many errors of its own.
        return write_whole(path, bytes(self._tree().to_netcdf(engine="h5netcdf")), POSTERIOR)

    def __repr__(self) -> str:
        """Parameters' means and the method, in one line."""
        means = ", ".join(f"{name} {float(self.samples[name].mean()):.4g}" for name in self.parameters)
        made = f"{self.draw_count} draws by {self.diagnostics.method}, time unit {self.time_unit}"
        return f"{type(self).__name__}({means}; {made})"

    def _repr_html_(self) -> str:
        return as_html(repr(self), self.summary(), *self.diagnostics.notes)

    def _tree(self) -> xr.DataTree:
        tree = xr.DataTree.from_dict({"posterior": self.samples})
        tree.attrs = {"clvmodels": json.dumps(self._metadata())}
        return tree

    def _metadata(self) -> dict[str, Any]:
        held = {"samples", "diagnostics", "priors"}
        return {
            "format": FORMAT,
            "model": type(self).__name__,
            "versions": versions(),
            "diagnostics": asdict(self.diagnostics),
            "priors": {name: prior.to_dict() for name, prior in self.priors.items()},
            **{field.name: getattr(self, field.name) for field in fields(self) if field.name not in held},
        }

    def _check_draws(self) -> None:
        """Refuse parameters that are missing, or not finite and above the lowest (0 unless said) in every draw."""
        missing = [name for name in self.parameters if name not in self.samples]
        if missing or self.draw_count == 0:
            raise InvalidArgument(f"there are no draws of {missing or 'the parameters'}; give one at least")
        for name in self.parameters:
            values, lowest = self.samples[name].to_numpy(), self.lowest.get(name, 0)
            odd = values[~((values >= SMALLEST) & (values <= LARGEST) & (values > lowest))]
            if odd.size:
                above = f", and {name} above {lowest}" if lowest else ""
                raise InvalidArgument(
                    f"parameters {[name]} must be positive and finite, from {SMALLEST:g} to {LARGEST:g}{above};"
                    f" found {float(odd[0])}"
                )

    def _flat(self) -> Array:
        """Parameters as an array (draws, parameters), chains one after the other."""
        return np.stack([self.samples[name].to_numpy().ravel() for name in self.parameters], axis=1)

    def parameter_draws(self, *, predictive: bool = False) -> list[Array]:
        """One array (draws,) for each parameter; a point is repeated where outcomes are drawn from it."""
        flat = self._flat()
        if predictive and len(flat) == 1:
            flat = np.repeat(flat, PREDICTIVE_DRAWS, axis=0)
        return list(np.ascontiguousarray(flat.T))

    def some_draws(self, params: Any, some: slice) -> Any:
        """Some of the draws of the parameters, as `at_draws` gives them."""
        return type(params)(*(draws[some] for draws in params))

    def seed_for(self, random_seed: int | None) -> np.uint64:
        """The seed asked for, or that of the fit, as the compiled loops take it."""
        return np.uint64((self.random_seed if random_seed is None else fresh_seed(random_seed)) % 2**64)

    def _effective_sizes(self) -> Any:
        if self.diagnostics.method != "nuts":
            return self.diagnostics.effective_sample_size
        import arviz_stats

        sizes = arviz_stats.ess(self.samples)
        return [float(sizes[name]) for name in self.parameters]

    def _check_columns(self) -> dict[str, Any]:
        if self.diagnostics.method == "importance":
            return {"k_hat": self.diagnostics.k_hat}
        if self.diagnostics.method == "nuts":
            import arviz_stats

            r_hat = arviz_stats.rhat(self.samples)
            return {"r_hat": [float(r_hat[name]) for name in self.parameters]}
        return {}

    def check_unit(self, rfm: RFM | RFMTable) -> None:
        """Refuse an RFM in another time unit than the fit's."""
        if rfm.time_unit != self.time_unit:
            raise InvalidArgument(
                f"the RFM is in {rfm.time_unit}s, the model was fitted in {self.time_unit}s;"
                f" make the RFM with time_unit={shown(self.time_unit)}"
            )

    def check_customers(self, rfm: RFM) -> None:
        """Refuse what is no RFM in memory, and one in another time unit."""
        check_rfm(rfm)
        self.check_unit(rfm)

    def with_draw_dims(self, values: Array, index: pd.Index) -> xr.DataArray:
        """Flat draws (draws, customers) as an array with the dims (chain, draw, customer_id)."""
        chains = self.samples.sizes["chain"]
        shaped = values.reshape(chains, len(values) // chains, len(index))
        return xr.DataArray(
            shaped,
            dims=("chain", "draw", "customer_id"),
            coords={"chain": self.samples["chain"], "draw": np.arange(shaped.shape[1]), "customer_id": index},
        )


def versions() -> dict[str, str]:
    """The versions of the packages that a posterior hangs on."""
    return {name: version(name) for name in PACKAGES}


def check_rfm(rfm: object, *, lazy: bool = False) -> None:
    """Refuse what is no RFM, such as the transactions themselves, by name; `lazy` allows an RFMTable as well."""
    if isinstance(rfm, RFMTable) and not lazy:
        raise InvalidArgument("an RFMTable is not in memory; use clv.score for all of it, or rfm_table.collect() first")
    if not isinstance(rfm, (RFM, RFMTable) if lazy else RFM):
        raise InvalidArgument(
            f"an RFM is needed, and this is a {type(rfm).__name__}; make one with clv.rfm_summary(transactions, ...),"
            " or with clv.RFM.from_frame(frame, time_unit=...) from frequency, recency and T"
        )


def customer_keys(index: pd.Index) -> NDArray[np.uint64]:
    """A number (n,) for each customer's id, by which random draws are keyed.

    A customer's outcomes therefore do not depend on who else is asked about, nor on the order; nor on how wide the
    numbers are stored, or how fine the dates.
    """
    ids: Any = pd.Series(index.to_numpy()).infer_objects()
    if pd.api.types.is_signed_integer_dtype(ids.dtype):
        ids = ids.astype("int64")
    elif pd.api.types.is_datetime64_dtype(ids.dtype):
        ids = ids.astype("datetime64[us]")
    hashed: Any = hash_pandas_object
    return hashed(ids, index=False).to_numpy()


def fresh_seed(random_seed: int | None) -> int:
    """The seed itself, or one from the system where none is given, so that every posterior can be repeated.

    Raises
    ------
    InvalidArgument
        If the seed is negative or no whole number.
    """
    if random_seed is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 1)
    if isinstance(random_seed, bool) or not isinstance(random_seed, Integral) or random_seed < 0:
        raise InvalidArgument(f"random_seed is {shown(random_seed)}; give a whole number, zero or more")
    return int(random_seed)
