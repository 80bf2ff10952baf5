"""A job is the author's flow, word for word, and the same bytes each time."""

from __future__ import annotations

import nbformat
import pytest

from flowbook.cells.notebook import Notebook
from flowbook.cells.source import read
from flowbook.errors import InvalidFlow, UsageError
from flowbook.export.notebook import Layout, captured, export_notebook
from flowbook.graph.node import Node
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, ParamSpec, Place, Wire


class Python(Node):
    kind = "python"
    body = "python"


REGISTRY = Registry([Python])
TEXTS = {
    "setup": "%%flow setup\nimport math",
    "raw": "%%flow raw(days=7)\nlist(range(days))",
    "clean": '%%flow clean --retries 2\n#| timeout: 5s\n{"ü": raw}',
}
SPEC = FlowSpec(
    "tour",
    (
        NodeSpec("raw", inputs=(InputSpec("days", default=7),), outputs=("raw",),
                 body="list(range(days))", place=Place("raw", 2)),
        NodeSpec("clean", inputs=(InputSpec("raw", wire=Wire("raw")),), outputs=("clean",),
                 body='{"ü": raw}', place=Place("clean", 3)),
    ),
    params=(ParamSpec("city", "Oslo", help="where"),),
    setup=(NodeSpec("setup", body="import math", place=Place("setup", 1)),),
)  # fmt: skip


def author(**metadata) -> str:
    cells = [
        nbformat.v4.new_markdown_cell("# Mine", id="title"),
        *(nbformat.v4.new_code_cell(text, id=name) for name, text in TEXTS.items()),
        nbformat.v4.new_code_cell("raise SystemExit('a plain cell')", id="plain"),
    ]
    return nbformat.v4.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata))


def export(spec=SPEC, **options) -> str:
    return export_notebook(author(), spec, REGISTRY, source="../tour.ipynb", **options)


def tagged(text: str) -> dict[str, list]:
    found: dict[str, list] = {}
    for cell in nbformat.reads(text, as_version=4).cells:
        for tag in cell.metadata.get("tags", []):
            found.setdefault(tag, []).append(cell)
    return found


def test_every_node_keeps_its_text_in_notebook_order():
    nodes = tagged(export())["flowbook-node"]
    assert [cell.source for cell in nodes] == [TEXTS["raw"], TEXTS["clean"]]


def test_cells_come_in_the_order_they_must_run():
    code = [c for c in nbformat.reads(export(), as_version=4).cells if c.cell_type == "code"]
    assert [cell.metadata["tags"][0] for cell in code] == [
        "flowbook-load",
        "parameters",
        "flowbook-setup",
        "flowbook-node",
        "flowbook-node",
        "flowbook-run",
        "flowbook-results",
        "flowbook-facts",
    ]


def test_exactly_one_cell_runs_the_flow():
    (runner,) = tagged(export())["flowbook-run"]
    assert runner.source == "run = %flow run --record"


def test_by_steps_each_node_has_a_cell_that_runs_it_behind_all_definitions():
    made = nbformat.reads(export(layout=Layout.STEPS), as_version=4)
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    defined = max(n for n, cell in enumerate(code) if "flowbook-node" in cell.metadata["tags"])
    assert [cell.source for cell in code[defined + 1 : -1]] == [
        "run = %flow run --record --steps",
        "%flow step raw",
        "%flow step clean",
        "%flow step",
    ]
    assert made.metadata["flowbook"]["layout"] == "steps"
    assert "layout" not in nbformat.reads(export(), as_version=4).metadata["flowbook"]


def test_steps_come_in_an_order_in_which_they_can_run():
    spec = FlowSpec("tour", SPEC.nodes[::-1], SPEC.params, SPEC.setup)
    made = tagged(export(spec, layout=Layout.STEPS))
    assert [cell.source for cell in made["flowbook-node"]] == [TEXTS["clean"], TEXTS["raw"]]
    assert [cell.source for cell in made["flowbook-step"]] == ["%flow step raw", "%flow step clean"]


