"""An edit changes the cells it must and no other; the notebook then reads as the edit says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flowbook.cells.declaring import changed_sql_settings
from flowbook.cells.patches import (
    DeleteCell,
    InsertCell,
    ReplaceSource,
    SetMetadata,
    apply_patches,
    patch,
    write,
)
from flowbook.cells.refusing import nodes_of
from flowbook.cells.source import read
from flowbook.cells.writing import function_body
from flowbook.errors import EditRejected, UsageError
from flowbook.graph.codec import canonical
from flowbook.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    MoveNodes,
    RemoveNode,
    RenameNode,
    SetBody,
    SetConfig,
    SetFlowOptions,
    SetInputs,
    SetOptions,
    SetParams,
    Several,
    apply,
    inverse,
)
from flowbook.graph.flow import Flow
from flowbook.graph.flow_options import FlowOptions, parse_flow_options
from flowbook.graph.options import Options, parse_options
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Position
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId, NodeId, PortName

TOUR = (
    "#:parameters\ncity: str = 'Oslo'  # where",
    "# text that is no part of the flow",
    "%%flow server -> url\nurl = 'http://x'",
    "%%flow http fetch --retries 3\n#| backoff: 2s\n"
    "url: '{{ server.url }}/{{ city }}'  # note\ntries: 2",
    "%%flow clean\ndf = fetch\nn = len(df)",
    "%%flow sql agg(low=10)\nSELECT * FROM clean.df\nWHERE t > $low",
    "%%flow router by\nroute_by: '{{ agg }}'\nconditions:\n- {id: hot, expression: value > 1}",
    "%%flow hot(value=by.hot)\nvalue + 1",
    "%%flow merge all(hot, agg)\nmode: dict",
)  # fmt: skip


@pytest.fixture
def tour(notebook):
    return notebook(*TOUR)


@pytest.fixture
def sources(tour, registry):
    """An edit to the sources it changes, by cell."""

    def sources(edit):
        patches = patch(tour, edit, registry)
        assert all(isinstance(one, ReplaceSource) for one in patches)
        return {one.cell: one.source for one in patches}

    return sources


def changed(cell, was, now):
    """What a tour cell becomes when that text in it changes."""
    assert was in TOUR[cell]
    return {f"c{cell}": TOUR[cell].replace(was, now)}


def test_connecting_writes_the_wire_into_the_head(sources):
    edit = Connect(NodeId("clean"), PortName("n"), NodeId("hot"), PortName("value"))
    assert sources(edit) == changed(7, "value=by.hot", "value=clean.n")


def test_a_new_input_of_a_cell_that_infers_lists_them_all(sources):
    edit = Connect(NodeId("server"), PortName("url"), NodeId("clean"), PortName("extra"))
    assert sources(edit) == changed(4, "clean", "clean(fetch, extra=server)")


def test_disconnecting_takes_the_wire_out(sources):
    edit = Disconnect(NodeId("all"), PortName("agg"))
    assert sources(edit) == changed(8, "all(hot, agg)", "all(hot)")


def test_what_a_body_reads_cannot_be_disconnected_in_the_head(tour, registry):
    with pytest.raises(EditRejected, match="the body of 'agg' reads"):
        patch(tour, Disconnect(NodeId("agg"), PortName("clean.df")), registry)


def test_options_change_where_they_are_written(sources):
    options = parse_options({"retries": 5, "backoff": "3s", "timeout": "30s"})
    assert sources(SetOptions(NodeId("fetch"), options)) == {
        "c3": TOUR[3]
        .replace("--retries 3", "--retries 5 --timeout 30s")
        .replace("backoff: 2s", "backoff: 3s")
    }
    assert sources(SetOptions(NodeId("fetch"), Options())) == {
        "c3": TOUR[3].replace(" --retries 3", "").replace("#| backoff: 2s\n", "")
    }


def test_a_body_changes_below_its_head(sources):
    assert sources(SetBody(NodeId("clean"), "df = 1")) == {"c4": "%%flow clean\ndf = 1"}


def test_a_setting_changes_on_its_line_and_comments_stay(sources, registry, tour):
    config = dict(read(tour, registry).spec.node(NodeId("fetch")).config)
    edit = SetConfig(NodeId("fetch"), config | {"tries": 4})
    assert sources(edit) == changed(3, "tries: 2", "tries: 4")


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"result": "polars"}, "-- top\n--| result: polars\nselect 1  -- one\n--| result: no"),
        (
            {"attach": {"shop": "a.duckdb"}},
            '-- top\n--| result: rows\n--| attach: {"shop": "a.duckdb"}\n'
            "select 1  -- one\n--| result: no",
        ),
    ],
)
def test_a_setting_of_sql_changes_its_own_line(notebook, registry, config, wanted):
    made = notebook("%%flow sql top\n-- top\n--| result: rows\nselect 1  -- one\n--| result: no")
    (one,) = patch(made, SetConfig(NodeId("top"), config), registry)
    assert one == ReplaceSource("c0", f"%%flow sql top\n{wanted}")


def test_settings_of_sql_are_put_in_and_taken_out():
    body = "-- top\nselect 1"
    said = changed_sql_settings(body, {}, {"result": "rows"})
    assert said == "--| result: rows\n-- top\nselect 1"
    assert changed_sql_settings(said, {"result": "rows"}, {}) == body


def test_renaming_follows_the_name_into_templates_queries_and_wires(sources):
    assert sources(RenameNode(NodeId("server"), NodeId("host"))) == {
        **changed(2, "server", "host"),
        **changed(3, "server.url", "host.url"),
    }
    assert sources(RenameNode(NodeId("clean"), NodeId("tidy"))) == {
        **changed(4, "%%flow clean", "%%flow tidy"),
        **changed(5, "clean.df", "tidy.df"),
    }
    assert sources(RenameNode(NodeId("agg"), NodeId("sums"))) == {
        **changed(5, "agg", "sums"),
        **changed(6, "router by", "router by(agg=sums)"),
        **changed(8, "hot, agg", "hot, agg=sums"),
    }


def renamed_reads(notebook, registry, cells, new="tidy"):
    """A notebook whose `clean` is renamed: its sources, and what it reads as; nothing is wrong."""
    made = notebook("%%flow raw\n1", *cells)
    assert read(made, registry).problems == ()
    after = apply_patches(made, patch(made, RenameNode(NodeId("clean"), NodeId(new)), registry))
    parsed = read(after, registry)
    assert parsed.problems == ()
    return [cell.source for cell in after.cells][1:], parsed.spec


@pytest.mark.parametrize(
    ("reader", "wanted"),
    [
        ("%%flow use\nclean + 1", "%%flow use\nclean + 1"),
        ("%%flow use(x=clean)\nx", "%%flow use(x=tidy)\nx"),
        ("%%flow use(x=clean.clean)\nx", "%%flow use(x=tidy.clean)\nx"),
        ("%%flow sql use\nselect * from clean.clean", "%%flow sql use\nselect * from tidy.clean"),
        ("%%flow http use\nurl: '{{ clean.clean }}'", "%%flow http use\nurl: '{{ tidy.clean }}'"),
    ],
)
def test_a_body_that_binds_its_output_keeps_it_and_readers_say_so(
    notebook, registry, edges, reader, wanted
):
    cells, spec = renamed_reads(notebook, registry, ["%%flow clean\nclean = raw + 1", reader])
    assert cells == ["%%flow tidy\nclean = raw + 1", wanted]
    assert "tidy.clean > use." in str(edges(spec))


def test_a_function_of_the_cells_name_stays_what_it_gives(notebook, registry, edges):
    cells = ["%%flow clean\ndef clean(x):\n    return x", "%%flow use(f=clean)\nf(1)"]
    sources, spec = renamed_reads(notebook, registry, cells)
    assert sources[0].startswith("%%flow tidy -> clean\n")
    assert edges(spec) == {"tidy.clean > use.f"}


CLEAN_HEADS = st.sampled_from(["", " -> clean", "\n#| outputs: {clean: int}"])
CLEAN_BODIES = st.sampled_from(
    [
        "clean = raw + 1", "raw + 1", "clean = raw\nclean", "clean = raw\nother = 2",
        "if raw:\n    clean = 1\nelse:\n    clean = 2", "for clean in [raw]:\n    pass",
        "clean = raw\nprint(clean)", "def clean(x):\n    return x", "class clean:\n    x = 1",
        "return raw", "def clean(x):\n    return x\nclean(raw)", "[clean for clean in [raw]]",
        "x = [clean for clean in [raw]]\nclean = x", "import math as clean\nclean.pi",
        "with open(raw) as clean:\n    pass", "(clean := raw)", "clean = raw\ndisplay(clean)",
        "clean: int = raw", "(clean, _x) = (raw, 1)",
    ]
)  # fmt: skip
CLEAN_READERS = st.lists(
    st.sampled_from(
        [
            "{}\nclean", "{}(x=clean)\nx", "{}(x=clean.clean)\nx", "{}(clean)\nclean", "{}\n1",
            "sql {}\nselect * from clean", "sql {}\nselect * from clean.clean",
            "http {}\nurl: '{{{{ clean }}}}'", "http {}\nurl: '{{{{ clean.clean }}}}'",
            "letter {}\nDear {{{{ clean.clean }}}}", "merge {}(clean, raw)\nmode: dict",
            "{}(tidy=clean)\ntidy", "{}\ntidy = clean", "{}(x=clean['clean'])\nx",
        ]
    ),
    max_size=3,
)  # fmt: skip


@given(CLEAN_HEADS, CLEAN_BODIES, CLEAN_READERS, st.sampled_from(["tidy", "x", "other", "raw_2"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_renamed_notebook_reads_with_the_edges_it_had(notebook, registry, head, body, uses, new):
    readers = [f"%%flow {one.format(f'use{n}')}" for n, one in enumerate(uses)]
    made = notebook("%%flow raw\n1", f"%%flow clean{head}\n{body}", *readers)
    before = read(made, registry)
    edit = RenameNode(NodeId("clean"), NodeId(new))
    try:
        wanted = apply(before.spec, edit)
        after = apply_patches(made, patch(made, edit, registry))
    except EditRejected:
        return
    found = read(after, registry)
    assume(not before.problems)
    assert found.problems == ()

    def joined(spec, called=()):
        """Who feeds whom, by which input; one of a template or a query is its position."""
        name = dict(called)
        return sorted(
            (name.get(one.source, one.source), name.get(one.target, one.target),
             [each.name for each in spec.node(one.target).inputs].index(one.input))
            for one in resolve(spec).edges
        )  # fmt: skip

    assert joined(found.spec) == joined(before.spec, {"clean": new}.items())
    outputs = [(one.id, one.outputs, one.options) for one in wanted.nodes]
    assert [(one.id, one.outputs, one.options) for one in found.spec.nodes] == outputs


def test_moving_touches_metadata_only(tour, registry):
    edit = MoveNodes({NodeId("hot"): Position(1.0, 2.0)})
    (one,) = patch(tour, edit, registry)
    assert one == SetMetadata("c7", {"flowbook": {"position": [1.0, 2.0]}})


def test_removing_deletes_the_cell_and_leaves_those_that_read_it(tour, registry):
    assert patch(tour, RemoveNode(NodeId("hot")), registry) == (DeleteCell("c7"),)


def test_a_new_node_stands_below_the_one_before_it(tour, registry):
    node = NodeSpec(NodeId("new"), inputs=(InputSpec(PortName("df")),), outputs=("new",), body="df")
    (one,) = patch(tour, AddNode(node, 3), registry)
    assert isinstance(one, InsertCell)
    assert (one.index, one.cell.id, one.cell.source) == (5, "new", "%%flow new(df)\ndf")


def test_parameters_are_written_into_their_cell(tour, notebook, registry):
    edit = SetParams((ParamSpec(PortName("top"), 3, "int", "how many"),))
    assert patch(tour, edit, registry) == (ReplaceSource("c0", "top: int = 3  # how many"),)
    (one,) = patch(notebook("1", "%%flow a\n1"), edit, registry)
    assert (one.index, one.cell.tags) == (1, ("parameters",))


def test_other_parameters_keep_their_lines_and_comments(notebook, registry):
    source = "#:parameters\n# all of them\ncity: str = 'Oslo'   # where\n\ntop = 3\ndays = [1,2]"
    made = notebook(source, "%%flow a\n1")
    city, top, days = read(made, registry).spec.params
    edit = SetParams((city, replace(top, default=4), days, ParamSpec(PortName("n"), 1)))
    (one,) = patch(made, edit, registry)
    assert one.source == (
        "# all of them\ncity: str = 'Oslo'   # where\n\ntop = 4\ndays = [1,2]\nn = 1"
    )
    (one,) = patch(made, SetParams((city, days)), registry)
    assert one.source == "# all of them\ncity: str = 'Oslo'   # where\n\ndays = [1,2]"


def test_one_gesture_changes_sources_first_and_structure_last(tour, registry):
    edit = Several(
        (RemoveNode(NodeId("all")), RenameNode(NodeId("by"), NodeId("route")),
         AddNode(NodeSpec(NodeId("x"), body="1")), MoveNodes({NodeId("hot"): Position(0, 0)})),
    )  # fmt: skip
    kinds = [type(one).__name__ for one in patch(tour, edit, registry)]
    assert kinds == ["ReplaceSource", "ReplaceSource", "SetMetadata", "DeleteCell", "InsertCell"]


def test_an_edit_that_does_not_apply_changes_nothing(tour, registry):
    with pytest.raises(EditRejected, match="there is no node"):
        patch(tour, RemoveNode(NodeId("nope")), registry)


def test_a_patch_of_a_cell_that_is_gone_is_refused(tour):
    with pytest.raises(UsageError, match="no cell 'c99'"):
        apply_patches(tour, [DeleteCell("c99")])


NODES = ["server", "fetch", "clean", "agg", "by", "hot", "all"]
PORTS = {
    "server": ["url"], "fetch": ["fetch"], "clean": ["df", "n"], "agg": ["agg"],
    "by": ["hot", "default"], "hot": ["hot"], "all": ["all"],
}  # fmt: skip
outlets = st.sampled_from([(node, port) for node, ports in PORTS.items() for port in ports])
nodes = st.sampled_from(NODES)
edits = st.one_of(
    st.builds(RenameNode, nodes, st.sampled_from(["zero", "one_more", "clean"])),
    st.builds(RemoveNode, nodes),
    st.builds(
        lambda outlet, target, name: Connect(*outlet, target, name),
        outlets, st.sampled_from(["hot", "all", "clean"]), st.sampled_from(["value", "fetch", "x"]),
    ),
    st.builds(Disconnect, nodes, st.sampled_from(["value", "hot", "agg", "low"])),
    st.builds(SetOptions, nodes, st.builds(Options, retries=st.integers(0, 3), pure=st.booleans())),
    st.builds(lambda node: MoveNodes({node: Position(1.0, 2.0)}), nodes),
    st.builds(
        lambda index: AddNode(
            NodeSpec(NodeId("extra"), outputs=("extra",), body="1 + 1", options=Options(retries=2)),
            index,
        ),
        st.none() | st.integers(0, 7),
    ),
)  # fmt: skip


@given(edits)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_patched_notebook_reads_as_the_edit_says(tour, registry, edges, edit):
    before = read(tour, registry).spec
    try:
        wanted = apply(before, edit)
        patches = patch(tour, edit, registry)
    except EditRejected:
        return
    after = read(apply_patches(tour, patches), registry).spec

    def paths(spec):
        # An input that a template or a query names is called as it is written there.
        return {edge.partition(" > ")[0] + ">" + edge.rpartition("> ")[2].split(".")[0]
                for edge in edges(spec)}  # fmt: skip

    assert paths(after) == paths(wanted)
    assert [one.id for one in after.nodes] == [one.id for one in wanted.nodes]
    for one in wanted.nodes:
        found = after.node(one.id)
        assert (found.options, found.position, found.outputs) == (
            one.options,
            one.position,
            one.outputs,
        )


@given(edits)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_untouched_cells_stay_as_they_are(tour, registry, edit):
    try:
        patches = patch(tour, edit, registry)
    except EditRejected:
        return
    touched = {one.cell for one in patches if not isinstance(one, InsertCell)}
    after = {cell.id: cell for cell in apply_patches(tour, patches).cells}
    for cell in tour.cells:
        if cell.id not in touched:
            assert after[cell.id] == cell


def test_an_undone_removal_brings_the_cell_back_under_its_id(tour, registry):
    before = read(tour, registry).spec
    edit = RemoveNode(NodeId("hot"))
    gone = apply_patches(tour, patch(tour, edit, registry))
    back = apply_patches(gone, patch(gone, inverse(before, edit), registry))
    assert canonical(read(back, registry).spec) == canonical(before)
    assert [cell.id for cell in back.cells] == [cell.id for cell in tour.cells]


# ---------------------------------------------------------------- what the flow says of itself


def patched(notebook, edit, registry):
    """The cells' sources after an edit, and the options they then say."""
    after = apply_patches(notebook, patch(notebook, edit, registry))
    return [cell.source for cell in after.cells], read(after, registry).spec.options


