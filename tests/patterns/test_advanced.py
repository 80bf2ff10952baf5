"""Advanced branching and synchronisation: what comes together again, and how much of it is needed.

WCP-6 to WCP-9, WCP-28 to WCP-33, WCP-37, WCP-38, WCP-41 and WCP-42.
"""

from __future__ import annotations

import pytest
from tests.patterns.kinds import choice, merge
from tests.patterns.log import done, waits

from flowbook.events import NodeCompleted, NodeStarted, ScopeClosed, ScopeOpened


def three_waiting(flow, **join):
    """Three branches that each wait for a signal of its name, and what joins them."""
    for name in "abc":
        flow.wait_signal(name)

    @flow.node(**join)
    def joined(a, b, c):
        return [one for one in (a, b, c) if one is not None]

    @flow.node
    def after(joined):
        return joined


def test_wcp_06_multi_choice(flow, played):
    kinds = choice(flow, "needs", mode="broadcast", police="value < 10", doctor="value < 5")

    @flow.node
    def car(needs=kinds.police):
        return "car"

    @flow.node
    def ambulance(needs=kinds.doctor):
        return "ambulance"

    @flow.node
    def nobody(needs=kinds.default):
        return "nobody"

    for value, taken in ((1, {"car", "ambulance"}), (7, {"car"}), (50, {"nobody"})):
        log = played(given=value)
        assert {*log.done} == {"value", "needs"} | taken
        assert {*log.skipped} == {"car", "ambulance", "nobody"} - taken


def test_wcp_07_structured_synchronizing_merge(flow, played):
    kinds = choice(flow, "needs", mode="broadcast", police="value < 10", doctor="value < 5")

    @flow.node
    def car(needs=kinds.police):
        return "car"

    @flow.node
    def ambulance(needs=kinds.doctor):
        return "ambulance"

    merge(flow, "all_there", "car", "ambulance")

    @flow.node
    def report(all_there):
        return sorted(all_there)

    for value, taken in ((1, ["ambulance", "car"]), (7, ["car"])):
        log = played(given=value)
        assert log.follows("all_there", *taken)
        assert log.began.count("report") == 1
        assert log["report"] == taken


def test_wcp_08_multi_merge(flow, played):
    left, right = flow.wait_signal("left"), flow.wait_signal("right")
    with flow.each_of("each", left, right):

        @flow.node
        def after(item):
            return item

        @flow.node
        def later(after):
            return after

    run = waits(flow.start(), "left", "right")
    run.signal("right", "R")
    done(run, "each[1].later")  # before the other branch has come
    run.signal("left", "L")
    log = played(run)
    assert [path for path in log.began if "." in path] == [
        *("each[1].after", "each[1].later", "each[0].after", "each[0].later"),
    ]
    assert log.at("each[1].later", NodeCompleted) < log.at("left", NodeCompleted)
    assert log.follows("each[0].after", "left")
    assert log["each"] == ["L", "R"]


def test_wcp_09_structured_discriminator(flow, played):
    three_waiting(flow, join="any", losers="leave")
    run = waits(flow.start(), "a", "b", "c")
    run.signal("b", 1)
    done(run, "after")
    assert run.status == "suspended"  # until the others have come, too
    run.signal("a", 2)
    run.signal("c", 3)
    log = played(run)
    assert log["after"] == [1]
    assert log.began.count("joined") == log.began.count("after") == 1
    assert log.at("joined", NodeStarted) < log.at("a", NodeCompleted)
    assert not log.cancelled
    assert log.status == "succeeded"


def three_in_a_loop(flow, enough):
    """Two turns of a loop with three branches in each; the first of a turn goes on alone."""
    with flow.repeat("again", 2):
        for name in "abc":
            flow.wait_signal(name, signal=f"{name}{{{{ index }}}}", inputs={"index": ...})

        @flow.node(join=enough, losers="leave")
        def joined(a, b, c):
            return [one for one in (a, b, c) if one is not None]

        @flow.node
        def after(joined):
            return joined


def blocking(flow, played, enough):
    """Plays two turns: the second begins when all branches of the first have come."""
    three_in_a_loop(flow, enough)
    run = waits(flow.start(), *(f"again[0].{name}" for name in "abc"))
    first, rest = "abc"[:enough], "abc"[enough:]
    for name in first:
        run.signal(f"{name}0", name)
    done(run, "again[0].after")
    assert "again[1].a" not in run.state.index  # blocked
    for name in rest:
        run.signal(f"{name}0", name)
    waits(run, *(f"again[1].{name}" for name in "abc"))
    for name in "cba":
        run.signal(f"{name}1", name)
    log = played(run)
    assert log.began.count("again[0].after") == log.began.count("again[1].after") == 1
    assert log["again[0].after"] == [*first]
    assert len(log["again[1].after"]) >= enough
    closed = next(at for at, e in enumerate(log.events) if isinstance(e, ScopeClosed))
    begun = [at for at, e in enumerate(log.events) if isinstance(e, ScopeOpened)]
    assert begun[0] < closed < begun[1]
    assert all(log.at(f"again[0].{name}", NodeCompleted) < closed for name in "abc")


def test_wcp_28_blocking_discriminator(flow, played):
    blocking(flow, played, 1)


