"""Doing it again: WCP-10, WCP-21 and WCP-22."""

from __future__ import annotations

import pytest
from tests.patterns.kinds import choice, merge
from tests.patterns.log import Log

from flowbook.errors import InvalidFlow


def test_wcp_10_arbitrary_cycles(flow, played):
    """A cycle that is entered and left in two places, as a loop over the name of what is next."""
    with flow.while_("cycle", "last != 'out'", initial="{{ enter }}", inputs={"enter": "a"}):
        to = choice(flow, "to", "last", a="last == 'a'", b="last == 'b'", c="last == 'c'")

        @flow.node
        def at_a(last=to.a):
            return "b"

        @flow.node
        def at_b(index, last=to.b):
            return "out" if index > 3 else "c"

        @flow.node
        def at_c(index, last=to.c):
            return "out" if index > 6 else "a"

        merge(flow, "next", "at_a", "at_b", "at_c", mode="choose")

    log = played(enter="a")
    assert [path.split(".")[1] for path in log.done if "at_" in path] == [
        *("at_a", "at_b", "at_c", "at_a", "at_b"),
    ]
    log = played(enter="c")  # another way in
    assert [path.split(".")[1] for path in log.done if "at_" in path][:3] == [
        *("at_c", "at_a", "at_b"),
    ]
    assert log.status == "succeeded"

    # The restriction: wires go in no circle, and the cycle is walked one step at a time.
    @flow.node
    def first(second):
        return second

    @flow.node
    def second(first):
        return first

    with pytest.raises(InvalidFlow) as refused:
        flow.run()
    (problem,) = refused.value.problems
    assert problem.message.startswith("these nodes wait for each other")


def test_wcp_21_structured_loop(flow, played):
    """Tested before each turn, and, by a break, after it."""
    with flow.while_("before", "last < limit", initial=1, inputs={"limit": 8}):

        @flow.node
        def doubled(last):
            return last * 2

    with flow.repeat("behind", 100):

        @flow.node
        def tried(index):
            return index

        found = choice(flow, "found", "tried", yes="tried >= 2")
        flow.break_("enough", found.yes)

    log = played()
    assert log.opened("before") == log.opened("behind") == [0, 1, 2]
    assert log["before"] == 8
    log = played(limit=1)
    assert log.opened("before") == []  # not even once
    assert log["before"] == 1
    for at in (1, 2):
        assert log.follows(f"behind[{at}].tried", f"behind[{at - 1}].tried")


def test_wcp_22_recursion(flow, played, project):
    @flow.node
    def number(n: int = 3):
        return n

    more = choice(flow, "more", "number", yes="number > 1")

    @flow.node
    def less(n=more.yes):
        return n - 1

    flow.call(flow, name="smaller", n=less)

    @flow.node
    def product(smaller, number):
        return number * smaller["child_output"]["result"]

    @flow.node
    def one(n=more.default):
        return 1

    merge(flow, "result", "product", "one", mode="choose")
    log = played(n=4)
    assert log["result"] == 24
    chain = [log.run.id]
    while children := project.history.children(chain[-1]):
        (child,) = children
        assert (child.flow, child.calling_node) == ("pattern", "smaller")
        chain.append(child.id)
    assert len(chain) == 4
    for run in chain[:-1]:
        deeper = Log(project.history.events(run), log.run)
        assert deeper.follows("product", "smaller")
    assert "smaller" in Log(project.history.events(chain[-1]), log.run).skipped
