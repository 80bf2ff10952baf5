"""The example of a node type, run: the same cells that its page shows, in an empty project.

An example is a text of one or more cells, each of which begins with `%%flow`. It has to run as it
stands, without a network, grants or files that it did not make itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import chdir
from typing import TYPE_CHECKING, Any

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.errors import InvalidFlow, UsageError
from flowbook.graph.asserting import with_tests
from flowbook.graph.flow import Flow
from flowbook.graph.flow_schema import last_nodes
from flowbook.graph.node import Node
from flowbook.graph.spec import NodeSpec
from flowbook.graph.versions import name_of
from flowbook.ids import CellId, FlowId
from flowbook.session.start import Start

if TYPE_CHECKING:
    from flowbook.session.project import Project

_START = re.compile(r"^(?=%%flow)", re.MULTILINE)


def cells_of(example: str) -> tuple[str, ...]:
    r"""The cells of an example.

    >>> cells_of("%%flow a\n1\n\n%%flow b(a)\na")
    ('%%flow a\n1', '%%flow b(a)\na')
    """
    return tuple(part.strip("\n").rstrip() for part in _START.split(example) if part.strip())


def example_flow(project: Project, node_type: type[Node]) -> Flow:
    """The example of a type as a flow of `project`, called like its kind.

    Raises `UsageError` when it has none, `InvalidFlow` with every problem when it is not sound.
    """
    cells = cells_of(node_type.example)
    if not cells:
        raise UsageError(f"kind {node_type.kind!r} has no example")
    made = tuple(Cell.code(CellId(f"example-{i}"), text) for i, text in enumerate(cells, start=1))
    parsed = read(Notebook.of(made), project.registry, FlowId(node_type.kind))
    flow = Flow(node_type.kind, host=project)
    flow.replace_spec(parsed.spec)
    problems = (*parsed.problems, *project.check(flow))
    if problems:
        raise InvalidFlow(f"the example of {node_type.kind!r} is not sound", problems=problems)
    return flow


def run_example(project: Project, node_type: type[Node]) -> Any:
    """A run of the example, which is over; raises as `raise_for_status` for one that went wrong.

    A node of it that stops the run may end it as it says. The whole process works in the project's
    folder for so long, as that of a notebook does: files of an example are made there.
    """
    flow = example_flow(project, node_type)
    with chdir(project.path):
        asked = with_tests(flow.spec(), project.registry, None) if node_type.asserts else None
        run = project.start(flow, {}, Start(targets=asked))
        run.wait()
    ends = {project.registry[node.kind].ends(node) for node in flow.spec().nodes}
    if run.status.value not in ends:
        run.raise_for_status()
    return run


def shown_nodes(flow: Flow, node_type: type[Node]) -> Iterator[NodeSpec]:
    """The nodes whose results say what a kind does: its own, else those at the end."""
    outer = [node for node in flow.spec().nodes if not node.options.inside]
    own = [node for node in outer if name_of(node.kind) == node_type.kind]
    yield from own or last_nodes(flow.spec())
