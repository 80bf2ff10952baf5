"""A flow's notebook → the notebook papermill runs: definitions, what runs them, results, facts.

Invariants: every node keeps the author's text; cell ids are hashes of what a cell is for, so an
export of an unchanged flow is the same bytes and the diff of a changed one shows that change. The
author's plain cells stay behind, for a job has no use for explorations; what nodes take from them,
imports, functions and plain values, comes along in a setup cell. Nodes that stand somewhere on the
canvas stand there in the job, too. A flow with errors is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from flowbook.cells.flow_line import print_option_line, split_options
from flowbook.cells.notebook import METADATA_KEY, Notebook
from flowbook.cells.slicing import Slice, captured_slice, with_slice
from flowbook.errors import InvalidFlow, UsageError
from flowbook.graph.asserting import with_tests
from flowbook.graph.flow_options import print_flow_options
from flowbook.graph.problem import Problem, errors
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Missing, NodeSpec, ParamSpec
from flowbook.plan.compile import compile_plan
from flowbook.plan.plan import Plan

FORMAT = 1
"""Of the `flowbook` notebook metadata; raised when its meaning changes."""
QUIET = "nbval-ignore-output"
_RUN = "run = %flow run --record"
_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class Layout(StrEnum):
    """Which cells of a job run its nodes: one runs all of them, or each has one of its own."""

    RUNNER = "runner"
    STEPS = "steps"


def parse_notebook(text: str, name: str) -> Any:
    """The notebook as nbformat's node; `UsageError` when it is none, or nbformat is not there.

    Cells of a notebook that is too old for ids have those by which its flow knows them.
    """
    nbformat = _nbformat()
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except (
        nbformat.reader.NotJSONError,
        nbformat.ValidationError,
        AttributeError,  # what its converters raise for shapes they did not expect
        KeyError,
        TypeError,
    ) as refused:
        (reason, *_) = str(refused).splitlines() or [type(refused).__name__]
        raise UsageError(f"{name} is not a notebook: {reason}") from None
    for cell, known in zip(notebook.cells, Notebook.parse(text).cells, strict=True):
        cell["id"] = str(known.id)
    notebook["nbformat_minor"] = max(5, notebook["nbformat_minor"])
    return notebook


def export_notebook(  # noqa: PLR0913 - all but three have names
    text: str,
    spec: FlowSpec,
    registry: Registry,
    *,
    source: str,
    problems: Iterable[Problem] = (),
    tests: bool = False,
    number: int | None = None,
    layout: Layout = Layout.RUNNER,
) -> str:
    """The job of the flow `spec`, read from the notebook `text`, as .ipynb text.

    `source` is where a reader of the job finds the author's notebook, a path relative to the job.
    `problems` are those of reading it. Raises `InvalidFlow` with all of them, and all the compiler
    finds, when one is an error. `tests`: the job runs the test cells, which it else only defines.
    `number`: the version is a published one, or another that is known by its number. `layout`: the
    cells that run the nodes.
    """
    wrong = errors(tuple(problems))
    if wrong:
        raise InvalidFlow(f"flow {spec.id!r} has errors and is not exported", problems=wrong)
    author = parse_notebook(text, source)
    spec, taken = _whole(text, spec)
    plan = plain = compile_plan(spec, registry)
    if tests:
        plan = compile_plan(spec, registry, targets=with_tests(spec, registry, None))
    texts = {cell.id: cell.source for cell in author.cells if "id" in cell}
    cells = [
        _title(plan, source, number),
        _load(plan),
        *_options(spec, texts),
        _parameters(spec, plan),
        *_setup(spec, texts, taken),
        *_nodes(spec, texts),
        *_running((spec, plain), plan, layout, " --test" if tests else ""),
        _facts(plan),
    ]
    about = {"format": FORMAT, "flow": plan.flow, "version": plan.version, "source": source}
    about |= {"layout": layout.value} if layout is Layout.STEPS else {}
    about |= {} if number is None else {"number": number}
    kernel = dict(author.metadata.get("kernelspec") or _KERNEL)
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "flowbook": about}
    return serialise(_nbformat().v4.new_notebook(cells=cells, metadata=metadata))


def _running(
    results: tuple[FlowSpec, Plan], plan: Plan, layout: Layout, more: str
) -> Iterable[Any]:
    """The cells that run what the cells above define; `more` options of the run."""
    if layout is Layout.RUNNER:
        yield _code("run", f"{_RUN}{more}", "flowbook-run", QUIET)
        yield _results(*results)
        return
    yield _markdown("steps", "## Run")
    yield _code("run", f"{_RUN} --steps{more}", "flowbook-run", QUIET)
    for step in plan.steps:
        if step.node not in plan.standby and step.index not in plan.unasked:
            yield _code(f"step {step.node}", f"%flow step {step.node}", "flowbook-step", QUIET)
    yield _code("results", "%flow step", "flowbook-results", QUIET)


def _nodes(spec: FlowSpec, texts: dict[str, str]) -> list[Any]:
    return [cell for node in spec.nodes for cell in (_heading(node), _node(node, texts))]


def _setup(spec: FlowSpec, texts: dict[str, str], taken: Slice) -> list[Any]:
    return [
        _node(node, texts, "setup") if node.place else _captured(node, taken) for node in spec.setup
    ]


def captured(text: str, spec: FlowSpec) -> Slice:
    """What the flow's nodes and setup cells take from plain cells of its notebook, as code."""
    return captured_slice(Notebook.parse(text).cells, spec)


