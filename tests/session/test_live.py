"""The cells of a kernel as they are run: who a node is, what follows it, what is stale and why."""

from __future__ import annotations

import threading

import pytest

from flowbook import EditRejected, Flow, InvalidFlow, UsageError
from flowbook.cells.patches import ReplaceSource
from flowbook.graph.edits import MoveNodes, RenameNode
from flowbook.graph.spec import Position
from flowbook.graph.wiring import resolve
from flowbook.ids import CellId, NodeId
from flowbook.session.live import LiveNotebook
from flowbook.session.start import Start


class Kernel:
    """A notebook's kernel without IPython: cells are defined, and run as Shift+Enter does."""

    def __init__(self, project):
        self.project = project
        self.namespace = {}
        self.flow = Flow("live", host=project)
        self.live = LiveNotebook(project, self.flow, self.namespace)

    def define(self, cell, source, **how):
        return self.live.define(CellId(cell), source, **how)

    def run(self, cell, source, **how):
        node = self.define(cell, source, **how).node.id
        start = Start(targets=[node], part=True, rerun=[node])
        return self.project.start(self.flow, {}, start).wait()

    def plain(self, cell, source):
        exec(source, self.namespace)
        self.live.notice(CellId(cell), source)

    @property
    def nodes(self):
        return [node.id for node in self.flow.spec().nodes]

    @property
    def edges(self):
        edges = resolve(self.flow.spec()).edges
        return {f"{one.source}.{one.output} -> {one.target}.{one.input}" for one in edges}

    @property
    def stale(self):
        return self.project.stale_reasons(self.flow)


@pytest.fixture
def kernel(project):
    return Kernel(project)


@pytest.fixture
def chain(kernel):
    """raw → clean → total, all of them run."""
    kernel.run("a", "%%flow raw\nraw = [1, 2]")
    kernel.run("b", "%%flow clean\nclean = [x for x in raw if x]")
    kernel.run("c", "%%flow total\ntotal = sum(clean)")
    return kernel


# ---------------------------------------------------------------- who a node is


def test_the_same_cell_run_again_is_no_change(kernel):
    told = []
    kernel.define("a", "%%flow raw\nraw = 1")
    kernel.flow.observe(lambda spec, edit: told.append(edit))
    before = kernel.flow.spec()
    assert kernel.define("a", "%%flow raw\nraw = 1").notes == ()
    assert (told, kernel.flow.spec() is before) == ([], True)


def test_what_may_be_undone_stays_so_when_a_cell_is_run_again(kernel):
    kernel.define("a", "%%flow raw\nraw = 1")
    kernel.flow.apply(MoveNodes({NodeId("raw"): Position(3, 4)}))
    kernel.define("a", "%%flow raw\nraw = 1")
    assert kernel.flow.undo() == "Move raw"
    assert kernel.flow.spec().node(NodeId("raw")).position is None


def test_a_changed_cell_keeps_its_place_and_its_edges(chain):
    chain.flow.apply(MoveNodes({NodeId("clean"): Position(3, 4)}))
    chain.define("b", "%%flow clean\nclean = sorted(raw)")
    assert chain.flow.spec().node(NodeId("clean")).position == Position(3, 4)
    assert chain.edges == {"raw.raw -> clean.raw", "clean.clean -> total.clean"}


def test_a_renamed_cell_keeps_feeding_and_says_which_cells_should_change(chain):
    done = chain.define("b", "%%flow tidy\ntidy = [x for x in raw if x]")
    assert done.notes == ("clean is now called tidy",)
    assert done.patches == (
        ReplaceSource(CellId("c"), "%%flow total(clean=tidy)\ntotal = sum(clean)"),
    )
    assert chain.edges == {"raw.raw -> tidy.raw", "tidy.tidy -> total.clean"}
    assert chain.nodes == ["raw", "tidy", "total"]


