"""Several instances of one activity: WCP-12 to WCP-15 and WCP-34 to WCP-36."""

from __future__ import annotations

from tests.patterns.log import done, waits

from flowbook.events import NodeCompleted, NodeStarted, ScopeClosed


def asked(flow, over, **settings):
    """An instance for each item, which waits for a signal of its number; and what follows."""
    with flow.map("each", over, **settings):
        flow.wait_signal("answer", signal="answer {{ item }}", inputs={"item": ...})

        @flow.node
        def noted(answer):
            return answer

    @flow.node
    def after(each_values):
        return each_values


def instances(count):
    return [f"each[{at}].answer" for at in range(count)]


def test_wcp_12_multiple_instances_without_synchronization(flow, played):
    asked(flow, [0, 1, 2], enough=0, rest="leave")
    run = waits(flow.start(), *instances(3))
    done(run, "after")  # while all of them wait
    assert not run.status.over
    for number in range(3):
        run.signal(f"answer {number}", number)
    log = played(run)
    assert log.status == "succeeded"
    assert log.opened("each") == [0, 1, 2]
    assert [log[f"each[{at}].noted"] for at in range(3)] == [0, 1, 2]
    assert all(log.at("after", NodeCompleted) < log.at(one, NodeCompleted) for one in instances(3))


def test_wcp_13_multiple_instances_with_a_priori_design_time_knowledge(flow, played):
    asked(flow, [0, 1, 2])
    run = waits(flow.start(), *instances(3))  # all at the same time
    for number in (2, 0, 1):
        run.signal(f"answer {number}", number)
    log = played(run)
    assert log["after"] == [0, 1, 2]
    assert log.follows("after", *instances(3))
    assert log.began.count("after") == 1


def test_wcp_14_multiple_instances_with_a_priori_run_time_knowledge(flow, played):
    @flow.node
    def lines(count: int = 1):
        return list(range(count))

    asked(flow, lines)
    for count in (1, 4):
        run = waits(flow.start(count=count), *instances(count))
        for number in range(count):
            run.signal(f"answer {number}", number)
        log = played(run)
        assert log.opened("each") == list(range(count))
        assert log.follows("after", *instances(count))
        assert log["after"] == list(range(count))


def test_wcp_15_multiple_instances_without_a_priori_run_time_knowledge(flow, played):
    """Instances add others, and so does somebody outside, while all of them are under way."""
    asked(flow, [0, 1])
    run = waits(flow.start(), *instances(2))
    run.add_items("each", [2])
    waits(run, *instances(3))  # all three at the same time
    run.signal("answer 0", 0)
    done(run, "each[0].noted")
    run.add_items("each", [3])
    waits(run, *instances(4)[1:])
    for number in (3, 1, 2):
        run.signal(f"answer {number}", number)
    log = played(run)
    assert log["after"] == [0, 1, 2, 3]
    assert log.opened("each") == [0, 1, 2, 3]
    assert log.follows("after", *instances(4))
    assert log.began.count("after") == 1


def test_wcp_34_static_partial_join_for_multiple_instances(flow, played):
    asked(flow, list(range(4)), enough=2, rest="leave")
    run = waits(flow.start(), *instances(4))
    run.signal("answer 3", 3)
    done(run, "each[3].noted")
    assert run["after"].outcome is None
    run.signal("answer 1", 1)
    done(run, "after")
    for number in (0, 2):
        run.signal(f"answer {number}", number)
    log = played(run)
    assert log["after"] == [1, 3]
    assert log.began.count("after") == 1
    assert sorted(log.turns("each")) == [(at, "succeeded") for at in range(4)]
    closed = [at for at, e in enumerate(log.events) if isinstance(e, ScopeClosed)]
    assert closed[1] < log.at("after", NodeStarted) < closed[2]


def test_wcp_35_cancelling_partial_join_for_multiple_instances(flow, played):
    asked(flow, list(range(4)), enough=2)
    run = waits(flow.start(), *instances(4))
    run.signal("answer 3", 3)
    run.signal("answer 1", 1)
    log = played(run)
    assert log["after"] == [1, 3]
    assert log.status == "succeeded"
    assert sorted(log.turns("each")) == [
        *((0, "cancelled"), (1, "succeeded"), (2, "cancelled"), (3, "succeeded")),
    ]
    assert {*log.cancelled} == {"each[0].answer", "each[2].answer"}


def test_wcp_36_dynamic_partial_join_for_multiple_instances(flow, played):
    @flow.node
    def lines(count: int = 1):
        return list(range(count))

    asked(flow, lines, enough="sum(values) > 4", rest="leave")
    run = waits(flow.start(count=5), *instances(5))
    for number in (0, 3, 2):
        run.signal(f"answer {number}", number)
        done(run, f"each[{number}].noted")
    done(run, "after")  # the condition holds: 0 + 3 + 2
    for number in (1, 4):
        run.signal(f"answer {number}", number)
    log = played(run)
    assert log["after"] == [0, 2, 3]
    assert len(log.turns("each")) == 5
    closed = [at for at, e in enumerate(log.events) if isinstance(e, ScopeClosed)]
    assert closed[2] < log.at("after", NodeStarted) < closed[3]