def options(**given):
    return SetFlowOptions(parse_flow_options(given))


def test_first_flow_options_get_a_cell_before_the_first_node(notebook, registry):
    cells = notebook("%load_ext flowbook", "%%flow a\n1")
    sources, said = patched(cells, options(journal="off", sensitive_fields="a b"), registry)
    assert sources == [
        "%load_ext flowbook",
        "%flow options journal=off sensitive_fields='a b'",
        "%%flow a\n1",
    ]
    assert said == parse_flow_options({"journal": "off", "sensitive_fields": "a b"})


def test_a_changed_flow_option_changes_where_it_stands(notebook, registry):
    cells = notebook(
        "%flow options  journal='summary'", "x = 1\n%flow options audit=yes retention=30d\ny = 2"
    )
    edit = options(journal="summary", retention="last:3", durability="os")
    sources, said = patched(cells, edit, registry)
    assert sources == [
        "%flow options  journal='summary'",
        "x = 1\n%flow options retention=last:3 durability=os\ny = 2",
    ]
    assert said == edit.options


def test_a_line_with_nothing_flows_of_say_goes_and_so_does_its_empty_cell(notebook, registry):
    cells = notebook("%flow options audit", "x = 1\n%flow options journal=off")
    assert patched(cells, options(), registry) == (["x = 1"], FlowOptions())


