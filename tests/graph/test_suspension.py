"""What a node may wish for when it waits."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from flowbook.errors import UsageError
from flowbook.graph.suspension import Suspend, resumption


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({}, "nothing would ever end"),
        ({"signal": ""}, "nothing would ever end"),
        ({"until": datetime(2027, 1, 1)}, "without a zone"),  # noqa: DTZ001 - that is what is refused
        ({"until": "09:00"}, "neither a datetime nor"),
        ({"until": True}, "neither a datetime nor"),
        ({"until": float("nan")}, "neither a datetime nor"),
        ({"timeout": 1e300}, "no calendar has"),
        ({"signal": "x", "data": {"n": object}}, "data is not plain JSON"),
        ({"signal": "x", "data": {1: 2}}, "data is not plain JSON"),
        ({"signal": "x", "on_timeout": float("inf")}, "on_timeout is not plain JSON"),
        ({"signal": "x", "on_timeout": (1, 2)}, "on_timeout is not plain JSON"),
    ],
    ids=repr,
)
def test_a_wish_that_cannot_be_kept_is_refused(wish, why):
    with pytest.raises(UsageError, match=why):
        Suspend(**wish)


def test_a_wish_travels_between_processes():
    at = datetime(2027, 1, 1, tzinfo=UTC)
    wish = Suspend("why", until=at, signal="x", timeout=5, on_timeout=[1], data={"n": 1})
    there = pickle.loads(pickle.dumps(wish))
    assert isinstance(there, Suspend)
    assert vars(there) == vars(wish)
    assert (there.until, there.timeout) == (at, timedelta(seconds=5))


def test_outside_of_a_node_nothing_has_come():
    assert resumption() is None
