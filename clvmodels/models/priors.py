"""Priors as values: any PyMC distribution by its name, so that they can be compared, printed and saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clvmodels.errors import InvalidArgument, InvalidRFM, shown


@dataclass(frozen=True, init=False)
class Prior:
    """A distribution of PyMC, by name, with its parameters.

    Parameters
    ----------
    distribution : str
        Name of a PyMC distribution, e.g. "LogNormal", "Gamma", "HalfFlat", "Truncated".
    **parameters : float, str or Prior
        Its parameters, as PyMC names them; a Prior where PyMC wants a distribution.

    Examples
    --------
    >>> Prior("LogNormal", mu=0.0, sigma=1.5)
    Prior('LogNormal', mu=0.0, sigma=1.5)
    """

    distribution: str
    parameters: Mapping[str, Any]

    def __init__(self, distribution: str, /, **parameters: Any) -> None:
        object.__setattr__(self, "distribution", distribution)
        object.__setattr__(self, "parameters", parameters)

    def __repr__(self) -> str:
        """As it is written."""
        given = "".join(f", {name}={shown(value)}" for name, value in self.parameters.items())
        return f"Prior({self.distribution!r}{given})"

    def variable(self, name: str, **choices: Any) -> Any:
        """Make the random variable in the PyMC model that is open; `choices` are PyMC's, such as a transform.

        Raises
        ------
        InvalidArgument
            If PyMC has no such distribution, or refuses the parameters, or it is not of one continuous number.
        """
        import pymc as pm

        distribution, arguments = self._class(), self._arguments()
        try:
            made = distribution(name, **arguments, **choices)
        except (TypeError, ValueError) as error:
            raise InvalidArgument(f"PyMC refuses {self!r} for {name}: {error}") from error
        if made.ndim or issubclass(distribution, pm.Discrete):
            what = "is of several numbers" if made.ndim else "has no density"
            raise InvalidArgument(
                f"{self!r} {what}; for {name} give a distribution of one continuous number, a narrow one if it is known"
            )
        return made

    def check(self, name: str) -> None:
        """Refuse what PyMC has no variable of; `name` is the parameter's.

        Raises
        ------
        InvalidArgument
            If PyMC has no such distribution, or refuses the parameters.

        Examples
        --------
        >>> Prior("Gamma", alpha=2.0, beta=4.0).check("r")
        """
        import pymc as pm

        with pm.Model():
            self.variable(name)

    def log_density(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density at values of shape (n,); of an improper prior up to a constant.

        >>> Prior("Gamma", alpha=1.0, beta=2.0).log_density(np.array([0.0, 1.0])).round(4).tolist()
        [0.6931, -1.3069]
        """
        from clvmodels.inference.density import PLAIN

        return np.asarray(self.log_density_of(values).eval(mode=PLAIN))

    def log_density_of(self, variable: Any) -> Any:
        """The same as a variable, of one of PyTensor's."""
        import pymc as pm

        return pm.logp(self._class().dist(**self._arguments()), variable)

    def draws(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Independent draws, shape (size,); of a proper prior only.

        Raises
        ------
        InvalidArgument
            If PyMC refuses the parameters, or has no draws of the distribution.

        Examples
        --------
        >>> Prior("DiracDelta", c=0.1).draws(2, np.random.default_rng(1)).tolist()
        [0.1, 0.1]
        """
        import pymc as pm

        from clvmodels.inference.density import PLAIN

        try:
            variable = self._class().dist(**self._arguments(), shape=size)
            made = pm.draw(variable, random_seed=rng, mode=PLAIN)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise InvalidArgument(f"there are no draws of {self!r}: {str(error).splitlines()[0]}") from error
        return np.asarray(made, float)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        nested = {k: v.to_dict() if isinstance(v, Prior) else v for k, v in self.parameters.items()}
        return {"distribution": self.distribution, "parameters": nested}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Prior:
        """Back from `to_dict`."""
        nested = {k: cls.from_dict(v) if isinstance(v, Mapping) else v for k, v in values["parameters"].items()}
        return cls(values["distribution"], **nested)

    def _class(self) -> Any:
        import pymc as pm

        found = getattr(pm, self.distribution, None)
        if not isinstance(found, type) or not hasattr(found, "dist"):
            raise InvalidArgument(
                f"PyMC has no distribution {shown(self.distribution)}; use a name such as 'LogNormal'"
            )
        return found

    def _arguments(self) -> dict[str, Any]:
        return {k: v._class().dist(**v._arguments()) if isinstance(v, Prior) else v for k, v in self.parameters.items()}


@dataclass(frozen=True, kw_only=True)
class Priors:
    """Priors of a model, one `Prior` for each parameter; a subclass names them."""

    def __post_init__(self) -> None:
        """Refuse what is no Prior."""
        check_priors(self)

    def for_data(self, compressed: pd.DataFrame) -> dict[str, Prior]:  # noqa: ARG002
        """The priors by name, with what depends on the data filled in."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def prior_names(model: Any) -> list[str]:
    """The names of a model's priors; of a pool the key of its model comes before each, as in "pareto_nbd.r"."""
    if model.priors is not None:
        return [field.name for field in fields(model.priors)]
    return [f"{one.key}.{name}" for one in model.models for name in prior_names(one)]


def with_priors(model: Any, chosen: Mapping[str, Prior]) -> Any:
    """The model with other priors, by the names that `prior_names` gives."""
    if not chosen:
        return model
    if model.priors is not None:
        return replace(model, priors=replace(model.priors, **chosen))
    own = [
        {name.removeprefix(start): prior for name, prior in chosen.items() if name.startswith(start)}
        for start in (f"{one.key}." for one in model.models)
    ]
    return replace(model, models=[with_priors(*pair) for pair in zip(model.models, own, strict=True)])


def around_mean_age(compressed: pd.DataFrame) -> Prior:
    """A weak prior of a length of time: log-normal around the mean T, with a standard deviation of 2 on the log scale.

    Raises
    ------
    InvalidRFM
        If nobody was observed after the first purchase, so that the data have no scale of time.
    """
    return Prior("LogNormal", mu=float(np.log(age_scale(compressed))), sigma=2.0)


def age_scale(compressed: pd.DataFrame) -> float:
    """The mean T of the customers behind distinct rows.

    Raises
    ------
    InvalidRFM
        If it is 0.
    """
    scale = float(np.average(compressed["T"], weights=compressed["count"]))
    if scale == 0:
        raise InvalidRFM("T is 0 for every customer: nobody was observed after the first purchase; use more time")
    return scale


def check_own_priors(model: Any) -> None:
    """Refuse priors of another model."""
    (own,) = [field.default for field in fields(model) if field.name == "priors"]
    if is_dataclass(own) and not isinstance(model.priors, type(own)):
        raise InvalidArgument(
            f"priors of {type(model).__name__} are {shown(model.priors)}; give {type(own).__name__}(...)"
        )


def check_priors(priors: Any) -> None:
    """Refuse a set of priors (a dataclass) that holds anything but Prior, or None where a default is made later."""
    for field in fields(priors):
        value = getattr(priors, field.name)
        if not (isinstance(value, Prior) or (value is None and field.default is None)):
            raise InvalidArgument(
                f"the prior of {field.name} is a {type(value).__name__}; write e.g. clv.Prior('Gamma', alpha=2, beta=4)"
            )
