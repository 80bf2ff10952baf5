"""What a run used, by node."""

from flowbook.events import NodeCompleted, NodeStarted, NodeUsed
from flowbook.events.values import Usage, ValueFormat, ValueRef
from flowbook.run.resources import NodeResources, resources


def facts(*told):
    return [kind(run="r", seq=seq, at=0.0, **fields) for seq, (kind, fields) in enumerate(told)]


def test_turns_and_attempts_are_added_up_and_memory_is_the_most():
    ref = ValueRef("", ValueFormat.JSON, "int", size=10)
    events = facts(
        (NodeStarted, {"node": "a", "attempt": 1, "scope": "each[0]"}),
        (NodeUsed, {"node": "a", "attempt": 1, "cpu_ms": 5.0, "memory": 300, "scope": "each[0]"}),
        (NodeStarted, {"node": "a", "attempt": 1, "scope": "each[1]"}),
        (NodeUsed, {"node": "a", "attempt": 1, "cpu_ms": 7.0, "memory": 100, "is_estimate": True,
                    "scope": "each[1]"}),
        (NodeCompleted, {"node": "a", "attempt": 1, "ms": 1.0, "outputs": {"x": ref, "y": ref},
                         "result": ref}),
        (NodeStarted, {"node": "b", "attempt": 1}),
    )  # fmt: skip
    found = resources(events)
    assert found["a"] == NodeResources("a", 2, 12.0, 300, True, 30)
    assert found["b"] == NodeResources("b", 1)
    assert (found.cpu_ms, found.memory, found.bytes) == (12.0, 300, 30)
    assert found["c"] == NodeResources("c")
    assert "about 0.0 MB" in found._repr_html_()
    assert found.to_json()["nodes"][0]["cpu_ms"] == 12.0


def test_nothing_measured_is_none_and_not_zero():
    usage = Usage("far", "big", 1, 1, 2)
    found = resources(facts((NodeUsed, {"node": "a", "attempt": 1, "usage": (usage,)})))
    assert (found.cpu_ms, found.memory, found["a"].cpu_ms) == (None, None, None)
