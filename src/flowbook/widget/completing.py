"""What may stand at a place of an expression: names with their types and their last values.

Only what a node's expressions may read is offered as it is: its inputs and what its direct
upstream gives. Any other node is offered as one that is not wired yet; naming it wires it. What is
not at hand has a label and no value; nothing is loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from flowbook.expr.functions import FUNCTIONS
from flowbook.expr.methods import METHODS
from flowbook.expr.paths import PARTS
from flowbook.expr.roots import RUN_FIELDS, SCOPES
from flowbook.graph.edits import Connect
from flowbook.graph.nesting import Nesting
from flowbook.graph.offered import Offered
from flowbook.graph.reach import reachable
from flowbook.graph.registry import Registry
from flowbook.graph.schemas import COLUMNS
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import resolve
from flowbook.ids import PortName
from flowbook.widget.form_protocol import Completion
from flowbook.widget.preview import type_name
from flowbook.widget.seen import LastValues, Seen

_WORD: Final = re.compile(r"(?:[A-Za-z_$][\w$]*\.)*[\w$]*$")
_SHOWN: Final = 60
_MOST: Final = 300
_ROOTS: Final = {
    "$env": "the environment",
    "$secret": "a secret",
    "$vars": "variables",
    "$run": "this run",
}
FIRST: Final = ("between", "contains", "matches")
"""Functions that stand before the others."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The characters that are being written, and the names before them: `fetch.` has `fetch`."""

    start: int
    end: int
    path: tuple[str, ...]


def spot(text: str, at: int, *, bare: bool) -> Spot | None:
    """Where in an expression somebody is writing; None outside of `{{ }}` and inside of quotes.

    >>> spot("x {{ fetch.st }}", 13, bare=False)
    Spot(start=11, end=13, path=('fetch',))
    >>> spot("fetch", 5, bare=False) is None
    True
    """
    before = text[:at]
    begin = 0
    if not bare:
        begin = before.rfind("{{") + 2
        if begin < 2 or "}}" in before[begin:]:
            return None
    if _in_quotes(before[begin:]):
        return None
    found = _WORD.search(before, begin)
    *path, word = found[0].split(".") if found else [""]
    if not path and before[: at - len(word)].endswith("."):
        return None  # behind what is computed: what that has is not known
    after = re.match(r"\w*", text[at:])
    end = at + (after.end() if after else 0)
    return Spot(at - len(word), end, tuple(path))


