"""Work parted among threads."""

import threading
import time

import pytest

from clvmodels.compiled.threads import cores, in_order


def test_results_come_in_the_order_of_the_items():
    def slow_first(i):
        time.sleep(0.05 if i == 0 else 0)
        return i

    assert list(in_order(slow_first, range(20))) == list(range(20))


def test_items_are_taken_only_as_they_are_needed(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    taken = []
    results = in_order(abs, (taken.append(i) or i for i in range(1000)))
    next(results)
    assert len(taken) <= 5


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda i: 1 / i, [1, 0]))


def test_the_share_of_a_scheduler_is_kept_to(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert cores() == 1
    assert list(in_order(lambda _: threading.current_thread() is threading.main_thread(), [0])) == [True]


@pytest.mark.parametrize("share", ["", "many", "0", "-3"])
def test_a_share_that_is_no_number_is_ignored(monkeypatch, share):
    monkeypatch.setenv("OMP_NUM_THREADS", share)
    assert cores() >= 1