def test_the_parameters_cell_keeps_its_flow_options_when_parameters_change(notebook, registry):
    cells = notebook("#:parameters\n%flow options journal=off\ncity: str = 'Oslo'", "%%flow a\n1")
    edit = SetParams((ParamSpec(PortName("n"), 3, "int"),))
    sources, said = patched(cells, edit, registry)
    assert sources == ["%flow options journal=off\nn: int = 3", "%%flow a\n1"]
    both = Several((edit, options(journal="summary", audit=True)))
    sources, said = patched(cells, both, registry)
    assert sources == ["%flow options journal=summary audit=true\nn: int = 3", "%%flow a\n1"]
    assert said == parse_flow_options({"journal": "summary", "audit": True})


def test_a_notebook_written_from_python_says_its_flow_options(registry):
    spec = Flow("etl", journal="summary", sensitive_fields=["ssn", "Credit Card"]).spec()
    made = write(spec, registry)
    assert made.cells[1].source == (
        "%flow options journal=summary sensitive_fields='ssn,Credit Card'"
    )
    assert read(made, registry).spec.options == spec.options


# ---------------------------------------------------------------- a notebook from Python


def test_a_written_notebook_reads_as_the_flow_it_was_written_from(tour, registry):
    spec = read(tour, registry, FlowId("tour")).spec
    again = read(write(spec, registry), registry)
    assert again.problems == ()
    assert canonical(again.spec) == canonical(spec)