def test_a_renamed_cell_whose_outputs_keep_their_names_changes_no_other(kernel):
    kernel.define("a", "%%flow load\nrows, n = [1], 1")
    kernel.define("b", "%%flow total\nsum(rows)")
    assert kernel.define("a", "%%flow fetch\nrows, n = [1], 1").patches == ()
    assert kernel.edges == {"fetch.rows -> total.rows"}


def test_wires_templates_and_containers_follow_a_renamed_cell(kernel):
    kernel.define("a", "%%flow load\nrows, n = [1], 1")
    kernel.define("b", "%%flow total(all=load.rows)\nsum(all)")
    kernel.define("c", "%%flow map each(items=load.rows)")
    kernel.define("d", "%%flow double\n#| in: each\nitem * 2")
    kernel.define("c", "%%flow map every(items=load.rows)")
    kernel.define("a", "%%flow fetch\nrows, n = [1], 1")
    assert kernel.edges == {"fetch.rows -> total.all", "fetch.rows -> every.items"}
    assert kernel.flow.spec().node(NodeId("double")).options.inside == "every"


def test_the_text_that_still_says_the_old_name_is_looked_up_again(chain):
    chain.define("b", "%%flow tidy\ntidy = raw")
    with pytest.raises(InvalidFlow) as refused:
        chain.define("c", "%%flow total\ntotal = sum(clean)")
    assert "clean" in str(refused.value)
    assert "clean.tidy -> total.clean" not in chain.edges
    assert "tidy.tidy -> total.clean" in chain.edges, "what is refused changes nothing"


def test_what_a_renamed_node_gave_is_kept(chain):
    chain.run("b", "%%flow tidy\ntidy = [x for x in raw if x]")
    assert chain.stale == {}


def test_a_copied_cell_is_a_new_node_and_its_text_says_so(chain):
    done = chain.define("copy", "%%flow clean\nclean = raw[::-1]")
    assert done.source == "%%flow clean_2\nclean_2 = raw[::-1]"
    assert done.notes == ("clean is the node of another cell; this one is called clean_2",)
    assert done.patches == ()
    assert chain.nodes == ["raw", "clean", "total", "clean_2"]
    assert "clean.clean -> total.clean" in chain.edges


def test_a_copy_of_a_cell_that_makes_other_names_leaves_their_readers_where_they_were(kernel):
    kernel.define("a", "%%flow load\nrows, n = [1], 1")
    kernel.define("b", "%%flow total\nsum(rows)")
    done = kernel.define("copy", "%%flow load\nrows, n = [2], 1")
    assert done.node.id == "load_2"
    assert kernel.edges == {"load.rows -> total.rows"}
    assert done.patches == (ReplaceSource(CellId("b"), "%%flow total(rows=load.rows)\nsum(rows)"),)


def test_a_copy_that_is_run_with_its_old_text_again_is_still_that_copy(chain):
    chain.define("copy", "%%flow clean\nclean = raw[::-1]")
    assert chain.define("copy", "%%flow clean\nclean = raw[1:]").node.id == "clean_2"
    assert chain.nodes == ["raw", "clean", "total", "clean_2"]


def test_without_ids_of_the_front_end_the_later_cell_has_the_name(kernel):
    kernel.define("clean", "%%flow clean\nclean = 1", known_by_id=False)
    assert kernel.define("clean", "%%flow clean\nclean = 1", known_by_id=False).notes == ()
    done = kernel.define("clean", "%%flow clean\nclean = 2", known_by_id=False)
    assert done.notes == ("clean was written in another cell; this cell has it now",)
    assert kernel.nodes == ["clean"]


def test_a_deleted_cell_takes_its_node_along_and_what_read_it_is_stale(chain):
    chain.live.forget([CellId("b")])
    assert chain.nodes == ["raw", "total"]
    assert chain.stale == {"total": "input clean comes from nowhere now"}


