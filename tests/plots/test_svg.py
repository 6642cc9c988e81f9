import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from clvmodels.plots import lifetime_value, pareto_k, to_svg
from clvmodels.plots.svg import to_svgs

NASTY = ["<b>&\"'</b>", "$x$ \\frac", "\N{GRINNING FACE} אבג", "a" * 300, "nul\x00 bell\x07", "line\nbreak"]


@pytest.fixture
def table():
    values = [float(value) for value in range(1, len(NASTY) + 1)]
    return pd.DataFrame({"mean": values, "lower": values, "upper": values}, index=NASTY)


def unnamed(svg):
    """Without ids, which are made of what they name, its colour included."""
    return re.sub(r"\b[mp][0-9a-f]{10}\b", "", svg)


def draw(table):
    return to_svg(lambda ax: lifetime_value(table, ax=ax))


def test_the_same_table_gives_the_same_bytes(table):
    assert draw(table) == draw(table)


def test_it_holds_neither_date_nor_version(table):
    assert "<dc:date>" not in draw(table)
    assert "Matplotlib v" not in draw(table)


def test_no_id_breaks_the_drawing(table):
    texts = [
        "".join(node.itertext()) for node in ElementTree.fromstring(draw(table)).iter() if node.tag.endswith("text")
    ]
    assert "<b>&\"'</b>" in texts
    assert "\N{GRINNING FACE} אבג" in texts


def test_dark_ink_differs_from_light_ink(table):
    light, dark = (to_svg(lambda ax: lifetime_value(table, ax=ax), dark=dark) for dark in (False, True))
    assert "#1b1f24" in light
    assert "#1b1f24" not in dark


@pytest.mark.parametrize("kind", ["lines", "bars", "pixels"])
def test_recolouring_a_drawing_is_drawing_it_for_a_dark_page(table, kind):
    draws = {
        "lines": lambda ax: [ax.plot([0, order], label="x") for order in range(9)] and ax.legend(),
        "bars": lambda ax: lifetime_value(table, ax=ax),
        "pixels": lambda ax: ax.plot([0, 1], rasterized=True),
    }
    light, dark = to_svgs(draws[kind])
    assert light == to_svg(draws[kind])
    assert unnamed(dark) == unnamed(to_svg(draws[kind], dark=True))
    assert light != dark


def test_pyplot_holds_no_figure_afterwards(table):
    before = plt.get_fignums()
    draw(table)
    assert plt.get_fignums() == before


def test_many_points_are_a_small_picture_however_many_they_are():
    def drawn(points):
        k_hats = np.random.default_rng(1).normal(0.2, 0.1, points)
        table = pd.DataFrame({"part": "purchases", "k_hat": k_hats, "customers": 1.0})
        return to_svg(lambda ax: pareto_k(table, ax=ax, limit=0.7))

    few, many = drawn(2000), drawn(20000)
    (address,) = [
        node.get("{http://www.w3.org/1999/xlink}href")
        for node in ElementTree.fromstring(many).iter()
        if node.tag.endswith("image")
    ]
    picture = Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,"))))
    assert len(picture.convert("RGBA").getcolors()) <= 32
    assert len(many) < 40_000
    assert len(few) < 40_000
    assert many == drawn(20000)


def test_a_drawing_does_not_depend_on_the_style_in_use(table):
    plain = draw(table)
    with plt.rc_context({"font.size": 20, "axes.grid": False, "savefig.bbox": "tight", "lines.linewidth": 7}):
        assert draw(table) == plain
