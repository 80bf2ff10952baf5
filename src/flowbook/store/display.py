"""How rows look when somebody just looks at them: one line, a table of text, a table of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape


def took(milliseconds: float | None) -> str:
    """A duration in the unit that suits it.

    >>> took(12.3), took(4_200), took(200_000), took(9_000_000), took(None)
    ('12 ms', '4.2 s', '3 min 20 s', '2 h 30 min', '')
    """
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    if minutes < 60:
        return f"{minutes} min {int(seconds) % 60} s"
    return f"{minutes // 60} h {minutes % 60} min"


def moment(at: datetime | None) -> str:
    """A time to the second, in UTC; empty for none."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of equal width.

    >>> print(text_table(("id", "flow"), [("a", "tour"), ("bcd", "x")]))
    id   flow
    a    tour
    bcd  x
    """
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same for a notebook; every cell is escaped.

    >>> html_table(("id",), [("<b>",)])
    '<table><thead><tr><th>id</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