def test_the_inside_of_a_function_becomes_the_body_of_a_cell(registry, edges):
    flow = Flow("shout")

    @flow.node(retries=2)
    def fetch(city="Oslo"):
        # where from
        return {"city": city}

    @flow.node(outputs=("big", "small"))
    async def shout(place=fetch, *, times: int = 2):
        return place["city"].upper() * times, "x"

    written = write(flow.spec(), registry)
    assert read(written, registry).problems == ()
    assert edges(read(written, registry).spec) == edges(flow.spec())
    sources = {cell.id: cell.source for cell in written.cells}
    assert sources["shout"] == (
        "%%flow shout(place=fetch, times: int = 2) -> big, small\n"
        "return place['city'].upper() * times, 'x'".replace("'", '"')
    )
    assert sources["fetch"] == (
        "%%flow fetch(city='Oslo') --retries 2\n# where from\nreturn {\"city\": city}"
    )


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("def f(x): return x", "return x"),
        (
            'def f(x):\n    t = """\nhangs left\n"""\n    return t',
            "t = '\\nhangs left\\n'\nreturn t",
        ),
        ("def g(x):\n    return x", "def g(x):\n    return x"),
        ("f = 1", "f = 1"),
        ("not python", "not python"),
    ],
)
def test_a_function_is_opened_without_changing_what_it_does(source, body):
    assert function_body(source, "f") == body


