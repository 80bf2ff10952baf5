"""What the project provides to expressions: `$env`, `$secret`, `$vars`, `$run`.

Only what an expression reads is looked up, and only when its node runs. What is not there is left
out of the names, so that the expression itself says what it misses; what is not allowed is refused
by whoever guards it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from flowbook.expr.parse import parse
from flowbook.expr.roots import AMBIENT, Path, is_ambient
from flowbook.expr.template import Template
from flowbook.graph.services import Scope
from flowbook.ids import uuid7_ms

if TYPE_CHECKING:
    from flowbook.graph.node import NodeContext

_LENGTHS: Final[Mapping[str, int]] = {"$env": 2, "$secret": 2, "$vars": 3, "$run": 2}
_VARIABLE: Final = re.compile(r"(?<![\w.])vars\s*[.\[]\s*['\"]?(?:run|flow|global)\b")
_MISSING: Final = object()


def paths_of(value: Any) -> frozenset[Path]:
    """What a configuration with templates reads of the project.

    >>> sorted(paths_of({"url": "{{ $env.HOST }}/{{ city }}", "n": 3}))
    [('$env', 'HOST')]
    """
    if isinstance(value, str):
        if "{{" not in value or not mentions(value):
            return frozenset()
        return _shortened(Template.parse(value).reads)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return frozenset().union(*map(paths_of, value))
    return frozenset()


def mentions(value: Any) -> str:
    """The root that a configuration names anywhere, in a template or not; '' for none."""
    if isinstance(value, str):
        plain = "$vars" if _VARIABLE.search(value) else ""  # $vars may be written without its $
        return next((root for root in sorted(AMBIENT) if root in value), plain)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return next(filter(None, map(mentions, value)), "")
    return ""


def names_of(context: NodeContext, expression: str) -> dict[str, Any]:
    """The names behind `$` that one expression reads."""
    return provided(context, _shortened(parse(expression).reads))


def provided(context: NodeContext, paths: Collection[Path]) -> dict[str, Any]:
    """What the paths lead to, nested as expressions walk them."""
    names: dict[str, Any] = {}
    for path in paths:
        value = _LOOKS[path[0]](context, path)
        if value is _MISSING:
            continue
        inner = names
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = value
    return names


def _shortened(paths: Collection[Path]) -> frozenset[Path]:
    """The paths that begin at the project, without the fields of what they lead to."""
    return frozenset(path[: _LENGTHS[path[0]]] for path in paths if is_ambient(path))


def _variable(context: NodeContext, path: Path) -> Any:
    _, scope, name = path
    return context.services.variables(Scope(scope)).get(name, _MISSING)


def _run(context: NodeContext, path: Path) -> Any:
    if path[1] == "attempt":
        return context.attempt
    if path[1] == "started":
        return datetime.fromtimestamp(uuid7_ms(context.run_id) / 1000, UTC).isoformat()
    return str(context.run_id)


_LOOKS: Final[Mapping[str, Callable[[NodeContext, Path], Any]]] = {
    "$env": lambda context, path: context.services.env(path[1]),
    "$secret": lambda context, path: context.services.secret(path[1]),
    "$vars": _variable,
    "$run": _run,
}