def test_a_cell_that_comes_back_is_where_it_was(chain):
    chain.flow.apply(MoveNodes({NodeId("clean"): Position(3, 4)}))
    chain.live.forget([CellId("b")])
    chain.define("b", "%%flow clean\nclean = [x for x in raw if x]")
    assert chain.flow.spec().node(NodeId("clean")).position == Position(3, 4)
    assert chain.stale == {}, "what it gave before is still what it gives"


def test_a_cell_that_was_cut_and_pasted_is_the_same_node(chain):
    chain.flow.apply(MoveNodes({NodeId("clean"): Position(3, 4)}))
    chain.live.forget([CellId("b")])
    done = chain.define("pasted", "%%flow clean\nclean = [x for x in raw if x]")
    assert (done.node.id, done.notes) == ("clean", ())
    assert done.node.position == Position(3, 4)


def test_a_node_made_on_the_canvas_is_its_cell_once_that_is_run(chain):
    from flowbook.graph.edits import AddNode
    from flowbook.graph.spec import NodeSpec

    chain.flow.apply(AddNode(NodeSpec(NodeId("extra"), body="1 + 1", outputs=("extra",))))
    done = chain.define("new-cell", "%%flow extra\n1 + 1")
    assert (done.node.id, done.notes) == ("extra", ())
    assert chain.nodes.count("extra") == 1


def test_an_edit_from_elsewhere_outlives_the_next_cell(chain):
    chain.live.rename("clean", "tidy")
    chain.define("d", "%%flow more\nmore = total + 1")
    assert "tidy" in chain.nodes


def test_renaming_gives_the_cells_that_change(chain):
    assert chain.live.rename("clean", "tidy") == (
        ReplaceSource(CellId("b"), "%%flow tidy\nclean = [x for x in raw if x]"),
    )
    assert chain.edges == {"raw.raw -> tidy.raw", "tidy.clean -> total.clean"}
    chain.define("b", "%%flow tidy\n[x for x in raw if x]")
    patches = {one.cell: one.source for one in chain.live.rename("tidy", "clean")}
    assert patches["b"].startswith("%%flow clean\n")
    assert "clean.clean -> total.clean" in chain.edges


@pytest.mark.parametrize("name", ["2x", "class", "a b", "", "total", "None", "x\n", "ä b"])
def test_a_name_that_no_node_can_have_is_refused_and_changes_nothing(chain, name):
    spec, cells, told = chain.flow.spec(), dict(chain.live.cells), []
    chain.flow.observe(lambda spec, edit: told.append(edit))
    with pytest.raises(EditRejected) as refused:
        chain.live.rename("clean", name)
    assert repr(name) in refused.value.reason
    with pytest.raises(EditRejected):
        chain.flow.apply(RenameNode("clean", name))
    assert (chain.flow.spec() is spec, chain.live.cells, told) == (True, cells, [])


def test_renaming_what_is_not_there_says_what_is(chain):
    with pytest.raises(EditRejected) as refused:
        chain.live.rename("cleen", "tidy")
    assert "did you mean 'clean'?" in str(refused.value)


def test_a_refused_cell_leaves_everything_as_it_was(chain):
    before = chain.flow.spec(), dict(chain.live.cells)
    with pytest.raises(InvalidFlow):
        chain.define("b", "%%flow tidy --retires 3\ntidy = 1")
    assert (chain.flow.spec(), chain.live.cells) == before


# ---------------------------------------------------------------- what is stale, and why


def test_a_changed_cell_makes_those_behind_it_stale(chain):
    chain.define("b", "%%flow clean\nclean = raw[1:]")
    assert chain.stale == {"clean": "its code changed", "total": "clean is stale"}
    chain.run("b", "%%flow clean\nclean = raw[1:]")
    assert chain.stale == {"total": "clean ran again"}


def test_a_cell_that_gives_the_same_as_before_makes_nothing_stale(chain):
    chain.run("b", "%%flow clean\nclean = [*raw]")
    assert chain.stale == {}


