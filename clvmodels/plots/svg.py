"""A plot as the text of an SVG: the same bytes for the same table, and no trace of pyplot's state."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from clvmodels.plots.style import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

# Text stays text, drawn with the reader's fonts: small files, and every script. The salt makes ids repeatable.
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "clvmodels"}


def to_svg(draw: Callable[[Axes], object], *, size: tuple[float, float] = (7.5, 4.2), dark: bool = False) -> str:
    """Return the SVG of what `draw` puts on an empty Axes.

    Parameters
    ----------
    draw
        Called once with the Axes.
    size
        Width and height in inches, both > 0.
    dark
        Light ink for a dark page.

    Returns
    -------
    str
        The SVG document, without date or version.

    Examples
    --------
    >>> to_svg(lambda ax: ax.plot([0, 1])).startswith("<?xml")
    True
    """
    buffer = io.StringIO()
    settings: dict[Any, Any] = {**theme(dark=dark), **SETTINGS}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # The reader's fonts draw the text, so that what our font lacks does no harm.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
