"""`flowbook check`: nodes, edges and problems of a notebook; executes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flowbook.cli.failures import say_problem
from flowbook.cli.manual import manual
from flowbook.cli.opening import Opened, open_notebook
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json, echo_table
from flowbook.export.exits import ExitCode
from flowbook.graph.problem import errors
from flowbook.graph.wiring import resolve


@click.command("check")
@notebook_argument
@json_option
@manual(
    "flowbook check report.ipynb",
    "flowbook check report.ipynb --json",
    codes=(
        ExitCode.OK,
        ExitCode.USAGE,
    ),
)
def command(notebook: Path, as_json: bool) -> ExitCode:
    """Read NOTEBOOK and say everything that is wrong with its flow.

    Nothing is executed and nothing is written. Warnings alone end with exit code 0.
    """
    opened = open_notebook(notebook)
    if as_json:
        echo_json(as_data(opened))
    else:
        _tell(opened)
    return ExitCode.USAGE if errors(opened.problems) else ExitCode.OK


def as_data(opened: Opened) -> dict[str, Any]:
    """The flow and its problems as JSON data."""
    spec = opened.flow.spec()
    return {
        "flow": spec.id,
        "nodes": [
            {
                "name": node.id,
                "kind": node.kind,
                "inputs": [one.name for one in node.inputs],
                "outputs": list(node.outputs),
            }
            for node in spec.nodes
        ],
        "edges": [
            {
                "source": edge.source,
                "output": edge.output,
                "target": edge.target,
                "input": edge.input,
            }
            for edge in resolve(spec).edges
        ],
        "problems": [
            {
                "severity": problem.severity.value,
                "cell": problem.cell,
                "line": problem.line,
                "node": problem.node,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in opened.problems
        ],
    }


def _tell(opened: Opened) -> None:
    found = as_data(opened)
    if found["nodes"]:
        rows = [
            (node["name"], node["kind"], ", ".join(node["inputs"]), ", ".join(node["outputs"]))
            for node in found["nodes"]
        ]
        echo_table(("node", "kind", "inputs", "outputs"), rows)
    for problem in opened.problems:
        say_problem(problem)
    wrong = len(errors(opened.problems))
    warnings = len(opened.problems) - wrong
    click.echo(
        f"{found['flow']}: {_count(len(found['nodes']), 'node')}, "
        f"{_count(len(found['edges']), 'edge')}, {_count(wrong, 'error')}, "
        f"{_count(warnings, 'warning')}",
        err=True,
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
