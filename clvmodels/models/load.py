"""Back from a file to the posterior that wrote it."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, create_model

from clvmodels.errors import ClvError, local_path, shown
from clvmodels.inference.diagnostics import Diagnostics
from clvmodels.models.hdf5 import DAMAGED, GROUP, PosteriorFile
from clvmodels.models.pool_posterior import PoolPosterior, group_of
from clvmodels.models.posterior import FORMAT, Posterior
from clvmodels.models.priors import Prior
from clvmodels.models.purchases import PurchasePosterior
from clvmodels.models.registry import PURCHASE_MODELS, SPEND_MODELS
from clvmodels.models.shifted_beta_geo_posterior import ShiftedBetaGeoPosterior

# Twenty times a million draws.
MOST_BYTES = 2**30
MOST_MEMBERS = 1000
LATER = {"left_out_share", "r_hat_limit"}


def load_posterior(path: str | os.PathLike[str]) -> Any:
    """Read a posterior that `save` wrote; it gives the same answers as the one that was saved.

    Parameters
    ----------
    path : str or path
        One NetCDF file. Nothing in it is executed, and no other file is read, whatever it refers to; its values are
        checked as those that `at` is given.

    Returns
    -------
    PurchasePosterior, SpendPosterior or ShiftedBetaGeoPosterior

    Raises
    ------
    ClvError
        If the file is missing, is no such file, is damaged, or holds a model that this version does not know.

    Examples
    --------
    >>> import tempfile
    >>> from clvmodels.models.beta_geo import BetaGeo
    >>> point = BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_posterior(point.save(f"{folder}/purchases.nc"))
    BetaGeoPosterior(r 0.243, alpha 4.414, a 0.793, b 2.426; 1 draws by given, time unit week)
    """
    content = _content(local_path(path, "path"))
    try:
        return _posterior(PosteriorFile(content))
    except (ClvError, *DAMAGED) as error:
        raise ClvError(
            f"{path} is not a posterior saved by clvmodels: {_reason(error)}; fit again, or bring the file back from a"
            " backup"
        ) from error


def _content(path: Path) -> bytes:
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            what = "a folder" if stat.S_ISDIR(kind) else "no file but a pipe or a device"
            raise ClvError(f"{path} is {what}; give the name of a file that a posterior's save wrote")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ClvError(
                f"{path} has {size:,} bytes, and a posterior {MOST_BYTES:,} at the most; is it another file?"
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ClvError(f"there is no file {path}") from error
    except (OSError, ValueError) as error:
        raise ClvError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _posterior(file: PosteriorFile) -> Any:
    text = file.metadata()
    head = _Head.model_validate_json(text)
    json.loads(text, object_pairs_hook=_without_doubles)
    if head.format != FORMAT:
        raise ClvError(f"it has format {shown(head.format)}, this version reads format {FORMAT}")
    return _pool(file, text) if head.model == PoolPosterior.__name__ else _single(file, text, GROUP)


def _pool(file: PosteriorFile, text: bytes) -> PoolPosterior:
    """All but the members and the seed follows from them."""
    said = _Pool.model_validate_json(text)
    members = tuple(_single(file, json.dumps(each).encode(), group_of(m)) for m, each in enumerate(said.members))
    other = [each.label for each in members if not isinstance(each, PurchasePosterior)]
    if other:
        raise ClvError(f"a pool of models of purchases holds {shown(other[0])}")
    return PoolPosterior.joined(members, said.random_seed)


def _single(file: PosteriorFile, text: bytes, group: str) -> Any:
    head, known = _Head.model_validate_json(text), _posteriors()
    if head.model not in known:
        raise ClvError(f"it holds a {shown(head.model)}, which this version does not know")
    kind: Any = known[head.model]
    form = _form(kind).model_validate_json(text)
    held = {name: getattr(form, name) for name in type(form).model_fields}
    return kind(
        **held
        | {
            "samples": file.draws(kind.parameters, group),
            "diagnostics": Diagnostics(**held["diagnostics"].model_dump()),
            "priors": {name: Prior.from_dict(prior.model_dump()) for name, prior in held["priors"].items()},
        }
    )


def _posteriors() -> dict[str, type[Posterior]]:
    """The classes of posteriors by name: those of the registered models, and of contracts."""
    registered = [model.posterior for model in (*PURCHASE_MODELS.values(), *SPEND_MODELS.values())]
    return {kind.__name__: kind for kind in (*registered, ShiftedBetaGeoPosterior)}


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ClvError(f"it says a thing twice: {shown([name for name, _ in pairs])}")
    return found


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Head(_Strict):
    format: int
    model: str
    versions: dict[str, str]


class _Pool(_Strict):
    random_seed: int
    members: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_MEMBERS)]


class _Prior(_Strict):
    distribution: str
    parameters: dict[str, _Prior | bool | int | float | str | list[Any] | None]


@cache
def _form(kind: type) -> type[BaseModel]:
    """The fields of a dataclass as JSON holds them, all of them needed but those that earlier versions did not have."""
    hints = get_type_hints(kind, include_extras=True)
    own: dict[str, Any] = {
        "diagnostics": _form(Diagnostics) if kind is not Diagnostics else None,
        "priors": dict[str, _Prior],
        "fingerprint": Annotated[str, StringConstraints(pattern="^([0-9a-f]{64})?$")],
    }
    held = {
        f.name: (own.get(f.name, hints[f.name]), f.default if f.name in LATER else ...)
        for f in fields(kind)
        if f.name != "samples"
    }
    make: Any = create_model
    return make(kind.__name__, __base__=_Strict, **held)


def _reason(error: Exception) -> str:
    """The first thing that is wrong, in a line."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "its attribute"
    if first["type"] == "missing":
        return f"{where} is missing"
    return f"{where} is {shown(first['input'])}: {first['msg']}"
