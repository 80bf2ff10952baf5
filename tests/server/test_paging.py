"""Pages of runs, while runs come and go: none is told twice, and none that stays is left out."""

from __future__ import annotations

import time
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.events import RunCompleted, RunCreated, RunStatus, TriggerKind
from flowbook.server import runs
from flowbook.server.place import place_of
from flowbook.session.start import mint_run_id

AT = time.time() - 10_000
_ticks = count(1)
_last = [0]


def begin(place, *, flow="paged", same=False):
    """A run that is over; `same`: it began in the very microsecond of the one before."""
    run = mint_run_id()
    made = {"run": run, "at": AT + (next(_ticks) if not same else _last[0]) * 0.001}
    _last[0] = round((made["at"] - AT) * 1000)
    place.project.store.sink.append(
        [
            RunCreated(
                **made, seq=0, flow=flow, version="v", trigger=TriggerKind.MANUAL, nodes=("a",)
            ),
            RunCompleted(**made, seq=1, status=RunStatus.SUCCEEDED, ms=1.0),
        ]
    ).result()
    return run


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("paged")
    place = place_of({"server_root_dir": str(root), "base_url": "/"})
    yield place
    place.project.close()


def page(place, cursor, limit):
    return runs.page(place, runs.PageAsked(flow="paged", limit=limit, cursor=cursor))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    existing=st.lists(st.booleans(), min_size=1, max_size=8),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("page"), st.integers(1, 3)),
            st.tuples(st.just("begin"), st.booleans()),
            st.tuples(st.just("delete"), st.integers(0, 20)),
            st.tuples(st.just("fold"), st.none()),
        ),
        max_size=8,
    ),
)
def test_pages_have_no_doubles_and_no_holes_whatever_happens_meanwhile(place, existing, steps):
    history = place.history
    for old in history.runs(flow="paged", limit=1000).runs:
        history.delete(old.id)
    there = [begin(place, same=same) for same in existing]
    deleted, told = set(), []
    cursor, done = None, False
    for what, how in [*steps, *[("page", 2)] * 40]:
        if what == "page" and not done:
            found = page(place, cursor, how)
            told += [run["id"] for run in found["runs"]]
            assert len(found["runs"]) <= how
            cursor, done = found["next"], found["next"] is None
        elif what == "begin":
            begin(place, same=how)
        elif what == "delete":
            gone = there[how % len(there)]
            if gone not in deleted:
                history.delete(gone)
                deleted.add(gone)
        elif what == "fold":
            place.project.store.fold()
    assert done
    assert len(told) == len(set(told))
    assert [run for run in there if run not in deleted] == [
        run for run in reversed(told) if run in there and run not in deleted
    ]


def test_the_query_of_a_page_gives_its_runs(place):
    begin(place, flow="Ann's")
    begin(place, flow="Ann's")
    for asked in (
        {"flow": "Ann's"},
        {"flow": "Ann's", "status": "succeeded", "trigger": "manual", "pinned": False},
        {"since": "2020-01-01", "until": "2999-01-01", "text": "0"},
        {"text": "it's ? 100%"},
        {},
    ):
        found = runs.page(place, runs.PageAsked(**asked, limit=5))
        _, rows = place.history.table(found["sql"])
        assert [row[0] for row in rows] == [run["id"] for run in found["runs"]], asked
