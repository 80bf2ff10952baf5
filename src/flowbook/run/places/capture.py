"""What a node prints, kept apart from what its neighbours print.

`sys.stdout` and `sys.stderr` are wrapped while runs are going on. Text still goes where it would
have gone; and when the code that writes belongs to a node (its context variable says so), the
node's run gets it too. The context travels with tasks and with our threads, so two nodes that
print at once do not mix, nor do the threads they start (`threads`).
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, cast

from flowbook.errors import UsageError
from flowbook.run.places import threads
from flowbook.run.places.listening import listening

if TYPE_CHECKING:
    from flowbook.graph.node import NodeContext

__all__ = ["Tee", "context", "listen", "listening", "unlisten"]


def context() -> NodeContext:
    """Inside of a node: what it may ask for, and what it may tell while it runs.

    For decorated functions and cells, and in the threads they start; a node type of your own is
    given it. Raises `UsageError` where no node runs.

    >>> import flowbook
    >>> flow = flowbook.Flow("reading")
    >>> @flow.node
    ... def lines(count: int = 3):
    ...     told = flowbook.context()
    ...     for number in range(count):
    ...         told.progress(number + 1, count)
    ...         told.token(f"line {number}; ")
    ...     return count
    >>> flow.run()["lines"].stream.text
    'line 0; line 1; line 2; '
    """
    hear = listening.get()
    found = getattr(hear, "__self__", None)
    if found is None:
        raise UsageError("no node runs here", hint="call flowbook.context() inside of a node")
    return cast("NodeContext", found)


class Tee:
    """A stream that writes on, and tells the node that wrote.

    Everything but `write` and `writelines` is the original's: ipykernel's streams know more than
    files do.
    """

    def __init__(self, original: Any, name: str) -> None:
        self.original = original
        self.name = name

    def write(self, text: str) -> int:
        hear = listening.get()
        if hear is None or not text:
            return int(self.original.write(text) or len(text))
        shown = hear(self.name, text)
        self.original.write(text if shown is None else shown)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


_lock = threading.Lock()
_users = 0
_tees: dict[tuple[str, int], Tee] = {}
"""Every wrapper that was ever in place, by stream, used again for the same stream.

`print` in Python 3.11 borrows `sys.stdout` while it writes: a wrapper that another thread takes
away and nobody holds would be freed under it, and the process with it.
"""


def listen() -> None:
    """Wrap the standard streams; one more run needs it."""
    global _users
    threads.follow()
    with _lock:
        _users += 1
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, Tee):
                tee = _tees.setdefault((name, id(stream)), Tee(stream, name))
                setattr(sys, name, tee)


def unlisten() -> None:
    """One run fewer needs it; the last one puts the streams back, unless others replaced them."""
    global _users
    with _lock:
        _users -= 1
        if _users:
            return
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, Tee):
                setattr(sys, name, stream.original)
