"""Functions that a flow calls when something becomes of its runs.

They hang on the live object, not on the definition: a notebook or another process does not have
them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from types import FunctionType
from typing import Any, TypeVar

from flowbook.graph.draft import Draft
from flowbook.graph.spec import FlowSpec

_F = TypeVar("_F", bound=Callable[[Any], object])


class Moment(StrEnum):
    """What a hook waits for."""

    COMPLETE = "complete"
    ERROR = "error"
    SLEEP = "sleep"


class Hooked(Draft):
    """A flow with hooks; `flowbook.Flow` is one."""

    def __init__(self, spec: FlowSpec) -> None:
        super().__init__(spec)
        self.hooks: dict[Moment, list[Callable[[Any], object]]] = {one: [] for one in Moment}

    def on_complete(self, hook: _F) -> _F:
        """Call `hook(run)` when a run is over, however it ended; also a decorator."""
        return self._hang(Moment.COMPLETE, hook)

    def on_error(self, hook: _F) -> _F:
        """Call `hook(run)` when a run has failed; also a decorator."""
        return self._hang(Moment.ERROR, hook)

    def on_sleep(self, hook: _F) -> _F:
        """Call `hook(run)` when a run waits for something outside; also a decorator."""
        return self._hang(Moment.SLEEP, hook)

    def _hang(self, moment: Moment, hook: _F) -> _F:
        hooks = self.hooks[moment]
        names = [_name(other) for other in hooks]
        name = _name(hook)
        if name is not None and name in names:  # the cell that defines it was run again
            hooks[names.index(name)] = hook
        else:
            hooks.append(hook)
        return hook


def _name(hook: object) -> tuple[str, str] | None:
    """What a function that may be defined again is known by."""
    if not isinstance(hook, FunctionType) or hook.__name__ == "<lambda>":
        return None
    return hook.__module__, hook.__qualname__
