from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from clvmodels.plots import lifetime_value, to_svg

NASTY = ["<b>&\"'</b>", "$x$ \\frac", "\N{GRINNING FACE} אבג", "a" * 300, "nul\x00 bell\x07", "line\nbreak"]


@pytest.fixture
def table():
    values = [float(value) for value in range(1, len(NASTY) + 1)]
    return pd.DataFrame({"mean": values, "lower": values, "upper": values}, index=NASTY)


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


def test_pyplot_holds_no_figure_afterwards(table):
    before = plt.get_fignums()
    draw(table)
    assert plt.get_fignums() == before
