"""What `delay`, `wait_until` and `wait_signal` wait for, and what they give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.graph.suspension import Resumption, Suspend
from flowbook.nodes.waiting import DelayNode, WaitSignalNode, WaitUntilNode, moment_of

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)


def run(node, context, inputs=None, came=None):
    context.resumption = came
    return node.run(context, inputs or {})


@pytest.mark.parametrize(("given", "seconds"), [(90, 90), ("1.5m", 90), ("250ms", 0.25)])
def test_a_delay_waits_that_long_and_passes_on_its_input(made, context, given, seconds):
    node = made.node(DelayNode, seconds=given)
    wish = run(node, context, {"x": 1})
    assert isinstance(wish, Suspend)
    assert wish.until == timedelta(seconds=seconds)
    assert run(node, context, {"x": 1}, Resumption("time")) == 1


def test_no_delay_is_no_wait(made, context):
    assert run(made.node(DelayNode), context, {"a": 1, "b": 2}) == {"a": 1, "b": 2}
    assert run(made.node(DelayNode), context) is None


@pytest.mark.parametrize("given", ["soon", -1, True, "1 fortnight"])
def test_what_is_no_duration_is_refused(made, given):
    with pytest.raises(TraitError, match="seconds cannot be"):
        made.node(DelayNode, seconds=given)


def test_a_time_to_come_is_waited_for_and_one_that_is_over_is_not(made, context):
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wish = run(made.node(WaitUntilNode, time=later), context, {"x": 1})
    assert wish.until == datetime.fromisoformat(later)
    assert run(made.node(WaitUntilNode, time="2020-01-01T00:00Z"), context, {"x": 1}) == 1


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("13:00", "UTC", "2027-01-31T13:00:00+00:00"),
        ("09:00", "UTC", "2027-02-01T09:00:00+00:00"),
        ("12:00:00", "UTC", "2027-02-01T12:00:00+00:00"),
        ("13:30", "Europe/Oslo", "2027-01-31T13:30:00+01:00"),
        ("2027-03-01T08:00+01:00", "UTC", "2027-03-01T08:00:00+01:00"),
    ],
)
def test_a_time_is_meant_as_people_mean_it(text, zone, expected):
    assert moment_of(text, zone, NOON).isoformat() == expected


def test_a_time_of_day_keeps_to_the_clock_on_the_wall_when_that_is_changed():
    evening = datetime(2027, 3, 27, 20, tzinfo=UTC)  # the night the clocks go forward
    assert moment_of("09:00", "Europe/Oslo", evening).isoformat() == "2027-03-28T09:00:00+02:00"


@pytest.mark.parametrize(
    ("text", "zone", "why"),
    [
        ("2027-03-01T08:00", "UTC", "without a zone"),
        ("tomorrow", "UTC", "is no time"),
        ("09:00", "Middle/Earth", "is no time"),
    ],
)
def test_what_is_no_time_is_refused(text, zone, why):
    with pytest.raises(UsageError, match=why):
        moment_of(text, zone, NOON)


def test_a_time_or_a_condition_is_needed_and_not_both(made, context):
    for given in ({}, {"time": "09:00", "condition": "true"}):
        with pytest.raises(UsageError, match="and not both"):
            run(made.node(WaitUntilNode, **given), context)


def test_a_condition_is_looked_at_until_it_holds(made, context):
    node = made.node(WaitUntilNode, condition="waited > x", every="10s")
    before = datetime.now(UTC)
    wish = run(node, context, {"x": 60})
    assert timedelta(seconds=9) < wish.until - before < timedelta(seconds=11)
    early = Resumption("time", data=wish.data)
    assert isinstance(run(node, context, {"x": 60}, early), Suspend)
    long_ago = (before - timedelta(minutes=2)).isoformat()
    assert run(node, context, {"x": 60}, Resumption("time", data={"since": long_ago})) == 60


def test_a_condition_is_not_looked_at_beyond_its_deadline(made, context):
    node = made.node(WaitUntilNode, condition="waited > 60", timeout=25, every=10)
    first = run(node, context)
    assert first.until is not None
    since = datetime.now(UTC) - timedelta(seconds=20)
    last = run(node, context, {}, Resumption("time", data={"since": since.isoformat()}))
    assert (last.until, last.timeout) == (None, since + timedelta(seconds=25))
    came = Resumption("timeout", data=last.data)
    assert run(node, context, {"x": 1}, came) == 1


def test_a_signal_is_waited_for_by_its_name_or_that_of_the_node(made, context):
    assert run(made.node(WaitSignalNode, signal="paid"), context).signal == "paid"
    wish = run(made.node(WaitSignalNode, "shipped", timeout="24h", on_timeout="continue"), context)
    assert (wish.signal, wish.timeout) == ("shipped", timedelta(days=1))
    assert wish.on_timeout == "continue"


def test_a_signals_payload_is_what_it_gives(made, context):
    node = made.node(WaitSignalNode)
    assert run(node, context, {}, Resumption("signal", {"amount": 1})) == {"amount": 1}
    assert run(node, context, {}, Resumption("timeout")) is None
