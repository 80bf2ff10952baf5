"""What a cell says and what Python says: the same node, by every rule that reads cells."""

from __future__ import annotations

import linecache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowbook
from flowbook.cells.function_form import as_function, meaning_of
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.errors import FlowSyntaxError, UnknownKind, UsageError
from flowbook.graph.flow import Flow, Out, set_default_host
from flowbook.graph.options import OPTIONS
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import CellId, FlowId
from flowbook.session.modules import in_step
from flowbook.session.project import project as project_of


@pytest.fixture
def project(tmp_path):
    project = flowbook.Project(tmp_path)
    yield project
    project.close()


@pytest.fixture
def flow(project):
    flow = Flow("tour", host=project)
    flow.python("fetch", "rows = [{'n': 1}]\nn = 3")
    return flow


def cell_of(project, *sources):
    """The last node of a notebook of these cells, behind the one the flow has."""
    cells = ["%%flow fetch\nrows = [{'n': 1}]\nn = 3", *sources]
    notebook = Notebook.of(tuple(Cell.code(CellId(f"c{at}"), one) for at, one in enumerate(cells)))
    parsed = read(notebook, project.registry)
    assert not parsed.problems
    return said(parsed.spec.nodes[-1])


def said(node):
    """All of a node but where it is written, and the text of a configuration."""
    config = node.config or node.kind_name == "http"
    return (
        node.id, node.kind, node.inputs, node.outputs, "" if config else node.body,
        dict(node.config), node.options, node.captures, dict(node.returns),
    )  # fmt: skip


def test_text_in_python_is_read_like_the_text_of_a_cell(project, flow):
    flow.python("top", "rows[:n]", retries=3)
    assert said(flow.spec().node("top")) == cell_of(project, "%%flow top --retries 3\nrows[:n]")


def test_every_kind_is_a_method_of_its_name(project, flow):
    flow.http("get", url="x/{{ fetch.n }}", timeout=3, options={"timeout": "30s"}, inside="")
    cell = "%%flow http get --timeout 30s\nurl: x/{{ fetch.n }}\ntimeout: 3"
    assert said(flow.spec().node("get")) == cell_of(project, cell)


def test_a_kind_that_is_a_word_of_python_has_an_underscore_behind_it(project, flow):
    flow.if_("many", condition="n > 2")
    cell = "%%flow if many\ncondition: n > 2"
    assert said(flow.spec().node("many")) == cell_of(project, cell)


def test_a_kind_with_a_version_is_named_by_a_text(project, flow):
    flow.add_kind("sql.v1", "best", "select * from rows", outputs="best: DataFrame", pure=True)
    cell = "%%flow sql.v1 best -> best: DataFrame --pure\nselect * from rows"
    assert said(flow.spec().node("best")) == cell_of(project, cell)


def test_inputs_of_any_sort_are_said_in_a_mapping(project, flow):
    inputs = {"a": ..., "b": flow["fetch"].n, "c": [1], "d": InputSpec("d", default=2.5)}
    inputs["d"] = InputSpec("d", default=2.5, annotation="float")
    flow.python("rows", "1")
    flow.sql("q", "select * from a where n = $b", inputs={"a": flow.wire("fetch", "rows"), **{
        name: inputs[name] for name in "bcd"}})  # fmt: skip
    cell = "%%flow sql q(a=fetch.rows, b=fetch.n, c=[1], d: float = 2.5)\n"
    assert said(flow.spec().node("q")) == cell_of(project, f"{cell}select * from a where n = $b")


def test_a_setting_that_is_a_node_is_fed_by_it(project, flow):
    flow.log("told", message=flow["fetch"].n)
    cell = "%%flow log told(message=fetch.n)\nmessage: '{{ message }}'"
    assert said(flow.spec().node("told")) == cell_of(project, cell)


