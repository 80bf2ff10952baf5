"""Answers to questions about expressions: what may stand there, and what it would be worth.

Evaluation is that of a run: the same language, the same budget, no code of a value. It sees the
last run's values as far as they are at hand, and never a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from flowbook.errors import ExpressionError
from flowbook.expr.evaluate import evaluate
from flowbook.expr.parse import bare, parse
from flowbook.expr.roots import Path
from flowbook.expr.snippets import SNIPPETS
from flowbook.expr.template import Template
from flowbook.graph.offered import Offered
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.router import nested
from flowbook.widget.completing import Completing, shown, spot, type_of
from flowbook.widget.form_protocol import (
    AskCompletions,
    AskRoute,
    AskValue,
    Completions,
    Pattern,
    Routed,
    Value,
    Verdict,
)
from flowbook.widget.host import CanvasHost, Offering
from flowbook.widget.preview import preview
from flowbook.widget.seen import LastValues, Seen
from flowbook.widget.views import TablePreview

Answering: TypeAlias = Callable[[CanvasHost, Any], Any]
_HIDDEN: Final = "a secret is not shown"


def offered(host: CanvasHost) -> Offered:
    """What the project has for expressions; nothing where there is no project."""
    return host.offers.names() if isinstance(host, Offering) else Offered()


def complete(host: CanvasHost, asked: AskCompletions) -> Completions:
    """What may stand there."""
    last = LastValues(host)
    node = last.spec.node(asked.node)
    found = spot(asked.text, asked.at, bare=asked.bare)
    if found is None:
        return Completions(asked.view, asked.rid, asked.at, asked.at)
    completing = Completing(node, last, host.registry, offered(host))
    return Completions(asked.view, asked.rid, found.start, found.end, completing.items(found.path))


def value_of(host: CanvasHost, asked: AskValue) -> Value:
    """What a text would be."""
    last = LastValues(host)
    node = last.spec.node(asked.node)
    names = Names(host, node, last)
    try:
        if asked.bare:
            text = parse(bare(asked.text))
            names.need(text.reads)
            found = evaluate(text, names.of(text.reads))
        else:
            template = Template.parse(asked.text)
            names.need(template.reads)
            found = template.render(names.of(template.reads))
    except ExpressionError as refused:
        return _failed(asked, refused, names)
    return _value(asked, Seen(found, names.partly))


def route(host: CanvasHost, asked: AskRoute) -> Routed:
    """Where the last run's value would go."""
    last = LastValues(host)
    node = last.spec.node(asked.node)
    names = Names(host, node, last)
    patterns = tuple(Pattern(one.name, one.help, one.text) for one in SNIPPETS.values())
    try:
        routed = names.routed(asked.route_by)
    except ExpressionError as refused:
        value = _failed(asked, refused, names)
        return Routed(asked.view, asked.rid, value, patterns=patterns)
    if routed is None:
        value = Value(asked.view, asked.rid, error=_NO_RUN, pending=True)
        return Routed(asked.view, asked.rid, value, patterns=patterns)
    verdicts = tuple(_verdict(one.id, one.expression, names, routed) for one in asked.conditions)
    matched = [PortName(one.condition) for one in verdicts if one.holds]
    if asked.mode == "first_match":
        matched = matched[:1]
    return Routed(asked.view, asked.rid, _value(asked, routed), verdicts, tuple(matched), patterns)


_NO_RUN: Final = "Run the flow to see what this gives."


class Names:
    """What the expressions of a node see of the last run."""

    def __init__(self, host: CanvasHost, node: NodeSpec, last: LastValues) -> None:
        self._host, self._node, self._last = host, node, last
        self.seen = last.inputs(node)
        self.partly = False
        self.pending = False

    def need(self, reads: frozenset[Path]) -> None:
        """Refuse what is not shown, and note what has not run yet."""
        if any(path[0] == "$secret" for path in reads):
            raise ExpressionError(_HIDDEN)

    def of(self, reads: frozenset[Path]) -> dict[str, Any]:
        """The names that are read, as far as they are there."""
        found = nested({port: one.value for port, one in self.seen.items()})
        roots = {path[0]: path for path in reads}
        for name, path in roots.items():
            if name.startswith("$"):
                found[name] = self._ambient().get(name, {})
            elif name not in found:
                self._add(found, name, path)
        self.partly = any(
            one.partly for port, one in self.seen.items() if port.partition(".")[0] in roots
        )
        return found

    def routed(self, route_by: Any) -> Seen | None:
        """What a router tests; None when there is no value of it yet."""
        if isinstance(route_by, str) and "{{" in route_by and route_by != "{{ value }}":
            template = Template.parse(route_by)
            self.need(template.reads)
            return Seen(template.render(self.of(template.reads)), self.partly)
        if route_by is not None and route_by != "{{ value }}":
            return Seen(route_by)
        return self.seen.get(PortName("value")) or next(iter(self.seen.values()), None)

    def _add(self, found: dict[str, Any], name: str, path: Path) -> None:
        brings = self._host.registry.get(self._node.kind)
        params = self._last.params()
        if brings is not None and name in brings.brings:
            routed = self.routed(self._node.config.get("route_by"))
            if routed is not None:
                found[name] = routed.value
            self.pending = self.pending or routed is None
        elif name in params:
            found[name] = params[name]
        else:
            given = self._last.outputs(NodeId(name))
            if len(given) == 1 and (len(path) < 2 or path[1] not in given):
                found[name] = next(iter(given.values())).value
            elif given:
                found[name] = {str(port): one.value for port, one in given.items()}
            self.pending = self.pending or (not given and self._is_known(name))

    def _is_known(self, name: str) -> bool:
        inputs = {str(one.name).partition(".")[0] for one in self._node.inputs}
        return name in inputs or NodeId(name) in self._last.spec.by_id

    def _ambient(self) -> Mapping[str, Any]:
        names = offered(self._host)
        run = self._host.current_run()
        known = {} if run is None else {"id": str(run.id), "attempt": 1}
        return {"$env": dict(names.env), "$vars": {"run": {}, **names.variables}, "$run": known}


def _verdict(condition: str, text: str, names: Names, routed: Seen) -> Verdict:
    try:
        parsed = parse(bare(text))
        names.need(parsed.reads)
        found = evaluate(parsed, {**names.of(parsed.reads), "value": routed.value})
        return Verdict(condition, bool(found))
    except ExpressionError as refused:
        return Verdict(condition, None, _NO_RUN if names.pending else refused.message)
    except (ValueError, TypeError):
        return Verdict(condition, None, "it gives something that is neither true nor false")


def _failed(asked: Any, refused: ExpressionError, names: Names) -> Value:
    if names.pending:
        return Value(asked.view, asked.rid, error=_NO_RUN, pending=True)
    return Value(asked.view, asked.rid, error=refused.message, column=refused.column)


def _value(asked: Any, seen: Seen) -> Value:
    looked = preview(seen.value) if hasattr(seen.value, "columns") else None
    if isinstance(looked, TablePreview):
        seen = Seen(seen.value, seen.partly, looked.total, looked.columns)
    return Value(asked.view, asked.rid, shown(seen), type_of(seen), partly=seen.partly)


ANSWERS: Final[Mapping[type, Answering]] = {
    AskCompletions: complete,
    AskValue: value_of,
    AskRoute: route,
}
