"""The output of a node's cell: what IPython shows of its value, or of each of its named outputs."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping
from html import escape
from typing import Any

from flowbook.cells.header import PYTHON
from flowbook.graph.spec import NodeSpec
from flowbook.run.node_run import NodeRun

_SILENT = (tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT)


def show_output(shell: Any, spec: NodeSpec, run: NodeRun) -> None:
    """Display what the node gave, unless its body ends in `;` or there is nothing to see."""
    if spec.kind == PYTHON and is_quiet(spec.body):
        return
    given = run.given
    if given.result is not None or len(run.step.outputs) == 1:
        value = run.output
        if value is not None:
            _publish(shell, *shell.display_formatter.format(value))
        return
    _show_named(shell, given.ports)


def is_quiet(body: str) -> bool:
    """True for Python that ends in `;`, which as in any cell keeps its value from being shown.

    >>> is_quiet("rows;  # many"), is_quiet("rows"), is_quiet("'a;'")
    (True, False, False)
    """
    if ";" not in body:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(body).readline))
    except (tokenize.TokenError, SyntaxError):
        return False
    last = next((one for one in reversed(tokens) if one.type not in _SILENT), None)
    return last is not None and last.string == ";"


def _show_named(shell: Any, values: Mapping[Any, Any]) -> None:
    """Each output under its name; what is a short text stands beside it."""
    for name, value in values.items():
        data, metadata = shell.display_formatter.format(value)
        text = data.get("text/plain", "")
        if set(data) == {"text/plain"} and "\n" not in text:
            _publish(shell, {"text/plain": f"{name}: {text}"}, {})
        else:
            label = {"text/plain": f"{name}:", "text/html": f"<b>{escape(str(name))}</b>"}
            _publish(shell, label, {})
            _publish(shell, data, metadata)


def _publish(shell: Any, data: dict[str, Any], metadata: dict[str, Any]) -> None:
    if data:  # nothing is left to be shown of what has shown itself
        shell.display_pub.publish(data, metadata)
