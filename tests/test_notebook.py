"""What a notebook shows: escaped names, readable numbers, first rows, short errors, and bars that go away."""

import re

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

import clvmodels as clv
from clvmodels.notebook import Bar, as_html

BOLD = "<b>bold</b>"
SETUP = """
import clvmodels as clv, pandas as pd, time
from clvmodels import intervals
from IPython.display import DisplayHandle
intervals.PROGRESS_AFTER_SECONDS = 0
def summary(frame):
    return clv.rfm_summary(frame)
"""
DIRECT = "x = 1\nsummary(pd.DataFrame({'a': [1]}))"
BY_WAY_OF_PANDAS = "pd.Series([1, 2]).map(lambda one: clv.rfm_summary(one))"
IN_PLAIN_PYTHON = """
import traceback
try:
    summary(pd.DataFrame({'a': [1]}))
except clv.ClvError as error:
    print(traceback.format_exc())
"""
BAR = """
seen, update = [], DisplayHandle.update
DisplayHandle.update = lambda self, shown, **rest: (seen.append(shown['text/html']), update(self, shown, **rest))
for _ in intervals.with_progress([1, 2, 3], "things", 3):
    time.sleep(0.25)
print(seen[0])
"""


@pytest.fixture(scope="module")
def outputs():
    """What a real kernel answers to each cell."""
    sources = [SETUP, DIRECT, BY_WAY_OF_PANDAS, IN_PLAIN_PYTHON, BAR]
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(page, timeout=120, kernel_name="python3", allow_errors=True).execute()
    return {cell.source: cell.outputs for cell in page.cells}


