"""The first lines of a flow cell: `%%flow [kind] name[(inputs)] [-> outputs] [--options]`.

A kind may name its version, as in `%%flow http.v1 get`. The inputs read as a Python signature and
are parsed by Python; outputs may have a type, as in `-> rows, n: int`. Below may follow
`#| option: value` lines with the same keys as the flags.

Everything wrong is found at once, each on its line of the cell; printing a header and parsing it
again gives the same header.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from flowbook.cells.naming import own_name
from flowbook.cells.ports import closing, read_outputs
from flowbook.errors import FlowSyntaxError, UsageError
from flowbook.graph.options import OPTIONS, Option, Options, did_you_mean, parse_options
from flowbook.graph.spec import InputSpec, Json, Wire
from flowbook.ids import NodeId, PortName, as_node_id

SETUP: Final = "setup"
"""The kind of cells that are shared code and no node."""
PYTHON: Final = "python"
_UNNAMED: Final = NodeId("")
_START = re.compile(r"%%flow(?:book)?(?=\s|$)")
_NAME = re.compile(r"\s*([A-Za-z_]\w*)")
_VERSIONED = re.compile(r"\s*([A-Za-z_]\w*\.v\d+)(?=[ \t]|$)")
_SPACE = re.compile(r"\s*")
_ARROW = re.compile(r"\s*->\s*")
_OPTION_LINE = re.compile(r"#\|\s*([A-Za-z_][\w-]*)\s*:\s*(.*?)\s*$")
_OUTPUTS = re.compile(r"(?:(?!\s--).)*")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a cell; `line` counts from 1 in the cell."""

    message: str
    line: int = 1
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a flow cell says; None: left to be inferred from the body.

    `flags` and `lines` hold the options as written, each where it was written.
    """

    kind: str = PYTHON
    name: NodeId = _UNNAMED
    inputs: tuple[InputSpec, ...] | None = None
    outputs: tuple[PortName, ...] | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    returns: Mapping[PortName, str] = field(default_factory=dict)

    @property
    def options(self) -> Options:
        """The options; `FlowSyntaxError` for one that is refused (none is, after parsing)."""
        return parse_options({**self.lines, **self.flags})


@dataclass(frozen=True, slots=True)
class FlowCell:
    """A flow cell taken apart. `header` is None when the head itself cannot be read."""

    header: Header | None
    body: str
    body_line: int
    faults: tuple[Fault, ...] = ()


def is_flow_cell(source: str) -> bool:
    """True for a cell that starts with `%%flow` or `%%flowbook`.

    >>> is_flow_cell("%%flow clean"), is_flow_cell("%%flower"), is_flow_cell("x = 1")
    (True, False, False)
    """
    return _START.match(source) is not None


@lru_cache(maxsize=8192)
def declared_name(source: str) -> NodeId | None:
    """The node name a flow cell declares, however broken the rest of it is.

    >>> declared_name("%%flow http get --retires")
    'get'
    """
    start = _START.match(source)
    if start is None:
        return None
    words = _words(source.partition("\n")[0][start.end() :])
    name = words[-1] if words else None
    if len(words) == 2 and name is not None:
        name = own_name(words[0], name)
    return NodeId(name) if name and name != SETUP else None


def parse_cell(source: str) -> FlowCell:
    """A flow cell's head and body, with every fault of the head."""
    first, _, rest = source.partition("\n")
    start = _START.match(first)
    if start is None:
        return FlowCell(None, source, 1, (Fault("this cell does not start with %%flow"),))
    body_lines = rest.split("\n") if rest else []
    faults: list[Fault] = []
    lines: dict[str, str] = {}
    count = 0
    for text in body_lines:
        if not text.startswith("#|"):
            break
        count += 1
        _take_line(text, count + 1, lines, faults)
    header = _Reader(first, start.end(), lines, faults).read()
    return FlowCell(header, "\n".join(body_lines[count:]), 2 + count, tuple(faults))


def _take_line(text: str, number: int, lines: dict[str, str], faults: list[Fault]) -> None:
    match = _OPTION_LINE.match(text)
    if match is None:
        faults.append(Fault(f"{text.strip()!r} is no option line", number, "write #| name: value"))
        return
    name, value = match[1], match[2]
    if name in lines:
        faults.append(Fault(f"option {name!r} is given twice", number, "keep one of them"))
    fault = _option_fault(name, value, number)
    if fault is None:
        lines[name] = value
    else:
        faults.append(fault)


