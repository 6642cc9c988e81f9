"""What can be said of the page without eyes: the tree that a screen reader reads, and the contrast of its colours."""

import re
from collections import Counter

import pytest

from clvmodels.reports.render import TEMPLATES

CSS = (TEMPLATES / "report.css").read_text()
HEADING = re.compile(r"h[1-6]")


def text(element):
    return " ".join("".join(element.itertext()).split())


def colours(block):
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))


def contrast(one, other):
    """Of two colours, by WCAG 2.2."""

    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_language_and_title_are_said(page):
    assert page.get("lang") == "en"
    assert text(page.find(".//title"))
    assert len(page.findall(".//main")) == 1


def test_headings_come_in_order_without_a_skip(page):
    levels = [int(element.tag[1]) for element in page.iter() if HEADING.fullmatch(str(element.tag))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_image_has_words_and_none_of_them_is_not_a_number(page):
    words = [image.get("alt") for image in page.iter("img")]
    assert words
    assert all(len(alt) > 40 for alt in words)
    assert not [alt for alt in words if {"nan", "inf", "None"} & set(re.findall(r"\w+", alt))]


def test_each_figure_shows_one_image_at_a_time(page):
    figures = list(page.iter("figure"))
    assert all([image.get("class") for image in each.iter("img")] == ["on-light", "on-dark"] for each in figures)
    # On paper the light one: dark ink is shown on screens alone.
    assert re.search(r"@media screen and \(prefers-color-scheme: dark\) \{[^@]*\.on-dark \{ display: block; \}", CSS)
    assert re.search(r"\n\.on-dark \{ display: none; \}", CSS)


def test_every_table_has_a_caption_and_headings_with_their_scope(page):
    for table in page.iter("table"):
        (caption,) = table.findall("caption")
        assert text(caption)
        assert {heading.get("scope") for heading in table.find("thead").iter("th")} == {"col"}
        for row in table.find("tbody").iter("tr"):
            assert [cell.tag for cell in row] == ["th", *["td"] * (len(row) - 1)]
            assert row[0].get("scope") == "row"
            assert len(row) == len(list(table.find("thead").iter("th")))


def test_links_have_text_and_lead_somewhere(page):
    ids = Counter(element.get("id") for element in page.iter() if element.get("id"))
    assert set(ids.values()) == {1}
    links = list(page.iter("a"))
    assert links
    assert all(text(link) and link.get("href").removeprefix("#") in ids for link in links)
    assert all(element.get("aria-labelledby", section) in ids for section in ids for element in page.iter())


def test_the_keyboard_goes_through_the_page_in_its_order(page):
    assert not [element for element in page.iter() if int(element.get("tabindex", 0)) > 0]


def test_lists_of_definitions_have_terms_with_their_meanings(page):
    for each in page.iter("dl"):
        groups = each.findall("div") or [each]
        for group in groups:
            tags = [element.tag for element in group]
            assert re.fullmatch(r"(dt (dd )+)+", "".join(f"{tag} " for tag in tags))
            assert all(text(element) for element in group)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "accent"])
@pytest.mark.parametrize("ground", ["page", "soft"])
def test_text_can_be_told_from_its_ground(theme, ink, ground):
    light, dark = (colours(block) for block in re.findall(r":root \{([^}]*--page[^}]*)\}", CSS))
    chosen = light if theme == "light" else dark
    assert contrast(chosen[ink], chosen[ground]) >= 4.5


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
