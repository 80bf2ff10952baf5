"""`flowbook.memory()`: what the flow remembers whose node is running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.errors import UsageError
from flowbook.run.places.capture import context

if TYPE_CHECKING:
    from flowbook.graph.memory import Memory


def memory() -> Memory:
    """Inside of a node: what its flow remembers from run to run.

    The same as `context().memory`. Raises `UsageError` where no node runs, and in another process.

    >>> import flowbook
    >>> flow = flowbook.Flow("counting")
    >>> @flow.node
    ... def runs():
    ...     return flowbook.memory().update("runs", lambda runs: runs + 1, 0)
    >>> before = flow.run()["runs"].output
    >>> flow.run()["runs"].output - before
    1
    """
    try:
        found = context()
    except UsageError as nowhere:
        raise UsageError(
            "no node runs here", hint="outside of nodes it is flow.memory"
        ) from nowhere
    return found.memory