def test_settings_of_sql_are_comments_as_in_its_cell(project, flow):
    flow.sql("best", "select * from rows", result="rows", attach={"shop": "data/shop.duckdb"})
    body = '--| result: rows\n--| attach: {"shop": "data/shop.duckdb"}\nselect * from rows'
    assert said(flow.spec().node("best")) == cell_of(project, f"%%flow sql best\n{body}")


def test_what_is_defined_later_feeds_what_reads_it_and_is_undone_with_it(project, flow):
    flow.python("report", "later + 1")
    assert flow.spec().node("report").inputs == ()

    @flow.node
    def later(rows=flow["fetch"].rows): ...

    assert flow.spec().node("report").inputs == (InputSpec("later"),)
    assert flow.undo() == "Add later"
    assert flow.spec().node("report").inputs == ()


def test_parameters_and_setup_code_are_captured_as_in_cells(project, flow):
    flow.param("city", "Oslo", type=str, help="where  to look")
    flow.setup("import math")

    @flow.setup
    def twice(x):
        return 2 * x

    assert twice(2) == 4
    flow.python("place", "twice(math.pi), city")
    node = flow.spec().node("place")
    assert (node.inputs, node.captures) == ((InputSpec("city"),), ("twice", "math"))
    assert flow.run(city="Rome")["place"].output[1] == "Rome"
    (param,) = flow.spec().params
    assert (param.annotation, param.help) == ("str", "where to look")
    flow.setup("import math")
    assert [one.body for one in flow.spec().setup][::2] == ["import math"]


def test_outputs_of_a_function_have_types_as_in_a_head(project, flow):
    @flow.node(outputs=["good: list[int]", "bad"])
    def split(rows=flow["fetch"].rows): ...

    @flow.node
    def other(rows=flow["fetch"].rows) -> Out("good: list[int]", "bad"): ...

    cell = "%%flow split(rows=fetch.rows) -> good: list[int], bad\n1"
    (_, _, *wanted) = cell_of(project, cell)
    for name in ("split", "other"):
        (_, _, *found) = said(flow.spec().node(name))
        assert (found[0], found[1], found[-1]) == (wanted[0], wanted[1], wanted[-1])


def test_schemas_of_some_outputs_leave_the_others_alone(flow):
    @flow.node(outputs=["good", "bad"], options={"outputs": {"good": "list[int]"}})
    def split(): ...

    node = flow.spec().node("split")
    assert node.outputs == ("good", "bad")
    assert node.options.outputs == (("good", '"list[int]"'),)


def test_a_wire_to_what_comes_later_is_a_default(flow):
    later = flow.wire("clean", "df")

    @flow.node
    def report(rows=later): ...

    assert flow.spec().node("report").inputs == (InputSpec("rows", Wire("clean", "df")),)


def test_nodes_stand_for_their_names_in_options(flow):
    with flow.group("all_of_it") as group:
        pass

    @flow.node(inside=group, completes=[group])
    def last(): ...

    options = flow.spec().node("last").options
    assert (options.inside, options.completes) == ("all_of_it", ("all_of_it",))


def test_an_unknown_option_names_the_line_and_the_word_that_was_meant(flow):
    with pytest.raises(FlowSyntaxError, match=r"test_parity\.py:\d+: node 'a': unknown option"):

        @flow.node(retires=3)
        def a(): ...

    with pytest.raises(FlowSyntaxError, match="no setting 'urll'") as refused:
        flow.http("get", urll="x")
    assert refused.value.hint == "did you mean 'url'?"
    assert refused.value.message.startswith(f"{__file__}:")
    assert flow.spec().by_id.keys() == {"fetch"}


def test_a_kind_that_is_not_there_is_told_with_the_one_that_is_meant(flow):
    with pytest.raises(AttributeError, match="did you mean 'http'"):
        flow.htpt("get", url="x")
    with pytest.raises(UnknownKind, match="did you mean 'http'"):
        flow.add_kind("htpt", "get")
    assert "http" in dir(flow)


