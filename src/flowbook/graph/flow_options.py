"""Options of a flow as a whole: what it says about its recording, its runs, and how much goes on.

Node options (`graph.options`) say how one node runs; these say what is written down of every run,
how safely and for how long, how runs go beside each other, and how many nodes run at a time. None
of them changes what is computed, so none is part of a plan's version. `FLOW_OPTIONS` is the schema
that every door reads: `Flow(...)`, `%flow options`, the stored form. A new option is one field and
one row here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from flowbook.graph.options import (
    Option,
    parse_bool,
    parse_by,
    parse_duration,
    parse_expression,
    print_bool,
    print_by,
    print_duration,
)
from flowbook.graph.quantities import (
    Quantities,
    parse_count,
    parse_counts,
    parse_most,
    parse_quantities,
    print_most,
    print_quantities,
)
from flowbook.graph.schemas import Validate, parse_validate


class JournalMode(StrEnum):
    """How much of a run is written down: everything, how it ended, or nothing."""

    FULL = "full"
    SUMMARY = "summary"
    OFF = "off"


class Durability(StrEnum):
    """What an acknowledged fact survives: a power cut, a killed process, or nothing."""

    FSYNC = "fsync"
    OS = "os"
    OFF = "off"


class StreamKeep(StrEnum):
    """What is kept of what nodes stream: nothing, of data the last chunk, or every chunk."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long runs are kept: so many days, so many of the latest, or for ever (neither).

    >>> str(Retention(days=30)), str(Retention(last=5)), str(Retention())
    ('30d', 'last:5', 'forever')
    """

    days: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        if self.days is not None:
            return f"{self.days}d"
        return "forever" if self.last is None else f"last:{self.last}"


@dataclass(frozen=True, slots=True)
class FlowOptions:
    """What a flow says of all its runs. Every field is a row of `FLOW_OPTIONS`.

    `retention` is text that `parse_retention` reads; None leaves it to the project. `timeout` is
    seconds, and a run has them `timeout_retries` times more. `key_ttl`: seconds, 0 for as long as
    the run goes on, None for ever. `max_concurrent` None: as many nodes at once as there are.
    `checkpoint_interval`: seconds between checkpoints. `measure`: also the attempts in this
    process; those in one of their own always are.
    """

    journal: JournalMode = JournalMode.FULL
    durability: Durability = Durability.FSYNC
    sensitive_fields: tuple[str, ...] = ()
    log_inputs: bool = True
    log_outputs: bool = True
    allow_pickle: bool = False
    retention: str | None = None
    audit: bool = False
    timeout: float | None = None
    timeout_retries: int = 0
    max_runs: int | None = None
    priority: int = 0
    key_ttl: float | None = None
    on_failure: str | None = None
    max_concurrent: int | None = None
    limits: Quantities = ()
    capacity: Quantities = ()
    limit_key: str = ""
    validate: Validate = Validate.SCHEMAS
    streams: StreamKeep = StreamKeep.ALL
    measure: bool = False
    checkpoint_interval: float | None = None

    @property
    def at_once(self) -> int | None:
        """How many runs may go on at once with the same `limit_key`; None: any number."""
        return 1 if self.max_runs is None and self.limit_key else self.max_runs


_DAYS_MAX = 36_500
_LAST_MAX = 1_000_000
_PRIORITY_MAX = 1_000_000
UNTIL_TERMINAL = "until-terminal"
"""What `key_ttl` says for: as long as the run goes on."""


def parse_retention(value: object) -> Retention:
    """`30d`, `90d` or any other number of days, `last:<N>` runs, or `forever`.

    Raises `ValueError` saying what would be accepted.

    >>> parse_retention("90d"), parse_retention("last:5")
    (Retention(days=90, last=None), Retention(days=None, last=5))
    """
    match = re.fullmatch(r"(forever)|([1-9]\d{0,5})d|last:([1-9]\d{0,6})", str(value).strip())
    if match is None:
        raise ValueError("write 30d, 90d or another number of days, last:<N> runs, or forever")
    if match[1]:
        return Retention()
    if match[2]:
        return Retention(days=_at_most(_DAYS_MAX, match[2], "days"))
    return Retention(last=_at_most(_LAST_MAX, match[3], "runs"))


def _at_most(limit: int, digits: str, what: str) -> int:
    number = int(digits)
    if number > limit:
        raise ValueError(f"at most {limit} {what} can be kept; write forever for more")
    return number


def _parse_journal(value: object) -> JournalMode:
    return JournalMode(_word_of(JournalMode, value))


def _parse_durability(value: object) -> Durability:
    return Durability(_word_of(Durability, value))


def _parse_streams(value: object) -> StreamKeep:
    return StreamKeep(_word_of(StreamKeep, value))


def _word_of(words: type[StrEnum], value: object) -> str:
    word = str(value).strip().lower()
    if word not in set(words):
        raise ValueError(f"write one of {', '.join(words)}")
    return word


def _parse_fields(value: object) -> tuple[str, ...]:
    """Names separated by commas; a name may hold spaces, as columns do."""
    given: list[object] = [value]
    if isinstance(value, str):
        given = [one for one in value.split(",") if one.strip()]
    elif isinstance(value, list | tuple):
        given = list(value)
    names = [one.strip() if isinstance(one, str) else "" for one in given]
    if any(not re.search(r"\w", name) or re.search(r"[,\r\n]", name) for name in names):
        raise ValueError("a field name has a letter or a digit, no comma and no line break")
    return tuple(dict.fromkeys(names))


def _parse_keep(value: object) -> str | None:
    if value is None or str(value).strip().lower() == "none":
        return None
    return str(parse_retention(value))


def _nothing(value: object) -> bool:
    return value is None or str(value).strip().lower() == "none"


def _parse_timeout(value: object) -> float | None:
    if _nothing(value):
        return None
    seconds = parse_duration(value)
    if not seconds:
        raise ValueError("a run needs some time: write a duration such as 30s, 5m or 2h")
    return seconds


def _parse_interval(value: object) -> float | None:
    if _nothing(value):
        return None
    seconds = parse_duration(value)
    if not seconds:
        raise ValueError("write a duration such as 30s, 5m or 1h")
    return seconds


def parse_priority(value: object) -> int:
    """The priority of a run, a whole number; the larger goes first."""
    match = re.fullmatch(r"[+-]?\d{1,7}", str(value).strip())
    if match is None or abs(int(match[0])) > _PRIORITY_MAX:
        raise ValueError(f"write a whole number up to {_PRIORITY_MAX:,}; larger goes first")
    return int(match[0])


def _parse_key_ttl(value: object) -> float | None:
    if _nothing(value):
        return None
    if str(value).strip().lower() == UNTIL_TERMINAL:
        return 0.0
    return parse_duration(value)


def _print_key_ttl(value: float | None) -> str:
    if value is None:
        return "none"
    return print_duration(value) if value else UNTIL_TERMINAL


def _parse_validate(value: object) -> Validate:
    return parse_validate(value) or Validate.SCHEMAS


def _parse_flow_name(value: object) -> str | None:
    if _nothing(value):
        return None
    name = str(value).strip()
    if not name or "\n" in name:
        raise ValueError("write the name of a flow")
    return name


FLOW_OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("journal", "What is written of a run: full, summary or off.", _parse_journal, str,
               choices=tuple(JournalMode)),
        Option("durability", "What an acknowledged fact survives: fsync (a power cut), os "
               "(a killed process) or off (neither).", _parse_durability, str,
               choices=tuple(Durability)),
        Option("sensitive_fields", "Names of fields, parameters and columns whose values are "
               "never written, separated by commas.", _parse_fields, ",".join),
        Option("log_inputs", "Write the values of a run's parameters.", parse_bool, print_bool,
               flag=True),
        Option("log_outputs", "Keep the outputs of nodes.", parse_bool, print_bool, flag=True),
        Option("allow_pickle", "Keep values as pickles that have no plainer form.", parse_bool,
               print_bool, flag=True),
        Option("retention", "How long runs are kept: 30d, 90d, 180d, 365d, last:<N> or forever.",
               _parse_keep, lambda v: "none" if v is None else str(v)),
        Option("audit", "Write start and end of every run to the audit log.", parse_bool,
               print_bool, flag=True),
        Option("timeout", "Stop a run that is not over after this long: 30s, 5m.", _parse_timeout,
               lambda v: "none" if v is None else print_duration(v)),
        Option("timeout_retries", "How often a run that is out of time has it again, instead of "
               "being stopped: what is under way begins anew.", parse_count, str),
        Option("max_runs", "How many runs go on at once in a process; more wait for their turn.",
               parse_most, print_most),
        Option("priority", "Which of the runs that wait has its turn first: the larger.",
               parse_priority, str),
        Option("key_ttl", "How long a run key stands for its run: a duration, until-terminal, or "
               "none for ever.", _parse_key_ttl, _print_key_ttl),
        Option("on_failure", "The flow to start when a run fails.", _parse_flow_name,
               lambda v: "none" if v is None else str(v)),
        Option("max_concurrent", "How many nodes of a run may be running at once.",
               parse_most, print_most),
        Option("limits", "How many nodes with a tag may be running at once: gpu=1,http=4.",
               parse_counts, print_quantities),
        Option("capacity", "How much there is of what nodes need: gpu=1,mem=16GB.",
               parse_quantities, print_quantities),
        Option("limit_key", "What of the parameters max_runs goes by, such as customer: so many "
               "runs at once with each value.", parse_expression, str),
        Option("validate", "What is checked of inputs and outputs where a node does not say: "
               "schemas, off, warn or error.", _parse_validate, str, choices=tuple(Validate)),
        Option("streams", "What is kept of what nodes stream: all, of data only the last chunk, "
               "or none.", _parse_streams, str, choices=tuple(StreamKeep)),
        Option("measure", "Measure CPU time and memory of every attempt.", parse_bool, print_bool,
               flag=True),
        Option("checkpoint_interval", "Put all on disk this often while a run goes on: 30s, 5m.",
               _parse_interval, lambda v: "none" if v is None else print_duration(v)),
    )
}  # fmt: skip


def parse_flow_options(given: Mapping[str, object]) -> FlowOptions:
    """Flow options from raw keyword, line or stored values.

    Raises `FlowSyntaxError` naming the option, the value and what would be accepted.

    >>> parse_flow_options({"journal": "summary", "sensitive_fields": "ssn, dob"}).sensitive_fields
    ('ssn', 'dob')
    """
    return replace(FlowOptions(), **parse_by(FLOW_OPTIONS, given))


def print_flow_options(options: FlowOptions) -> dict[str, str]:
    """The options that differ from the defaults, as text `parse_flow_options` reads back."""
    return print_by(FLOW_OPTIONS, options, FlowOptions())
