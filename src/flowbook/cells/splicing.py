"""A head with some of it changed: the text of those parts, and no other.

The author's spaces, quotes and order stay. What is written is read again: where it does not say
what it should, the line is printed anew.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from flowbook.cells.header import (
    PYTHON,
    Header,
    fits,
    parse_cell,
    read_words,
)
from flowbook.cells.naming import written_name
from flowbook.cells.ports import closing, print_outputs
from flowbook.cells.printing import print_flag, print_header, print_input, print_inputs
from flowbook.graph.options import OPTIONS
from flowbook.graph.spec import InputSpec

_WORD: Final = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""")
_ARROW: Final = re.compile(r"\s*->[^\S\n]*")
_OUTPUTS: Final = re.compile(r"(?:(?!\s--).)*")
_LINE: Final = re.compile(r"(#\|\s*([A-Za-z_][\w-]*)\s*:[^\S\n]*)(.*?)(\s*)$")


class _Splice(NamedTuple):
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Flag:
    """An option on the head line; `value` is where its value stands, if it has one."""

    name: str
    start: int
    end: int
    value: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Spans:
    """Where the parts of a head line stand, from start to end; empty ones where they would."""

    kind: tuple[int, int]
    name: tuple[int, int]
    inputs: tuple[int, int]
    arrow: tuple[int, int]
    outputs: tuple[int, int]
    flags: tuple[_Flag, ...]


def with_head(source: str, was: Header, now: Header, body: str | None = None) -> str:
    """A cell whose head said `was`, saying `now`; `body` is another one below it.

    >>> source = "%%flow  clean( raw , n = 3 ) --retries 2"
    >>> was = parse_cell(source).header
    >>> with_head(source, was, replace(was, flags={"retries": "3"}))
    '%%flow  clean( raw , n = 3 ) --retries 3'
    """
    first, newline, rest = source.partition("\n")
    lines = rest.split("\n") if newline else []
    count = next((i for i, line in enumerate(lines) if not line.startswith("#|")), len(lines))
    head = _head_line(first, was, now) if first_part(was) != first_part(now) else first
    options = [*_option_lines(lines[:count], now)]
    below = lines[count:] if body is None else (body.split("\n") if body else [])
    if body is None and newline and not below and not options:
        below = [""] if count == 0 else below
    return "\n".join([head, *options, *below])


def first_part(header: Header) -> Header:
    """What of a head stands on its first line."""
    return replace(header, lines={})


def _option_lines(lines: Sequence[str], now: Header) -> Iterator[str]:
    left = dict(now.lines)
    for line in lines:
        match = _LINE.match(line)
        name = match[2] if match else ""
        if match is None or name not in left:
            continue
        value = left.pop(name)
        yield line if match[3] == value else f"{match[1]}{value}{match[4]}"
    for name, value in left.items():
        yield f"#| {name}: {value}"


def _head_line(line: str, was: Header, now: Header) -> str:
    spans = _spans(line)
    made = line
    for one in sorted(_splices(line, spans, was, now), reverse=True):
        made = made[: one.start] + one.text + made[one.end :]
    read = parse_cell(made)
    if not read.faults and read.header == first_part(now):
        return made
    ending = line[len(line.rstrip()) :]
    return print_header(now) + (ending if ending == "\r" else "")


def _spans(line: str) -> _Spans:
    kind, name = read_words(line)
    at = re.compile(r"\s*").match(line, name[1]).end()  # type: ignore[union-attr]  # `*` matches
    end = closing(line, at) if line.startswith("(", at) else None
    inputs = (at, end + 1) if end is not None else (name[1], name[1])
    arrow = outputs = (inputs[1], inputs[1])
    if found := _ARROW.match(line, inputs[1]):
        stop = _OUTPUTS.match(line, found.end()).end()  # type: ignore[union-attr]  # `*` matches
        stop = len(line[:stop].rstrip())
        arrow, outputs = (found.start(), found.end()), (found.end(), stop)
    return _Spans(kind, name, inputs, arrow, outputs, tuple(_flags(line, outputs[1])))


def _flags(line: str, start: int) -> Iterator[_Flag]:
    words = list(_WORD.finditer(line, start))
    while words:
        word = words.pop(0)
        name, equals, _ = word[0].removeprefix("--").partition("=")
        value: tuple[int, int] | None = None
        if equals:
            value = (word.start() + word[0].index("=") + 1, word.end())
        elif words and not words[0][0].startswith("--"):
            option = OPTIONS.get(name)
            if option is None or not option.flag or fits(option, shlex.split(words[0][0])[0]):
                value = words.pop(0).span()
        yield _Flag(name, word.start(), value[1] if value else word.end(), value)


