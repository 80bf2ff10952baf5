"""Warming: cached nodes are computed for many parameters, a few at a time, and none twice."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from flowbook.errors import InvalidParameters, UsageError
from flowbook.events import TriggerKind
from flowbook.graph.flow import Flow

CITIES = [{"city": "Oslo"}, {"city": "Rome"}, {"city": "Bern"}]


class Counted:
    """Says how many are inside at once; the same for the cache wherever it stands."""

    def __init__(self):
        self.lock, self.inside, self.most, self.ran = threading.Lock(), 0, 0, []

    def __reduce__(self):
        return (Counted, ())

    def __enter__(self):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1


@pytest.fixture
def warmable(project):
    flow, counted = Flow("prices", host=project), Counted()

    @flow.node
    def fetch(city: str = "Oslo"):
        return city.lower()

    @flow.node(cache=True)
    def price(city=fetch):
        with counted:
            counted.ran.append(city)
            if city == "gone":
                raise LookupError(city)
            return len(city)

    @flow.node
    def mail(price=price):
        raise AssertionError("nobody asked for this")

    return flow, counted


def test_what_was_warmed_is_a_hit(warmable):
    flow, counted = warmable
    warmed = flow.cache.warm(CITIES)
    assert (warmed.hits, warmed.computed, warmed.failed, len(warmed.runs)) == (0, 3, (), 3)
    assert sorted(counted.ran) == ["bern", "oslo", "rome"]
    again = flow.cache.warm([*CITIES, {"city": "Graz"}])
    assert (again.hits, again.computed) == (3, 1)
    assert repr(again) == "<warmed by 4 runs: 3 hits, 1 computed, 0 failed>"


def test_a_frame_is_a_set_of_parameters_for_each_row(warmable):
    flow, _ = warmable
    assert flow.cache.warm(pd.DataFrame(CITIES)).computed == 3
    pl = pytest.importorskip("polars")
    assert flow.cache.warm(pl.DataFrame(CITIES)).hits == 3


def test_a_set_that_fails_is_told_and_the_others_are_warmed(warmable):
    flow, _ = warmable
    warmed = flow.cache.warm([{"city": "Gone"}, *CITIES], jobs=1)
    assert warmed.computed == 3
    (failed,) = warmed.failed
    assert failed.params == {"city": "Gone"}
    assert "LookupError" in failed.error


def test_no_more_than_so_many_at_once(warmable):
    flow, counted = warmable
    flow.cache.warm([{"city": f"c{i}"} for i in range(12)], jobs=2)
    assert 1 <= counted.most <= 2
    with pytest.raises(UsageError):
        flow.cache.warm(CITIES, jobs=0)


def test_parameters_that_do_not_fit_start_nothing(warmable, project):
    flow, counted = warmable
    with pytest.raises(InvalidParameters) as refused:
        flow.cache.warm([{"city": "Oslo"}, {"city": 3}, {"town": "Bern"}])
    assert [one.message.split(":")[0] for one in refused.value.problems] == ["set 2", "set 3"]
    assert counted.ran == []
    assert project.history.runs().runs == ()
    with pytest.raises(UsageError, match="no set of parameters"):
        flow.cache.warm(["Oslo"])


def test_only_cached_nodes_can_be_warmed(warmable):
    flow, _ = warmable
    with pytest.raises(UsageError, match="no option cache: fetch"):
        flow.cache.warm(CITIES, nodes=["fetch"])


def test_the_history_says_who_started_them(warmable, project):
    flow, _ = warmable
    flow.cache.warm(CITIES[:1], trigger=TriggerKind.CLI)
    assert [row.trigger for row in project.history.runs().runs] == ["cli"]
