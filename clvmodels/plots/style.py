"""The one look of all plots: colours that colour-blind readers tell apart, names in words, a light and a dark theme."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.colors import to_rgb
from matplotlib.ticker import Formatter, FuncFormatter, StrMethodFormatter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

# Okabe and Ito's palette, less its black and yellow, then a violet and a brown; the second is the same hues, lighter.
ON_LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6a2ad4", "#6a4015")
# Of bars, in both themes: a shade that no line has, so that it stays as it is where lines change their colour.
ON_BOTH = tuple(f"{shade[:-1]}{int(shade[-1], 16) ^ 1:X}" for shade in ON_LIGHT)
ON_DARK = ("#5cb8f0", "#ff9c5b", "#3fcf9f", "#eaa6cd", "#f2c14e", "#a8d8f5", "#9a6aff", "#9c6b42")
# One more than colours: where the colours start again, dashes and markers do not, and no series looks like another.
DOT_DOTTED = (0, (5, 1, 1, 1, 1, 1))
FAR_DOTS = (0, (1, 3))
LONG_DASHES = (0, (10, 3))
PAIRED_DASHES = (0, (4, 1, 4, 4))
PAIRED_DOTS = (0, (1, 1, 1, 5))
DASHES = ("-", "--", "-.", ":", DOT_DOTTED, FAR_DOTS, LONG_DASHES, PAIRED_DASHES, PAIRED_DOTS)
MARKERS = ("o", "s", "^", "D", "v", "P", "*", "<", ">")
NONCHARACTERS = "\ufffe\uffff"
BANDS = ("_lower", "_upper")


def theme(*, dark: bool = False) -> dict[str, Any]:
    """Matplotlib settings for a light or a dark page; the background is left transparent.

    Parameters
    ----------
    dark
        Light ink for a dark page.

    Returns
    -------
    dict
        For ``matplotlib.rc_context(...)`` or ``matplotlib.rcParams.update(...)``.

    Examples
    --------
    >>> theme()["axes.spines.top"]
    False
    """
    ink, faint = ("#e6e8eb", "#4a5058") if dark else ("#1b1f24", "#c9ced6")
    return {
        "font.size": 10,
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.edgecolor": ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": faint,
        "grid.linewidth": 0.6,
        "xtick.color": ink,
        "ytick.color": ink,
        "legend.frameon": False,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
    }


def printable(text: str) -> str:
    r"""Return the text in one line, without characters that break a terminal or a file: controls, halves of pairs.

    Examples
    --------
    >>> printable("two\nlines")
    'two�lines'
    """
    broken = {char for char in text if unicodedata.category(char) in ("Cc", "Cs") or char in NONCHARACTERS}
    return "".join("\N{REPLACEMENT CHARACTER}" if char in broken else char for char in text)


def customer_label(customer_id: object, *, length: int = 18) -> str:
    """Return an id that a figure can show: one line, printable, shortened in the middle.

    Examples
    --------
    >>> customer_label("customer-number-000000042")
    'customer-…00000042'
    """
    text = printable(str(customer_id))
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]}…{text[-(length - half - 1) :]}"


def series_label(name: object) -> str:
    """Return a group's name for the legend, which leaves out what is empty or begins with an underscore.

    Examples
    --------
    >>> series_label("paid search"), series_label("_other")
    ('paid search', ' _other')
    """
    text = customer_label(name, length=32)
    return text if text and not text.startswith("_") else f" {text}"


def short_number(value: float) -> str:
    """Return a number with three digits, or all that stand before the point.

    Examples
    --------
    >>> [short_number(value) for value in (0.1, 0.12345, 36.79, 999.7, 12345.6)]
    ['0.1', '0.123', '36.8', '1,000', '12,346']
    """
    return Formatter.fix_minus(f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}")


def ink() -> str:
    """Return the text colour now in force: black on a light theme, white on a dark one."""
    return mpl.rcParams["text.color"]


def colour(order: int) -> str:
    """Return the colour of the series at place `order`, lighter where the text is light."""
    palette = ON_DARK if sum(to_rgb(ink())) > 1.5 else ON_LIGHT
    return palette[order % len(palette)]


def bar_colour(order: int) -> str:
    """Return the colour of bars that marks in ink lie on, in both themes: black and white alike stand out from it."""
    return ON_BOTH[order % len(ON_BOTH)]


def recolouring() -> dict[str, str]:
    """Return what each colour of a light drawing is on a dark page, as SVG writes them.

    Examples
    --------
    >>> recolouring()["#0072b2"]
    '#5cb8f0'
    """
    keys = ("text.color", "grid.color")
    inks = {theme()[key]: theme(dark=True)[key] for key in keys}
    return {
        light.lower(): dark.lower() for light, dark in {**inks, **dict(zip(ON_LIGHT, ON_DARK, strict=True))}.items()
    }


def line_style(order: int) -> dict[str, Any]:
    """Return colour and dashes of the series at place `order`: either one alone tells eight series apart."""
    return {"color": colour(order), "linestyle": DASHES[order % len(DASHES)]}


def marker(order: int) -> str:
    """Return the marker of the series at place `order`."""
    return MARKERS[order % len(MARKERS)]


def thousands() -> StrMethodFormatter:
    """Return a tick formatter that separates thousands: 12,500."""
    return StrMethodFormatter("{x:,.10g}")


def percent() -> FuncFormatter:
    """Return a tick formatter for shares: 0.25 is shown as 25%."""
    return FuncFormatter(lambda share, _: Formatter.fix_minus(f"{100 * share:.4g}%"))


def axes_or_current(ax: Axes | None) -> Axes:
    """Return `ax`, or pyplot's current Axes where none is given."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.gca()


def forecasters(columns: Iterable[str], *, besides: set[str]) -> list[str]:
    """Return the columns that hold a forecaster's mean: neither one of `besides` nor the edge of a band."""
    return [name for name in columns if name not in besides and not name.endswith(BANDS)]
