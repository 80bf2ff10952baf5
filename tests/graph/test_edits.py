import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import EditRejected
from flowbook.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveNode,
    RenameNode,
    ReplaceNode,
    SetBody,
    SetConfig,
    SetFlowOptions,
    SetInputs,
    SetOptions,
    SetOutputs,
    SetParams,
    Several,
    apply,
    inverse,
    label,
)
from flowbook.graph.flow_options import FlowOptions, JournalMode
from flowbook.graph.options import Options
from flowbook.graph.soundness import contradiction
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Position, Wire
from flowbook.graph.wiring import resolve

NAMES = ("a", "b", "c", "d")
PORTS = ("a", "b", "c", "d", "df", "city")

names = st.sampled_from(NAMES)
ports = st.sampled_from(PORTS)
wires = st.builds(Wire, names, st.none() | ports)
inputs = st.lists(
    st.builds(InputSpec, ports, wire=wires)
    | st.builds(InputSpec, ports, default=st.integers(0, 3), required=st.booleans())
    | st.builds(InputSpec, ports, required=st.booleans()),
    max_size=3,
    unique_by=lambda one: one.name,
).map(tuple)
outputs = st.lists(ports, max_size=2, unique=True).map(tuple)
positions = st.none() | st.builds(Position, st.integers(0, 9), st.integers(0, 9))
params = st.lists(st.builds(ParamSpec, ports), max_size=2, unique_by=lambda param: param.name).map(
    tuple
)


homes = st.sampled_from(["", "", "", "a", "b", "b.catch", "c.finally"])


def node_specs(ids=names):
    return st.builds(
        NodeSpec,
        ids,
        kind=st.sampled_from(["python", "python", "map", "try"]),
        options=st.builds(Options, inside=homes),
        inputs=inputs,
        outputs=outputs,
        body=st.sampled_from(["", "x = 1"]),
        position=positions,
    )


flow_options = st.builds(
    FlowOptions,
    journal=st.sampled_from(JournalMode),
    sensitive_fields=st.sampled_from([(), ("ssn",)]),
    audit=st.booleans(),
)
specs = st.builds(
    FlowSpec,
    st.just("flow"),
    st.lists(node_specs(), max_size=4, unique_by=lambda node: node.id).map(tuple),
    params,
    options=flow_options,
)
simple_edits = st.one_of(
    st.builds(AddNode, node_specs(), st.none() | st.integers(-1, 5)),
    st.builds(RemoveNode, names),
    st.builds(RenameNode, names, st.sampled_from((*NAMES, "df", "new", "not a name"))),
    st.builds(ReplaceNode, node_specs()),
    st.builds(SetBody, names, st.text(max_size=3)),
    st.builds(SetConfig, names, st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)),
    st.builds(SetOptions, names, st.builds(Options, retries=st.integers(0, 3))),
    st.builds(SetInputs, names, inputs),
    st.builds(SetOutputs, names, st.lists(ports, max_size=2).map(tuple)),
    st.builds(Connect, names, ports, names, ports),
    st.builds(Disconnect, names, ports),
    st.builds(MoveNodes, st.dictionaries(names, positions, max_size=3)),
    st.builds(SetParams, params),
    st.builds(SetFlowOptions, flow_options),
)
edits = simple_edits | st.builds(Several, st.lists(simple_edits, max_size=3).map(tuple))


def test_a_node_that_was_said_to_be_inside_before_its_container_came_still_is_after_undo():
    orphan = NodeSpec("a", options=Options(inside="b"))
    spec, edit = FlowSpec("flow", (orphan,)), AddNode(NodeSpec("b"))
    assert apply(apply(spec, edit), inverse(spec, edit)) == spec


@given(specs, edits)
def test_an_edit_and_its_inverse_leave_the_spec_as_it_was(spec: FlowSpec, edit: Edit):
    try:
        changed = apply(spec, edit)
    except EditRejected:
        return
    assert apply(changed, inverse(spec, edit)) == spec


@given(specs, edits)
def test_no_edit_makes_a_contradiction(spec: FlowSpec, edit: Edit):
    try:
        changed = apply(spec, edit)
    except EditRejected:
        return
    assert contradiction(changed) is None


@given(specs, names)
def test_renaming_leaves_every_edge_where_it_was(spec: FlowSpec, old: str):
    if old not in spec.by_id:
        return
    try:
        changed = apply(spec, RenameNode(old, "new"))
    except EditRejected:
        return

    def flow_of(wiring, spec, name):
        return {
            (
                name(edge.source),
                spec.by_id[edge.source].outputs.index(edge.output),
                name(edge.target),
                edge.input,
            )
            for edge in wiring.edges
        }

    before = flow_of(resolve(spec), spec, lambda one: "new" if one == old else one)
    after = flow_of(resolve(changed), changed, lambda one: one)
    assert before <= after


@given(specs, names, ports, names, ports)
def test_a_connection_is_an_edge_until_it_is_cut(spec, source, output, target, name):
    try:
        wired = apply(spec, Connect(source, output, target, name))
    except EditRejected:
        return
    edge = (source, output, target, name)
    assert edge in {(e.source, e.output, e.target, e.input) for e in resolve(wired).edges}
    cut = apply(wired, Disconnect(target, name))
    assert (target, name) not in {(e.target, e.input) for e in resolve(cut).edges}


def chain() -> FlowSpec:
    return FlowSpec(
        "tour",
        (
            NodeSpec("fetch", outputs=("fetch",)),
            NodeSpec("clean", inputs=(InputSpec("fetch"),), outputs=("df", "bad")),
            NodeSpec("plot", inputs=(InputSpec("df", Wire("clean", "df")),), outputs=("plot",)),
        ),
    )


