from __future__ import annotations

import os
import threading

import pytest

from flowbook.errors import UsageError
from flowbook.session.kept import Kept


@pytest.fixture
def kept():
    made = Kept()
    yield made
    made.close()


def test_what_many_ask_for_at_once_is_made_once(kept):
    asking, made = threading.Barrier(8), []
    release = threading.Event()

    def make():
        release.wait(10)
        made.append(object())
        return made[-1]

    found = []

    def ask():
        asking.wait(10)
        found.append(kept.get("pool", make))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join(10)
    assert len(made) == 1
    assert found == made * 8


def test_what_could_not_be_made_is_made_anew_by_the_next_who_asks(kept):
    def broken():
        raise OSError("no route")

    with pytest.raises(OSError, match="no route"):
        kept.get("pool", broken)
    assert kept.get("pool", lambda: 7) == 7


def test_those_who_waited_for_what_failed_are_told(kept):
    began, release, told = threading.Event(), threading.Event(), []

    def broken():
        began.set()
        release.wait(10)
        raise OSError("no route")

    def ask(make):
        try:
            kept.get("pool", make)
        except OSError as failure:
            told.append(str(failure))

    first = threading.Thread(target=ask, args=(broken,))
    first.start()
    assert began.wait(10)
    second = threading.Thread(target=ask, args=(broken,))
    second.start()
    release.set()
    first.join(10)
    second.join(10)
    assert told == ["no route"] * 2


def test_all_are_closed_the_last_first_and_one_that_breaks_stops_none(kept, caplog):
    order = []

    def broken(_):
        raise RuntimeError("stuck")

    kept.get("a", lambda: "a", order.append)
    kept.get("b", lambda: "b", broken)
    kept.get("c", lambda: "c", order.append)
    kept.get("d", lambda: "d")
    kept.close()
    assert order == ["c", "a"]
    assert "'b' could not be closed" in caplog.text
    kept.close()
    assert order == ["c", "a"]


def test_what_is_asked_for_while_it_is_made_is_refused(kept):
    with pytest.raises(UsageError, match="while it is made"):
        kept.get("a", lambda: kept.get("a", list))


def test_a_coroutine_closes_without_a_loop_of_an_engine(kept):
    closed = []

    async def close(value):
        closed.append(value)

    kept.get("a", lambda: 1, close)
    kept.close()
    assert closed == [1]


def test_a_forked_child_has_nothing_of_its_parents(kept):
    kept.get("a", lambda: "parent", lambda _: os._exit(3))
    child = os.fork()
    if child == 0:
        fresh = kept.get("a", lambda: "child", lambda _: None)
        kept.close()
        os._exit(0 if fresh == "child" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    kept.forget()
