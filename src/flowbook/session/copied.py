"""The text of a copied cell under a name of its own.

Where the cell binds its own name, as in `%%flow clean` with `clean = …`, what it binds is renamed
with it: two cells that make one name would leave everybody who reads it in doubt.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from itertools import count

from flowbook.cells.header import PYTHON, parse_cell
from flowbook.cells.taking import analyse_body
from flowbook.ids import NodeId

_NUMBERED = re.compile(r"_\d+$")


def free_name(name: str, taken: Collection[str]) -> NodeId:
    """`name` with the first number that makes it nobody else's.

    >>> free_name("clean", {"clean"}), free_name("clean_2", {"clean", "clean_2"})
    ('clean_2', 'clean_3')
    """
    stem = _NUMBERED.sub("", name)
    return next(NodeId(f"{stem}_{n}") for n in count(2) if f"{stem}_{n}" not in taken)


def copied(source: str, old: str, new: str) -> str:
    r"""The flow cell `source`, which declares `old`, declaring `new`.

    >>> copied("%%flow clean --retries 2\nclean = raw + 1", "clean", "clean_2")
    '%%flow clean_2 --retries 2\nclean_2 = raw + 1'
    """
    parts = parse_cell(source)
    head = re.sub(
        rf"^(%%flow(?:book)?\s+(?:[A-Za-z_][\w.]*[ \t]+)?){re.escape(old)}\b",
        rf"\g<1>{new}",
        source,
        count=1,
    )
    lines = head.split("\n")
    header = parts.header
    if header is None or header.kind != PYTHON or header.outputs is not None:
        return head
    body = _rebound(parts.body, old, new)
    return "\n".join([*lines[: parts.body_line - 1], body])


def _rebound(body: str, old: str, new: str) -> str:
    """A Python body that binds `new` where it bound `old`; as it is where that is not plain."""
    try:
        tree = ast.parse(body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return body
    nodes = list(ast.walk(tree))
    found = [one for one in nodes if isinstance(one, ast.Name) and one.id == old]
    bound = any(isinstance(one.ctx, ast.Store) for one in found)
    read = any(one.root == old for one in analyse_body(body)[0].reads)
    if read or not bound or any(_inner(one, old) for one in nodes):
        return body
    lines = [line.encode() for line in body.split("\n")]
    for one in sorted(found, key=_place, reverse=True):
        line = lines[one.lineno - 1]
        end = one.col_offset + len(old.encode())
        lines[one.lineno - 1] = line[: one.col_offset] + new.encode() + line[end:]
    return b"\n".join(lines).decode()


def _place(one: ast.Name) -> tuple[int, int]:
    return one.lineno, one.col_offset


def _inner(one: ast.AST, name: str) -> bool:
    """True where the name is given a meaning in another way than by assigning to it."""
    if isinstance(one, ast.arg):
        return one.arg == name
    if isinstance(one, ast.alias):
        return name in (one.name, one.asname)
    if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return one.name == name
    return isinstance(one, ast.Global | ast.Nonlocal) and name in one.names
