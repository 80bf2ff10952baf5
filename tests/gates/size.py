"""The size gate: a file, a class or a function that outgrows its limit is named, and fails.

Run as `python tests/gates/size.py [folder]`. Documentation is free: a function's docstring does
not count against it, because the cheapest way to pass must not be to explain less; nor does an
`@overload`, or the `visit_X` of a visitor, count as a method: these are rows of a table.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 40
CLASS_METHODS = 20

Function = ast.FunctionDef | ast.AsyncFunctionDef


def offences(path: Path) -> Iterator[str]:
    """One line of text for everything in `path` that is too big."""
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    if lines > MODULE_LINES:
        yield f"{path}:1: module has {lines} lines, at most {MODULE_LINES}"
    for node in ast.walk(ast.parse(text, filename=str(path))):
        if isinstance(node, Function) and (size := function_lines(node)) > FUNCTION_LINES:
            yield f"{path}:{node.lineno}: {node.name} has {size} lines, at most {FUNCTION_LINES}"
        if isinstance(node, ast.ClassDef):
            methods = sum(counts(child, node) for child in node.body)
            if methods > CLASS_METHODS:
                yield (
                    f"{path}:{node.lineno}: {node.name} has {methods} methods, "
                    f"at most {CLASS_METHODS}"
                )


def counts(child: ast.stmt, owner: ast.ClassDef) -> bool:
    """True for a method, but not for another signature of one or a row of a visitor's table."""
    if not isinstance(child, Function):
        return False
    overload = any(ast.unparse(one).endswith("overload") for one in child.decorator_list)
    visitor = any(ast.unparse(base).endswith("NodeVisitor") for base in owner.bases)
    return not overload and not (visitor and child.name.startswith("visit_"))


def function_lines(node: Function) -> int:
    """Lines from `def` to the end, docstring and decorators left out."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def main(folder: Path) -> int:
    """Print the offences below `folder`; 1 when there is one, or when there is nothing to read."""
    files = sorted(folder.rglob("*.py"))
    found = [offence for path in files for offence in offences(path)]
    for offence in found:
        print(offence)
    if not files:
        print(f"{folder}: no Python files")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "src")))
