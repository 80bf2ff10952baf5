import pytest

from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Place, Wire
from flowbook.graph.wiring import EdgeSpec, ParamUse, edges_into, resolve


def flow(*nodes: NodeSpec, params: tuple[ParamSpec, ...] = ()) -> FlowSpec:
    return FlowSpec("flow", nodes, params)


def node(name: str, *inputs: InputSpec, outputs: tuple[str, ...] | None = None) -> NodeSpec:
    return NodeSpec(name, inputs=inputs, outputs=(name,) if outputs is None else outputs)


def test_an_explicit_wire_is_an_edge():
    wiring = resolve(
        flow(
            node("clean", outputs=("df", "bad")),
            node("plot", InputSpec("rows", Wire("clean", "df"))),
        )
    )
    assert wiring.edges == (EdgeSpec("clean", "df", "plot", "rows"),)
    assert not wiring.problems


def test_a_wire_without_a_port_takes_the_only_output():
    wiring = resolve(
        flow(node("clean", outputs=("df",)), node("plot", InputSpec("x", Wire("clean"))))
    )
    assert wiring.edges == (EdgeSpec("clean", "df", "plot", "x"),)


def test_a_name_finds_an_output_before_a_node_before_a_parameter():
    user = node("user", InputSpec("x"))
    maker, namesake = node("maker", outputs=("x",)), node("x", outputs=("value",))
    params = (ParamSpec("x"),)
    assert resolve(flow(user, maker, namesake, params=params)).edges[0].source == "maker"
    assert resolve(flow(user, namesake, params=params)).edges[0] == EdgeSpec(
        "x", "value", "user", "x"
    )
    assert resolve(flow(user, params=params)).params == (ParamUse("x", "user", "x"),)


def test_an_input_with_a_default_is_a_parameter_whatever_else_has_its_name():
    wiring = resolve(flow(node("city"), node("fetch", InputSpec("city", default="Oslo"))))
    assert wiring.edges == ()
    assert wiring.params == (ParamUse("city", "fetch", "city"),)


def test_a_node_does_not_feed_itself_by_name():
    wiring = resolve(flow(node("x", InputSpec("x"))))
    assert wiring.edges == ()
    assert "is an output of 'x' itself" in wiring.problems[0].message


def test_an_optional_input_may_be_bound_to_nothing():
    assert resolve(flow(node("join", InputSpec("x", required=False)))).problems == ()


@pytest.mark.parametrize(
    ("nodes", "message", "hint"),
    [
        (
            (node("a", outputs=("x",)), node("b", outputs=("x",)), node("c", InputSpec("x"))),
            "has 2 producers: a, b",
            "x=a.x or x=b.x",
        ),
        ((node("c", InputSpec("x", Wire("clea"))), node("clean")), "no node", "'clean'"),
        (
            (node("clean", outputs=("df", "b")), node("c", InputSpec("x", Wire("clean")))),
            "does not say which output",
            "clean.df, clean.b",
        ),
        (
            (node("clean", outputs=("df", "b")), node("c", InputSpec("x", Wire("clean", "fd")))),
            "has no output 'fd'",
            "known: b, df",
        ),
        ((node("fetch"), node("c", InputSpec("fecth"))), "bound to nothing", "'fetch'"),
        ((node("fetch"), node("c", InputSpec("zzz"))), "bound to nothing", "known: fetch"),
        ((node("c", InputSpec("c")),), "is an output of 'c' itself", "-> other"),
    ],
)
def test_what_does_not_resolve_is_a_problem_with_a_way_out(nodes, message, hint):
    (problem,) = resolve(flow(*nodes)).problems
    assert message in problem.message
    assert hint in problem.hint
    assert problem.node == "c"


def test_a_problem_points_at_the_header_of_its_cell():
    spec = flow(NodeSpec("c", inputs=(InputSpec("x"),), place=Place("cell-1", 3)))
    (problem,) = resolve(spec).problems
    assert (problem.cell, problem.line) == ("cell-1", 1)


def test_edges_are_grouped_by_what_they_feed():
    edges = resolve(
        flow(
            node("a"),
            node("b"),
            node("c", InputSpec("a"), InputSpec("b")),
            node("d", InputSpec("a")),
        )
    ).edges
    assert {target: len(ones) for target, ones in edges_into(edges).items()} == {"c": 2, "d": 1}


def test_a_node_called_so_stands_before_a_copy_that_binds_the_same_name():
    original, copy = node("clean"), node("clean_2", outputs=("clean",))
    user = node("plot", InputSpec("clean"))
    for nodes in ((original, copy, user), (copy, original, user)):
        wiring = resolve(flow(*nodes))
        assert [one.source for one in wiring.edges] == ["clean"]
        assert not wiring.problems


def test_several_producers_are_told_with_their_cells_where_the_name_is_read():
    a, b = (
        NodeSpec(name, outputs=("x",), place=Place(f"cell-{name}", at))
        for at, name in enumerate("ab")
    )
    user = NodeSpec("c", inputs=(InputSpec("x", line=4),), place=Place("cell-c", 2))
    (problem,) = resolve(flow(a, b, user)).problems
    assert (problem.cell, problem.line) == ("cell-c", 4)
    assert problem.message == "input 'x' has 2 producers: a (cell cell-a), b (cell cell-b)"