def _in_quotes(text: str) -> bool:
    quote = ""
    for sign in re.sub(r"\\.", "", text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
    return bool(quote)


class Completing:
    """What may be named in the expressions of one node."""

    def __init__(
        self, node: NodeSpec, last: LastValues, registry: Registry, offered: Offered
    ) -> None:
        self.node, self.last, self.offered = node, last, offered
        self.spec: FlowSpec = last.spec
        self.kind = registry.get(node.kind)
        self.seen = last.inputs(node)

    def items(self, path: tuple[str, ...]) -> tuple[Completion, ...]:
        """What may stand behind the names of `path`; behind none, every name there is."""
        if not path:
            return tuple(self._names())[:_MOST]
        if path[0].startswith("$"):
            return tuple(self._ambient(path))[:_MOST]
        return tuple(self._fields(path))[:_MOST]

    # ---------------------------------------------------------------- names

    def _names(self) -> Iterator[Completion]:
        known = {str(one.name).partition(".")[0] for one in self.node.inputs}
        for name in self.kind.brings if self.kind is not None else ():
            yield Completion(name, "turn", name, "what it tests", _short(self._routed()))
        yield from self._inputs()
        yield from self._turn(known)
        yield from self._params(known)
        yield from self._nodes(known)
        for name in (*FIRST, *(one for one in FUNCTIONS if one not in FIRST)):
            one = FUNCTIONS[name]
            yield Completion(f"{name}()", "function", f"{name}(", one.help, one.example)
        for name, told in _ROOTS.items():
            yield Completion(name, name.strip("$"), f"{name}.", told)

    def _inputs(self) -> Iterator[Completion]:
        nested: dict[str, None] = {}
        for one in self.node.inputs:
            name, dot, _ = str(one.name).partition(".")
            if dot or (self.kind is not None and name in self.kind.brings):
                nested |= {name: None} if dot else {}
                continue
            seen = self.seen.get(one.name)
            detail = one.annotation or ("" if seen is None else type_of(seen))
            yield Completion(name, "upstream", name, detail, _short(seen))
        for name in nested:
            ports = [one for one in self.node.inputs if one.name.startswith(f"{name}.")]
            told = ", ".join(one.name.partition(".")[2] for one in ports)
            yield Completion(name, "upstream", name, f"node: {told}")

    def _turn(self, known: set[str]) -> Iterator[Completion]:
        nesting = Nesting(self.spec)
        for container, names in nesting.frames(nesting.home(self.node.id)):
            for name in names:
                if name not in known:
                    known.add(name)
                    yield Completion(name, "turn", name, f"of a turn of {container.id}")

    def _params(self, known: set[str]) -> Iterator[Completion]:
        defaults = self.last.params()
        for one in self.spec.params:
            if one.name not in known:
                known.add(one.name)
                shown = _short(Seen(defaults[one.name])) if one.name in defaults else ""
                yield Completion(one.name, "parameter", one.name, one.annotation or "", shown)

    def _nodes(self, known: set[str]) -> Iterator[Completion]:
        """Other nodes: those that feed this one already, then those a wire would have to."""
        wiring = resolve(self.spec)
        feeding = {edge.source for edge in wiring.edges if edge.target == self.node.id}
        may = [self.spec.by_id[one] for one in reachable(self.spec, self.node.id, wiring)]
        others = [one for one in may if one.id not in known and one.outputs]
        for one in sorted(others, key=lambda one: one.id not in feeding)[:_MOST]:
            into = PortName(one.id)
            only = one.outputs[0] if len(one.outputs) == 1 else None
            seen = None if only is None else self.last.outputs(one.id).get(only)
            wire = Connect(one.id, one.outputs[0], self.node.id, into)
            detail = f"adds a wire: {wire.label.lower()}"
            if one.id in feeding:
                detail = "" if seen is None else type_of(seen)
            group = "upstream" if one.id in feeding else "wire"
            yield Completion(one.id, group, one.id, detail, _short(seen))

    # ---------------------------------------------------------------- fields

    def _fields(self, path: tuple[str, ...]) -> Iterator[Completion]:
        root, *rest = path
        source = self.spec.by_id.get(_id(root))
        listed = [one for one in self.node.inputs if one.name == root]
        if not rest and not listed:
            yield from self._ports(root, source)
        seen = self._value(path)
        if seen is not None:
            yield from _members(seen)
            return
        if not rest and source is not None:
            for port in source.outputs:
                yield from _declared(source, port)

    def _ports(self, root: str, source: NodeSpec | None) -> Iterator[Completion]:
        own = {str(one.name): one.name for one in self.node.inputs}
        ports = {name.partition(".")[2] for name in own if name.startswith(f"{root}.")}
        if source is not None and len(source.outputs) > 1:
            ports |= set(source.outputs)
        given = {} if source is None else self.last.outputs(source.id)
        for port in sorted(ports):
            seen = self.seen.get(PortName(f"{root}.{port}")) or given.get(PortName(port))
            wired = f"{root}.{port}" in own
            detail = "" if seen is None else type_of(seen)
            yield Completion(port, "upstream" if wired else "wire", port, detail, _short(seen))

    def _value(self, path: tuple[str, ...]) -> Seen | None:
        """What a path leads to, as far as values are at hand."""
        root, *rest = path
        found: Seen | None
        if self.kind is not None and root in self.kind.brings:
            found = self._routed()
        elif (found := self.seen.get(PortName(root))) is None and rest:
            found = self.seen.get(PortName(f"{root}.{rest[0]}"))
            given = self.last.outputs(_id(root))
            if found is not None or PortName(rest[0]) in given:
                found = found or given[PortName(rest[0])]
                rest = rest[1:]
        if found is None:
            given = self.last.outputs(_id(root))
            found = next(iter(given.values())) if len(given) == 1 else None
        value = None if found is None else found.value
        for name in rest:
            if not isinstance(value, Mapping) or name not in value:
                return None
            value = value[name]
        if found is None:
            return None
        return found if not rest else Seen(value, found.partly)

    def _routed(self) -> Seen | None:
        return self.seen.get(PortName("value")) or next(iter(self.seen.values()), None)

    def _ambient(self, path: tuple[str, ...]) -> Iterator[Completion]:
        root, *rest = path
        if root == "$vars" and len(rest) == 1:
            for name, value in self.offered.variables.get(rest[0], {}).items():
                yield Completion(name, "variable", name, type_name(value), _short(Seen(value)))
        elif not rest:
            yield from self._behind(root)

    def _behind(self, root: str) -> Iterator[Completion]:
        if root == "$env":
            for name, text in self.offered.env.items():
                yield Completion(name, "env", name, "text", _cut(text))
        elif root == "$secret":
            for name in self.offered.secrets:
                yield Completion(name, "secret", name, "secret, never shown")
        elif root == "$run":
            for name in RUN_FIELDS:
                yield Completion(name, "field", name, "of this run")
        elif root == "$vars":
            for scope in SCOPES:
                yield Completion(scope, "variable", f"{scope}.", f"variables of the {scope}")


def _members(seen: Seen) -> Iterator[Completion]:
    """Keys of a record, columns of a table, parts of a date, methods."""
    value = seen.value
    if isinstance(value, Mapping):
        for key, one in list(value.items())[:_MOST]:
            name = str(key)
            insert = name if name.isidentifier() else f"[{json.dumps(name, ensure_ascii=False)}]"
            yield Completion(name, "field", insert, type_name(one), _short(Seen(one)))
    for column in seen.columns:
        yield Completion(
            column.name, "column", column.name, column.dtype, _sample(seen, column.name)
        )
    for name in PARTS.get(type(value), ()):
        yield Completion(name, "field", name, "number", str(getattr(value, name)))
    for name, method in METHODS.get(type(value), {}).items():
        yield Completion(f"{name}()", "function", f"{name}(", method.help, method.example)


def _declared(source: NodeSpec, port: PortName) -> Iterator[Completion]:
    """Columns that a node says its output has."""
    text = dict(source.options.outputs).get(port)
    said = {} if text is None else json.loads(text)
    columns = said.get(COLUMNS) if isinstance(said, dict) else None
    for name, dtype in (columns or {}).items():
        yield Completion(name, "column", name, dtype if isinstance(dtype, str) else "")


def _sample(seen: Seen, column: str) -> str:
    rows = seen.value if isinstance(seen.value, list) else None
    if rows is None:
        try:
            cells = seen.value[column]
            return _cut(str(cells[0] if not hasattr(cells, "iloc") else cells.iloc[0]))
        except Exception:  # noqa: BLE001 - a value's own code; a sample is a courtesy
            return ""
    return _cut(str(rows[0].get(column, ""))) if rows and isinstance(rows[0], dict) else ""


def type_of(seen: Seen) -> str:
    """What a value is, in a word or two: `DataFrame of 45`, `dict of 3`, `int`."""
    if seen.rows is not None:
        word = type(seen.value).__name__
        return f"{'table' if word == 'list' else word} of {seen.rows:,}"
    return type_name(seen.value)


def _short(seen: Seen | None) -> str:
    return "" if seen is None else shown(seen)


def shown(seen: Seen) -> str:
    """A value in a few words."""
    if seen.columns:
        return _cut(", ".join(one.name for one in seen.columns))
    try:
        text = msgspec.json.encode(seen.value).decode()
    except Exception:  # noqa: BLE001 - what JSON has no form for
        text = type_name(seen.value)
    return _cut(text)


def _cut(text: str, most: int = _SHOWN) -> str:
    text = " ".join(text[: most + 1].split())
    return text if len(text) <= most else f"{text[:most]}…"


def _id(name: str) -> Any:
    return name
