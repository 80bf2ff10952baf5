"""Who is inside of whom, what each may read, and what edits make of it."""

from __future__ import annotations

import pytest

from flowbook.errors import EditRejected
from flowbook.graph.edits import Connect, RemoveNode, RenameNode, apply, inverse
from flowbook.graph.nested_layout import arrange
from flowbook.graph.nesting import Nesting, own_outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Wire
from flowbook.graph.topology import Topology
from flowbook.graph.wiring import EdgeSpec, ParamUse, resolve


def node(name, *inputs, inside="", kind="python", outputs=None, **config):
    """`x` is an input by name, `x=node.port` a wire."""
    made = []
    for one in inputs:
        port, _, wire = one.partition("=")
        source, _, of = wire.partition(".")
        made.append(InputSpec(port, Wire(source, of or None) if wire else None))
    return NodeSpec(
        name,
        kind=kind,
        inputs=tuple(made),
        outputs=tuple(outputs or own_outputs(name, kind)),
        options=Options(inside=inside),
        config=config,
    )


def flow(*nodes):
    return FlowSpec("tour", nodes)


EACH = node("each", "items=rows", kind="map")


def wired(spec):
    """Edges and uses in one line each."""
    found = resolve(spec)
    edges = [f"{one.source}.{one.output} > {one.target}.{one.input}" for one in found.edges]
    uses = [f"{one.frame or ''}:{one.param} > {one.target}.{one.input}" for one in found.params]
    return {*edges, *uses}, [problem.message for problem in found.problems]


def test_inside_a_node_reads_its_home_then_the_turn_then_the_homes_around():
    spec = flow(
        node("rows"),
        node("index", outputs=["index", "factor"]),
        EACH,
        node("half", "item", "index", "factor", inside="each"),
        node("told", "half", "rows", inside="each"),
    )
    assert wired(spec) == (
        {
            "rows.rows > each.items",
            "each:item > half.item",
            "each:index > half.index",
            "index.factor > half.factor",
            "half.half > told.half",
            "rows.rows > told.rows",
        },
        [],
    )


def test_what_the_container_reads_is_read_inside_by_the_same_name():
    spec = flow(node("rows"), EACH, node("count", "items", inside="each"))
    assert "each:items > count.items" in wired(spec)[0]


def test_a_turn_is_read_by_way_of_its_container():
    inner = node("inner", "items=each.item", kind="map", inside="each")
    spec = flow(node("rows"), EACH, inner, node("pair", "item", "x=each.item", inside="inner"))
    found, problems = wired(spec)
    assert found >= {"each:item > inner.items", "inner:item > pair.item", "each:item > pair.x"}
    assert problems == []


@pytest.mark.parametrize("wire", ["x=each", "x=each.each_values", "x=each.nothing"])
def test_nobody_inside_reads_what_the_container_will_give(wire):
    (problem,) = wired(flow(node("rows"), EACH, node("a", wire, inside="each")))[1]
    assert "'a' is inside of 'each'" in problem


def test_nobody_deep_inside_reads_an_outer_container_by_its_name():
    spec = flow(
        node("rows"),
        EACH,
        node("box", kind="group", inside="each"),
        node("a", "each", inside="box"),
    )
    (problem,) = wired(spec)[1]
    assert "bound to nothing" in problem


def test_outside_nobody_sees_what_is_inside():
    spec = flow(node("rows"), EACH, node("a", inside="each"), node("b", "a"), node("c", "x=a"))
    assert [problem[:40] for problem in wired(spec)[1]] == [
        "input 'a' is made inside of 'each', wher",
        "input 'x' is wired to 'a', which is insi",
    ]


def test_two_homes_may_make_the_same_name():
    spec = flow(
        node("one", kind="group"),
        node("two", kind="group"),
        node("a", inside="one", outputs=["df"]),
        node("b", inside="two", outputs=["df"]),
        node("c", "df", inside="two"),
    )
    assert wired(spec) == ({"b.df > c.df"}, [])


