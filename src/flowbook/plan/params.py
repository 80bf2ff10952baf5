"""Parameters of a run: what does not fit its plan, and values from texts as they are typed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from flowbook.errors import UsageError
from flowbook.graph.annotations import Unresolved, resolve_type
from flowbook.graph.judging import named_type, type_judge
from flowbook.graph.options import did_you_mean
from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import Json, Missing, ParamSpec
from flowbook.ids import PortName
from flowbook.plan.plan import Plan


def check_params(plan: Plan, given: Mapping[PortName, Any]) -> tuple[Problem, ...]:
    """What does not fit between a run's parameters and its plan; `given` includes defaults."""
    known = {param.name: param for param in plan.params}
    found = [
        Problem(
            Severity.ERROR,
            f"flow {plan.flow!r} has no parameter {name!r}",
            hint=did_you_mean(name, tuple(known)),
        )
        for name in given
        if name not in known
    ]
    demanded = {param.name for param in plan.demanded}
    for param in plan.params:
        if param.name in given:
            problem = _misfit(param, given[param.name])
            found += [problem] if problem else []
        elif isinstance(param.default, Missing) and param.name in demanded:
            found.append(
                Problem(
                    Severity.ERROR,
                    f"parameter {param.name!r} has no value",
                    hint=f"give it one: {param.name}=…",
                )
            )
    return tuple(found)


def _misfit(param: ParamSpec, value: Any) -> Problem | None:
    wanted = param_type(param)
    if wanted is None or (value is None and param.default is None):
        return None
    found = type_judge(wanted, from_json=True)(value)
    if found is None:
        return None
    inside = f": {found.expected} expected at {found.path}" if found.path != "$" else ""
    return Problem(
        Severity.ERROR,
        f"parameter {param.name!r} cannot be {value!r}{inside}",
        hint=f"write {_ARTICLES.get(wanted) or named_type(wanted)}",
    )


_ARTICLES: Final[Mapping[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


def param_type(param: ParamSpec) -> Any:
    """The type a parameter's annotation, else its default, asks for; None: anything goes.

    >>> param_type(ParamSpec(PortName("city"), "Oslo"))
    <class 'str'>
    """
    if param.annotation:
        for text in (param.annotation, param.annotation.partition("[")[0]):
            with contextlib.suppress(Unresolved):
                return resolve_type(text)
        return None  # an annotation that we cannot check is the user's own business
    default = type(param.default)
    return default if default in _ARTICLES else None


def coerce_params(plan: Plan, pairs: Sequence[str]) -> dict[PortName, Json]:
    """Typed parameters from `name=value` texts, as a command line gives them.

    Raises `UsageError` for a text without `=`. A value that does not fit stays the text it is, so
    that `check_params` names it with all else that is wrong.
    """
    known = {param.name: param for param in plan.params}
    values: dict[PortName, Json] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"{pair!r} is no parameter", hint="write name=value, such as city=Oslo"
            )
        port = PortName(name.strip())
        param = known.get(port)
        values[port] = _typed(text, param_type(param) if param else str)
    return values


def _typed(text: str, wanted: Any) -> Json:
    """What the text says, if that is what is wanted, else the text itself."""
    if wanted is str:
        return text
    value = _plain(text)
    return value if wanted is None or type_judge(wanted, from_json=True)(value) is None else text


def _plain(text: str) -> Json:
    """A scalar, list or mapping as YAML's JSON-like core reads it; else the text."""
    lowered = text.strip().lower()
    if lowered in ("true", "yes", "false", "no"):
        return lowered in ("true", "yes")
    try:
        decoded: Json = msgspec.json.decode(text.strip().encode())
    except msgspec.DecodeError:
        return text
    return decoded
