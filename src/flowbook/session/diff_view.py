"""How a `Diff` reads: as text, and as a card in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final, Protocol

from flowbook.graph.comparing import Mark
from flowbook.store.display import html_table, moment, took

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowbook.graph.comparing import Comparison
    from flowbook.ids import NodeId
    from flowbook.session.diff_parts import NodeDiff, Setting
    from flowbook.store.rows import RunRow


class Compared(Protocol):
    """What is shown: two runs, and what differs; `flowbook.session.diff.Diff` is one."""

    a: RunRow
    b: RunRow
    definition: Comparison | None
    params: tuple[Setting, ...]
    environment: tuple[Setting, ...]
    nodes: tuple[NodeDiff, ...]

    @property
    def first(self) -> Sequence[NodeId]: ...
    def __getitem__(self, node: str, /) -> NodeDiff: ...
    def __bool__(self) -> bool: ...


_MOST_LINES: Final = 12
_MOST_CAUSES: Final = 5
_HEAD: Final = ("node", "first run", "second run", "given otherwise", "what came of it")
_UNTOLD: Final = "nothing that is recorded: it reads from outside, or differs by itself"


def text_of(diff: Compared) -> str:
    """The whole, a few lines for each node that differs."""
    lines = [f"a  {_run(diff.a)}", f"b  {_run(diff.b)}"]
    lines += [f"{word} {_setting(one)}" for word, one in _settings(diff)]
    if diff.definition is None:
        lines.append("definition: not there to be read")
    elif diff.definition:
        lines.append(f"definition: {diff.definition.summary()}")
    changed = [one for one in diff.nodes if one.diverges or one.causes]
    for one in changed:
        lines += _node_lines(one)
    same = len(diff.nodes) - len(changed)
    if same:
        lines.append(f"{same} {'node' if same == 1 else 'nodes'} the same")
    lines.append(_first(diff))
    return "\n".join(lines)


def html_of(diff: Compared) -> str:
    """The same for a notebook; everything is escaped."""
    first = set(diff.first)
    rows = [
        (
            f"{one.node}{' ← first' if one.node in first else ''}",
            _ended(one, "a"),
            _ended(one, "b"),
            ", ".join(one.causes),
            "; ".join(_results(one)) or ("other" if one.diverges else "same"),
        )
        for one in diff.nodes
        if one.diverges or one.causes
    ]
    given = [
        (word, one.name, _short(one.before), _short(one.after)) for word, one in _settings(diff)
    ]
    table = html_table(("", "name", "first run", "second run"), given) if given else ""
    nodes = html_table(_HEAD, rows) if rows else ""
    code = "".join(
        f"<details><summary>{escape(one.node)}: {escape(', '.join(one.change.parts))}</summary>"
        f"<pre>{escape(chr(10).join(_lines(one)))}</pre></details>"
        for one in diff.nodes
        if one.change.mark is Mark.CHANGED and one.change.lines
    )
    return (
        f'<div class="flowbook-diff"><p><b>a</b> {escape(_run(diff.a))}<br>'
        f"<b>b</b> {escape(_run(diff.b))}</p>{table}{nodes}{code}"
        f"<p>{escape(_first(diff))}</p></div>"
    )


def _run(row: RunRow) -> str:
    parts = (row.id, row.status.value, moment(row.started_at), took(row.duration_ms), row.error)
    return "  ".join(part for part in parts if part)


def _settings(diff: Compared) -> Iterator[tuple[str, Setting]]:
    yield from (("parameter", one) for one in diff.params)
    yield from (("environment", one) for one in diff.environment)


def _setting(one: Setting) -> str:
    return f"{one.name}: {_short(one.before)} → {_short(one.after)}"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _node_lines(one: NodeDiff) -> Iterator[str]:
    causes = f"  ({', '.join(one.causes)})" if one.causes else ""
    yield f"{one.node}{causes}" + ("" if one.diverges else ": the same came of it")
    yield from (f"    {line}" for line in _lines(one)[:_MOST_LINES])
    yield from (f"    {told}" for told in _results(one))


def _lines(one: NodeDiff) -> list[str]:
    """What changed in its text, without the lines that stayed."""
    if one.change.mark is not Mark.CHANGED:
        return []
    return [f"{mark} {line}" for mark, line in one.change.lines if mark != " "]


def _results(one: NodeDiff) -> Iterator[str]:
    """What came of it, as far as that differs."""
    a, b = one.a, one.b
    if one.turns is not None:
        turns = one.turns
        if turns.differing or turns.only_a or turns.only_b:
            told = f"{turns.differing} of {turns.compared} turns differ"
            alone = f", {turns.only_a} only in the first run, {turns.only_b} only in the second"
            yield told + (alone if turns.only_a or turns.only_b else "")
    elif one.diverges and (a is None or b is None or (a.status, a.error) != (b.status, b.error)):
        yield f"{_ended(one, 'a')} → {_ended(one, 'b')}"
    for port, output in one.outputs.items():
        if output.difference.value != "same":
            yield (
                f"{port}: {output}"
                if len(one.outputs) > 1 or str(port) != one.node
                else str(output)
            )


def _ended(one: NodeDiff, side: str) -> str:
    ended = one.a if side == "a" else one.b
    if ended is None:
        return "not there"
    why = ended.error or ended.reason
    return " ".join(
        filter(None, (ended.status, took(ended.duration_ms), f"({why})" if why else ""))
    )


def _around(diff: Compared) -> tuple[str, ...]:
    """What was different around the runs: a few of it, where it is much."""
    told = tuple(f"environment {one.name}" for one in diff.environment)
    rest = len(told) - _MOST_CAUSES
    return told if rest <= 0 else (*told[:_MOST_CAUSES], f"{rest} more of the environment")


def _first(diff: Compared) -> str:
    """Where they part, and why."""
    first = diff.first
    if not first:
        return "nothing else came of it" if diff else "the two runs are alike"
    told = []
    for node in first:
        told.append(f"{node} ({', '.join(diff[node].causes or _around(diff)) or _UNTOLD})")
    return f"they part at {', '.join(told)}"
