"""The report of a version, in every format and under every name."""

import json

import pytest
from typer.testing import CliRunner

from clvmodels.cli.main import app
from clvmodels.jobs.store import SCORES, TABLE, VERSIONS, Pointer
from clvmodels.jobs.writing import writing
from clvmodels.reports import FORMATS


@pytest.fixture
def published(store, making, tmp_path, monkeypatch):
    """Publish a version whose reports say what they are, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clvmodels.toml").write_text(f"source.transactions = 'orders.csv'\noutput.folder = '{store.folder}'\n")

    def publish(*formats):
        with writing(store, doing="publish", wait=0.0) as writer:
            with writer.staging() as staged:
                for form in formats:
                    (staged / f"report.{form}").write_text(f"as {form}")
                made = writer.add(VERSIONS, staged, making.version_manifest)
            with writer.staging() as staged:
                (staged / TABLE).write_text("scores")
                scores = writer.add(SCORES, staged, making.scores_manifest)
            writer.point(Pointer.after(writer.store.published(), version=made.number, scores=scores.number))
        return store.version_folder(made.number)

    return publish


def report(*options):
    done = CliRunner().invoke(app, ["report", *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.mark.parametrize(
    ("options", "name", "form"),
    [
        ([], "report.html", "html"),
        (["--format", "html"], "report.html", "html"),
        (["--format", "md"], "report.md", "md"),
        (["--format", "json"], "report.json", "json"),
        (["--out", "mine.md"], "mine.md", "md"),
        (["--out", "MINE.JSON"], "MINE.JSON", "json"),
        (["--out", "mine"], "mine", "html"),
        (["--out", "mine.md", "--format", "json"], "mine.md", "json"),
        (["--out", "mine.json", "--format", "html"], "mine.json", "html"),
    ],
)
def test_the_format_is_the_one_asked_for_else_that_of_the_name(published, tmp_path, options, name, form):
    published(*FORMATS)
    before = set(tmp_path.iterdir())
    done = report(*options, "--json")
    assert (done.exit_code, json.loads(done.stdout)["report"]) == (0, name)
    assert {path.name for path in set(tmp_path.iterdir()) - before} == {name}
    assert (tmp_path / name).read_text() == f"as {form}"


def test_a_name_that_ends_otherwise_needs_a_format(published, tmp_path):
    published(*FORMATS)
    done = report("--out", "mine.pdf")
    assert (done.exit_code, "mine.pdf ends with .pdf: end it with .html, .md or .json" in done.output) == (1, True)
    assert not (tmp_path / "mine.pdf").exists()
    assert report("--out", "mine.pdf", "--format", "html").exit_code == 0


def test_an_unknown_format_is_refused_with_those_there_are(published, tmp_path):
    published(*FORMATS)
    before = set(tmp_path.iterdir())
    done = report("--format", "pdf")
    assert done.exit_code == 2
    assert all(repr(form) in done.stderr for form in FORMATS)
    assert set(tmp_path.iterdir()) == before


def test_a_version_that_was_made_with_the_page_alone_has_the_page(published, tmp_path):
    published("html")
    assert report().exit_code == 0
    assert (tmp_path / "report.html").read_text() == "as html"
    done = report("--format", "md")
    assert (done.exit_code, (tmp_path / "report.md").exists()) == (1, False)
    assert "version 000001 has no report.md: " in done.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_that_was_changed_is_not_handed_out(published, tmp_path, form):
    (published(*FORMATS) / f"report.{form}").write_text("as somebody likes it")
    done = report("--format", form)
    assert (done.exit_code, (tmp_path / f"report.{form}").exists()) == (1, False)
    assert "its checksum does not hold" in done.stderr


def test_an_older_versions_report_is_asked_for_by_its_number(published, tmp_path):
    published("html")
    published("html", "md")
    assert report("--version", "1", "--format", "md").exit_code == 1
    assert report("--version", "2", "--format", "md").exit_code == 0
    assert (tmp_path / "report.md").read_text() == "as md"
