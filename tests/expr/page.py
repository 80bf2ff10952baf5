"""The tables of `docs/guides/expressions.md`, made of what the language has.

`python -m tests.expr.page` writes them between their markers; the test compares.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from flowbook.expr.functions import GROUPS
from flowbook.expr.methods import METHODS
from flowbook.expr.paths import PARTS
from flowbook.expr.snippets import SNIPPETS

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "expressions.md"
_SPOKEN = {
    str: "text", list: "list", tuple: "tuple", dict: "dict", float: "number with a fraction",
    date: "date", datetime: "date with time", timedelta: "length of time",
}  # fmt: skip


def tables() -> dict[str, str]:
    """Each table by the name of its markers."""
    return {"functions": _functions(), "methods": _methods(), "snippets": _snippets()}


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`{text}`"


def _functions() -> str:
    parts = []
    for group, functions in GROUPS.items():
        rows = [_row(_code(one.name), one.help, _code(one.example)) for one in functions]
        head = f"### {group}\n\n| function | gives | true |\n|---|---|---|"
        parts.append("\n".join([head, *rows]))
    return "\n\n".join(parts)


def _methods() -> str:
    rows = []
    for kind, methods in METHODS.items():
        if kind is tuple:
            continue  # it has what a list has
        rows += [
            _row(_SPOKEN[kind], _code(one.name), one.help, _code(one.example))
            for one in methods.values()
        ]
        parts = ", ".join(_code(f".{name}") for name in PARTS.get(kind, ()))
        if parts:
            rows.append(_row(_SPOKEN[kind], parts, "Its parts, as numbers.", ""))
    return "\n".join(["| of a | method | gives | true |\n|---|---|---|---|", *rows])


def _snippets() -> str:
    rows = [_row(one.name, _code(one.text), one.help) for one in SNIPPETS.values()]
    return "\n".join(["| pattern | expression | |\n|---|---|---|", *rows])


def filled(text: str) -> str:
    """The page with its tables as they should be."""
    for name, table in tables().items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        head, rest = text.split(begin)
        _, tail = rest.split(end)
        text = f"{head}{begin}\n{table}\n\n{end}{tail}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
