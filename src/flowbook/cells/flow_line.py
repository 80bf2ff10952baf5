"""`%flow options name=value …`: what a notebook says about the recording of its flow.

The line stands at the left margin of a plain cell, of the parameters cell or of a setup cell, and
is read as text. Several lines add up; no name may come twice in a notebook. An option that is
true or false may stand alone and then means true.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flowbook.cells.header import SETUP, Fault, is_flow_cell, parse_cell
from flowbook.errors import FlowSyntaxError
from flowbook.graph.flow_options import (
    FLOW_OPTIONS,
    FlowOptions,
    parse_flow_options,
    print_flow_options,
)

_LINE: Final = re.compile(r"%flow(?:book)?[ \t]+options(?![\w-])(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One such line: where it stands in its cell, from 1, and its options as they are written."""

    number: int
    given: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def split_options(source: str) -> tuple[str, tuple[OptionLine, ...]]:
    r"""A cell's text with blank lines for its option lines, and those lines.

    A node's cell has none: there the line is part of a body that cannot run.

    >>> split_options("%flow options journal=off\ncity: str = 'Oslo'")
    ("\ncity: str = 'Oslo'", (OptionLine(number=1, given={'journal': 'off'}, faults=()),))
    """
    if "options" not in source or not _may_say(source):
        return source, ()
    kept: list[str] = []
    found: list[OptionLine] = []
    for number, text in enumerate(source.split("\n"), 1):
        match = _LINE.fullmatch(text)
        if match is not None:
            found.append(_read(match[1], number))
        kept.append(text if match is None else "")
    return "\n".join(kept), tuple(found)


def _may_say(source: str) -> bool:
    if not is_flow_cell(source):
        return not source.startswith("%%")
    header = parse_cell(source).header
    return header is not None and header.kind == SETUP


def _read(text: str, number: int) -> OptionLine:
    given: dict[str, str] = {}
    faults: list[Fault] = []
    try:
        words = shlex.split(text)
    except ValueError as broken:
        return OptionLine(
            number, faults=(Fault(f"the options cannot be read: {broken}", number, "check quotes"),)
        )
    if not words:
        faults.append(Fault("%flow options says nothing", number, "write name=value"))
    for word in words:
        name, equals, value = word.partition("=")
        option = FLOW_OPTIONS.get(name)
        if not equals and option is not None and option.flag:
            value = "true"
        fault = _fault(name, value, number)
        if fault is None and name in given:
            fault = twice(name, number)
        if fault is None:
            given[name] = value
        else:
            faults.append(fault)
    return OptionLine(number, given, tuple(faults))


def _fault(name: str, value: str, number: int) -> Fault | None:
    try:
        parse_flow_options({name: value})
    except FlowSyntaxError as refused:
        return Fault(refused.message, number, refused.hint)
    return None


def twice(name: str, number: int) -> Fault:
    """What is wrong with an option that was given before."""
    return Fault(f"flow option {name!r} is given twice", number, "keep one of them")


def print_option_line(given: Mapping[str, str]) -> str:
    """The line that says `given`.

    >>> print_option_line({"journal": "summary", "sensitive_fields": "ssn,Credit Card"})
    "%flow options journal=summary sensitive_fields='ssn,Credit Card'"
    """
    words = (f"{name}={shlex.quote(value)}" for name, value in given.items())
    return " ".join(["%flow options", *words])


def with_flow_options(
    source: str, options: FlowOptions, added: Mapping[str, str] | None = None
) -> str:
    """A cell's text once the flow has `options`: each where it was, none that are the default.

    `added` are options no cell says yet; they go to the last option line. A line that already
    says so stays as it is, one with nothing left to say goes.
    """
    lines = source.split("\n")
    found = split_options(source)[1]
    for line in reversed(found):
        wanted = _changed(line, options) | dict(added if line is found[-1] and added else {})
        if wanted != line.given:
            lines[line.number - 1 : line.number] = [print_option_line(wanted)] if wanted else []
    return "\n".join(lines)


def _changed(line: OptionLine, options: FlowOptions) -> dict[str, str]:
    printed = print_flow_options(options)
    said: dict[str, str] = {}
    for name, text in line.given.items():
        value: Any = getattr(options, name)
        if FLOW_OPTIONS[name].parse(text) == value:
            said[name] = text
        elif name in printed:
            said[name] = printed[name]
    return said
