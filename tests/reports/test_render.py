import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from clvmodels.reports.build import build_report
from clvmodels.reports.render import render_html

VOID = {"meta", "img", "source"}


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, its text, and the tags that were never closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def page(report):
    return Page(render_html(report))


def test_every_tag_is_closed(page):
    assert page.open == []


def test_there_is_no_script_and_the_policy_allows_none(page):
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert page.all("script") == []
    assert policy.startswith("default-src 'none';")
    assert "script" not in policy


def test_no_address_leads_out_of_the_file(page):
    addresses = [
        value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "srcset", "href")
    ]
    assert len(addresses) == 2 * 15
    assert all(address.startswith("data:image/svg+xml;base64,") for address in addresses)


def test_every_image_is_a_drawing_with_words(page):
    for image in page.all("img"):
        drawing = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,"))
        assert ElementTree.fromstring(drawing).tag.endswith("svg")
        assert image["alt"]


@pytest.mark.parametrize(
    "customer", ["<script>alert(1)</script>", "\"quoted\" & 'so'", "אבג \N{GRINNING FACE}", "x" * 300, "$x$"]
)
def test_any_customer_id_shows_as_text(page, customer):
    assert customer in page.texts


def test_a_segments_name_is_text_too(page):
    assert "<b>web</b>" in page.texts


def test_headings_come_in_order(page):
    levels = [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels == ["h1", *["h2"] * 6]


def test_every_table_has_a_caption_and_column_headings(page):
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert all(heading.get("scope") == "col" for heading in page.all("th"))


def test_the_same_result_gives_the_same_text(result, scores):
    assert render_html(build_report(result, scores)) == render_html(build_report(result, scores))


def test_a_per_cent_sign_stays_with_its_number(page, result):
    bias = 100 * result.table().loc[("purchases", result.model), "bias"]
    assert f"{bias:+.1f}\N{NO-BREAK SPACE}%" in page.texts
