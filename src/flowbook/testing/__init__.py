"""Tests of flows: what a run has to be like, runs that were seen, and a fixture for pytest.

`Flow.test` runs a flow with mocks and without effects outside. `expect` says what has to hold of a
node of it, and raises `AssertionError` with the first differences. `Seen` is a run apart from its
project: it stands for nodes that may not run in a test, and says what the others should give.

Refuses to know how a run is made: it looks at runs that there are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowbook.session.trials import TIMED_OUT, in_turn
    from flowbook.testing.expectation import Expectation, expect
    from flowbook.testing.seen import Seen

# Loaded at first use: the plug-in below this package is imported by every pytest.
_HOMES = {
    "TIMED_OUT": "flowbook.session.trials",
    "Expectation": "flowbook.testing.expectation",
    "Seen": "flowbook.testing.seen",
    "expect": "flowbook.testing.expectation",
    "in_turn": "flowbook.session.trials",
}

__all__ = ["TIMED_OUT", "Expectation", "Seen", "expect", "in_turn"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
