"""Node options: one schema for flags, `#|` lines, decorator arguments and canvas forms.

`Options` is the frozen result; `OPTIONS` is the schema every door reads: names, help, parser and
printer. A new option is one field and one row here, nothing else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flowbook.errors import FlowSyntaxError
from flowbook.graph.choices import (
    Backoff,
    BackoffKind,
    Bounds,
    Losers,
    On,
    Role,
    Ttl,
    parse_compensate,
    parse_inside,
    parse_join,
    parse_losers,
    parse_on,
    parse_role,
    print_join,
)
from flowbook.graph.quantities import (
    Quantities,
    parse_bytes,
    parse_count,
    parse_most,
    parse_quantities,
    print_bytes,
    print_most,
    print_quantities,
)
from flowbook.graph.schemas import (
    Schemas,
    Validate,
    parse_schemas,
    parse_validate,
    print_schemas,
)


@dataclass(frozen=True, slots=True)
class Options:
    """How one node runs. Every field is a row of `OPTIONS`."""

    retries: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    timeout: float | None = None
    on: On = On.AUTO
    pure: bool = False
    cache: bool | Ttl = False
    cache_key: str = ""
    tags: tuple[str, ...] = ()
    inside: str = ""
    """The container that owns the node, and behind a dot which of its blocks: `guard.catch`."""
    join: int = 0
    """How many live inputs are enough to run; 0: all of them."""
    losers: Losers = Losers.CANCEL
    settled: bool = False
    """It runs however its inputs ended, and is given a record of each."""
    priority: int = 0
    """Where limits bind, the higher starts first; nodes inside of a container add its own."""
    needs: Quantities = ()
    memory_limit: int | None = None
    """Bytes that a node in a process of its own may have in memory."""
    cpu_limit: float | None = None
    """Seconds of CPU time that such a one may take in an attempt."""
    limit: int | None = None
    """How many of it run at once, over all runs of its flow in the process; None: any number."""
    limit_key: str = ""
    """An expression over its inputs: the limit, 1 if none is said, then holds for each value."""
    compensate: str = ""
    """The node that undoes this one, where it has completed and what it is part of fails."""
    role: Role = Role.WORK
    validate: Validate | None = None
    """None: as the flow says."""
    inputs: Schemas = ()
    outputs: Schemas = ()
    lock: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    completes: tuple[str, ...] = ()
    checkpoint: bool = False

    @property
    def bounds(self) -> Bounds | None:
        """Both limits; None where there is neither."""
        if self.memory_limit is None and self.cpu_limit is None:
            return None
        return Bounds(self.memory_limit, self.cpu_limit)

    @property
    def at_once(self) -> int | None:
        """How many of it may run at once with the same key; None: any number."""
        return 1 if self.limit is None and self.limit_key else self.limit

    @property
    def ends_others(self) -> bool:
        """True when other nodes are stopped once it has succeeded."""
        return bool(self.cancels or self.completes)

    @property
    def joins(self) -> bool:
        """True when it does not need every one of its inputs to be live."""
        return self.settled or self.join > 0


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the schema: its name, what it does, how its text reads and prints."""

    name: str
    help: str
    parse: Callable[[object], Any]
    print: Callable[[Any], str]
    flag: bool = False
    """True when `--name` alone means true."""
    field: str = ""
    """What the field is called in Python, and the keyword there, where the name cannot be one."""

    choices: tuple[str, ...] = ()
    """The words it takes, or some of them where it takes others too."""

    @property
    def attribute(self) -> str:
        """The name in Python."""
        return self.field or self.name


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(value: object) -> float:
    """Seconds from a number or from text such as `250ms`, `30s`, `5m`, `2h`, `1d`.

    >>> parse_duration("1.5m")
    90.0
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*", str(value))
        if match is None:
            raise ValueError("write a duration such as 250ms, 30s, 5m or 2h")
        seconds = float(match[1]) * _UNITS[match[2] or "s"]
    if not 0 <= seconds <= 366 * 86400:
        raise ValueError("a duration lies between 0 and 366 days")
    return seconds


def print_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back as `seconds`.

    >>> print_duration(90.0), print_duration(0.25)
    ('90s', '250ms')
    """
    for unit in ("d", "h", "m", "s", "ms"):
        count = round(seconds / _UNITS[unit])
        if count >= (2 if unit in "dhm" else 1) and count * _UNITS[unit] == seconds:
            return f"{count}{unit}"
    return f"{Decimal(repr(seconds)):f}s"