def test_a_spec_that_is_added_has_the_outputs_of_its_kind(flow):
    added = flow.add(NodeSpec("pick", kind="router", config={
        "conditions": [{"id": "yes", "expression": "value"}], "default_output": "no"}))  # fmt: skip
    assert added.yes.port == "yes"
    assert flow.add(NodeSpec("q", kind="sql", body="select 1"))["q"].port == "q"


def test_settings_of_a_spec_survive_a_notebook(flow, tmp_path):
    flow.add(NodeSpec("q", kind="sql", body="select 1 as n", config={"result": "rows"}))
    flow.to_notebook(tmp_path / "tour.ipynb")
    again = Flow.from_notebook(tmp_path / "tour.ipynb")
    assert again.spec().node("q").body == "--| result: rows\nselect 1 as n"
    assert again.run()["q"].output == [{"n": 1}]


def test_text_has_no_settings(flow):
    with pytest.raises(UsageError, match="has no settings"):
        flow.note("why", "Because.", settings={"x": 1})


def test_a_type_of_a_stranger_is_a_method_too(project, flow):
    class Double(flowbook.Node):
        kind = "double"

        def run(self, context, inputs):
            return inputs["x"] * 2

    project.registry.register(Double)
    flow.double("twice", x=flow["fetch"].n)
    assert flow.run()["twice"].output == 6


# ---------------------------------------------------------------- any node

OPTION_TEXTS = {
    "retries": "3", "backoff": "linear 1s max 30s", "timeout": "90s", "on": "thread",
    "pure": "true", "cache": "1h", "cache_key": "a", "tags": "a, b", "in": "each", "priority": "-2",
    "needs": "cpu=2", "memory_limit": "500MB", "cpu_limit": "30s", "limit": "2", "limit_key": "a",
    "validate": "warn", "inputs": "{a: int}", "outputs": "{n9: {columns: {x: int}}}",
    "lock": "one, two", "checkpoint": "true", "losers": "leave", "join": "any",
    "compensate": "undo", "role": "work", "settled": "true", "cancels": "each",
    "completes": "each",
}  # fmt: skip
BODIES = (
    "a", "n9 = a\nn9", "b = 1\nb, a", "return a", "async with a:\n    pass", "yield a", "",
    "n9: int = 2  # two", "f'''{a}\n  x'''", "for n9 in []: pass\nelse:\n    n9 = twice(2)",
)  # fmt: skip
MADE = {
    "python": BODIES,
    "sql": (
        "select * from rows",
        "--| result: rows\nselect $a as a, '{{ x }}' as b\nfrom rows",
    ),
    "http": ("url: '{{ fetch.n }}'\ntimeout: 3\njson: {a: [1, null, '{{ a }}']}", "url: x"),
    "log": ("message: 'it''s \"so\"'\nlevel: info",),
    "if": ("condition: n > 2 and a",),
    "router": ("conditions:\n- {id: yes-1, expression: value > 2}\nroute_by: '{{ n }}'",),
    "approval": ("prompt: '{{ rows }}?'\ntimeout: 2h",),
    "delay": ("seconds: 2",),
    "foreach": ("over: '{{ rows }}'",),
    "while": ("condition: index < n\ninitial: {a: 1}",),
    "try": ("",),
    "note": ("*Why* {{ not }}\n\n- a",),
}
INPUTS = (
    "rows", "rows=fetch.rows", "a=fetch.n", "a: dict[str, int] = {'x': 1}", "a=None", "n: int",
    "a='it\\'s'", "b=later", "c = each",
)  # fmt: skip


