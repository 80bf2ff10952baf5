"""A program under way: its input is fed, its output is told line by line, its group is ended.

One thread looks after all three pipes. However it ends, by itself, told to stop, or late, nothing
of its process group is left behind.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Final

from flowbook.graph.node import NodeContext

_LOOK: Final = 0.05
"""Seconds between two looks at whether it is to stop."""
_PIECE: Final = 65_536
_LINGER: Final = 0.3
"""Seconds that what it left behind may hold its output open."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What it gave, and `why` it was ended: `timeout`, `cancelled`, `output`; '' if by itself."""

    code: int
    stdout: bytes
    stderr: bytes
    why: str = ""


class Watched:
    """A process in a session of its own, with pipes for all that goes in and out."""

    def __init__(
        self, process: subprocess.Popen[bytes], given: bytes, most: int, patience: float
    ) -> None:
        self._process = process
        self._given = memoryview(given)
        self._most = most
        self._patience = patience
        self._taken: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
        self._told: dict[str, int] = {"stdout": 0, "stderr": 0}
        self._selector = selectors.DefaultSelector()

    def until_over(self, context: NodeContext, timeout: float | None) -> Ended:
        """Wait for its end, or bring it about; lines of output are told as they come."""
        tell = {"stdout": context.token, "stderr": lambda line: context.log(line.rstrip("\n"))}
        self._register()
        try:
            why = self._watch(context, tell, None if timeout is None else _now() + timeout)
        finally:
            self._end()
            self._selector.close()
        for name, say in tell.items():
            self._tell(name, say, last=True)
        stdout, stderr = (bytes(self._taken[name]) for name in ("stdout", "stderr"))
        return Ended(self._process.returncode, stdout, stderr, why)

    def _register(self) -> None:
        for name in ("stdin", "stdout", "stderr"):
            pipe: IO[bytes] = getattr(self._process, name)
            os.set_blocking(pipe.fileno(), False)
            event = selectors.EVENT_WRITE if name == "stdin" else selectors.EVENT_READ
            self._selector.register(pipe, event, name)

    def _watch(
        self, context: NodeContext, tell: dict[str, Callable[[str], None]], end: float | None
    ) -> str:
        over: float | None = None
        while self._selector.get_map():
            ready = self._selector.select(_LOOK)
            for key, _ in ready:
                self._serve(key.fileobj, str(key.data))  # type: ignore[arg-type]  # a pipe
                if key.data in tell:
                    self._tell(key.data, tell[key.data])
            if sum(map(len, self._taken.values())) > self._most:
                return "output"
            if context.cancelled():
                return "cancelled"
            if end is not None and _now() >= end:
                return "timeout"
            if not ready and self._exited():
                over = over or _now() + _LINGER
                if _now() >= over:
                    return ""
        return self._closed(context, end)

    def _closed(self, context: NodeContext, end: float | None) -> str:
        """It has closed its output and may still be at work."""
        while not self._exited():
            if context.cancelled():
                return "cancelled"
            if end is not None and _now() >= end:
                return "timeout"
            time.sleep(_LOOK / 5)
        return ""

    def _serve(self, pipe: IO[bytes], name: str) -> None:
        if name == "stdin":
            self._feed(pipe)
            return
        piece = os.read(pipe.fileno(), _PIECE)
        self._taken[name] += piece
        if not piece:
            self._selector.unregister(pipe)

    def _feed(self, pipe: IO[bytes]) -> None:
        try:
            written = os.write(pipe.fileno(), self._given[:_PIECE]) if self._given else 0
        except BrokenPipeError:  # it reads no more, which is its own affair
            written = len(self._given)
        self._given = self._given[written:]
        if not self._given:
            self._selector.unregister(pipe)
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _tell(self, name: str, say: Callable[[str], None], *, last: bool = False) -> None:
        """Tell the lines that are whole, and at the end what is left."""
        taken, start = self._taken[name], self._told[name]
        stop = len(taken) if last else taken.rfind(b"\n") + 1
        if stop > start:
            self._told[name] = stop
            for line in bytes(taken[start:stop]).decode(errors="replace").splitlines(True):
                say(line)

    def _end(self) -> None:
        """Nothing of its group goes on: told to stop, and killed when it does not."""
        if not self._exited():
            self._signal(signal.SIGTERM)
            end = _now() + self._patience
            while not self._exited() and _now() < end:
                time.sleep(_LOOK / 5)
        self._signal(signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _exited(self) -> bool:
        """True once it is over. It is not taken leave of: until then its group has its number."""
        if not hasattr(os, "waitid"):
            return self._process.poll() is not None
        over = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return over is not None

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _now() -> float:
    return time.monotonic()