def parse_backoff(value: object) -> Backoff:
    """`2s`, `exponential`, `exponential 200ms` or `linear 1s max 30s`.

    >>> parse_backoff("exponential 200ms max 5s")
    Backoff(kind=<BackoffKind.EXPONENTIAL: 'exponential'>, first=0.2, cap=5.0)
    """
    if isinstance(value, Backoff):
        return value
    if isinstance(value, int | float):
        return Backoff(BackoffKind.FIXED, parse_duration(value))
    words = str(value).split()
    kind = BackoffKind.FIXED
    if words and words[0] in set(BackoffKind):
        kind = BackoffKind(words.pop(0))
    cap = Backoff().cap
    if len(words) >= 2 and words[-2] == "max":
        cap = parse_duration(words[-1])
        words = words[:-2]
    if len(words) > 1:
        raise ValueError("write a backoff such as 2s, exponential 200ms or linear 1s max 30s")
    if not words and kind is BackoffKind.FIXED:
        raise ValueError("a fixed backoff needs its pause, such as 2s")
    return Backoff(kind, parse_duration(words[0]) if words else 1.0, cap)


def print_backoff(backoff: Backoff) -> str:
    """Text that `parse_backoff` reads back."""
    first = print_duration(backoff.first)
    head = first if backoff.kind is BackoffKind.FIXED else f"{backoff.kind} {first}"
    return head if backoff.cap == Backoff().cap else f"{head} max {print_duration(backoff.cap)}"


