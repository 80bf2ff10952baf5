"""The process that JavaScript runs in: makes the engine, then answers one request after the other.

Speaks frames on its standard input and output, and ends when its input does. It is started with an
empty environment and knows no more of the project than what a request holds.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from flowbook.sandbox.artefact import Unusable
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.wire import receive, send

HEAD_MOST: Final = 4096
_MEMORY: Final = 1 << 30
"""Of this process, whatever the guest finds: many times what an engine and an isolate need."""
_FILES: Final = 32


def main() -> None:
    """Serve until the other side is gone."""
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    try:
        serve(inward, outward)
    except (EOFError, BrokenPipeError):
        return


def serve(inward: BinaryIO, outward: BinaryIO) -> None:
    """Say `ready`, or why not; then answer: a head of limits and a request, frame by frame."""
    hello = json.loads(receive(inward, HEAD_MOST))
    try:
        engine = _engine(hello)
    except (Unusable, ImportError) as why:
        return send(outward, f"failed {why}".encode())
    except Exception as broken:  # noqa: BLE001 - whatever it is, the other side waits to be told
        return send(outward, f"failed its engine did not start ({type(broken).__name__})".encode())
    _bound()
    from flowbook.sandbox.quickjs import Exceeded

    send(outward, b"ready")
    while True:
        limits = Limits(**json.loads(receive(inward, HEAD_MOST)))
        request = receive(inward, limits.input_bytes)
        try:
            answer = engine.evaluate(request.decode("ascii"), limits)
        except Exceeded as ended:
            answer = f"#{ended}"
        send(outward, answer.encode("utf-8", "replace"))


def _engine(hello: dict[str, Any]) -> Any:
    from flowbook.sandbox.quickjs import Engine

    cache = hello["cache"]
    return Engine(Path(hello["engine"]), None if cache is None else Path(cache))


def _bound() -> None:
    """What this process itself may use up, as far as its system has such limits."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", _FILES), ("RLIMIT_DATA", _MEMORY)):
        kind = getattr(resource, what, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with suppress(OSError, ValueError):  # not every system takes every limit
                resource.setrlimit(kind, (most, most))
