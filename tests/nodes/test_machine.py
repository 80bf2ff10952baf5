from __future__ import annotations

import pytest
from traitlets import TraitError

from flowbook.errors import UsageError
from flowbook.graph.services import Scope
from flowbook.nodes.machine import StateMachineNode

ORDER = {
    "key": 17,
    "initial": "new",
    "data": {"paid": 0},
    "transitions": [
        {"from": "new", "on": "pay", "to": "paid", "when": "event.amount > 9",
         "set": {"paid": "event.amount", "fast": True}},
        {"from": ["new", "paid"], "on": ["cancel", "stop"], "to": "cancelled"},
        {"from": "paid", "on": "ship", "to": "shipped"},
        {"from": "*", "on": "note", "set": {"noted": True}},
    ],
    "final": ["shipped", "cancelled"],
}  # fmt: skip


@pytest.fixture
def take(made, context):
    """`take("pay")`: what comes of an event, each in a run of its own."""
    runs = iter(range(1_000))

    def take(event, again=False, **changes):
        if not again:
            context.idempotency_key = f"run{next(runs)}:order"
        node = made.node(StateMachineNode, "order", **{**ORDER, "event": event, **changes})
        return dict(node.run(context, {}).ports)

    return take


def test_events_lead_from_state_to_state(take):
    first = take({"type": "pay", "amount": 30})
    assert first == {
        "state": "paid",
        "previous": "new",
        "changed": True,
        "data": {"paid": 30, "fast": True},
    }
    assert take("ship")["state"] == "shipped"


def test_instances_do_not_know_of_each_other(take):
    take("cancel")
    assert take({"event": "pay", "amount": 10}, key=18)["previous"] == "new"
    assert take({"event": "pay", "amount": 10}, machine="others")["previous"] == "new"
    assert take({"event": "pay", "amount": 10}, scope="global")["previous"] == "new"


def test_an_event_that_leads_nowhere_is_an_error_that_says_what_would(take):
    with pytest.raises(UsageError, match="'ship' leads nowhere from state 'new'") as refused:
        take("ship")
    assert "cancel, note, pay, stop" in refused.value.hint
    with pytest.raises(UsageError, match="no condition holds"):
        take({"event": "pay", "amount": 1})
    take("cancel")
    with pytest.raises(UsageError) as refused:
        take("note")
    assert "it is final" in refused.value.hint


def test_or_it_is_passed_over_and_nothing_is_written(take, context):
    assert take("ship", unknown="ignore") == {
        "state": "new",
        "previous": "new",
        "changed": False,
        "data": {"paid": 0},
    }
    assert context.services.variables(Scope.FLOW) == {}


def test_a_way_without_a_target_only_sets(take):
    told = take("note")
    assert (told["state"], told["changed"], told["data"]["noted"]) == ("new", False, True)


def test_a_node_that_is_tried_again_moves_once(take):
    take({"event": "pay", "amount": 10})
    machine = {"transitions": {"a": {"go": "b"}, "b": {"go": "a"}}, "initial": "a", "final": []}
    first = take("go", key="loop", data={}, **machine)
    assert take("go", again=True, key="loop", data={}, **machine) == first
    assert take("go", key="loop", data={}, **machine)["state"] == "a"


def test_by_state_and_event_is_the_same_machine(take):
    ways = {"new": {"pay": "paid", "cancel": {"to": "gone", "set": {"why": "event.why"}}}}
    changes = {"transitions": ways, "final": []}
    assert take({"event": "cancel", "why": "late"}, **changes)["data"] == {"paid": 0, "why": "late"}
    assert take("pay", key=2, **changes)["state"] == "paid"


def test_it_routes_to_the_port_of_its_state(made, context, spec):
    config = {**ORDER, "route": True, "event": "cancel"}
    ports = StateMachineNode.ports(spec("order", kind="state_machine", **config))
    assert ports == ("new", "shipped", "cancelled", "paid")
    given = made.node(StateMachineNode, "order", **config).run(context, {})
    assert list(given.ports) == ["cancelled"]
    assert given.ports["cancelled"]["previous"] == "new"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"states": ["new", "paid", "shiped", "cancelled"]}, "'shipped' is none of the states"),
        ({"states": ["new", "paid", "shipped", "cancelled", "lost"]}, "no way leads to state"),
        ({"states": ["new", "new", "paid", "shipped", "cancelled"]}, "'new' is listed twice"),
        ({"final": ["paid", "shipped", "cancelled"]}, "leads on from the final state 'paid'"),
        ({"initial": "paid"}, "no way leads to state 'new'"),
        ({"transitions": {"new": {"pay": "a b"}}, "route": True, "final": []}, "cannot name"),
        (
            {"transitions": [{"from": "new", "on": "x", "to": "a"},
                             {"from": "new", "on": "x", "to": "b"}], "final": []},
            "is never taken",
        ),
    ],
)  # fmt: skip
def test_a_machine_that_cannot_be_meant_is_refused(made, change, told):
    with pytest.raises(UsageError, match=told):
        made.node(StateMachineNode, "order", **{**ORDER, **change})


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ({"from": "a", "on": "x"}, "neither 'to' nor 'set'"),
        ({"from": "a", "to": "b"}, "on has to name"),
        ({"from": [], "on": "x", "to": "b"}, "from has to name"),
        ({"from": "a", "on": "x", "too": "b"}, "unknown key 'too'; did you mean 'to'"),
        ({"from": "a", "on": "x", "to": "b", "when": 3}, "is no expression"),
        ({"from": "a", "on": "x", "to": 3}, "is no state"),
    ],
)
def test_a_way_that_is_none_is_refused_with_its_place(made, way, told):
    with pytest.raises(TraitError, match=told):
        made.node(StateMachineNode, "order", initial="a", transitions=[way])


@pytest.mark.parametrize("event", [None, 3, {"amount": 3}, {"event": ""}, ""])
def test_what_is_no_event_is_refused(made, context, event):
    node = made.node(StateMachineNode, "order", inputs="event", **ORDER)
    with pytest.raises(UsageError, match="an event is a text or a mapping"):
        node.run(context, {"event": event})


def test_an_instance_has_a_key(take):
    with pytest.raises(UsageError, match="which instance"):
        take("pay", key="")