def _whole(text: str, spec: FlowSpec) -> tuple[FlowSpec, Slice]:
    """The flow with what it takes from plain cells."""
    taken = captured(text, spec)
    return with_slice(spec, taken), taken


def _captured(setup: NodeSpec, taken: Slice) -> Any:
    left = [f"# not taken over: {one.name} ({one.reason})" for one in taken.left]
    return _code("setup captured", "\n".join(["%%flow setup", setup.body, *left]), "flowbook-setup")


def serialise(notebook: Any) -> str:
    """A notebook node as .ipynb text; `UsageError` would be our bug, so nbformat's own is raised.

    Keys are sorted by nbformat, which is what makes equal notebooks equal bytes.
    """
    nbformat = _nbformat()
    nbformat.validate(notebook)
    written: str = nbformat.v4.writes(notebook)
    return written if written.endswith("\n") else written + "\n"


def cell_id(purpose: str) -> str:
    """A cell id that depends on nothing but what the cell is for.

    >>> cell_id("node clean") == cell_id("node clean") != cell_id("node raw")
    True
    """
    return hashlib.sha256(f"flowbook {purpose}".encode()).hexdigest()[:12]


def sinks(spec: FlowSpec, plan: Plan) -> tuple[str, ...]:
    """Nodes nothing else reads, in notebook order: what a reader of the results wants to see."""
    own = (step for step in plan.steps if step.node not in plan.standby)
    ends = {step.node for step in own if not plan.feeds[step.index]}
    return tuple(node.id for node in spec.nodes if node.id in ends)


def _title(plan: Plan, source: str, number: int | None) -> Any:
    told = f"`{plan.version[:12]}`" if number is None else f"{number} (`{plan.version[:12]}`)"
    return _markdown(
        "title",
        f"# {plan.flow}\n\n"
        f"Flow `{plan.flow}`, version {told}, as a job.\n"
        f"Generated from `{source}`: edit there, then export again.",
    )


def _options(spec: FlowSpec, texts: Mapping[str, str]) -> list[Any]:
    """What the flow says about its recording, but for what its setup cells say themselves."""
    setup = (texts.get(node.place.cell, "") for node in spec.setup if node.place)
    said = {name for text in setup for line in split_options(text)[1] for name in line.given}
    left = {
        name: text for name, text in print_flow_options(spec.options).items() if name not in said
    }
    return [_code("options", print_option_line(left), "flowbook-options", QUIET)] if left else []