def test_a_wire_into_a_container_makes_the_container_wait():
    spec = flow(EACH, node("a", "late", inside="each"), node("late"), node("rows"))
    order = Topology(spec).order()
    assert order.index("late") < order.index("each")


def test_containers_that_wait_for_each_other_are_a_cycle():
    spec = flow(
        node("one", kind="group"),
        node("two", kind="group"),
        node("a", "two", inside="one"),
        node("b", "one", inside="two"),
    )
    assert Topology(spec).cycles() == (("one", "two"),)


def test_every_node_inside_gets_a_place():
    spec = flow(node("rows"), EACH, node("a", "rows", "item", inside="each"))
    assert set(arrange(spec)) == {"rows", "each", "a"}


def test_a_circle_of_homes_is_told_and_followed_no_further():
    nesting = Nesting(
        flow(node("a", kind="group", inside="b"), node("b", kind="group", inside="a"))
    )
    assert [nesting.home("a"), nesting.home("b")] == ["", ""]
    assert "inside of itself" in nesting.problems[0].message


# ---------------------------------------------------------------- edits


def test_renaming_a_container_takes_along_what_is_inside_and_what_it_gives():
    spec = flow(
        node("rows"),
        node("guard", kind="try"),
        node("a", inside="guard"),
        node("b", inside="guard.catch"),
        node("total", "guard", "guard_error"),
    )
    edit = RenameNode("guard", "safe")
    after = apply(spec, edit)
    assert [one.options.inside for one in after.nodes] == ["", "", "safe", "safe.catch", ""]
    assert after.node("safe").outputs == ("safe", "safe_error")
    assert set(resolve(after).edges) == {
        EdgeSpec("safe", "safe", "total", "guard"),
        EdgeSpec("safe", "safe_error", "total", "guard_error"),
    }
    assert apply(after, inverse(spec, edit)) == spec


def test_renaming_a_container_follows_wires_to_its_turns():
    spec = flow(node("rows"), EACH, node("a", "x=each.item", inside="each"))
    after = apply(spec, RenameNode("each", "every"))
    assert ParamUse("item", "a", "x", "every") in resolve(after).params


def test_renaming_the_result_of_a_container_renames_it_there():
    spec = flow(
        node("box", kind="group", result="a"), node("a", inside="box"), node("b", inside="box")
    )
    edit = RenameNode("a", "c")
    after = apply(spec, edit)
    assert after.node("box").config == {"result": "c"}
    assert apply(after, inverse(spec, edit)) == spec


def test_removing_a_container_leaves_what_was_inside_where_the_container_was():
    spec = flow(
        node("box", kind="group"),
        node("guard", kind="try", inside="box"),
        node("a", inside="guard"),
        node("b", inside="guard.finally"),
    )
    edit = RemoveNode("guard")
    after = apply(spec, edit)
    assert [(one.id, one.options.inside) for one in after.nodes[1:]] == [("a", "box"), ("b", "box")]
    assert apply(after, inverse(spec, edit)) == spec


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("a", "after", "it is inside of 'each', and nobody outside reads it"),
        ("each", "a", "'a' is inside of it"),
        ("after", "a", "it would close a cycle"),
    ],
)
def test_a_wire_that_cannot_be_is_refused(source, target, reason):
    spec = flow(
        node("rows"), EACH, node("a", "item", inside="each"), node("after", "x=each.each_values")
    )
    with pytest.raises(EditRejected, match=reason):
        apply(spec, Connect(source, spec.node(source).outputs[0], target, "more"))


def test_a_wire_from_outside_into_a_container_is_fine():
    spec = flow(node("rows"), node("factor"), EACH, node("a", "item", inside="each"))
    after = apply(spec, Connect("factor", "factor", "a", "factor"))
    assert EdgeSpec("factor", "factor", "a", "factor") in resolve(after).edges