def _splices(line: str, spans: _Spans, was: Header, now: Header) -> Iterator[_Splice]:
    if was.kind != now.kind:
        spelt = "" if now.kind == PYTHON else now.kind
        behind = " " if spans.kind[0] == spans.kind[1] else ""
        yield _Splice(*spans.kind, spelt + behind)
    if was.name != now.name:
        yield _Splice(*spans.name, written_name(now.kind, now.name))
    if was.inputs != now.inputs:
        yield from _inputs(line, spans.inputs, was.inputs, now.inputs)
    if (was.outputs, was.returns) != (now.outputs, now.returns):
        if now.outputs is None:
            yield _Splice(spans.arrow[0], spans.outputs[1], "")
        else:
            text = print_outputs(now.outputs, now.returns)
            yield _Splice(*spans.outputs, text if was.outputs is not None else f" -> {text}")
    yield from _changed_flags(line, spans, was, now)


def _changed_flags(line: str, spans: _Spans, was: Header, now: Header) -> Iterator[_Splice]:
    for one in spans.flags:
        value = now.flags.get(one.name)
        if value is None:
            yield _Splice(len(line[: one.start].rstrip()), one.end, "")
        elif value != was.flags.get(one.name):
            if one.value is None:
                yield _Splice(one.end, one.end, f" {shlex.quote(value)}")
            else:
                yield _Splice(*one.value, _quoted(line[slice(*one.value)], value))
    added = [print_flag(name, value) for name, value in now.flags.items() if name not in was.flags]
    if added:
        at = len(line.rstrip())
        yield _Splice(at, at, "".join(f" {word}" for word in added))


def _quoted(old: str, value: str) -> str:
    """`value` in the quotes that are there, if it bears them."""
    quote = old[:1]
    if quote in ("'", '"') and old.endswith(quote) and not set(value) & set("'\"\\$`\n"):
        return f"{quote}{value}{quote}"
    return shlex.quote(value)


# ---------------------------------------------------------------- the signature


def _inputs(
    line: str,
    span: tuple[int, int],
    was: tuple[InputSpec, ...] | None,
    now: tuple[InputSpec, ...] | None,
) -> Iterator[_Splice]:
    if now is None:
        yield _Splice(*span, "")
        return
    parts = list(_parts(line, span)) if was else []
    names = [line[slice(*part)].partition(":")[0].partition("=")[0].strip() for part in parts]
    wanted = {one.name: one for one in now}
    kept = [one.name for one in was or () if one.name in wanted]
    if not was or names != [one.name for one in was] or kept != [n for n in wanted if n in names]:
        yield _Splice(*span, print_inputs(now))
        return
    last = ""
    for part, one in zip(parts, was, strict=True):
        if one.name in wanted:
            last = one.name
            if wanted[one.name] != one:
                yield _input(line, part, one, wanted[one.name])
    yield from _gone(line, parts, [one.name not in wanted for one in was])
    added = [print_input(one) for one in now if one.name not in names]
    if added:
        at = len(line[: parts[-1][1]].rstrip())
        yield _Splice(at, at, (", " if last else "") + ", ".join(added))


def _input(line: str, part: tuple[int, int], was: InputSpec, now: InputSpec) -> _Splice:
    """One input: only what stands behind its equals sign, where only that differs."""
    start, end = part
    text = line[start:end]
    inner = len(text) - len(text.lstrip())
    stop = start + len(text.rstrip())
    equals = _equals(text)
    shown = print_input(now)
    if equals is not None and was.annotation == now.annotation and "=" in shown:
        value = start + equals + 1
        value += len(line[value:]) - len(line[value:].lstrip())
        return _Splice(value, stop, shown[_equals(shown) or 0 :].removeprefix("=").strip())
    if equals is not None and was.annotation == now.annotation:
        return _Splice(len(line[: start + equals].rstrip()), stop, "")
    return _Splice(start + inner, stop, shown)


def _gone(line: str, parts: Sequence[tuple[int, int]], gone: Sequence[bool]) -> Iterator[_Splice]:
    """Inputs that go take the comma before them along, the first ones the comma behind."""
    first = True
    for at, (part, goes) in enumerate(zip(parts, gone, strict=True)):
        if goes and first:
            end = parts[at + 1][0] if at + 1 < len(parts) else part[1]
            spaces = len(line[end:]) - len(line[end:].lstrip()) if at + 1 < len(parts) else 0
            lead = len(line[part[0] :]) - len(line[part[0] :].lstrip())
            yield _Splice(part[0] + lead, end + spaces, "")
        elif goes:
            yield _Splice(part[0] - 1, len(line[: part[1]].rstrip()), "")
        first = first and goes


def _parts(line: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The arguments between the parentheses."""
    start = at = span[0] + 1
    while at < span[1] - 1:
        at = _skipped(line, at)
        if at < span[1] - 1 and line[at] == ",":
            yield start, at
            start = at + 1
        at += 1
    if line[start : span[1] - 1].strip():
        yield start, span[1] - 1


def _skipped(line: str, at: int) -> int:
    """The next place at or behind `at` that is in no quotes and no brackets."""
    while at < len(line) and line[at] in "([{'\"":
        if line[at] in "([{":
            at = (closing(line, at) or len(line)) + 1
        else:
            match = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"").match(line, at)
            at = match.end() if match else len(line)
    return at


def _equals(text: str) -> int | None:
    """Where the equals sign of an argument stands."""
    at = _skipped(text, 0)
    while at < len(text):
        if text[at] == "=":
            return at
        at = _skipped(text, at + 1)
    return None