def test_settings_given_in_python_become_yaml(registry):
    spec = FlowSpec(
        FlowId("f"), (NodeSpec(NodeId("get"), "http", config={"url": "u"}, outputs=("get",)),)
    )
    assert write(spec, registry).cells[-1].source == "%%flow http get\nurl: u"


def test_code_without_a_text_cannot_be_written(registry):
    spec = FlowSpec(FlowId("f"), (NodeSpec(NodeId("a")), NodeSpec(NodeId("b"), body="1")))
    with pytest.raises(UsageError, match="no source text is known for a"):
        write(spec, registry)


@pytest.mark.parametrize(
    ("head", "fix"),
    [
        ("%%flow b(x)\nx + a", Connect("a", "a", "b", "a")),
        ("%%flow b(x)\nx + top", SetInputs("b", (InputSpec("x"), InputSpec("top")))),
        ("%%flow b(x)\nx + n", Connect("several", "n", "b", "n")),
    ],
)
def test_an_input_that_a_head_does_not_list_is_offered_and_written(notebook, registry, head, fix):
    cells = ("#:parameters\ntop: int = 1\nx: int = 2", "%%flow a\n1",
             "%%flow several -> n, m\nn = m = 1", head)  # fmt: skip
    made = notebook(*cells)
    (problem,) = read(made, registry).problems
    assert problem.fix == fix
    mended = apply_patches(made, patch(made, problem.fix, registry))
    assert read(mended, registry).problems == ()
    assert [one.source for one in mended.cells[:3]] == [one.source for one in made.cells[:3]]


def test_an_input_that_would_close_a_cycle_is_not_offered(notebook, registry):
    made = notebook("%%flow a\nb + 1", "%%flow b()\na + 1")
    (problem,) = read(made, registry).problems
    assert problem.message == "'a' is not among the inputs this node lists"
    assert problem.fix is None


own_edits = st.one_of(
    st.builds(SetOptions, nodes, st.builds(Options, retries=st.integers(0, 3), pure=st.booleans())),
    st.builds(lambda node: MoveNodes({node: Position(1.0, 2.0)}), nodes),
    st.builds(Disconnect, nodes, st.sampled_from(["value", "hot", "agg", "low"])),
    st.builds(SetBody, st.sampled_from(["clean", "hot"]), st.sampled_from(["df = 1", "x\n"])),
    st.builds(RemoveNode, nodes),
)


@given(own_edits)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_edit_of_one_node_touches_its_cell_alone(tour, registry, edit):
    try:
        patches = patch(tour, edit, registry)
    except EditRejected:
        return
    spec = read(tour, registry).spec
    touched = {spec.node(node).place.cell for node in nodes_of(edit)}
    assert {one.cell for one in patches} <= touched
