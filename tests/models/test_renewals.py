"""How renewals are read, and what is refused on the way in."""

import numpy as np
import pandas as pd
import pytest

import clvmodels as clv

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]


def from_survivors(survivors):
    return clv.Renewals.from_survivors(survivors, time_unit="year")


def from_customers(**columns):
    return clv.Renewals.from_customers(pd.DataFrame(columns), time_unit="month")


def one_row_each(counts):
    """A row for each customer of a table of counts, in an order of no meaning."""
    rows = counts.loc[np.repeat(counts.index, counts["count"]), ["renewals", "left"]]
    return rows.sample(frac=1, random_state=1).reset_index(drop=True)


def test_survivors_become_customers_who_left_and_one_group_that_is_still_there():
    data = from_survivors([100, 80, 70])
    assert data.counts.to_dict("list") == {"renewals": [0, 1, 2], "left": [True, True, False], "count": [20, 10, 70]}
    assert len(data) == 100


def test_a_table_of_one_row_is_the_sequence():
    assert from_survivors(pd.DataFrame([HIGH_END])).counts.equals(from_survivors(HIGH_END).counts)
    assert from_survivors(np.array(HIGH_END)).counts.equals(from_survivors(pd.Series(HIGH_END)).counts)


def test_cohorts_that_were_observed_for_different_lengths_are_added_up():
    triangle = pd.DataFrame([[100, 80, 70], [50, 45, np.nan], [10, np.nan, np.nan]], index=["old", "new", "newest"])
    counts = from_survivors(triangle).counts.set_index(["renewals", "left"])["count"].to_dict()
    assert counts == {(0, True): 25, (1, True): 10, (2, False): 70, (1, False): 45, (0, False): 10}


def test_columns_that_a_csv_file_made_text_are_read():
    table = pd.DataFrame([[100, 80]], columns=["0", "1"])
    assert len(from_survivors(table)) == 100


def test_a_cohort_that_is_gone_may_be_followed_by_zeros():
    data = from_survivors([10, 4, 0, 0])
    assert data.counts["left"].all()
    assert data.observed().index.max() == 2


def test_customers_one_by_one_are_the_cohort_that_they_make():
    cohort = from_survivors(HIGH_END)
    customers = one_row_each(cohort.counts)
    assert clv.Renewals.from_customers(customers, time_unit="year").counts.equals(cohort.counts)


def test_customers_are_read_by_column_or_by_index_under_any_names():
    table = pd.DataFrame({"customer_id": ["a", "b"], "n": [2, 0], "gone": [False, True]})
    for frame in (table, table.set_index("customer_id")):
        data = clv.Renewals.from_customers(frame, time_unit="month", renewals="n", left="gone")
        assert data.counts.to_dict("list") == {"renewals": [0, 2], "left": [True, False], "count": [1, 1]}


def test_nullable_columns_without_missing_values_are_read():
    data = from_customers(renewals=pd.array([3, 1], dtype="Int64"), left=pd.array([True, False], dtype="boolean"))
    assert data.counts["renewals"].tolist() == [1, 3]


def test_the_callers_table_is_not_changed():
    table = pd.DataFrame({"customer_id": ["a", "b"], "renewals": [2.0, 0.0], "left": [False, True]})
    before = table.copy(deep=True)
    clv.Renewals.from_customers(table, time_unit="month")
    assert table.equals(before)


def test_observed_retention_of_one_cohort_is_its_survivors_share():
    observed = from_survivors(HIGH_END).observed()
    assert observed.index.name == "period"
    assert observed["retention"].to_numpy() == pytest.approx(np.array(HIGH_END) / 1000)
    assert observed["at_risk"].tolist() == [1000, *HIGH_END[:-1]]
    assert np.isnan(observed["renewal_rate"].iloc[0])


def test_observed_retention_pools_the_cohorts_that_are_still_observed():
    observed = from_survivors(pd.DataFrame([[100, 80, 40], [300, 200, np.nan]])).observed()
    assert observed["at_risk"].tolist() == [400, 400, 80]
    assert observed["renewed"].tolist() == [400, 280, 40]
    assert observed["retention"].tolist() == pytest.approx([1, 0.7, 0.7 * 0.5])


def test_a_renewal_still_to_come_puts_nobody_at_risk():
    observed = from_customers(renewals=[2, 2, 1], left=[False, True, False]).observed()
    assert observed["at_risk"].tolist() == [3, 3, 2, 1]
    assert observed["renewed"].tolist() == [3, 3, 2, 0]


