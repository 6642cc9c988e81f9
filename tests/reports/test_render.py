import base64
import json
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from clvmodels.errors import InvalidArgument
from clvmodels.reports.parts import Part, Report, Section
from clvmodels.reports.render import format_of, render, write_report
from clvmodels.reports.tables import Column, Table
from clvmodels.reports.terms import Terms

NASTY = [
    "<script>alert(1)</script>",
    "\"q\" & 'so'",
    "אבג \N{GRINNING FACE}",
    "x" * 300,
    "a|b",
    "`c`",
    "a\nb",
    "# *1*",
    "[l](u)",
    "- a",
    "$x$ \\|",
]


@pytest.fixture
def nasty():
    """A report of every id twice: in a table and in a paragraph."""
    columns = (Column(title="<i>who</i> | what", kind="text"), Column(title="n", kind="count"))
    table = Table(caption="a | `caption`", columns=columns, rows=tuple((name, 1) for name in NASTY))
    part = Part(title="<u>", paragraphs=tuple(NASTY), tables=(table,), definitions=(("<dt>", "a & b"),))
    sections = (Section(title="*s*", parts=(part,)),)
    return Report(title="<t>", headline="<h>", facts={}, summary=("a_b_c",), sections=sections, terms=Terms())


def markdown(text):
    """The texts of headings, paragraphs and cells, by a parser of Markdown, and its kinds of tokens."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [token for token in tokens if token.type == "inline"]
    texts = ["".join(child.content for child in token.children) for token in inline]
    return texts, {token.type for token in tokens} | {child.type for token in inline for child in token.children}


def as_shown(name):
    return name.replace("\n", "\N{REPLACEMENT CHARACTER}")


def test_in_markdown_any_id_is_text(nasty):
    texts, kinds = markdown(render(nasty, format="md"))
    missing = [
        name for name in NASTY if texts.count(as_shown(name).removeprefix("- ")) + texts.count(as_shown(name)) < 2
    ]
    assert not missing
    assert not kinds & {"html_inline", "html_block", "code_inline", "link_open", "image", "fence", "code_block"}


def test_in_markdown_every_row_has_as_many_cells_as_there_are_columns(report):
    tokens = MarkdownIt("commonmark").enable("table").parse(render(report, format="md"))
    kinds = [token.type for token in tokens]
    tables = [table for section in report.sections for part in section.parts for table in part.tables]
    assert kinds.count("table_open") == len(tables)
    assert kinds.count("td_open") == sum(len(table.rows) * len(table.columns) for table in tables)


def test_in_markdown_headings_come_in_order(report):
    tokens = MarkdownIt("commonmark").parse(render(report, format="md"))
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    assert levels[:2] == [1, 2]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_in_json_any_id_is_text(nasty):
    (table,) = json.loads(render(nasty, format="json"))["sections"][0]["parts"][0]["tables"]
    assert [row[0] for row in table["rows"]] == [as_shown(name) for name in NASTY]


def test_on_the_page_any_id_is_text(nasty):
    text = render(nasty)
    assert "<script" not in text
    assert all(as_shown(name) in unescape(text) for name in NASTY)


@pytest.mark.parametrize("format", ["html", "md", "json"])
def test_the_same_report_gives_the_same_text(report, format):
    assert render(report, format=format) == render(report, format=format)


def test_every_image_is_a_drawing(page):
    sources = [image.get("src") for image in page.iter("img")]
    prefix = "data:image/svg+xml;base64,"
    drawings = [base64.b64decode(source.removeprefix(prefix)) for source in sources]
    assert all(ElementTree.fromstring(drawing).tag.endswith("svg") for drawing in drawings)
    assert not [
        drawing
        for drawing in drawings
        if b"<script" in drawing or b"http://" in drawing.replace(b"http://www.w3.org/", b"")
    ]


def test_nothing_on_the_page_is_fetched_and_nothing_runs(page):
    (policy,) = [
        meta.get("content") for meta in page.iter("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "script" not in policy
    for element in page.iter():
        assert element.tag not in ("script", "link", "iframe", "object", "embed", "form", "base")
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        for name in ("src", "srcset", "href"):
            assert element.get(name, "#").startswith(("#", "data:image/svg+xml;base64,"))
    assert not [sheet for sheet in page.iter("style") if "url(" in sheet.text or "@import" in sheet.text]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("30 % of", "30\N{NO-BREAK SPACE}% of"), ("340 EUR.", "340\N{NO-BREAK SPACE}EUR."), ("3 weeks", "3 weeks")],
)
def test_a_unit_stays_with_its_number(nasty, text, kept):
    assert f">{kept}</p>" in render(replace(nasty, headline=text))


@pytest.mark.parametrize(
    ("path", "format"), [("a.html", "html"), ("a.MD", "md"), ("b/a.json", "json"), ("a", "html"), ("a.htm", "html")]
)
def test_the_name_of_the_file_says_its_format(path, format):
    assert format_of(path) == format


def test_an_ending_that_is_no_format_is_refused_with_the_choices():
    with pytest.raises(
        InvalidArgument, match=r"a\.pdf ends with \.pdf: end it with \.html, \.md or \.json, or say which"
    ):
        format_of("a.pdf")


def test_another_format_is_refused(report):
    with pytest.raises(InvalidArgument, match="format is 'pdf'; choose one of html, md, json"):
        render(report, format="pdf")


def test_a_format_is_checked_before_the_work(result, tmp_path):
    with pytest.raises(InvalidArgument, match="format is 'pdf'"):
        write_report(replace(result, forecasters={}), tmp_path / "report.html", format="pdf")


def test_a_currency_is_checked_before_the_work(result, tmp_path):
    with pytest.raises(InvalidArgument, match="currency is '12'"):
        write_report(result, tmp_path / "report.html", currency="12")
    assert not list(tmp_path.iterdir())
