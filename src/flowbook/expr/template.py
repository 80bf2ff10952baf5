"""Text with `{{ expressions }}` in it.

A template that is one single expression keeps the type of its value; any other gives text, in
which None is nothing, booleans are `true` and `false`, lists and dictionaries are JSON, dates are
ISO. A value is never read as a template again.

Between `{{` and `}}` is Python's expression syntax, or JavaScript after `js:`: braces nest, and
braces inside quotes are text. Outside, `{{{{` writes a literal `{{`, and `}}` is simply itself, so
that JSON can be written as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Final, TypeAlias

from flowbook.errors import ExpressionError
from flowbook.expr.budget import MAX_TEXT, Budget, Code, refuse
from flowbook.expr.evaluate import Scripts, evaluate
from flowbook.expr.javascript import begin_of, end_of
from flowbook.expr.parse import Expression, parse
from flowbook.expr.roots import Path

MAX_PARTS: Final = 1_000
_SHORT: Final = 4_096
"""Characters of a template that is kept once it is parsed."""

Part: TypeAlias = "str | Expression"


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: literal text and expressions in turn.

    >>> Template.parse("{{ server.url }}/daily?city={{ city.lower() }}").render(
    ...     {"server": {"url": "http://localhost"}, "city": "Oslo"}
    ... )
    'http://localhost/daily?city=oslo'
    """

    text: str
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template `text` holds; `ExpressionError` with the column in `text`."""
        if len(text) > MAX_TEXT:
            raise refuse(Code.TOO_COMPLEX, f"a template is longer than {MAX_TEXT:,} characters")
        return _short(text) if len(text) <= _SHORT else cls(text, tuple(_parts(text)))

    @property
    def reads(self) -> frozenset[Path]:
        """The dotted paths its expressions read."""
        return frozenset().union(*(part.reads for part in self.expressions))

    @property
    def inputs(self) -> frozenset[Path]:
        """What they read of a flow: `reads` without what the project provides (`$env`)."""
        return frozenset().union(*(part.inputs for part in self.expressions))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Its expressions, in order."""
        return tuple(part for part in self.parts if isinstance(part, Expression))

    def render(self, names: Mapping[str, Any], scripts: Scripts | None = None) -> Any:
        """Its value over `names`: of the single expression's own type, else text.

        `scripts` evaluates what of it is JavaScript.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return evaluate(self.parts[0], names, scripts)
        made: list[str] = []
        length = 0
        for part in self.parts:
            text = part if isinstance(part, str) else as_text(evaluate(part, names, scripts))
            made.append(text)
            length += len(text)
            if length > MAX_TEXT:
                raise refuse(
                    Code.TOO_LARGE, f"the text made is longer than {MAX_TEXT:,} characters"
                )
        return "".join(made)


@lru_cache(maxsize=1_024)
def _short(text: str) -> Template:
    """Templates that are asked for again: of each run, and of each item."""
    return Template(text, tuple(_parts(text)))


def as_text(value: Any) -> str:
    """A value as it is written into text.

    >>> as_text(True), as_text(None), as_text([1, "a"])
    ('true', '', '[1, "a"]')
    """
    if type(value) is str:
        return value
    value = Budget({}).look(value)
    if value is None:
        return ""
    if type(value) in (bool, list, dict, tuple, set):
        try:
            return json.dumps(value, ensure_ascii=False, default=_iso)
        except (TypeError, ValueError):
            message = f"a {type(value).__name__} with parts that JSON has no form for"
            raise refuse(Code.TYPE, f"{message} cannot be written into text") from None
    return _iso(value)


def _iso(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if type(value) is set:
        raise TypeError  # its order would differ from one process to the next
    return str(value)


def _parts(text: str) -> list[Part]:
    parts: list[Part] = []
    literal = ""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        literal += text[at:start]
        if text.startswith("{{{{", start):
            literal += "{{"
            at = start + 4
            continue
        end = _end(text, start + 2)
        if literal:
            parts.append(literal)
            literal = ""
        parts.append(_expression(text, start + 2, end))
        at = end + 2
        if len(parts) > MAX_PARTS:
            raise refuse(Code.TOO_COMPLEX, f"a template has more than {MAX_PARTS:,} parts")
    literal += text[at:]
    return [*parts, literal] if literal or not parts else parts


def _expression(text: str, start: int, end: int) -> Expression:
    source = text[start:end]
    try:
        return parse(source)
    except ExpressionError as error:
        lead = len(source) - len(source.lstrip())
        column = start + lead + (error.column or 1)
        message = f"{error.message} (in {{{{ {_shortened(source.strip())} }}}})"
        raise refuse(error.code, message, column) from None  # type: ignore[arg-type]  # a Code


def _shortened(source: str) -> str:
    return source if len(source) <= 60 else source[:59] + "…"


_OPENING = "([{"
_CLOSING = ")]}"


def _end(text: str, start: int) -> int:
    """Where the `}}` is that closes the expression beginning at `start`."""
    script = begin_of(text, start)
    if script is not None:
        return end_of(text, script)
    depth, at = 0, start
    while at < len(text):
        sign = text[at]
        if sign in "'\"":
            at = _string_end(text, at)
            continue
        if depth == 0 and text.startswith("}}", at):
            return at
        depth = max(0, depth + (sign in _OPENING) - (sign in _CLOSING))
        at += 1
    raise refuse(Code.SYNTAX, "{{ is not closed by }}", start - 1)


def _string_end(text: str, start: int) -> int:
    quote = text[start] * 3 if text.startswith(text[start] * 3, start) else text[start]
    at = start + len(quote)
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        else:
            at += 1
    raise refuse(Code.SYNTAX, "a quote in {{ }} is not closed", start + 1)