def test_it_says_what_is_in_it():
    assert repr(from_survivors(HIGH_END)) == "Renewals(1000 customers, up to 7 renewals, time unit year)"


@pytest.mark.parametrize(
    ("survivors", "message"),
    [
        ([], "there are no survivors"),
        (pd.DataFrame(), "there are no survivors"),
        (7, "survivors is a int of 0 dimensions"),
        ([[5, 4], [3, 2]], "survivors is a list of 2 dimensions"),
        (["many", "few"], "must be numbers of customers"),
        ([100, 80, 85], "the cohort rises from 80 to 85 in period 2; .* a cohort of their own"),
        ([100, -1], "has -1 survivors in period 1"),
        ([100, 86.9, 74.3], "has 86.9 survivors in period 1; give numbers of customers, not shares"),
        ([100, np.inf], "has inf survivors in period 1"),
        ([100, None, 70], "no number in period 1; numbers may be missing only after the last"),
        ([np.nan, 100, 70], "no number in period 0"),
        ([0, 0], "no customers in period 0"),
        ([1000], "none of the 1000 customers has come up for renewal"),
        (pd.DataFrame([[100, 80]], columns=[1, 2]), r"the columns are \[1, 2\]; they must be 0"),
        (pd.DataFrame({"cohort": [2021], 0: [100], 1: [80]}), "with the cohort as index"),
        (pd.DataFrame([[9, 5], [np.nan, np.nan]], index=["a", "b"]), "cohort 'b' has no number in period 0"),
        (pd.DataFrame([[9, 5], [0, 0]], index=["a", "b"]), "cohort 'b' has no customers in period 0"),
    ],
)
def test_survivors_that_cannot_be_are_refused(survivors, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        from_survivors(survivors)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"renewals": [1, 2]}, r"missing columns \['left'\], found \['renewals'\]"),
        ({"renewals": [], "left": []}, "no customers"),
        (
            {"renewals": [1, -2], "left": [True, False]},
            r"1 of 2 customers have a negative number of renewals, e.g. 1 \(-2",
        ),
        ({"renewals": [1.5, 2], "left": [True, False]}, "not whole, e.g. 0"),
        ({"renewals": [np.nan, 2], "left": [True, False]}, r"no number of renewals \(missing or infinite\)"),
        ({"renewals": [np.inf, 2], "left": [True, False]}, "missing or infinite"),
        ({"renewals": [20240101, 2], "left": [True, False]}, "more than 100,000 renewals.*are these dates"),
        ({"renewals": ["1", "2"], "left": [True, False]}, "make it whole numbers"),
        ({"renewals": [True, False], "left": [True, False]}, "column 'renewals' is bool"),
        ({"renewals": [1, 2], "left": [1, 0]}, "column 'left' is int64; make it true or false"),
        ({"renewals": [1, 2], "left": pd.array([True, None], dtype="boolean")}, "column 'left' is boolean"),
        ({"renewals": [1, 2], "left": [True, False], "customer_id": ["a", "a"]}, "repeat a customer_id, e.g. 'a'"),
        (
            {"renewals": [1, 2], "left": [True, False], "customer_id": ["a", None]},
            "1 of 2 customers have no customer_id",
        ),
        ({"renewals": [0, 0], "left": [False, False]}, "none of the 2 customers has come up for renewal"),
    ],
)
def test_customers_that_cannot_be_are_refused(columns, message):
    with pytest.raises(clv.InvalidArgument, match=message):
        from_customers(**columns)


def test_what_is_no_table_of_customers_is_refused():
    with pytest.raises(clv.InvalidArgument, match="from a dict"):
        clv.Renewals.from_customers({"renewals": [1]}, time_unit="month")


def test_two_ids_for_one_customer_are_refused():
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    with pytest.raises(clv.InvalidArgument, match="the index has 2 levels"):
        clv.Renewals.from_customers(
            pd.DataFrame({"renewals": [1, 2], "left": [True, True]}, index=index), time_unit="month"
        )


def test_columns_of_one_name_are_refused():
    table = pd.DataFrame([[1, 2, True]], columns=["renewals", "renewals", "left"])
    with pytest.raises(clv.InvalidArgument, match="occur twice"):
        clv.Renewals.from_customers(table, time_unit="month")


@pytest.mark.parametrize("read", [clv.Renewals.from_survivors, clv.Renewals.from_customers])
def test_an_unknown_time_unit_is_refused(read):
    with pytest.raises(clv.InvalidArgument, match="time_unit is 'fortnight'"):
        read(HIGH_END, time_unit="fortnight")
