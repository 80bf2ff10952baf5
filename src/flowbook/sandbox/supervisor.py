"""Who starts the worker process, asks it, and kills it when it does not answer in time.

One worker for a process, started by the first request and kept until the end of the interpreter.
Requests wait for each other. A worker that did not answer, or not in frames, is never asked again.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final, cast

from flowbook.sandbox.artefact import ENGINE, Unusable, cache_folder
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.wire import receive, send

START_S: Final = 60.0
"""The first start on a machine compiles the engine, which takes seconds."""
_HELLO_MOST: Final = 4096
_MAIN: Final = (
    "import sys; sys.path[:0] = {path!r}; from flowbook.sandbox.worker import main; main()"
)


class WorkerEnded(Exception):
    """The worker did not answer: it was killed at the deadline, or it died."""


class Worker:
    """One process and its two pipes; `Unusable` when it cannot serve."""

    def __init__(self, engine: Path, cache: Path | None) -> None:
        self._process = _started()
        self._inward = cast(BinaryIO, self._process.stdin)
        self._outward = cast(BinaryIO, self._process.stdout)
        try:
            with self._until(START_S):
                folder = None if cache is None else str(cache)
                hello = {"engine": str(engine), "cache": folder}
                send(self._inward, json.dumps(hello).encode())
                answer = receive(self._outward, _HELLO_MOST).decode("utf-8", "replace")
        except (OSError, EOFError):
            self.end()
            raise Unusable("its process did not start") from None
        if answer != "ready":
            self.end()
            raise Unusable(answer.removeprefix("failed "))

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: bytes, limits: Limits) -> str:
        """The answer to a request; `WorkerEnded` when there is none by the deadline."""
        try:
            with self._until(limits.wall_s + limits.grace_s):
                send(self._inward, json.dumps(asdict(limits)).encode())
                send(self._inward, request)
                return receive(self._outward, limits.result_bytes + 1024).decode("utf-8", "replace")
        except (OSError, EOFError):
            self.end()
            raise WorkerEnded from None

    def end(self) -> None:
        """Kill it if it still runs, and let go of everything."""
        self._process.kill()
        self._process.wait()
        for stream in (self._inward, self._outward):
            with suppress(OSError):
                stream.close()

    @contextmanager
    def _until(self, seconds: float) -> Iterator[None]:
        alarm = threading.Timer(seconds, self._process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()


def _started() -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-I", "-S", "-c", _MAIN.format(path=_import_path())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=str(Path(__file__).parent),
            start_new_session=True,  # an interrupt of the kernel is not for it
        )
    except OSError:
        raise Unusable("its process did not start") from None


class Supervisor:
    """Gives each request a worker that lives; `close` ends it."""

    def __init__(self, engine: Path = ENGINE) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._worker: Worker | None = None

    def ask(self, request: bytes, limits: Limits) -> str:
        """The worker's answer. Raises `Unusable` or `WorkerEnded`."""
        with self._lock:
            if self._worker is not None and not self._worker.alive():
                self._worker.end()
                self._worker = None
            if self._worker is None:
                _check_installed(self._engine)
                self._worker = Worker(self._engine, cache_folder())
            return self._worker.ask(request, limits)

    @property
    def pid(self) -> int | None:
        """The process that serves now."""
        return self._worker.pid if self._worker is not None and self._worker.alive() else None

    def close(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


def _check_installed(engine: Path) -> None:
    if importlib.util.find_spec("wasmtime") is None:
        raise Unusable("wasmtime is not installed")
    if not engine.is_file():
        raise Unusable(f"{engine.name} is missing from this installation")


def _import_path() -> list[str]:
    """Where flowbook and wasmtime are: all that the worker imports from outside Python's own."""
    folders = []
    for name in ("flowbook", "wasmtime"):
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            folders.append(str(Path(place).parent))
    return list(dict.fromkeys(folders))


def _environment() -> dict[str, str]:
    """Nothing; on Windows no Python starts without its system's folder."""
    root = os.environ.get("SYSTEMROOT", "")
    return {"SYSTEMROOT": root} if os.name == "nt" and root else {}


_here = Supervisor()


def here() -> Supervisor:
    """The one of this process."""
    return _here


def _after_fork() -> None:
    """A forked child shares the pipes of its parent's worker, and must not speak on them."""
    global _here
    _here = Supervisor()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(lambda: _here.close())