def test_a_cell_of_chance_makes_stale_what_read_its_last_value(kernel):
    source = "%%flow dice\nimport time\ndice = time.time_ns()"
    kernel.run("a", source)
    kernel.run("b", "%%flow twice\ntwice = dice * 2")
    kernel.run("a", source)
    assert kernel.stale == {"twice": "dice ran again"}
    run = kernel.run("c", "%%flow more\nmore = twice + dice")
    assert run["twice"].output * 3 == run["more"].output * 2


def test_another_parameter_is_told_with_both_values(kernel):
    kernel.plain("p", "top: int = 3  # how many")
    kernel.run("a", "%%flow numbers\nnumbers = list(range(top))")
    kernel.plain("p", "top: int = 4  # how many")
    assert kernel.stale == {"numbers": "parameter top is 4, was 3"}


def test_another_value_of_a_captured_name_makes_its_users_stale(kernel):
    kernel.plain("p", "factor = 2")
    kernel.run("a", "%%flow scaled\nscaled = 10 * factor")
    kernel.plain("p", "factor = 2")
    assert kernel.stale == {}
    kernel.plain("p", "factor = 3")
    assert kernel.stale == {"scaled": "captured name factor changed"}
    assert kernel.run("b", "%%flow after\nafter = scaled + 1")["after"].output == 31


def test_another_function_of_the_kernel_makes_its_users_stale(kernel):
    kernel.plain("p", "def double(x):\n    return x * 2")
    kernel.run("a", "%%flow scaled\nscaled = double(10)")
    kernel.plain("p", "def double(x):\n    return x * 3")
    assert kernel.stale == {"scaled": "captured name double changed"}


def test_another_wire_is_named(chain):
    chain.run("d", "%%flow other\nother = [5]")
    chain.define("c", "%%flow total(clean=other)\ntotal = sum(clean)")
    assert chain.stale == {"total": "wire clean now comes from other"}


def test_a_node_that_failed_since_is_stale(chain):
    chain.namespace["broken"] = True
    chain.run("b", "%%flow clean\nif broken:\n    raise ValueError(1)\nclean = raw")
    assert chain.stale["clean"] == "its code changed"
    assert chain.stale["total"] == "clean is stale"


def test_a_comment_makes_nothing_stale(chain):
    chain.define("b", "%%flow clean\n# zeroes go\nclean = [x for x in raw if x]")
    assert chain.stale == {}


def test_what_is_stale_is_known_while_another_node_cannot_run(chain):
    chain.define("d", "%%flow early(late)\nlate + 1")
    chain.define("b", "%%flow clean\nclean = raw[1:]")
    assert chain.stale == {"clean": "its code changed", "total": "clean is stale"}


def test_a_flow_tells_what_is_stale_itself(chain):
    chain.define("c", "%%flow total\ntotal = max(clean)")
    assert chain.flow.stale() == {"total": "its code changed"}


def test_a_run_that_was_overtaken_is_not_the_latest_result(kernel):
    kernel.namespace["gate"] = gate = threading.Event()
    kernel.define("a", "%%flow slow\ngate.wait(20)\nslow = 'first'")
    first = kernel.project.start(kernel.flow, {}, Start(targets=["slow"], part=True))
    kernel.namespace["gate"] = threading.Event()
    kernel.run("a", "%%flow slow\nslow = 'second'")
    gate.set()
    assert first.wait()["slow"].output == "first"
    assert kernel.stale == {}
    assert kernel.run("b", "%%flow after\nafter = slow")["after"].output == "second"


def test_two_nodes_in_flight_are_both_remembered(kernel):
    kernel.namespace["gate"] = gate = threading.Event()
    runs = []
    for name in ("one", "two"):
        node = kernel.define(name, f"%%flow {name}\ngate.wait(20)\n{name} = 1").node.id
        how = Start(targets=[node], part=True, rerun=[node])
        runs.append(kernel.project.start(kernel.flow, {}, how))
    gate.set()
    for run in runs:
        run.wait().raise_for_status()
    done = kernel.run("sum", "%%flow both\nboth = one + two")
    assert done["both"].output == 2
    assert {done[node].outcome.value for node in ("one", "two")} == {"reused"}


