import logging
import warnings

import pytest
import typer

from clvmodels.cli.output import as_keys, as_options, plainly, show
from clvmodels.errors import DataWarning, FitWarning, InvalidArgument
from clvmodels.reports import Publication
from clvmodels.reports.tables import Column, Table

OPPORTUNITIES = (
    "the RFM has no opportunities; make it with rfm_summary(..., opportunity='month' (or another period)), or with"
    " RFM.from_frame and a column opportunities"
)


def publication(*, customer="ann", rows=1):
    columns = (Column(title="customer", kind="text"), Column(title="repeat purchases", kind="count"))
    table = Table(caption="Customers", columns=columns, rows=((customer, 3),) * rows)
    return Publication(
        headline="In short.",
        customers=table,
        evaluation=(table,),
        verdict="One.\nTwo.",
        rolling=(),
        rolling_verdict="",
        fit=(),
        left_out=table,
        files=("a.json",),
    )


def test_our_warnings_become_notices_each_once(capsys):
    with plainly():
        for category in (DataWarning, FitWarning, DataWarning):
            warnings.warn("late rows", category, stacklevel=1)
        warnings.warn("few draws", FitWarning, stacklevel=1)
    assert capsys.readouterr().err == "note: late rows\nnote: few draws\n"


def test_other_warnings_are_kept_from_the_user(capsys):
    with plainly():
        warnings.warn("pandas will change", FutureWarning, stacklevel=1)
        logging.getLogger("pytensor.configdefaults").warning("g++ not detected!")
    assert capsys.readouterr().err == ""


def test_warnings_are_as_before_afterwards():
    with plainly():
        pass
    with pytest.warns(DataWarning, match="late rows"):
        warnings.warn("late rows", DataWarning, stacklevel=1)


def test_an_error_of_ours_is_a_message_and_exit_code_1(capsys):
    with pytest.raises(typer.Exit) as stop, plainly():
        raise InvalidArgument("margin is 30; give a share")
    assert stop.value.exit_code == 1
    assert capsys.readouterr().err == "error: margin is 30; give a share\n"


def test_other_errors_keep_their_traceback():
    with pytest.raises(ZeroDivisionError), plainly():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("message", "spelled"),
    [
        ("pass their names: customer_id='...'", "pass their names: --customer-id '...'"),
        ('pass refunds="net" or refunds="drop"', 'pass --refunds "net" or --refunds "drop"'),
        ("for a log without a spend column pass value=None", "for a log without a spend column leave out --value"),
        ("give a share, e.g. margin=0.3", "give a share, e.g. --margin 0.3"),
        ("there are no draws of Prior('Gamma', beta=4.0)", "there are no draws of Prior('Gamma', beta=4.0)"),
        (OPPORTUNITIES, "the RFM has no opportunities; give --opportunity 'month'"),
        ("nothing = to change", "nothing = to change"),
    ],
)
def test_arguments_are_spelled_as_options(message, spelled):
    assert as_options(message) == spelled


@pytest.mark.parametrize(
    ("message", "spelled"),
    [
        ("pass their names: customer_id='...'", "pass their names: source.customer_id = '...'"),
        ("there are no draws of Prior('Gamma', beta=4.0)", "there are no draws of Prior('Gamma', beta=4.0)"),
        (OPPORTUNITIES, "the RFM has no opportunities; set model.opportunity = 'month'"),
    ],
)
def test_arguments_are_spelled_as_keys(message, spelled):
    assert as_keys(message) == spelled


def test_everything_is_printed_in_at_most_100_columns(capsys):
    show(publication(customer="x" * 300))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [text for text in ("In short.", "One.", "Two.", "written: a.json") if text not in lines] == []


def numbers(columns):
    """A publication whose table has so many columns of nine signs each."""
    held = [Column(title="customer"), *(Column(title=f"number {k}", kind="count") for k in range(columns))]
    table = Table(caption="Numbers", columns=tuple(held), rows=((7, *(1_000_000 + k for k in range(columns))),))
    return Publication(**{**vars(publication()), "customers": table})


@pytest.mark.parametrize("width", [None, "0", "40", "80", "many"])
@pytest.mark.parametrize("columns", [5, 9, 30])
def test_a_table_is_never_cut_however_wide_it_is(columns, width, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    if width is not None:
        monkeypatch.setenv("COLUMNS", width)
    show(numbers(columns))
    row = next(line for line in capsys.readouterr().out.splitlines() if "1,000,000" in line)
    assert row.split()[1:] == [f"{1_000_000 + k:,}" for k in range(columns)]


def test_the_width_that_the_environment_names_is_kept(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    show(Publication(**{**vars(publication()), "headline": "word " * 100}))
    lines = capsys.readouterr().out.splitlines()
    assert 50 < max(map(len, lines)) <= 60


def test_an_id_is_neither_markup_nor_a_control_sequence(capsys):
    show(publication(customer="[red]ann[/red] :smile: \x1b[31m"))
    printed = capsys.readouterr().out
    assert "[red]ann[/red] :smile:" in printed
    assert "\x1b" not in printed


def test_an_empty_table_of_what_was_left_out_is_not_shown(capsys):
    empty = Table(caption="What was left out", columns=(Column(title="it"),), rows=())
    show(Publication(**{**vars(publication()), "left_out": empty}))
    assert "What was left out" not in capsys.readouterr().out


def test_titles_break_between_words_only(capsys):
    show(publication())
    assert "purchases" in capsys.readouterr().out
