from __future__ import annotations

import pytest
from traitlets import TraitError

from flowbook.errors import MemoryConflict, UsageError
from flowbook.graph.services import Scope
from flowbook.nodes.variables import GetVariableNode, SetVariableNode


@pytest.fixture
def put(made, context):
    def put(value=..., inputs=None, **config):
        config = {"variable": "n", **config}
        if value is not ...:
            config["value"] = value
        node = made.node(SetVariableNode, inputs=" ".join(inputs or {}), **config)
        return dict(node.run(context, inputs or {}).ports)

    return put


def test_a_value_is_set_in_the_scope_that_is_said(put, context):
    assert put(3) == {"value": 3, "version": 1}
    assert put([1], scope="run") == {"value": [1], "version": 1}
    assert put(4) == {"value": 4, "version": 2}
    variables = context.services.variables
    assert (variables(Scope.FLOW)["n"], variables(Scope.RUN)["n"]) == (4, [1])
    assert "n" not in variables(Scope.GLOBAL)


def test_without_a_value_it_is_that_of_the_input(put):
    assert put(inputs={"rows": 7})["value"] == 7
    assert put(inputs={"rows": 7, "value": 8})["value"] == 8
    assert put(None, inputs={"rows": 7})["value"] is None
    with pytest.raises(UsageError, match="2 inputs and no value"):
        put(inputs={"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("mode", "held", "given", "becomes"),
    [
        ("add", None, 2, 2),
        ("add", 3, 2, 5),
        ("add", 3, 0.5, 3.5),
        ("append", None, 1, [1]),
        ("append", [1], [2], [1, [2]]),
        ("merge", None, {"a": 1}, {"a": 1}),
        ("merge", {"a": 1, "b": 1}, {"a": 2}, {"a": 2, "b": 1}),
    ],
)
def test_modes_make_the_new_value_of_the_old_one(put, context, mode, held, given, becomes):
    if held is not None:
        context.services.variables(Scope.FLOW).set("n", held)
    assert put(given, mode=mode)["value"] == becomes
    assert context.services.variables(Scope.FLOW)["n"] == becomes


@pytest.mark.parametrize(
    ("mode", "held", "given"),
    [("add", "x", 1), ("add", 1, "x"), ("add", True, 1), ("append", {}, 1), ("merge", [], {})],
)
def test_what_a_mode_cannot_change_is_refused_and_stays(put, context, mode, held, given):
    context.services.variables(Scope.FLOW).set("n", held)
    with pytest.raises(UsageError, match=f"mode '{mode}' needs"):
        put(given, mode=mode)
    assert context.services.variables(Scope.FLOW)["n"] == held


def test_a_value_is_deleted(put, context):
    put(3)
    assert put(mode="delete") == {"value": None, "version": 0}
    assert "n" not in context.services.variables(Scope.FLOW)


def test_another_version_than_was_seen_is_a_conflict(put):
    assert put(1, if_version=0)["version"] == 1
    with pytest.raises(MemoryConflict):
        put(2, if_version=0)
    assert put(2, if_version=1)["version"] == 2
    with pytest.raises(UsageError, match="does not go with mode 'add'"):
        put(2, if_version=1, mode="add")


def test_a_variable_is_got_with_its_version_or_its_default(made, context):
    def got(**config):
        node = made.node(GetVariableNode, variable="n", **config)
        return dict(node.run(context, {}).ports)

    assert got(default=0) == {"value": 0, "version": 0}
    with pytest.raises(UsageError, match="'n' of scope 'flow' has no value"):
        got(required=True)
    context.services.variables(Scope.FLOW).set("n", None)
    assert got(default=5) == {"value": None, "version": 1}


def test_a_variable_has_a_name(made, context):
    with pytest.raises(UsageError, match="names no variable"):
        made.node(GetVariableNode, variable="").run(context, {})
    with pytest.raises(TraitError):
        made.node(SetVariableNode, variable="n", scope="world")


def test_a_head_may_ask_for_one_of_the_outputs(made, context):
    context.services.variables(Scope.FLOW).set("n", 5)
    node = made.node(GetVariableNode, variable="n", outputs="value")
    assert dict(node.run(context, {}).ports) == {"value": 5}
