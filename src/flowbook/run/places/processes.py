"""Steps in processes of their own: for CPU-bound code, and for code that must be killable.

Each worker is a fresh interpreter (`worker`) that serves one attempt at a time and is kept for the
next one. Stopping an attempt ends its worker: SIGTERM, and SIGKILL after the grace. Code and inputs
travel by cloudpickle, so functions of a notebook work; inputs are copies, and so is the result.
"""

from __future__ import annotations

import atexit
import pickle
import signal
import subprocess
import sys
import threading
from asyncio import AbstractEventLoop
from contextlib import suppress
from time import perf_counter
from typing import Any, BinaryIO, cast

import cloudpickle

from flowbook.errors import LimitExceeded
from flowbook.run.places import frames
from flowbook.run.places.bounds import Ward, too_much_time, warden
from flowbook.run.places.executors import Attempt, Crew, Ending, Raised, Stopped, Ticket
from flowbook.run.places.measure import cpu_of, took_of
from flowbook.run.places.worker import RemoteContext, receive, send_bytes

_OUT_OF_TIME = f"signal {int(getattr(signal, 'SIGXCPU', 0))}"
_MAIN = "import sys; sys.path[:] = {path!r}; from flowbook.run.places.worker import main; main()"


class ProcessExecutor:
    """At most `most` worker processes, started when needed and kept warm."""

    def __init__(self, loop: AbstractEventLoop, most: int) -> None:
        self._loop = loop
        self._crew = Crew("flowbook-process", most)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self.handover = threading.Lock()
        """Held while a worker is ended, or taken from its attempt: the next one is not meant."""

    def launch(self, attempt: Attempt) -> Ticket:
        return _ProcessTicket(self._loop, attempt, self)

    def close(self) -> None:
        self._crew.close()
        with self._lock:
            workers, self._all, self._idle = self._all, set(), []
        for worker in workers:
            worker.end()

    def submit(self, ticket: _ProcessTicket) -> None:
        """Let a thread of ours accompany that attempt."""
        self._crew.submit(ticket.serve)

    def borrow(self) -> _Worker:
        """An idle worker or a new one."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if not self._all:
                atexit.register(self.close)
        worker = _Worker()
        with self._lock:
            self._all.add(worker)
        return worker

    def give_back(self, worker: _Worker, healthy: bool) -> None:
        """It may serve again, unless it died or did not finish."""
        with self._lock:
            if healthy and worker in self._all and worker.alive():
                self._idle.append(worker)
                return
            self._all.discard(worker)
        worker.end()


class _Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-c", _MAIN.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a kernel interrupt signals the kernel's process group
        )
        self.inward = cast(BinaryIO, self._process.stdin)
        self.outward = cast(BinaryIO, self._process.stdout)
        self._born = False

    def await_birth(self) -> None:
        """Block until it serves; `EOFError` when it died before."""
        if not self._born:
            receive(self.outward)
            self._born = True

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def how_it_died(self) -> str:
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return "it closed its pipes"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """Kill it if it still runs, and let go of everything."""
        self._process.kill()
        self._process.wait()
        for stream in (self.inward, self.outward):
            with suppress(OSError):
                stream.close()


class RemoteTicket(Ticket):
    """An attempt whose code runs in another process; what goes there, and what is heard back."""

    __slots__ = ()

    def pack(self, kind: type[RemoteContext], *more: Any) -> bytes:
        """Code, inputs and a context of that `kind`; raises `TypeError` when they cannot travel."""
        attempt, context = self.attempt, self.attempt.context
        remote = kind(
            context.run_id,
            context.node,
            context.attempt,
            context.idempotency_key,
            context.tools.evaluate,
            context.resumption,
            self.attempt.bounds,
            *more,
        )
        try:
            packed: bytes = cloudpickle.dumps(
                (attempt.work.call, dict(attempt.inputs), remote), protocol=5
            )
        except Exception as error:
            raise _unpicklable(error) from error
        return packed

    def hear(self, message: bytes) -> Ending | None:
        """How the attempt ended, or None when the message is only words."""
        try:
            kind, *rest = pickle.loads(message)  # noqa: S301 - our own child
        except Exception as error:  # noqa: BLE001 - unpickling runs the user's code
            return Raised(_unpicklable(error), self.ms())
        if kind == "returned":
            return self.returned(rest[0])
        if kind == "raised":
            return Raised(_unpacked(*rest), self.ms())
        self.attempt.ambient.run(self.relay, kind, *rest)
        return None

    def relay(self, kind: str, *rest: Any) -> None:
        """Pass on what the node said."""
        context = self.attempt.context
        if kind == "progress":
            context.progress(*rest)
        elif kind == "used":
            context.used(*rest)
        elif kind == "adds":
            context.add_items(*rest)
        elif kind == "took":
            context.took(*rest)
        elif kind == "token":
            context.tokens(*rest)
        elif kind == "emit":
            context.emit(*rest)
        elif kind == "made":
            context.made(*rest)
        elif rest[0] == "log":
            context.log(rest[1].removesuffix("\n"))
        else:
            getattr(sys, rest[0]).write(rest[1])


class _ProcessTicket(RemoteTicket):
    __slots__ = ("_before", "_exceeded", "_executor", "_worker")

    def __init__(
        self, loop: AbstractEventLoop, attempt: Attempt, executor: ProcessExecutor
    ) -> None:
        super().__init__(loop, attempt)
        self._executor = executor
        self._worker: _Worker | None = None
        self._before: float | None = None
        self._exceeded: LimitExceeded | None = None
        executor.submit(self)

    def serve(self) -> bool:
        """Accompany the attempt, in a thread of ours; see `Crew`."""
        if not self.ended:
            self.end_soon(self._call())
        return False

    def _call(self) -> Ending:
        context = self.attempt.context
        try:
            payload = self.pack(RemoteContext)
            worker = self._worker = self._executor.borrow()
        except (OSError, TypeError) as error:
            return Raised(error, self.ms())
        healthy = False
        try:
            if context.stopping:
                ending: Ending = Stopped(self.ms())
            else:
                self._before = cpu_of(worker.pid)
                with warden.over(self._ward(worker)):
                    send_bytes(worker.inward, payload)
                    worker.await_birth()
                    self.began = (
                        perf_counter()
                    )  # a timeout is the node's, not that of a new process
                    ending = self._listen(worker)
            healthy = self._exceeded is None
        except (EOFError, OSError):
            ending = Raised(self._death(worker), self.ms())
        except Exception as error:  # noqa: BLE001 - the kernel's own stdout may be broken
            ending = Raised(error, self.ms())
        finally:
            with self._executor.handover:
                self._worker = None
                told_to_end = context.stopping
            self._executor.give_back(worker, healthy and not told_to_end)
        return Stopped(self.ms()) if context.stopping and not healthy else ending

    def _ward(self, worker: _Worker) -> Ward | None:
        bounds = self.attempt.bounds
        return None if bounds is None else Ward(worker.pid, bounds, self._before, self._exceed)

    def _exceed(self, why: LimitExceeded) -> None:
        self._exceeded = why
        self._kill()

    def _death(self, worker: _Worker) -> Exception:
        """Why the worker is gone."""
        how, bounds = worker.how_it_died(), self.attempt.bounds
        if self._exceeded is None and how == _OUT_OF_TIME and bounds and bounds.cpu is not None:
            return too_much_time(bounds.cpu)
        return self._exceeded or ChildProcessError(f"its process died ({how})")

    def _measure(self, worker: _Worker) -> None:
        """Tell what the call took so far, for it is about to be cut short."""
        took = took_of(worker.pid, self._before)
        if took is not None:
            self.attempt.context.took(took)

    def _kill(self) -> None:
        with self._executor.handover:
            if self._worker is not None:
                self._measure(self._worker)
                self._worker.kill()

    def _listen(self, worker: _Worker) -> Ending:
        while (ending := self.hear(receive(worker.outward))) is None:
            pass
        return ending

    def tell(self) -> None:
        with self._executor.handover:
            worker = self._worker
            if worker is not None:
                self._measure(worker)
                worker.terminate()
        if worker is None and not self.began:
            self.end(Stopped(0.0))

    def abandon(self) -> None:
        self._kill()


def _unpicklable(error: Exception) -> TypeError:
    return TypeError(
        f"it cannot be sent between processes: {error}; give the node plain data, or run it with "
        "--on thread"
    )


def _unpacked(
    whole: bytes | None, kind: str, text: str, packed: list[list[frames.Frame]]
) -> BaseException:
    if whole is not None:
        with suppress(Exception):
            error = pickle.loads(whole)  # noqa: S301 - our own child
            if isinstance(error, BaseException):
                return frames.restore(error, packed)
    stand_in: BaseException = type(kind, (Exception,), {"__module__": "builtins"})(text)
    return frames.restore(stand_in, packed)