def _option_fault(name: str, value: object, line: int) -> Fault | None:
    if name not in OPTIONS:
        return Fault(f"unknown option {name!r}", line, did_you_mean(name, OPTIONS))
    try:
        parse_options({name: value})
    except FlowSyntaxError as refused:
        return Fault(refused.message, line, refused.hint)
    return None


def read_words(line: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where kind and name of a head line stand; the kind is empty where it is left out.

    >>> read_words("%%flow sql rows"), read_words("%%flow rows")
    (((7, 10), (11, 15)), ((7, 7), (7, 11)))
    """
    start = _START.match(line)
    at = start.end() if start else 0
    spans: list[tuple[int, int]] = []
    for _ in _words(line[at:]):
        match = _word(line, at, first=not spans)
        spans.append(match.span(1) if match else (at, at))
        at = spans[-1][1]
    name = spans[-1] if spans else (at, at)
    return (spans[0] if len(spans) == 2 else (name[0], name[0])), name


def _words(text: str) -> list[str]:
    """The one or two names at the start of a header."""
    words: list[str] = []
    position = 0
    while len(words) < 2 and (match := _word(text, position, first=not words)):
        words.append(match[1])
        position = match.end()
        if text[position : position + 1] not in (" ", "\t"):
            break
    return words


def _word(text: str, position: int, *, first: bool) -> re.Match[str] | None:
    """A name; the first may be that of a kind with its version."""
    kind = _VERSIONED.match(text, position) if first else None
    return kind or _NAME.match(text, position)


class _Reader:
    """Reads one header line from left to right."""

    def __init__(
        self, text: str, position: int, lines: Mapping[str, str], faults: list[Fault]
    ) -> None:
        self.text = text
        self.position = position
        self.lines = lines
        self.faults = faults

    def read(self) -> Header | None:
        kind, name = self._kind_and_name()
        if name is None and kind != SETUP:
            return None
        inputs = self._inputs()
        outputs, returns = self._outputs()
        flags = self._flags()
        if name is not None and keyword.iskeyword(name):
            self._fault(f"{name!r} is a word of Python and cannot name a node", "choose another")
            return None
        try:
            node = as_node_id(name) if name else NodeId("")
        except UsageError as refused:
            self._fault(refused.message, refused.hint)
            return None
        return Header(kind, node, inputs, outputs, flags, dict(self.lines), returns)

    def _fault(self, message: str, hint: str | None = None) -> None:
        self.faults.append(Fault(message, 1, hint))

    def _kind_and_name(self) -> tuple[str, str | None]:
        words = _words(self.text[self.position :])
        for i in range(len(words)):
            match = _word(self.text, self.position, first=i == 0)
            self.position = match.end() if match else self.position
        if not words:
            self._fault("a flow cell needs a name", "write %%flow name, or %%flow kind name")
            return PYTHON, None
        if words == [SETUP]:
            return SETUP, None
        if len(words) == 2:
            return words[0], own_name(words[0], words[1])
        if "." in words[0]:
            self._fault(f"a cell of kind {words[0]} needs a name", f"write %%flow {words[0]} name")
            return words[0], None
        return PYTHON, words[0]

    def _inputs(self) -> tuple[InputSpec, ...] | None:
        start = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]  # `*` matches
        if not self.text.startswith("(", start):
            return None
        end = closing(self.text, start)
        if end is None:
            self._fault("the inputs are not closed", "add the missing )")
            self.position = len(self.text)
            return None
        signature = self.text[start + 1 : end]
        self.position = end + 1
        try:
            given = _signature_of(signature)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as broken:
            reason = broken.msg if isinstance(broken, SyntaxError) else str(broken)
            self._fault(
                f"the inputs ({signature}) do not read as a Python signature: {reason}",
                "write them as name, name=node.output or name: type = value",
            )
            return None
        return self._signature(given)

    def _signature(self, given: ast.arguments) -> tuple[InputSpec, ...]:
        if given.vararg or given.kwarg or given.posonlyargs:
            self._fault("inputs cannot be *args, **kwargs or positional-only", "name each input")
        arguments = [*given.args, *given.kwonlyargs]
        blanks: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults))
        defaults = [*blanks, *given.defaults, *given.kw_defaults]
        found = [
            self._input(one, default) for one, default in zip(arguments, defaults, strict=True)
        ]
        names = [one.arg for one in arguments]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._fault(f"two inputs are called {name!r}", "rename one of them")
        return tuple({one.name: one for one in found if one is not None}.values())

    def _input(self, argument: ast.arg, default: ast.expr | None) -> InputSpec | None:
        name = PortName(argument.arg)
        annotation = ast.unparse(argument.annotation) if argument.annotation else None
        if default is None:
            return InputSpec(name, annotation=annotation)
        wire = _wire(default)
        if wire is not None:
            return InputSpec(name, wire=wire, annotation=annotation)
        try:
            value: Json = ast.literal_eval(default)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            self._fault(
                f"the default of input {name!r} is neither a literal nor an output: "
                f"{ast.unparse(default)}",
                "write a literal for a parameter, or node or node.output for a wire",
            )
            return None
        if not is_plain(value):
            self._fault(f"the default of input {name!r} is no plain value: {value!r}")
            return None
        return InputSpec(name, default=value, annotation=annotation)

    def _outputs(self) -> tuple[tuple[PortName, ...] | None, dict[PortName, str]]:
        arrow = _ARROW.match(self.text, self.position)
        if arrow is None:
            return None, {}
        match = _OUTPUTS.match(self.text, arrow.end())
        end = match.end() if match else len(self.text)
        written = self.text[arrow.end() : end]
        self.position = end
        found, wrong = read_outputs(written)
        for part in wrong:
            self._fault(f"{part!r} cannot name an output", "write -> first, second: int")
        names = [port for port, _ in found]
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            self._fault(f"two outputs are called {twins[0]!r}", "rename one of them")
        returns = {port: text for port, text in found if text is not None}
        return tuple(names) or None, returns

    def _flags(self) -> dict[str, str]:
        rest = self.text[self.position :]
        try:
            words = shlex.split(rest)
        except ValueError as broken:
            self._fault(f"the options cannot be read: {broken}", "close the quotes")
            return {}
        flags: dict[str, str] = {}
        while words:
            word = words.pop(0)
            if not word.startswith("--"):
                self._fault(
                    f"{word!r} does not belong here",
                    "write %%flow [kind] name[(inputs)] [-> outputs] [--option value]",
                )
                continue
            self._flag(word[2:], words, flags)
        return flags

    def _flag(self, word: str, words: list[str], flags: dict[str, str]) -> None:
        name, equals, value = word.partition("=")
        option = OPTIONS.get(name)
        if not equals:
            takes = words and not words[0].startswith("--")
            if option is not None and option.flag and not (takes and fits(option, words[0])):
                value = "true"
            elif takes:
                value = words.pop(0)
            elif option is not None:
                self._fault(f"option {name!r} needs a value", option.help)
                return
        fault = _option_fault(name, value, 1)
        if fault is not None:
            self.faults.append(fault)
        elif name in flags or name in self.lines:
            self._fault(f"option {name!r} is given twice", "keep one of them")
        else:
            flags[name] = value


def fits(option: Option, word: str) -> bool:
    """True when the word behind a flag is its value."""
    try:
        option.parse(word)
    except ValueError:
        return False
    return True


def _signature_of(text: str) -> ast.arguments:
    """The arguments in `text`, where one without a default may follow one with."""
    try:
        tree = ast.parse(f"def _(*, {text}): pass")
    except SyntaxError:
        tree = ast.parse(f"def _({text}): pass")
    return next(one for one in ast.walk(tree) if isinstance(one, ast.arguments))


def _wire(default: ast.expr) -> Wire | None:
    if isinstance(default, ast.Name):
        return Wire(NodeId(default.id))
    if isinstance(default, ast.Attribute) and isinstance(default.value, ast.Name):
        return Wire(NodeId(default.value.id), PortName(default.attr))
    if (
        isinstance(default, ast.Subscript)
        and isinstance(default.value, ast.Name)
        and isinstance(default.slice, ast.Constant)
        and isinstance(default.slice.value, str)
    ):
        return Wire(NodeId(default.value.id), PortName(default.slice.value))
    return None


def is_plain(value: object) -> bool:
    """True for what a run parameter can hold: JSON's values, numbers finite."""
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(inner) for key, inner in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)