def test_a_cell_that_is_edited_while_it_runs_is_stale_afterwards(kernel):
    kernel.namespace["gate"] = gate = threading.Event()
    kernel.define("a", "%%flow slow\ngate.wait(20)\nslow = 1")
    run = kernel.project.start(kernel.flow, {}, Start(targets=["slow"], part=True))
    kernel.define("a", "%%flow slow\ngate.wait(20)\nslow = 2")
    gate.set()
    assert run.wait()["slow"].output == 1
    assert kernel.stale == {"slow": "its code changed"}


# ---------------------------------------------------------------- written as a notebook


def test_a_written_flow_takes_along_what_plain_cells_make(kernel, tmp_path):
    kernel.plain("p", "import math\nprint('no part of it')\nRATE = 2")
    kernel.plain("q", "def scaled(x):\n    return math.floor(x * RATE)")
    kernel.define("a", "%%flow raw\nraw = 1.6")
    kernel.define("b", "%%flow total\ntotal = scaled(raw)")
    kernel.flow.to_notebook(tmp_path / "written.ipynb")
    flow = kernel.project.read_notebook(tmp_path / "written.ipynb")
    (setup,) = flow.spec().setup
    assert "no part of it" not in setup.body
    assert kernel.project.start(flow, {}, Start()).wait()["total"].output == 3


def test_what_setup_cells_take_from_plain_cells_comes_before_them(kernel, tmp_path):
    kernel.plain("p", "BASE = 2")
    kernel.define("s", "%%flow setup\nRATE = BASE + 1")
    kernel.define("a", "%%flow total\ntotal = RATE")
    kernel.flow.to_notebook(tmp_path / "written.ipynb")
    flow = kernel.project.read_notebook(tmp_path / "written.ipynb")
    assert kernel.project.start(flow, {}, Start()).wait()["total"].output == 3


def test_a_name_that_no_plain_code_makes_is_told_with_its_cell_and_nothing_is_written(
    kernel, tmp_path
):
    kernel.plain("p", "seen = sum(range(3))")
    kernel.namespace["gate"] = object()
    kernel.define("a", "%%flow total\ntotal = seen, gate")
    with pytest.raises(UsageError) as refused:
        kernel.flow.to_notebook(tmp_path / "written.ipynb")
    assert "seen (cell p: a call computes it)" in refused.value.message
    assert "gate (no cell of the notebook makes it)" in refused.value.message
    assert "%%flow setup" in refused.value.hint
    assert not (tmp_path / "written.ipynb").exists()


def test_names_of_the_kernel_itself_and_of_a_star_import_are_not_missed(kernel, tmp_path):
    kernel.namespace["display"] = print
    kernel.define("s", "%%flow setup\nfrom math import *")
    kernel.define("a", "%%flow total\ndisplay(pi)\ntotal = floor(pi)")
    kernel.flow.to_notebook(tmp_path / "written.ipynb")
    flow = kernel.project.read_notebook(tmp_path / "written.ipynb")
    assert flow.spec().node(NodeId("total")).body == "display(pi)\ntotal = floor(pi)"


def test_an_edit_on_the_canvas_keeps_what_plain_cells_make(kernel, tmp_path):
    kernel.plain("p", "RATE = 2")
    kernel.define("a", "%%flow total\ntotal = RATE")
    kernel.flow.apply(MoveNodes({NodeId("total"): Position(3, 4)}))
    kernel.flow.to_notebook(tmp_path / "written.ipynb")
    flow = kernel.project.read_notebook(tmp_path / "written.ipynb")
    assert kernel.project.start(flow, {}, Start()).wait()["total"].output == 2
