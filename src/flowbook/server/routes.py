"""What a route is: where it is, what it takes and gives, and the function behind it.

One table of them (`flowbook.server.table`) makes the handlers and the OpenAPI document, so that
what is told of a route is what it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from flowbook.errors import FlowbookError

RUN: Final = "[0-9a-f-]{36}"
"""What a run's id looks like."""
_SLOT: Final = re.compile(r"{(\w+)}")

Status: TypeAlias = Callable[[Any], int]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request says beyond its address: a body's fields, or a query's."""


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something was not done, and what to do next; `kind` is the name of the error.

    `field`: which field of what was asked cannot be as it is, where it is one.
    """

    message: str
    hint: str | None
    kind: str
    field: str | None = None


def refusal(error: FlowbookError) -> Refusal:
    """An error as it is told, with all problems that it has."""
    problems = [one.message for one in getattr(error, "problems", None) or ()]
    message = f"{error.message}: {'; '.join(problems)}" if problems else error.message
    return Refusal(message, error.hint, type(error).__name__, getattr(error, "field", None))


@dataclass(frozen=True, slots=True)
class Route:
    """One method at one address.

    `do` is called in a thread: with the place, the parts of the path in their order, and what was
    asked, a `takes`, where there is one. `gives` is the type of the answer, whose status is
    `success`; or the types of several, by status, of which `status` says which it is. `misuse` is
    the status of a `UsageError`. `names`: what is asked names something, such as a run, which
    may not exist. `most_bytes`: how large a body may be.
    """

    method: str
    path: str
    do: Callable[..., Any]
    summary: str
    gives: Any
    takes: type[Asked] | None = None
    misuse: int = 400
    success: int = 200
    status: Status | None = None
    names: bool = False
    most_bytes: int | None = None

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of the parts of the path that vary."""
        return tuple(_SLOT.findall(self.path))

    @property
    def pattern(self) -> str:
        """The path as a regular expression.

        >>> Route("GET", "runs/{run}", print, "", None).pattern
        'runs/([0-9a-f-]{36})'
        """
        return _SLOT.sub(lambda slot: f"({RUN if slot[1] == 'run' else '[^/]+'})", self.path)

    @property
    def answers(self) -> Mapping[int, Any]:
        """The types of its answers, by status."""
        return self.gives if isinstance(self.gives, dict) else {self.success: self.gives}

    @property
    def in_body(self) -> bool:
        """True when what is asked stands in the body, not in the address."""
        return self.method in {"POST", "PUT"}

    @property
    def name(self) -> str:
        """What a document calls it.

        >>> Route("POST", "runs/{run}/signals/{name}", print, "", None).name
        'post_runs_run_signals_name'
        """
        return re.sub(r"\W+", "_", f"{self.method.lower()}/{self.path}").strip("_")
