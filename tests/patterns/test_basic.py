"""Basic control flow: WCP-1 to WCP-5."""

from __future__ import annotations

import threading

from tests.patterns.kinds import choice, merge


def test_wcp_01_sequence(flow, played):
    @flow.node
    def first():
        return 1

    @flow.node
    def second(first):
        return first + 1

    @flow.node
    def third(second):
        return second + 1

    log = played()
    assert log.began == log.done == ["first", "second", "third"]
    assert log.follows("second", "first")
    assert log.follows("third", "second")
    assert log["third"] == 3


def test_wcp_02_parallel_split(flow, played):
    both = threading.Barrier(2)

    @flow.node
    def split():
        return 1

    @flow.node
    def left(split):
        both.wait(30)

    @flow.node
    def right(split):
        both.wait(30)

    log = played()
    assert log.status == "succeeded"  # each of them waited for the other to be under way
    assert log.most_at_once("left", "right") == 2
    assert log.follows("left", "split")
    assert log.follows("right", "split")


def test_wcp_03_synchronization(flow, played):
    @flow.node
    def left():
        return 1

    @flow.node
    def right():
        return 2

    @flow.node
    def both(left, right):
        return left + right

    log = played()
    assert log.began.count("both") == 1
    assert log.follows("both", "left", "right")


def test_wcp_04_exclusive_choice(flow, played):
    size = choice(flow, "size", small="value < 10", medium="value < 100")

    @flow.node
    def few(size=size.small):
        return "few"

    @flow.node
    def some(size=size.medium):
        return "some"

    @flow.node
    def many(size=size.default):
        return "many"

    for value, taken in ((1, "few"), (50, "some"), (1000, "many")):
        log = played(given=value)
        assert log.done == ["value", "size", taken]
        assert {*log.skipped.values()} == {"branch_not_taken"}
        assert {*log.skipped} == {"few", "some", "many"} - {taken}


def test_wcp_05_simple_merge(flow, played):
    size = choice(flow, "size", small="value < 10")

    @flow.node
    def few(size=size.small):
        return "few"

    @flow.node
    def many(size=size.default):
        return "many"

    merge(flow, "either", "few", "many", mode="choose")

    @flow.node
    def after(either):
        return either

    for value, taken in ((1, "few"), (1000, "many")):
        log = played(given=value)
        assert log.began.count("after") == 1
        assert log.follows("either", taken)
        assert log["after"] == taken
