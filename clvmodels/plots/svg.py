"""A plot as the text of an SVG: the same bytes for the same table, and no trace of pyplot's state."""

from __future__ import annotations

import base64
import io
import re
import warnings
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from clvmodels.plots.style import recolouring, theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

# Text stays text, drawn with the reader's fonts: small files, and every script. The salt makes ids repeatable. The font
# is named with every text: one name, and that of its family.
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "clvmodels",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "savefig.dpi": 90,
}
DEFAULTS = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith("backend")}
NAMESPACES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
# A hundredth of a point is below what any screen or printer shows.
LONG_NUMBER = re.compile(r"(\.\d\d)\d+")
ON_DARK_PAGE = recolouring()
HEX = re.compile("|".join(ON_DARK_PAGE))
PICTURE, PNG = f"{{{NAMESPACES['xlink']}}}href", "data:image/png;base64,"
COLOURS = 32
COORDINATES = ("d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "transform", "points")


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
    # From matplotlib's own defaults on: the drawing does not depend on the style in use.
    settings: dict[Any, Any] = {**DEFAULTS, **theme(dark=dark), **SETTINGS}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # The reader's fonts draw the text, so that what our font lacks does no harm.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(buffer, format="svg", metadata=NO_METADATA)
    return _compact(buffer.getvalue())


def to_svgs(draw: Callable[[Axes], object], *, size: tuple[float, float] = (7.5, 4.2)) -> tuple[str, str]:
    """Return the SVGs of what `draw` puts on an empty Axes of `size` inches, for a light and for a dark page.

    Drawn once and recoloured; a drawing with points made pixels is drawn for each.

    Examples
    --------
    >>> light, dark = to_svgs(lambda ax: ax.plot([0, 1]))
    >>> ["#e6e8eb" in drawing for drawing in (light, dark)]
    [False, True]
    """
    light = to_svg(draw, size=size)
    if "<image" in light:
        return light, to_svg(draw, size=size, dark=True)
    return light, HEX.sub(lambda found: ON_DARK_PAGE.get(found[0], found[0]), light)


def _compact(svg: str) -> str:
    """The same drawing in half the bytes: short coordinates, each style once, no names that nothing refers to."""
    for prefix, address in NAMESPACES.items():
        ElementTree.register_namespace(prefix, address)
    root, styles = ElementTree.fromstring(svg), {}
    for element in root.iter():
        for name in COORDINATES:
            if name in element.attrib:
                short = LONG_NUMBER.sub(r"\1", element.attrib[name])
                element.set(name, " ".join(short.split()))
        style = element.attrib.pop("style", None)
        if style is not None:
            element.set("class", styles.setdefault(style, f"s{len(styles)}"))
        if f"#{element.get('id')}" not in svg:
            element.attrib.pop("id", None)
        if not (element.text or "").strip():
            element.text = None
        element.tail = None
        if PICTURE in element.attrib:
            element.set(PICTURE, _in_few_colours(element.attrib[PICTURE]))
    sheet: Any = root.find(f".//{{{NAMESPACES['']}}}style")
    sheet.text += "".join(f".{name}{{{style}}}" for style, name in styles.items())
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _in_few_colours(address: str) -> str:
    """The same points in a third of the bytes; an address that is no picture stays as it is."""
    if not address.startswith(PNG):
        return address
    picture, buffer = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(PNG)))), io.BytesIO()
    few = picture.convert("RGBA").quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    few.save(buffer, format="PNG", optimize=True)
    return PNG + base64.b64encode(buffer.getvalue()).decode("ascii")