def _parameters(spec: FlowSpec, plan: Plan) -> Any:
    """The flow's own parameters as code; those of nodes as comments, for they are in the headers.

    Declaring the latter here too would make the job another definition than the author's.
    """
    own = {param.name for param in spec.params}
    lines = [
        _parameter(param) if param.name in own else f"# {_parameter(param)}  (of a node)"
        for param in plan.params
    ]
    text = "\n".join(["# Parameters", *lines])  # the heading papermill's own cells have
    return _code("parameters", text, "parameters", QUIET)


def _parameter(param: ParamSpec) -> str:
    """One line of the parameters cell, which papermill infers the type and the help from.

    >>> from flowbook.ids import PortName
    >>> _parameter(ParamSpec(PortName("city"), "Oslo", help="where"))
    "city: str = 'Oslo'  # where"
    """
    default = param.default
    if isinstance(default, Missing):
        raise UsageError(
            f"parameter {param.name!r} has no default, and a job has nobody to ask",
            hint="give it a default in the parameters cell",
        )
    kind = param.annotation or ("object" if default is None else type(default).__name__)
    comment = f"  # {param.help}" if param.help else ""
    return f"{param.name}: {kind} = {default!r}{comment}"


def _load(plan: Plan) -> Any:
    """Comes first: a flow's parameters are those of the cells run once flowbook is loaded."""
    text = (
        "import os\n\n"
        f'os.environ.setdefault("FLOWBOOK_FLOW", {plan.flow!r})  # its name in the history\n'
        "%load_ext flowbook\n"
        "%flow mode define"
    )
    return _code("load", text, "flowbook-load", QUIET)


def _heading(node: NodeSpec) -> Any:
    kind = "" if node.kind == "python" else f" ({node.kind})"
    return _markdown(f"heading {node.id}", f"## {node.id}{kind}")


def _node(node: NodeSpec, texts: dict[str, str], role: str = "node") -> Any:
    text = texts.get(node.place.cell) if node.place else None
    if text is None:
        raise UsageError(
            f"node {node.id!r} is not written in a cell of this notebook",
            hint="write the flow as a notebook first: flow.to_notebook(path)",
        )
    cell = _code(f"{role} {node.id}", text, f"flowbook-{role}", QUIET)
    if node.position is not None:
        cell.metadata[METADATA_KEY] = {"position": [node.position.x, node.position.y]}
    return cell


def _results(spec: FlowSpec, plan: Plan) -> Any:
    names = ", ".join(repr(str(name)) for name in sinks(spec, plan))
    text = (
        "display(run)\n"
        f"for name in [{names}]:\n"
        '    if run[name].outcome == "succeeded":\n'
        "        display(*run[name].shown({name: run[name].output}).values())"
    )
    return _code("results", text, "flowbook-results", QUIET)


def _facts(plan: Plan) -> Any:
    """What every good run of this job prints; `pytest --nbval-lax` holds it to that."""
    text = (
        "# NBVAL_CHECK_OUTPUT\n"
        'print(f"flow {run.flow}: {len(run.events()[0].nodes)} nodes, {run.status.value}")'
    )
    cell = _code("facts", text, "flowbook-facts")
    expected = f"flow {plan.flow}: {len(plan.steps)} nodes, succeeded\n"
    cell.execution_count = 1  # nbval compares nothing with a cell that never ran
    cell.outputs = [_nbformat().v4.new_output("stream", name="stdout", text=expected)]
    return cell


def _markdown(purpose: str, text: str) -> Any:
    return _nbformat().v4.new_markdown_cell(text, id=cell_id(purpose))


def _code(purpose: str, text: str, *tags: str) -> Any:
    return _nbformat().v4.new_code_cell(text, id=cell_id(purpose), metadata={"tags": list(tags)})


def _nbformat() -> Any:
    try:
        import nbformat
    except ModuleNotFoundError:
        raise UsageError(
            "writing a notebook needs nbformat, which is not installed",
            hint='pip install "flowbook[jobs]"',
        ) from None
    return nbformat
