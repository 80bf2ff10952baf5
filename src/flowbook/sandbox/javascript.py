"""The value of a JavaScript expression over names: the door of this room.

Everything that goes wrong is an `ExpressionError`: a refused input, an error that the expression
threw, a limit it met, an engine that is not there. It holds no trace of the engine or the machine.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Code, refuse
from flowbook.expr.javascript import WORDS
from flowbook.sandbox.artefact import Unusable
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.supervisor import Supervisor, WorkerEnded, here
from flowbook.sandbox.values import Plainly, from_json

DEFAULT: Final = Limits()
_MESSAGE_MOST: Final = 300
_FIRST_LINE: Final = 4
"""Of the expression, in the function that the prelude makes of it."""
_PLACE: Final = re.compile(r"<input>:(\d{1,6}):(\d{1,6})")
_NAME: Final = re.compile(r"(?:[^\W\d]|\$)[\w$]*\Z")


def evaluate(
    source: str,
    names: Mapping[str, Any],
    limits: Limits = DEFAULT,
    by: Supervisor | None = None,
) -> Any:
    """The value of the expression `source`, which sees `names` and nothing else.

    Names that are no words of JavaScript are had by `$("name")`. `by`: who asks the worker, if not
    the one of this process. Raises `ExpressionError` with the
    column in `source`.

    >>> evaluate("prices.length", {"prices": {1, 2}})
    Traceback (most recent call last):
    flowbook.errors.ExpressionError: input 'prices': set is no JSON, and JavaScript is given ...
    """
    request = _request(source, names, limits)
    try:
        answer = (by or here()).ask(request, limits)
    except Unusable as why:
        raise unavailable(str(why)) from None
    except WorkerEnded:
        raise _exceeded("killed", limits) from None
    kind, rest = answer[:1], answer[1:]
    if kind == "=":
        return from_json(rest)
    if kind == "?":
        raise refuse(Code.TYPE, rest[:_MESSAGE_MOST])
    if kind == "!":
        raise _thrown(rest, source)
    raise _exceeded(rest, limits)


def unavailable(why: str) -> ExpressionError:
    """There is no JavaScript here; nothing else takes its place."""
    return ExpressionError(
        f"JavaScript expressions cannot run here: {why}",
        hint='pip install "flowbook[js]"',
        code=Code.UNAVAILABLE,
        column=None,
    )


def _request(source: str, names: Mapping[str, Any], limits: Limits) -> bytes:
    plainly = Plainly(limits.input_bytes)
    words = [name for name in names if _NAME.match(name) and name not in WORDS]
    others = [name for name in names if name not in words]
    content = {
        "source": source,
        "names": words,
        "others": others,
        "values": [plainly.plain(name, names[name]) for name in (*words, *others)],
        "seed": [int.from_bytes(os.urandom(4), "little", signed=True) for _ in range(4)],
    }
    request = json.dumps(content, allow_nan=False).encode("ascii")
    if len(request) > limits.input_bytes:
        raise refuse(
            Code.TOO_LARGE, f"all inputs are more than {limits.input_bytes >> 20} MB of JSON"
        )
    return request


def _thrown(told: str, source: str) -> ExpressionError:
    try:
        name, message, stack = map(str, json.loads(told))
    except (ValueError, TypeError, RecursionError):
        return refuse(Code.SCRIPT, "JavaScript: it threw something that has no text")
    if name == "InternalError" and "out of memory" in message:
        return _exceeded("memory", DEFAULT)
    place = _PLACE.search(stack)
    line, column = (int(place[1]) - _FIRST_LINE + 1, int(place[2])) if place else (0, 0)
    lines = source.split("\n")
    inside = 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1
    where = f" (line {line}, column {column})" if inside and len(lines) > 1 else ""
    text = " ".join(f"{name}: {message}".removeprefix(": ").split())
    cut = text if len(text) <= _MESSAGE_MOST else f"{text[:_MESSAGE_MOST]}…"
    unread = name == "SyntaxError" and "Function (native)" in stack
    code = Code.SYNTAX if unread else Code.SCRIPT
    before = sum(len(one) + 1 for one in lines[: line - 1])
    return refuse(code, f"JavaScript: {cut}{where}", before + column if inside else None)


def _exceeded(limit: str, limits: Limits) -> ExpressionError:
    match limit:
        case "time" | "killed":
            return refuse(Code.BUDGET, f"JavaScript took longer than {limits.wall_s:g} s")
        case "steps":
            return refuse(Code.BUDGET, "JavaScript took more steps than it may")
        case "memory":
            size = limits.memory_bytes >> 20
            return refuse(Code.TOO_LARGE, f"JavaScript needed more than {size} MB of memory")
        case "result":
            size = limits.result_bytes >> 20
            return refuse(Code.TOO_LARGE, f"the result is more than {size} MB of JSON")
    return refuse(Code.BUDGET, "JavaScript was stopped: it went too deep, or broke its engine")
