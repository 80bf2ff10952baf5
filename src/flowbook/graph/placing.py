"""Where in the notebook a problem is: the cell of its node, and a line of it."""

from __future__ import annotations

import re

from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import NodeSpec


def at(
    node: NodeSpec,
    message: str,
    hint: str,
    line: int | None = 1,
    severity: Severity = Severity.ERROR,
) -> Problem:
    """A problem of `node`, on a line of its cell, the head's if nothing else is said.

    >>> from flowbook.ids import NodeId
    >>> print(at(NodeSpec(NodeId("get")), "it has no url", "url: https://…"))
    error: get: it has no url (url: https://…)
    """
    cell = node.place.cell if node.place else None
    return Problem(severity, message, node.id, cell, line if cell else None, hint or None)


def line_of(node: NodeSpec, text: str, setting: str = "") -> int:
    r"""The cell line on which a configuration cell writes a setting, or any other text of it.

    A text that is not there as it is stands where its `setting` does; that one on the head's line.

    >>> from flowbook.ids import NodeId
    >>> node = NodeSpec(NodeId("get"), body="params: {url: y}\nurl: x", body_line=2)
    >>> line_of(node, "url"), line_of(node, "url: y"), line_of(node, "nothing")
    (3, 2, 1)
    """
    lines = node.body.split("\n")
    key = re.compile(rf"""['"]?{re.escape(text)}['"]?\s*:""")
    for matches in (key.match, key.search, lambda line: text in line):
        for number, line in enumerate(lines):
            if matches(line):
                return node.body_line + number
    return line_of(node, setting) if setting else 1
