"""Where everything a node works with comes from, input by input and setting by setting.

Each answers with one of five words: `literal` (written in the node), `expression` (a template, or
an expression the node evaluates itself), `upstream` (an output, or a name of the turn it is in),
`secret` (an expression that reads one) or `parameter` (a value of the run).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flowbook.graph.spec import FlowSpec, Json, Missing, NodeSpec
from flowbook.graph.wiring import Wiring, resolve
from flowbook.ids import NodeId, PortName

_TEXT_MAX: Final = 120
_SECRET: Final = re.compile(r"\bsecrets?\s*[.(\[]")
_EXPRESSIONS: Final = frozenset({"condition", "expression"})
"""Settings that are expressions without braces, at any depth."""


class Origin(StrEnum):
    """What kind of source a value has; `NOTHING`: it is bound to nothing."""

    LITERAL = "literal"
    EXPRESSION = "expression"
    UPSTREAM = "upstream"
    SECRET = "secret"  # noqa: S105 - a word, and no secret
    PARAMETER = "parameter"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Source:
    """One source: of which input or setting, what kind it is, and where it is or what it says.

    `text` is an output (`fetch.rows`), a parameter, an expression or a literal, cut; `default` is
    the parameter's. Values of a name that the flow keeps to itself are left out.
    """

    name: str
    origin: Origin
    text: str = ""
    default: str = ""
    setting: bool = False

    def __str__(self) -> str:
        default = f" = {self.default}" if self.default else ""
        return f"{self.name}: {self.origin} {self.text}".rstrip() + default


def sources_of(spec: FlowSpec, node: NodeId) -> tuple[Source, ...]:
    """The sources of a node's inputs, then of its settings; `UnknownNode` when there is none.

    >>> one = NodeSpec(NodeId("get"), "http", config={"url": "{{ base }}/x", "retry": 3})
    >>> print(*sources_of(FlowSpec("tour", (one,)), NodeId("get")), sep=", ")
    url: expression {{ base }}/x, retry: literal 3
    """
    found = spec.node(node)
    return (*input_sources(found, fed_by(resolve(spec)), spec), *setting_sources(found, spec))


Fed = Mapping[tuple[NodeId, PortName], tuple[Origin, str]]


def fed_by(wiring: Wiring) -> Fed:
    """What feeds each input of each node."""
    fed = {
        (edge.target, edge.input): (Origin.UPSTREAM, f"{edge.source}.{edge.output}")
        for edge in wiring.edges
    }
    for use in wiring.params:
        fed[use.target, use.input] = (
            (Origin.UPSTREAM, f"{use.frame}.{use.param}")
            if use.frame
            else (Origin.PARAMETER, str(use.param))
        )
    return fed


def input_sources(node: NodeSpec, fed: Fed, spec: FlowSpec) -> Iterator[Source]:
    """The source of each input, in order."""
    defaults = {param.name: param.default for param in spec.params}
    for one in node.inputs:
        origin, text = fed.get((node.id, one.name), (Origin.NOTHING, ""))
        default = defaults.get(PortName(text), one.default)
        shown = ""
        if origin is Origin.PARAMETER and not isinstance(default, Missing | None):
            shown = "" if _is_kept(text, spec) else _shown(default)
        yield Source(one.name, origin, text, shown)


def setting_sources(node: NodeSpec, spec: FlowSpec) -> Iterator[Source]:
    """The source of each setting that is written, in order."""
    for name, value in node.config.items():
        texts = list(_expressions(name, value))
        if not texts:
            shown = "" if _is_kept(name, spec) else _shown(value)
            yield Source(name, Origin.LITERAL, shown, setting=True)
            continue
        secret = any(map(_SECRET.search, texts))
        text = texts[0] if isinstance(value, str) else "; ".join(texts)
        yield Source(name, Origin.SECRET if secret else Origin.EXPRESSION, _cut(text), setting=True)


def _expressions(name: str, value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if "{{" in value or name in _EXPRESSIONS:
            yield value.strip()
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _expressions(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions(name, inner)


def _is_kept(name: str, spec: FlowSpec) -> bool:
    """True for a name whose values the flow never writes."""
    kept = {_plain(one) for one in spec.options.sensitive_fields}
    return _plain(name) in kept


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def _shown(value: Json) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}…"
