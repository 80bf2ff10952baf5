"""The Dask worker's end: it makes one attempt, and can be told to stop it.

Words travel as scheduler events, which arrive before the result does. `distributed` loads only
where a worker runs this.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import cloudpickle

from flowbook.run.places import capture
from flowbook.run.places.worker import RemoteContext, serve

_running: dict[str, bool] = {}
"""The attempts this worker makes, by key; True for those that should stop."""


@dataclass(slots=True)
class DaskContext(RemoteContext):
    """The `NodeContext` of a node on a Dask worker; a thread there can only be asked to stop."""

    key: str = ""
    shared: ClassVar[bool] = True

    def cancelled(self) -> bool:
        stopping = _running.get(self.key, False)
        if stopping:
            self.tell("heeded")
        return stopping


def dask_setup(_: object) -> None:
    """As a preload: an interrupt of the kernel reaches our workers too, and must not end them.

    What a node prints is relayed; the terminal must not show it a second time.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # for good


def attempt(payload: bytes, key: str, topic: str) -> bytes:
    """Make the attempt; returns the last message, every other one is an event of `topic`."""
    from distributed import get_worker

    worker = get_worker()
    last = b""

    def tell(kind: str, *rest: object) -> None:
        nonlocal last
        body = cloudpickle.dumps((kind, *rest), protocol=5)
        if kind in ("returned", "raised"):
            last = body
        else:
            worker.log_event(topic, (key, body))

    _running[key] = False
    tell("began", worker.address)
    try:
        copy_context().run(_listened, payload, tell)
    finally:
        del _running[key]
    return last


def _listened(payload: bytes, tell: Callable[..., Any]) -> None:
    capture.listen()
    try:
        serve(payload, tell)
    finally:
        capture.unlisten()


def stop(key: str) -> None:
    """Ask the attempt to stop, if it is made here."""
    if key in _running:
        _running[key] = True


def kill(key: str) -> None:
    """End this worker if the attempt is still being made here."""
    if key in _running:
        os._exit(1)