def test_renaming_pins_what_found_the_node_by_name():
    renamed = apply(chain(), RenameNode("fetch", "get"))
    assert renamed.node("get").outputs == ("get",)
    assert renamed.node("clean").inputs == (InputSpec("fetch", Wire("get")),)


def test_renaming_moves_explicit_wires():
    renamed = apply(chain(), RenameNode("clean", "tidy"))
    assert renamed.node("plot").inputs == (InputSpec("df", Wire("tidy", "df")),)


def test_renaming_is_heard_by_nodes_that_end_the_node():
    ends = NodeSpec("end", options=Options(cancels=("clean", "plot"), completes=("clean",)))
    renamed = apply(apply(chain(), AddNode(ends)), RenameNode("clean", "tidy"))
    options = renamed.node("end").options
    assert (options.cancels, options.completes) == (("tidy", "plot"), ("tidy",))


def test_renaming_refuses_to_hide_a_parameter():
    spec = FlowSpec(
        "tour",
        (NodeSpec("a", outputs=("a",)), NodeSpec("b", inputs=(InputSpec("city"),))),
        (ParamSpec("city"),),
    )
    with pytest.raises(EditRejected, match="takes the parameter 'city' today"):
        apply(spec, RenameNode("a", "city"))


def test_connecting_what_would_close_a_cycle_shows_the_cycle():
    with pytest.raises(EditRejected, match="fetch → clean → plot → fetch"):
        apply(chain(), Connect("plot", "plot", "fetch", "again"))
    with pytest.raises(EditRejected, match="cycle: plot → plot"):
        apply(chain(), Connect("plot", "plot", "plot", "me"))


def test_connecting_to_a_join_adds_an_optional_input():
    join = NodeSpec("join", "merge", inputs=(InputSpec("df", required=False),))
    spec = apply(chain(), AddNode(join))
    wired = apply(spec, Connect("plot", "plot", "join", "plot")).node("join")
    assert wired.inputs[1] == InputSpec("plot", Wire("plot"), required=False)
    assert apply(spec, Disconnect("join", "df")).node("join").inputs == ()


def test_connecting_a_parameter_makes_it_a_wire():
    spec = apply(chain(), SetInputs("fetch", (InputSpec("city", default="Oslo"),)))
    spec = apply(spec, AddNode(NodeSpec("ask", outputs=("city",))))
    wired = apply(spec, Connect("ask", "city", "fetch", "city"))
    assert wired.node("fetch").inputs == (InputSpec("city", Wire("ask")),)


def test_disconnecting_leaves_the_input_unbound():
    cut = apply(apply(chain(), RenameNode("fetch", "get")), Disconnect("clean", "fetch"))
    assert cut.node("clean").inputs == (InputSpec("fetch"),)


def test_disconnecting_what_its_name_would_bind_again_takes_the_input_away():
    assert apply(chain(), Disconnect("clean", "fetch")).node("clean").inputs == ()


def test_removing_a_node_leaves_wires_that_are_found_again_when_it_comes_back():
    gone = apply(chain(), RemoveNode("clean"))
    assert "which is no node of this flow" in resolve(gone).problems[0].message
    assert apply(gone, inverse(chain(), RemoveNode("clean"))) == chain()


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (AddNode(NodeSpec("fetch")), "two nodes are called 'fetch'"),
        (AddNode(NodeSpec("2fast")), "cannot name a node"),
        (AddNode(NodeSpec("x"), 9), "index 9 is not within 0 to 3"),
        (RemoveNode("fech"), "there is no node 'fech'"),
        (RenameNode("fetch", "clean"), "two nodes are called 'clean'"),
        (SetOutputs("clean", ("a", "a")), "two outputs of clean are called 'a'"),
        (SetParams((ParamSpec("p"), ParamSpec("p"))), "two parameters are called 'p'"),
        (Connect("clean", "dff", "plot", "df"), "has no output 'dff'"),
        (Disconnect("plot", "fd"), "has no input 'fd'"),
        (MoveNodes({"nobody": None}), "there is no node 'nobody'"),
    ],
)
def test_a_refused_edit_says_why(edit: Edit, reason: str):
    with pytest.raises(EditRejected) as refused:
        apply(chain(), edit)
    assert reason in refused.value.reason
    assert label(edit) in str(refused.value)


def test_several_edits_apply_together_or_not_at_all():
    both = Several((SetBody("fetch", "1"), RemoveNode("nobody")))
    with pytest.raises(EditRejected, match="no node 'nobody'"):
        apply(chain(), both)


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (MoveNodes({"a": None}), "Move a"),
        (MoveNodes(dict.fromkeys("abc")), "Move 3 nodes"),
        (RenameNode("a", "b"), "Rename a to b"),
        (SetFlowOptions(FlowOptions()), "Change flow options"),
        (Several((SetBody("a", ""),)), "Change body of a"),
        (Several((SetBody("a", ""), RemoveNode("b"))), "2 changes"),
        (Several((SetBody("a", ""), RemoveNode("b")), "Paste"), "Paste"),
    ],
)
def test_an_edit_has_a_name_for_the_undo_menu(edit: Edit, text: str):
    assert label(edit) == text


def test_a_renamed_node_takes_types_and_schemas_of_its_output_along():
    node = NodeSpec(
        "old",
        outputs=("old",),
        options=Options(outputs=(("old", '"int"'),)),
        returns={"old": "int"},
    )
    spec = apply(FlowSpec("f", (node,)), RenameNode("old", "new"))
    (renamed,) = spec.nodes
    assert renamed.options.outputs == (("new", '"int"'),)
    assert renamed.returns == {"new": "int"}