def test_wcp_29_cancelling_discriminator(flow, played):
    three_waiting(flow, join="any")
    run = waits(flow.start(), "a", "b", "c")
    run.signal("b", 1)
    log = played(run)
    assert log["after"] == [1]
    assert log.cancelled == {"a": "joined", "c": "joined"}
    assert log.status == "succeeded"


def test_wcp_30_structured_partial_join(flow, played):
    three_waiting(flow, join=2, losers="leave")
    run = waits(flow.start(), "a", "b", "c")
    run.signal("c", 3)
    done(run, "c")
    assert run["joined"].outcome is None
    run.signal("a", 1)
    done(run, "after")
    run.signal("b", 2)
    log = played(run)
    assert log["after"] == [1, 3]
    assert log.follows("joined", "a", "c")
    assert log.at("joined", NodeStarted) < log.at("b", NodeCompleted)
    assert log.began.count("after") == 1


def test_wcp_31_blocking_partial_join(flow, played):
    blocking(flow, played, 2)


def test_wcp_32_cancelling_partial_join(flow, played):
    three_waiting(flow, join=2)
    run = waits(flow.start(), "a", "b", "c")
    run.signal("c", 3)
    run.signal("a", 1)
    log = played(run)
    assert log["after"] == [1, 3]
    assert log.cancelled == {"b": "joined"}


def test_wcp_33_generalised_and_join(flow, played):
    with flow.repeat("again", 3):
        flow.wait_signal("left")
        flow.wait_signal("right")

        @flow.node
        def both(left, right):
            return [left, right]

    run = waits(flow.start(), "again[0].left", "again[0].right")
    for number in range(3):  # of one branch more than one, before the other has any
        run.signal("left", number)
    done(run, "again[0].left")
    assert run["again[0].both"].outcome is None
    for number in range(3):
        run.signal("right", number)
    log = played(run)
    assert log["again"] == [[0, 0], [1, 1], [2, 2]]  # none was lost
    for number in range(3):
        left, right, both = (f"again[{number}].{name}" for name in ("left", "right", "both"))
        assert log.follows(both, left, right)
    # The restriction: two wires of a run meet once, so what persists has to be a signal.
    assert {log.began.count(path) for path in log.began if path.endswith("both")} == {1}


def test_wcp_37_local_synchronizing_merge(flow, played):
    """The branches part at different places, and one of them takes a way of its own."""
    first = choice(flow, "first", mode="broadcast", one="value < 10", two="value < 5")

    @flow.node
    def left(v=first.one):
        return v

    second = choice(flow, "second", "left", few="left < 8")

    @flow.node
    def low(v=second.few):
        return "low"

    @flow.node
    def elsewhere(v=second.default):
        return "elsewhere"

    @flow.node
    def right(v=first.two):
        return "right"

    merge(flow, "met", "low", "right")

    @flow.node
    def after(met):
        return sorted(met)

    for value, came in ((1, ["low", "right"]), (7, ["low"])):
        log = played(given=value)
        assert log["after"] == came
        assert log.follows("met", *came)
    log = played(given=9)  # nothing comes, and the merge knows
    assert log.skipped["met"] == "branch_not_taken"
    assert "elsewhere" in log.done


def test_wcp_38_general_synchronizing_merge(flow, played):
    """What may still come decides, wherever it comes from: a loop, or a branch that fails late."""
    ways = choice(flow, "ways", mode="broadcast", one="value < 10", two="value < 5")
    with flow.while_("around", "index < turns", inputs={"turns": 3, "way": ways.one}) as around:

        @flow.node
        def turned(index, way):
            return index

        out = choice(flow, "out", "turned", early="turned > 0")
        flow.break_("enough", out.early)

    @flow.node
    def straight(v=ways.two):
        return "straight"

    merge(flow, "met", "around", "straight")

    @flow.node
    def after(met):
        return sorted(met)

    for value, came in ((1, ["around", "straight"]), (7, ["around"])):
        log = played(given=value)
        assert log["after"] == came
        assert log.follows("met", *came)
        assert log.began.count("met") == 1
        assert log.opened(around.name) == [0, 1]
    log = played(given=50)
    assert {"around", "straight", "met", "after"} <= {*log.skipped}


@pytest.mark.parametrize("threads", [1, 4])
def test_wcp_41_thread_merge(flow, played, threads):
    @flow.node
    def count(threads: int = 2):
        return list(range(threads))

    with flow.map("each", count):

        @flow.node
        def step(item):
            return item

    @flow.node
    def merged(each_values):
        return len(each_values)

    log = played(threads=threads)
    assert log.began.count("merged") == 1
    assert log.follows("merged", *(f"each[{at}].step" for at in range(threads)))
    assert log["merged"] == threads


def test_wcp_42_thread_split(flow, played):
    @flow.node
    def before(threads: int = 3):
        return list(range(threads))

    with flow.map("each", before):

        @flow.node
        def first(item):
            return item

        @flow.node
        def second(first):
            return first

    log = played(threads=3)
    assert log.opened("each") == [0, 1, 2]
    for at in range(3):  # one branch, and three threads of control go along it by themselves
        assert log.follows(f"each[{at}].first", "before")
        assert log.follows(f"each[{at}].second", f"each[{at}].first")
    assert len([path for path in log.began if path.endswith("second")]) == 3