def parse_bool(value: object) -> bool:
    """True or false, as themselves or as words."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in ("true", "false", "yes", "no"):
        raise ValueError("write true or false")
    return word in ("true", "yes")


def _parse_timeout(value: object) -> float | None:
    if value is None or str(value).strip().lower() == "none":
        return None
    return parse_duration(value)


def _parse_size(value: object) -> int | None:
    if value is None or str(value).strip().lower() == "none":
        return None
    return parse_bytes(value)


def _parse_tags(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(tag for tag in re.split(r"[,\s]+", value) if tag)
    tags = tuple(str(tag) for tag in _as_list(value))
    if any(re.search(r"[,\s]", tag) or not tag for tag in tags):
        raise ValueError("a tag is one word")
    return tags


def _parse_priority(value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d{1,6}", str(value).strip()):
        raise ValueError("write a whole number; the higher starts first")
    return int(str(value))


def _as_list(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError("write tags separated by commas")


def parse_cache(value: object) -> bool | Ttl:
    """True or false, or how old a result may be.

    >>> parse_cache("yes"), parse_cache("1h")
    (True, Ttl(seconds=3600.0))
    """
    if isinstance(value, Ttl):
        return value
    try:
        return parse_bool(value)
    except ValueError:
        pass
    try:
        seconds = parse_duration(value)
    except ValueError:
        seconds = 0.0
    if not seconds:
        raise ValueError("write true, false or how old a result may be, such as 1h")
    return Ttl(seconds)


def print_cache(value: bool | Ttl) -> str:
    """Text that `parse_cache` reads back."""
    return print_duration(value.seconds) if isinstance(value, Ttl) else print_bool(value)


def parse_expression(value: object) -> str:
    """An expression without its braces, on one line."""
    text = value.strip() if isinstance(value, str) else ""
    bare = text[2:-2].strip() if text.startswith("{{") and text.endswith("}}") else text
    if isinstance(value, str) and len(bare.splitlines()) <= 1:
        return bare
    raise ValueError("write an expression over what it is given, such as order.id")


def print_bool(value: bool) -> str:
    """The word `parse_bool` reads back."""
    return "true" if value else "false"


OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("retries", "How many more attempts after the first fails.", parse_count, str),
        Option("backoff", "Pause between attempts: 2s, exponential 200ms, linear 1s max 30s.",
               parse_backoff, print_backoff, choices=tuple(BackoffKind)),
        Option("timeout", "Give up an attempt after this long: 30s, 5m.", _parse_timeout,
               lambda v: "none" if v is None else print_duration(v)),
        Option("on", "Where it runs: auto, inline, thread or process.", parse_on, str,
               choices=tuple(On)),
        Option("pure", "No side effects: may run ahead of the journal.", parse_bool, print_bool,
               flag=True),
        Option("cache", "Take an earlier result for the same code and input content: true, or 1h.",
               parse_cache, print_cache, flag=True),
        Option("cache_key", "What of the inputs the cache goes by, such as order.id.",
               parse_expression, str),
        Option("tags", "Words to group and limit nodes by.", _parse_tags, ", ".join),
        Option("in", "The container it is in, such as each or guard.catch.", parse_inside, str,
               field="inside"),
        Option("join", "How many of its inputs are enough to run: all, any or a number.",
               parse_join, print_join, choices=("all", "any")),
        Option("losers", "What becomes of branches that join any or join n did not wait for: "
               "cancel or leave.", parse_losers, str, choices=tuple(Losers)),
        Option("settled", "Run however the inputs ended, with a record of each.", parse_bool,
               print_bool, flag=True),
        Option("priority", "The higher starts first where limits bind.", _parse_priority, str),
        Option("needs", "What it takes of the machine while it runs: cpu=2, mem=4GB, gpu=1.",
               parse_quantities, print_quantities),
        Option("memory_limit", "How much memory it may have, in a process of its own: 500MB.",
               _parse_size, lambda v: "none" if v is None else print_bytes(v)),
        Option("cpu_limit", "How much CPU time an attempt may take, in a process of its own: 30s.",
               _parse_timeout, lambda v: "none" if v is None else print_duration(v)),
        Option("limit", "How many of it run at once, over all runs of its flow in a process.",
               parse_most, print_most),
        Option("limit_key", "What of the inputs the limit goes by, such as order.customer: so many "
               "at once with each value.", parse_expression, str),
        Option("compensate", "The node that undoes it when the run fails after it has completed.",
               parse_compensate, str),
        Option("role", "When it runs: work, setup (before all else) or teardown (after all else).",
               parse_role, str, choices=tuple(Role)),
        Option("validate", "What is checked of its inputs and outputs: schemas (those with a "
               "schema), off, warn or error (annotations too).", parse_validate,
               lambda v: "none" if v is None else str(v), choices=tuple(Validate)),
        Option("inputs", "Schemas of its inputs: {rows: {columns: {city: string}}, top: int}.",
               parse_schemas, print_schemas),
        Option("outputs", "Schemas of its outputs, likewise.", parse_schemas, print_schemas),
        Option("lock", "Held while it runs, by a container as a whole; one has it at a time.",
               _parse_tags, ", ".join),
        Option("cancels", "Nodes and containers that are cancelled once it has succeeded.",
               _parse_tags, ", ".join),
        Option("completes", "Loops that end once it has succeeded, with what they have by then.",
               _parse_tags, ", ".join),
        Option("checkpoint", "Put all on disk behind it, before anything goes on.", parse_bool,
               print_bool, flag=True),
    )
}  # fmt: skip


def parse_options(given: Mapping[str, object]) -> Options:
    """Options from raw flag, line, keyword or form values.

    Raises `FlowSyntaxError` naming the option, the value and what would be accepted.

    >>> parse_options({"retries": "3", "timeout": "30s"}).timeout
    30.0
    """
    return replace(Options(), **parse_by(OPTIONS, given))


def print_options(options: Options) -> dict[str, str]:
    """The options that differ from the defaults, as text `parse_options` reads back."""
    return print_by(OPTIONS, options, Options())


def parse_by(schema: Mapping[str, Option], given: Mapping[str, object]) -> dict[str, Any]:
    """Raw values as `schema` reads them; `FlowSyntaxError` for the first it refuses."""
    parsed: dict[str, Any] = {}
    pythonic = {option.field: option for option in schema.values() if option.field}
    for name, raw in given.items():
        option = schema.get(name) or pythonic.get(name)
        if option is None:
            raise FlowSyntaxError(f"unknown option {name!r}", hint=did_you_mean(name, schema))
        try:
            parsed[option.attribute] = option.parse(raw)
        except ValueError as refused:
            raise FlowSyntaxError(f"option {name!r} cannot be {raw!r}", hint=str(refused)) from None
    return parsed


def print_by(schema: Mapping[str, Option], options: object, defaults: object) -> dict[str, str]:
    """The fields of `options` that differ from `defaults`, as text, in the schema's order."""
    if options == defaults:  # most nodes say none, and this is asked of all of them
        return {}
    return {
        name: option.print(getattr(options, option.attribute))
        for name, option in schema.items()
        if getattr(options, option.attribute) != getattr(defaults, option.attribute)
    }


def did_you_mean(word: str, known: Mapping[str, object] | tuple[str, ...] | list[str]) -> str:
    """A hint that names the closest of `known`, or all of them when none is close."""
    names = list(dict.fromkeys(map(str, known)))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(sorted(names))}" if names else "there are none yet"
