import pickle
from types import SimpleNamespace

import pytest
from traitlets import Int

import flowbook.graph.host as hosts
from flowbook.errors import EditRejected, FlowSyntaxError, UnknownNode, UsageError
from flowbook.graph.choices import On
from flowbook.graph.edits import Connect, MoveNodes, RemoveNode, RenameNode, SetOptions
from flowbook.graph.flow import Flow, Out, set_default_host
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Position, Wire


class FakeHost:
    """Runs nothing: answers with what it was told, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.run = None

    def start(self, flow, params):
        self.asked.append(("start", flow.name, params))
        nodes = {
            node: SimpleNamespace(output=f"{node} gave", outputs={"df": "a frame"}) for node in flow
        }
        self.run = FakeRun(nodes)
        return self.run

    def recover(self, flow, run_id, *, again):
        self.asked.append(("recover", flow.name, run_id, again))

    def state(self, run, *, at):
        self.asked.append(("state", getattr(run, "name", run), at))

    def replay(self, flow, run_id, **asked):
        self.asked.append(("replay", flow.name, run_id, known(asked)))

    def replay_plan(self, flow, run_id, **asked):
        self.asked.append(("plan", flow.name, run_id, known(asked)))

    def restore(self, flow, run_id, checkpoint, **asked):
        self.asked.append(("restore", flow.name, run_id, checkpoint))

    def versions(self, flow):
        return (1, 2)

    def rollback(self, flow, version):
        self.asked.append(("rollback", flow.name, version))

    def last_run(self, flow):
        return self.run

    def check(self, flow):
        return ("a problem",)

    def read_notebook(self, path):
        return Flow(f"read from {path}", host=self)

    def write_notebook(self, flow, path):
        self.asked.append(("write", flow.name, path))

    def view(self, flow, name):
        return (name, flow.name)


def known(asked):
    return {name: value for name, value in asked.items() if value}


class FakeRun(dict):
    waited = False

    def rest(self):
        self.waited = True
        return self


@pytest.fixture
def host():
    return FakeHost()


@pytest.fixture
def flow(host):
    return Flow("tour", host=host)


def test_a_function_becomes_a_node_of_its_name(flow):
    @flow.node
    def fetch(city="Oslo", *, station: str):
        return {"city": city}

    node = flow.spec().node("fetch")
    assert node.kind == "python"
    assert node.inputs == (
        InputSpec("city", default="Oslo"),
        InputSpec("station", annotation="str"),
    )
    assert node.outputs == ("fetch",)
    assert node.body.splitlines()[0] == 'def fetch(city="Oslo", *, station: str):'
    assert flow.implementations["fetch"]("Bergen", station="x") == {"city": "Bergen"}


def test_a_node_is_still_called_like_its_function(flow):
    @flow.node
    def fetch(city="Oslo"):
        """Get the weather."""
        return city.upper()

    assert fetch() == "OSLO"
    assert fetch("Bergen") == "BERGEN"
    assert fetch.__doc__ == "Get the weather."
    assert flow["fetch"]("x") == "X"


async def helper():
    return 1


def test_a_coroutine_function_is_a_node_too(flow):
    ref = flow.node(helper)
    assert flow.implementations["helper"] is helper
    coroutine = ref()
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value == 1


def test_defaults_that_are_nodes_or_ports_are_wires(flow):
    @flow.node(outputs=("df", "bad-rows"))
    def clean(raw): ...

    @flow.node
    def plot(all_of_it=clean, df=clean.df, bad=clean["bad-rows"], raw=None): ...

    assert flow.spec().node("clean").inputs == (InputSpec("raw"),)
    assert flow.spec().node("plot").inputs == (
        InputSpec("all_of_it", Wire("clean")),
        InputSpec("df", Wire("clean", "df")),
        InputSpec("bad", Wire("clean", "bad-rows")),
        InputSpec("raw", default=None),
    )


def test_options_read_like_those_of_a_cell(flow):
    @flow.node(retries=3, backoff="exponential 200ms", timeout="30s", on="process", pure=True,
               cache=True, tags=("slow", "io"), kind="map")  # fmt: skip
    def score(): ...

    options = flow.spec().node("score").options
    assert (options.retries, options.timeout, options.on) == (3, 30.0, On.PROCESS)
    assert (options.pure, options.cache, options.tags) == (True, True, ("slow", "io"))
    assert options.backoff.first == 0.2
    assert flow.spec().node("score").kind == "map"


def test_outputs_come_from_the_decorator_or_the_annotation(flow):
    @flow.node(outputs="report")
    def one(): ...

    @flow.node
    def two() -> Out("report", "rejected"): ...

    @flow.node
    def three() -> "Out('a', 'b')": ...

    @flow.node
    def four() -> dict: ...

    outputs = {node.id: node.outputs for node in flow.spec().nodes}
    assert outputs == {
        "one": ("report",),
        "two": ("report", "rejected"),
        "three": ("a", "b"),
        "four": ("four",),
    }


def test_an_unknown_option_is_told_the_closest_one(flow):
    with pytest.raises(FlowSyntaxError, match="node 'fetch': unknown option 'retrys'") as refused:

        @flow.node(retrys=3)
        def fetch(): ...

    assert refused.value.hint == "did you mean 'retries'?"
    with pytest.raises(FlowSyntaxError, match="did you mean 'outputs'"):
        flow.node(output="x")(helper)
    assert not list(flow)


def test_a_refused_option_names_the_node_and_what_it_accepts(flow):
    with pytest.raises(FlowSyntaxError, match=r"node 'late': option 'timeout' .*") as refused:

        @flow.node(timeout="soon")
        def late():
            return 1

    assert "30s" in (refused.value.hint or "")


def test_what_has_no_name_is_no_node(flow):
    with pytest.raises(UsageError, match="'<lambda>' cannot name a node"):
        flow.node(lambda x: x)


def test_parameters_that_cannot_be_inputs_are_refused(flow):
    def many(*rows): ...

    def rest(**rows): ...

    def placed(rows, /): ...

    def thing(rows=len): ...

    for function, said in (
        (many, r"parameter \*rows cannot be an input"),
        (rest, r"parameter \*\*rows cannot be an input"),
        (placed, "parameter rows cannot be an input"),
        (
            thing,
            "the default of 'rows' is a builtin_function_or_method, which no",
        ),
    ):
        with pytest.raises(FlowSyntaxError, match=said):
            flow.node(function)
    assert not list(flow)


def test_a_wire_from_another_flow_is_refused(flow):
    @Flow("other").node
    def fetch(): ...

    with pytest.raises(UsageError, match="wires stay inside one flow"):

        @flow.node
        def clean(rows=fetch): ...


def test_defining_again_keeps_position_edges_and_edits_from_elsewhere(flow):
    def define(default):
        @flow.node(retries=1)
        def fetch(city=default, extra=2):
            return city

        return fetch

    @flow.node
    def ask(): ...

    first = define("Oslo")

    @flow.node
    def clean(rows=first): ...

    flow.apply(MoveNodes({"fetch": Position(1, 2)}))
    flow.apply(Connect("ask", "ask", "fetch", "extra"))
    flow.apply(SetOptions("fetch", Options(retries=9)))
    second = define("Bergen")
    node = flow.spec().node("fetch")
    assert node.position == Position(1, 2)
    assert node.inputs == (InputSpec("city", default="Bergen"), InputSpec("extra", Wire("ask")))
    assert node.options.retries == 9
    assert flow.spec().node("clean").inputs[0].wire == Wire("fetch")
    assert flow.implementations["fetch"] is second.function
    assert [node.id for node in flow.spec().nodes] == ["ask", "fetch", "clean"]


def test_running_the_same_text_again_is_nothing_to_undo(flow):
    def define():
        @flow.node
        def fetch():
            return 1

        return fetch

    define()
    again = define()
    assert flow.implementations["fetch"] is again.function
    assert flow.undo() == "Add fetch"
    assert flow.undo() is None


def test_undo_and_redo_bring_code_back_with_the_definition(flow):
    def fetch():
        return "old"

    old = fetch

    def fetch():
        return "new"

    flow.node(old)
    flow.node(fetch)
    assert flow.undoable == "Redefine fetch"
    flow.undo()
    assert flow["fetch"]() == "old"
    assert "old" in flow.spec().node("fetch").body
    assert flow.redoable == "Redefine fetch"
    flow.redo()
    assert flow["fetch"]() == "new"


def test_renaming_takes_the_code_along(flow):
    flow.node(helper)
    flow.apply(RenameNode("helper", "other"))
    assert flow.implementations == {"other": helper}
    flow.undo()
    assert flow.implementations == {"helper": helper}
    flow.apply(RemoveNode("helper"))
    assert flow.implementations == {}
    flow.undo()
    assert flow["helper"].function is helper


def test_a_refused_edit_changes_nothing(flow):
    flow.node(helper)
    before, seen = flow.spec(), []
    flow.observe(lambda *change: seen.append(change))
    with pytest.raises(EditRejected):
        flow.apply(RemoveNode("nobody"))
    assert flow.spec() is before
    assert flow.undoable == "Add helper"
    assert not seen


def test_observers_see_every_change_as_an_edit(flow):
    seen = []
    stop = flow.observe(lambda spec, edit: seen.append((len(spec.nodes), edit)))
    flow.node(helper)
    flow.undo()
    flow.redo()
    flow.replace_spec(FlowSpec("tour"))
    stop()
    stop()
    flow.node(helper)
    assert [count for count, _ in seen] == [1, 0, 1, 0]
    assert seen[1][1] == RemoveNode("helper")
    assert seen[3][1] is None
    assert seen[0][1] == seen[2][1]


def test_a_definition_from_elsewhere_starts_undo_afresh(flow):
    flow.node(helper)
    flow.replace_spec(FlowSpec("tour", (NodeSpec("helper"), NodeSpec("more"))))
    assert flow.undo() is None
    assert flow.implementations == {"helper": helper}


class Double(Node):
    kind = "double"
    times = Int(2).tag(config=True)

    def run(self, context, inputs):
        return inputs["value"] * self.times


def test_a_node_object_is_added_with_its_configuration(flow):
    node = Double(NodeSpec("twice", inputs=(InputSpec("value"),)), times=3)
    ref = flow.add(node)
    spec = flow.spec().node("twice")
    assert (spec.kind, spec.config, spec.outputs) == ("double", {"times": 3}, ("twice",))
    assert flow.implementations["twice"] is node
    with pytest.raises(UsageError, match="no Python function to call"):
        ref()


def test_an_added_node_keeps_only_the_configuration_that_was_given(flow):
    flow.add(Double(NodeSpec("plain", inputs=(InputSpec("value"),))))
    assert flow.spec().node("plain").config == {}


def test_an_added_node_has_the_ports_that_its_configuration_gives_it(flow):
    class Fork(Node):
        kind = "fork"
        ways = Int(2).tag(config=True)

        @classmethod
        def ports(cls, spec):
            return tuple(f"way{n}" for n in range(spec.config.get("ways", 0)))

    fork = flow.add(Fork(NodeSpec("fork"), ways=3))
    assert flow.spec().node("fork").outputs == ("way0", "way1", "way2")
    assert fork.way2.wire == Wire("fork", "way2")


def test_a_spec_is_added_as_it_is(flow):
    flow.add(NodeSpec("sql_one", "sql", body="select 1"))
    assert flow.spec().node("sql_one").body == "select 1"
    with pytest.raises(EditRejected, match="two nodes are called 'sql_one'"):
        flow.add(NodeSpec("sql_one"))


def test_an_unknown_node_or_port_is_told_the_closest_one(flow):
    flow.node(outputs=("frame", "rejected"))(helper)
    with pytest.raises(UnknownNode, match="did you mean 'helper'"):
        flow["helpr"]
    with pytest.raises(AttributeError, match="did you mean 'frame'"):
        _ = flow["helper"].fram
    with pytest.raises(UsageError, match="did you mean 'rejected'"):
        flow["helper"]["rejectd"]
    assert "helper" in flow
    assert "helpr" not in flow


def test_running_waits_and_outputs_are_those_of_the_last_run(flow, host):
    ref = flow.node(outputs=("df", "bad"))(helper)
    with pytest.raises(UsageError, match="has not run yet"):
        _ = ref.output
    run = flow.run(city="Oslo")
    assert run.waited
    assert host.asked == [("start", "tour", {"city": "Oslo"})]
    assert flow["helper"].output == "helper gave"
    assert ref.df.output == "a frame"
    assert not flow.start().waited


def test_the_host_recovers_and_looks_up_what_is_stored(flow, host):
    flow.recover()
    flow.recover("r1", again=True)
    flow.state(at=3)
    flow.state("r1")
    assert host.asked == [
        ("recover", "tour", None, False),
        ("recover", "tour", "r1", True),
        ("state", "tour", 3),
        ("state", "r1", None),
    ]


def test_the_host_replays_and_rolls_back(flow, host):
    run = SimpleNamespace(id="r1")
    flow.replay(run, from_="fetch", params={"city": "Oslo"})
    flow.replay("r2", at=3, check=True)
    flow.replay_plan(run, at=4)
    flow.restore(run, 7)
    flow.rollback(2)
    assert flow.versions() == (1, 2)
    assert host.asked == [
        ("replay", "tour", "r1", {"from_": "fetch", "params": {"city": "Oslo"}}),
        ("plan", "tour", "r2", {"at": 3}),
        ("plan", "tour", "r1", {"at": 4}),
        ("restore", "tour", "r1", 7),
        ("rollback", "tour", 2),
    ]


def test_the_host_checks_shows_and_keeps(flow, host):
    assert flow.check() == ("a problem",)
    assert flow.canvas() == ("canvas", "tour")
    flow.to_notebook("a.ipynb")
    assert host.asked == [("write", "tour", "a.ipynb")]


def test_a_flow_takes_the_default_host_when_it_first_needs_one(host, monkeypatch):
    monkeypatch.setattr(hosts._Default, "factory", None)
    flow = Flow("x")
    with pytest.raises(UsageError, match="nothing here to run a flow with"):
        flow.run()
    made = []
    set_default_host(lambda: made.append(1) or host)
    assert not made
    flow.run()
    flow.run()
    assert made == [1]
    assert Flow.from_notebook("b.ipynb").name == "read from b.ipynb"


def test_parameters_are_those_of_the_flow_and_literal_defaults(flow):
    @flow.node
    def fetch(city: str = "Oslo", year=2015): ...

    @flow.node
    def again(city="Oslo", rows=fetch): ...

    assert flow.params == (ParamSpec("city", "Oslo", "str"), ParamSpec("year", 2015))


def test_a_handle_travels_without_its_flow():
    flow = Flow("tour", host=FakeHost())
    ref = flow.node(outputs=("df",))(module_level)
    port = pickle.loads(pickle.dumps(ref.df))
    assert port.node(2) == 4
    assert port.node.flow is None
    assert port.node.df.wire == Wire("module_level", "df")
    with pytest.raises(UsageError, match="taken out of its flow"):
        _ = port.output


def module_level(n):
    return n * 2


def test_a_flow_shows_its_nodes_and_what_feeds_them(flow):
    @flow.node(outputs=("df", "bad"))
    def clean(city="Oslo"): ...

    @flow.node(kind="map")
    def plot(rows=clean.df, by=clean.bad): ...

    assert repr(flow) == (
        "Flow('tour', city='Oslo')\n  clean <- city\n  plot (map) <- clean.df, clean.bad"
    )
    assert "<b>plot (map)</b></td><td> &lt;- clean.df, clean.bad" in flow._repr_html_()
    assert repr(flow["plot"]) == "<node plot of tour>"
    assert flow["plot"] == flow["plot"]
    assert len({flow["plot"], flow["plot"], flow["clean"]}) == 2


def test_text_in_a_flow_is_no_markup():
    flow = Flow("<script>")
    assert "<script>" not in flow._repr_html_()


def test_a_flow_needs_a_name():
    with pytest.raises(UsageError, match="needs a name"):
        Flow(" ")