def test_by_steps_a_second_export_is_the_same_bytes_and_only_the_facts_are_compared():
    assert export(layout=Layout.STEPS) == export(layout=Layout.STEPS)
    cells = nbformat.reads(export(layout=Layout.STEPS), as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all("nbval-ignore-output" in cell.metadata["tags"] for cell in code[4:-1])
    assert len({cell.id for cell in cells}) == len(cells)


def test_the_layout_does_not_change_the_version():
    def version(text):
        return nbformat.reads(text, as_version=4).metadata["flowbook"]["version"]

    assert version(export()) == version(export(layout=Layout.STEPS))


def test_the_authors_plain_cells_stay_behind():
    assert "a plain cell" not in export()


def test_parameters_are_python_that_papermill_can_read():
    (cell,) = tagged(export())["parameters"]
    names: dict[str, object] = {}
    exec(cell.source, names)
    assert names["city"] == "Oslo"
    assert "city: str = 'Oslo'  # where" in cell.source


def test_parameters_of_nodes_stay_where_the_author_wrote_them():
    (cell,) = tagged(export())["parameters"]
    assert "# days: int = 7  (of a node)" in cell.source


def test_a_parameter_without_default_is_refused():
    spec = FlowSpec("tour", SPEC.nodes, (ParamSpec("city"),), SPEC.setup)
    with pytest.raises(UsageError, match="'city' has no default"):
        export(spec)


def test_a_second_export_is_the_same_bytes():
    assert export() == export()


def test_a_change_of_one_node_changes_no_other_cell():
    before = {c.id: c.source for c in nbformat.reads(export(), as_version=4).cells}
    first, second = SPEC.nodes
    renamed = NodeSpec("tidy", inputs=second.inputs, outputs=("tidy",), place=second.place)
    spec = FlowSpec("tour", (first, renamed), SPEC.params, SPEC.setup)
    after = {c.id: c.source for c in nbformat.reads(export(spec), as_version=4).cells}
    assert len(set(before) - set(after)) == 2  # its heading and its cell


def test_metadata_says_what_it_is_and_where_it_came_from():
    about = nbformat.reads(export(), as_version=4).metadata["flowbook"]
    assert (about["format"], about["flow"], about["source"]) == (1, "tour", "../tour.ipynb")
    assert about["version"]


def test_the_facts_a_good_run_prints_are_there_to_compare():
    (facts,) = tagged(export())["flowbook-facts"]
    assert facts.source.startswith("# NBVAL_CHECK_OUTPUT")
    assert facts.outputs[0].text == "flow tour: 2 nodes, succeeded\n"
    assert "nbval-ignore-output" not in facts.metadata["tags"]


def test_every_other_code_cell_is_left_out_of_the_comparison():
    code = [c for c in nbformat.reads(export(), as_version=4).cells if c.cell_type == "code"]
    assert all("nbval-ignore-output" in c.metadata["tags"] for c in code[:3] + code[5:-1])


def test_the_kernel_is_the_authors():
    text = author(kernelspec={"name": "conda", "display_name": "Conda", "language": "python"})
    job = export_notebook(text, SPEC, REGISTRY, source="tour.ipynb")
    assert nbformat.reads(job, as_version=4).metadata["kernelspec"]["name"] == "conda"


def test_a_flow_with_errors_is_refused_with_all_of_them():
    problems = (
        Problem(Severity.WARNING, "odd"),
        Problem(Severity.ERROR, "no node 'x'"),
        Problem(Severity.ERROR, "a cycle"),
    )
    with pytest.raises(InvalidFlow) as refused:
        export(problems=problems)
    assert [problem.message for problem in refused.value.problems] == ["no node 'x'", "a cycle"]


def test_a_node_that_no_cell_holds_is_refused():
    spec = FlowSpec("tour", (NodeSpec("raw", outputs=("raw",)),))
    with pytest.raises(UsageError, match="'raw' is not written in a cell") as refused:
        export(spec)
    assert "to_notebook" in refused.value.hint


def test_a_job_is_recorded_as_the_flow_says():
    setup = "%%flow setup\n%flow options journal=summary\nimport math"
    cells = [
        nbformat.v4.new_code_cell("%flow options sensitive_fields=ssn", id="options"),
        nbformat.v4.new_code_cell(setup, id="setup"),
        nbformat.v4.new_code_cell("%%flow raw(days=7)\nlist(range(days))", id="raw"),
    ]
    author = nbformat.v4.writes(nbformat.v4.new_notebook(cells=cells))
    parsed = read(Notebook.parse(author), REGISTRY)
    made = export_notebook(author, parsed.spec, REGISTRY, source="../tour.ipynb")
    assert tagged(made)["flowbook-options"][0].source == "%flow options sensitive_fields=ssn"
    again = read(Notebook.parse(made), REGISTRY)
    assert again.problems == ()
    assert again.spec.options == parsed.spec.options
    assert again.spec.options.sensitive_fields == ("ssn",)


def test_a_job_of_a_flow_that_says_nothing_has_no_cell_for_it():
    assert "flowbook-options" not in tagged(export())


def test_what_nodes_take_from_plain_cells_comes_along_as_a_setup_cell():
    class Code(Node):
        kind = "python"
        body = "python"

    kinds = Registry([Code])
    sources = (
        "import math\nprint(1)",
        "rate = 2\ndef dear(x): return math.ceil(x * rate)",
        "rows = load()",
        "%%flow setup\nfactor = rate",
        "%%flow a\nn = dear(factor) + len(rows)",
    )
    cells = [nbformat.v4.new_code_cell(text, id=f"c{at}") for at, text in enumerate(sources)]
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    parsed = read(Notebook.parse(text), kinds)
    assert "load" not in (one.name for one in captured(text, parsed.spec).left)
    job = Notebook.parse(export_notebook(text, parsed.spec, kinds, source="a.ipynb"))
    setup = [cell.source for cell in job.cells if "flowbook-setup" in cell.tags]
    assert setup == [
        "%%flow setup\n# from cell c0\nimport math\n# from cell c1\nrate = 2\n"
        "def dear(x): return math.ceil(x * rate)\n# not taken over: rows (a call computes it)",
        sources[3],
    ]
    again = read(job, kinds)
    assert [one.message for one in again.problems if "'dear'" in one.message] == []