def lines_of(output):
    """The lines that stand in place of a result, without colours and without those that are empty."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
    return [line for line in text.splitlines() if line]


def customers(rows):
    columns = {
        "frequency": [2] * rows,
        "recency": [30.43] * rows,
        "T": [38.86] * rows,
        "segment": [BOLD] + ["plain"] * (rows - 1),
    }
    frame = pd.DataFrame(columns, index=pd.Index([f"<i>{row}</i>" for row in range(rows)], name="customer_id"))
    return clv.RFM.from_frame(frame, time_unit="week")


def test_an_error_shows_the_readers_own_lines_and_the_message(outputs):
    (error,) = outputs[DIRECT]
    lines = lines_of(error)
    assert [line for line in lines if line.startswith(("Cell", "File"))] == [
        "Cell In[2], line 2",
        "Cell In[1], line 6, in summary(frame)",
    ]
    assert lines[-1].startswith("InvalidTransactions: missing columns ['customer_id', 'date', 'value'], found ['a']")
    assert "----> 2 summary(pd.DataFrame({'a': [1]}))" in lines


def test_an_error_leaves_out_libraries_between_the_readers_lines(outputs):
    (error,) = outputs[BY_WAY_OF_PANDAS]
    places = [line for line in lines_of(error) if line.startswith(("Cell", "File"))]
    assert places == ["Cell In[3], line 1", "Cell In[3], line 1, in <lambda>(one)"]


def test_the_traceback_of_plain_python_is_whole(outputs):
    (printed,) = outputs[IN_PLAIN_PYTHON]
    assert printed["text"].count("clvmodels") >= 3


def test_a_bar_is_on_the_page_while_it_lasts_and_leaves_nothing_behind(outputs):
    bar, printed = outputs[BAR]
    assert bar["data"] == {"text/html": "", "text/plain": ""}
    assert re.fullmatch(r'<progress max="1" value="0\.\d+"></progress> things: \d+ %(, \d s left)?\n', printed["text"])


def test_a_bar_that_was_never_shown_is_closed_in_silence(capsys):
    Bar().close()
    assert capsys.readouterr() == ("", "")


def test_texts_and_tables_are_escaped():
    index = pd.MultiIndex.from_tuples([(BOLD, BOLD)], names=[BOLD, "plain"])
    page = as_html(f"Of {BOLD}.\n& more", pd.DataFrame({BOLD: [BOLD]}, index=index))
    assert page.count("&lt;b&gt;bold&lt;/b&gt;") == 6
    assert "<b>" not in page
    assert page.startswith("<p>Of &lt;b&gt;bold&lt;/b&gt;.</p><p>&amp; more</p><table")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567, "1,234,567"),
        (75_916.76, "75,917"),
        (0.123456, "0.1235"),
        (9999.4, "9999"),
        (np.nan, ""),
        (True, "True"),
    ],
)
def test_a_number_is_readable(value, shown):
    assert f"<td>{shown}</td>" in as_html(pd.DataFrame({"of": [value]}))


def test_columns_of_one_name_keep_their_own_formats():
    page = as_html(pd.DataFrame([[2000, 0.123456]], columns=["same", "same"]))
    assert "<td>2,000</td>" in page
    assert "<td>0.1235</td>" in page


@pytest.mark.parametrize(("rows", "said"), [(20, None), (21, "1 more row<"), (2020, "2,000 more rows")])
def test_of_a_long_table_the_first_rows_are_shown_and_the_rest_counted(rows, said):
    page = as_html(pd.DataFrame({"value": np.arange(rows)}))
    assert page.count("<tr>") == 20
    assert (said in page) if said else ("more row" not in page)


def test_an_rfm_shows_its_first_customers_as_they_are_called():
    page = customers(25)._repr_html_()
    assert page.startswith("<p>RFM(25 customers, time unit week)</p><table")
    assert "<th>&lt;i&gt;9&lt;/i&gt;</th>" in page
    assert "&lt;i&gt;10&lt;/i&gt;" not in page
    assert "... and 15 more rows" in page
    assert "<b>" not in page


def test_a_table_elsewhere_shows_its_columns_without_a_query():
    frame = customers(3).frame.drop(columns="segment").reset_index()
    page = clv.RFMTable.open(frame, time_unit="week")._repr_html_()
    assert "not in memory" in page
    assert "<th>recency</th>" in page
    assert "<td>float64</td>" in page


def test_a_split_shows_what_was_known_beside_what_came():
    log = clv.datasets.simulate_transactions(customers=40, length=60, random_seed=1)
    split = clv.split_holdout(log, calibration_end="2020-09-30", holdout_end="2020-12-31", time_unit="week")
    page = split._repr_html_()
    for name in ("frequency", "recency", "T", "purchases", "value"):
        assert f"<th>{name}</th>" in page
    assert f"not in the table: {split.new_customers} customers" in page


def test_an_answer_shows_its_sentence_and_its_table():
    purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week", random_seed=1)
    answer = clv.decisions.churn(purchases, customers(5), period=13, periods=2, by="segment")
    page = answer._repr_html_()
    assert page.startswith("<p>")
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>" not in page
    assert page.count("<table") == 1


def test_every_answer_of_a_decision_is_shown():
    from clvmodels.decisions import __all__ as names

    kinds = [thing for thing in (getattr(clv.decisions, name) for name in names) if isinstance(thing, type)]
    answers = [kind for kind in kinds if "sentence" in kind.__annotations__]
    assert len(answers) >= 9
    assert [kind.__name__ for kind in answers if not hasattr(kind, "_repr_html_")] == []


def test_an_offer_shows_how_many_draws_it_has_not_all_of_them():
    offer = clv.decisions.Offer(kept=np.full(1000, 0.1), cost=1.5)
    page = offer._repr_html_()
    assert "1,000 draws, mean 0.1" in page
    assert "<td>1.5</td>" in page


def test_lifetime_value_and_the_simple_formula_show_their_choices():
    rfm = customers(5)
    purchases = clv.BetaGeo.at(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
    spend = clv.GammaGamma.at(p=6.25, q=3.74, v=15.44, time_unit="week")
    page = clv.LifetimeValue(purchases, spend, margin=0.35)._repr_html_()
    assert "<td>0.35</td>" in page
    assert "BetaGeoPosterior(" in page
    assert "<th>population</th>" in clv.MultiplicativeCLV(level="population", lifespan=20).fit(rfm)._repr_html_()
