"""Stops a statement that is under way, because the run is cancelled or its time is up.

A driver blocks the thread it is called from, so somebody else has to look: a thread that does
nothing else, for as long as one node is in its database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread
from typing import Any, Final

from flowbook.graph.node import NodeContext

_PAUSE: Final = 0.05


class Watch:
    """Whether a statement was stopped, and why."""

    def __init__(self) -> None:
        self.late = False
        """Its time was up."""
        self.stopped = False


@contextmanager
def watched(
    context: NodeContext, watch: Watch, stop: Callable[[], Any], timeout: float
) -> Iterator[None]:
    """Call `stop` once the run wants the node to stop, or after `timeout` seconds (0: never)."""
    over = Event()
    deadline = time.monotonic() + timeout if timeout else None

    def look() -> None:
        while not over.wait(_PAUSE):
            watch.late = deadline is not None and time.monotonic() >= deadline
            if watch.late or context.cancelled():
                watch.stopped = True
                with suppress(Exception):  # what cannot be stopped ends by itself
                    stop()

    thread = Thread(target=look, name="flowbook-database", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def stopper(connection: Any, dialect: str) -> Callable[[], Any]:
    """What stops the statement that a connection of SQLAlchemy is running, from another thread."""
    raw = connection.connection.dbapi_connection
    if dialect == "postgresql":
        return lambda: raw.cancel_safe(timeout=5)
    if dialect == "sqlite":
        return lambda: raw.interrupt()
    thread_id, engine = raw.thread_id(), connection.engine

    def kill() -> None:
        arguments, options = engine.dialect.create_connect_args(engine.url)
        other = closing(engine.dialect.connect(*arguments, **options))
        with other as connected, connected.cursor() as cursor:
            cursor.execute(f"KILL QUERY {int(thread_id)}")

    return kill
