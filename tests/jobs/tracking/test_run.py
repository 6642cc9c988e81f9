"""What can be said about a tracking server without one."""

import sys

import pytest

import clvmodels as clv
from clvmodels.jobs.tracking.run import allowed_names, check_tracking


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "127.0.0.1:5000",
        "file:///tmp/mlruns",
        "sqlite:///mlflow.db",
        "postgresql://ann:hush@shop.example/mlflow",
        "https://ann:hush@shop.example",
        "https://shop.example/mlflow?token=hush",
    ],
)
def test_what_is_no_plain_address_of_a_server_is_refused_and_not_repeated(uri):
    with pytest.raises(clv.ClvError, match="no address of a server, such as http.*MLFLOW_TRACKING_PASSWORD") as refused:
        check_tracking(uri)
    assert "hush" not in str(refused.value)


def test_without_mlflow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(clv.ClvError, match=r"not installed here; .* pip install 'clvmodels\[mlflow\]'"):
        check_tracking("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("backtest.purchases.rmse", "backtest.purchases.rmse"),
        ("bias of segment/north-west 1", "bias of segment/north-west 1"),
        ("share (%)", "share ___"),
        ("größe: klein", "gr__e_ klein"),
        ("/../a/./b//c/", "a/b/c"),
        ("..", "_"),
        ("a" * 1000, "a" * 240),
    ],
)
def test_a_name_is_made_to_fit(name, allowed):
    assert list(allowed_names({name: 1.0})) == [allowed]


def test_no_value_is_lost_where_names_become_the_same():
    assert allowed_names({"a%": 1, "a_": 2, "a?": 3, "a__2": 4}) == {"a_": 1, "a__2": 2, "a__3": 3, "a__2_2": 4}