@st.composite
def written_nodes(draw):
    """The text of a cell: a head with inputs, outputs and options, and a body of its kind."""
    kind = draw(st.sampled_from([*sorted(MADE), *["python"] * 8]))
    listed = draw(st.lists(st.sampled_from(INPUTS), max_size=3))
    names = [one.partition("=")[0].partition(":")[0].strip() for one in listed]
    listed = [one for at, one in enumerate(listed) if names[at] not in names[:at]]
    inputs = f"({', '.join(listed)})" if listed or draw(st.booleans()) else ""
    outputs = draw(st.sampled_from(["", " -> n9", " -> n9: list[int]", " -> x, n9: int | None"]))
    if kind in ("router", "note", "if", "try", "foreach", "while"):
        outputs = ""
    options = draw(st.lists(st.sampled_from(sorted(OPTION_TEXTS)), max_size=3, unique=True))
    lines = "".join(f"#| {name}: {OPTION_TEXTS[name]}\n" for name in options)
    word = "" if kind == "python" else f"{kind} "
    return f"%%flow {word}n9{inputs}{outputs}\n{lines}{draw(st.sampled_from(MADE[kind]))}"


AROUND = (
    "%%flow setup\ndef twice(x):\n    return 2 * x",
    "%%flow fetch\nrows = [{'x': 1}]\nn = 3",
    "%%flow map each(items=fetch.rows)",
    "%%flow undo\n1",
    "%%flow a\n2",
)


def meaning(node, project):
    """A node as it is meant: a cell's body and a function's are the function that they are.

    Left aside: place and position, and what a body captures, which a function has around it.
    """
    body = project.registry[node.kind].meaning(node)
    if project.registry[node.kind].body == "python":
        if node.body.startswith(
            ("def n9", "async def n9", "def fetch", "def later", "def undo", "def a(")
        ):
            head, _, inside = node.body.partition(":\n")
            form = (meaning_of(inside), head.startswith("async"))
        else:
            made = as_function(node.body, [one.name for one in node.inputs], node.outputs)
            form = (meaning_of(made.text), made.is_async)
        return (*said(node)[:4], form, *said(node)[5:7], said(node)[8])
    return (*said(node)[:4], body, *said(node)[5:7], said(node)[8])


def executed(module, project):
    """The flow that a module's text makes when Python runs it."""
    name = "<a module of a test>"
    linecache.cache[name] = (len(module), None, module.splitlines(keepends=True), name)
    names = {"__name__": "a_module_of_a_test"}
    set_default_host(lambda: project)
    try:
        exec(compile(module, name, "exec", dont_inherit=True), names)
    finally:
        set_default_host(project_of)
    return names["flow"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(written_nodes())
def test_any_node_means_the_same_as_a_cell_and_as_a_call(project, source):
    cells = [*AROUND, source, "%%flow later\n7"]
    notebook = Notebook.of(tuple(Cell.code(CellId(f"c{at}"), one) for at, one in enumerate(cells)))
    parsed = read(notebook, project.registry, FlowId("any"))
    if any(one.severity == "error" for one in parsed.problems):
        return
    module = in_step(notebook, None, project.registry, FlowId("any")).module
    flow = executed(module, project)
    found = [meaning(node, project) for node in flow.spec().nodes]
    assert found == [meaning(node, project) for node in parsed.spec.nodes], module


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(written_nodes())
def test_a_flow_in_python_is_the_same_flow_after_a_notebook(project, source):
    cells = [*AROUND[1:], source, "%%flow later\n7"]
    notebook = Notebook.of(tuple(Cell.code(CellId(f"c{at}"), one) for at, one in enumerate(cells)))
    parsed = read(notebook, project.registry, FlowId("any"))
    if any(one.severity == "error" for one in parsed.problems):
        return
    flow = executed(in_step(notebook, None, project.registry, FlowId("any")).module, project)
    path = project.path / "any.ipynb"
    project.write_notebook(flow, path)
    again = project.read_notebook(path)
    assert [meaning(one, project) for one in again.spec().nodes] == [
        meaning(one, project) for one in flow.spec().nodes
    ]


def test_every_option_is_among_those_that_are_tried():
    assert set(OPTION_TEXTS) == set(OPTIONS)
