"""Where steps run: one protocol, and the two places inside this process.

`launch` starts an attempt and returns its ticket; the attempt's `finish` is then called exactly
once, on the engine's loop, with how it ended. `stop` on a ticket asks the attempt to stop. What
does not stop within its grace is given up: the attempt ends as `Stopped` and whatever it does
later is ignored, because neither a thread nor a coroutine that swallows its cancellation can be
forced.

Threads are our own daemons, not a `ThreadPoolExecutor`: the interpreter waits for those at exit,
and a node that hangs would then hang the command that was cancelled.
"""

from __future__ import annotations

import asyncio
import threading
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable, Collection, Mapping
from contextvars import Context
from queue import SimpleQueue
from time import perf_counter
from types import CoroutineType
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from flowbook.graph.choices import Bounds
from flowbook.ids import NodeId, PortName, RunId
from flowbook.run.places import capture
from flowbook.run.places.loops import soon
from flowbook.run.work import StepContext, Work


class Returned(Struct, frozen=True):
    """It returned `value` after `ms`."""

    value: Any
    ms: float


class Raised(Struct, frozen=True):
    """It raised `error` after `ms`."""

    error: BaseException
    ms: float


class Stopped(Struct, frozen=True):
    """It stopped because it was told to, or was given up, after `ms`."""

    ms: float


Ending: TypeAlias = Returned | Raised | Stopped


class Attempt(Struct, eq=False):
    """One attempt to be made: the code, its inputs, what it may ask for, who hears the end.

    `ambient` is the context of the cell that started the run, entered for this attempt only.
    """

    work: Work
    inputs: Mapping[PortName, Any]
    context: StepContext
    ambient: Context
    finish: Callable[[Ending], None]
    bounds: Bounds | None = None
    """What it may take, in a process of its own."""


class Ticket:
    """A launched attempt. Its methods belong to the engine's loop, unless they say otherwise."""

    __slots__ = ("_loop", "attempt", "began", "ended", "grace")

    def __init__(self, loop: AbstractEventLoop, attempt: Attempt) -> None:
        self._loop = loop
        self.attempt = attempt
        self.began = 0.0
        """0 until the attempt's own code runs."""
        self.ended = False
        self.grace: TimerHandle | None = None

    def stop(self) -> None:
        """Ask the attempt to stop; it ends within its grace, whatever it does."""
        if self.ended or self.grace is not None:
            return
        self.attempt.context.stopping = True
        self.grace = self._loop.call_later(self.attempt.work.grace, self._give_up)
        self.tell()

    def tell(self) -> None:
        """Make the running code stop, if there is a way."""
        raise NotImplementedError  # each executor has its own

    def abandon(self) -> None:
        """The grace is over and the code still runs."""

    def end(self, ending: Ending) -> None:
        """The attempt ended so; only the first ending counts."""
        if self.ended:
            return
        self.ended = True
        if self.grace is not None:
            self.grace.cancel()
        self.attempt.finish(ending)

    def end_soon(self, ending: Ending) -> None:
        """The same, from any thread; nobody listens any more once the loop is closed."""
        soon(self._loop, self.end, ending)

    def returned(self, value: Any) -> Ending:
        """A node that looked, saw that it should stop, and returned has no result."""
        return Stopped(self.ms()) if self.attempt.context.heeded else Returned(value, self.ms())

    def ms(self) -> float:
        """Milliseconds the attempt's own code has been running."""
        return round((perf_counter() - self.began) * 1000, 3) if self.began else 0.0

    def _give_up(self) -> None:
        if not self.ended:
            self.abandon()
            self.end(Stopped(self.ms()))


class Executor(Protocol):
    """A place where steps run."""

    def launch(self, attempt: Attempt) -> Ticket: ...

    def close(self) -> None:
        """Let go of threads and processes; what still runs there is given up."""
        ...


# ---------------------------------------------------------------- on the loop


class InlineExecutor:
    """Coroutines and quick functions on the engine's own loop."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop

    def launch(self, attempt: Attempt) -> Ticket:
        return _InlineTicket(self._loop, attempt)

    def close(self) -> None:
        """Nothing is held."""


class _InlineTicket(Ticket):
    __slots__ = ("_task",)

    def __init__(self, loop: AbstractEventLoop, attempt: Attempt) -> None:
        super().__init__(loop, attempt)
        # A task even for a function: a chain of a thousand is then no recursion.
        self._task = asyncio.Task(
            self._drive(), loop=loop, name=attempt.context.node, context=attempt.ambient
        )

    async def _drive(self) -> None:
        attempt = self.attempt
        self.began = perf_counter()
        try:
            value = attempt.work.call(attempt.context, attempt.inputs)
            if attempt.work.is_async or type(value) is CoroutineType:
                value = await value
        except asyncio.CancelledError as error:
            self.end(Stopped(self.ms()) if attempt.context.stopping else Raised(error, self.ms()))
        except BaseException as error:  # noqa: BLE001 - a node may even call sys.exit()
            self.end(Raised(error, self.ms()))
        else:
            self.end(self.returned(value))

    def tell(self) -> None:
        self._task.cancel()
        if not self.began:
            self.end(Stopped(0.0))


# ---------------------------------------------------------------- in threads


class Crew:
    """Daemon threads that run callables, at most `most` at once; started when needed.

    A callable returns True when it was given up meanwhile: its thread then ends, because `replace`
    has put another one in its place.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._queue: SimpleQueue[Callable[[], bool] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._backlog = 0

    def submit(self, call: Callable[[], bool]) -> None:
        """Run `call` in a thread, as soon as one is free."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._threads < self._most:
                self._hire()
            else:
                self._backlog += 1
        self._queue.put(call)

    def replace(self) -> None:
        """A thread hangs in what it was given: let another one do its share."""
        with self._lock:
            self._most += 1
            if self._backlog:
                self._backlog -= 1
                self._hire()

    def close(self) -> None:
        """Let idle threads end, and busy ones once they are done."""
        with self._lock:
            count, self._threads, self._most = self._threads, 0, 0
        for _ in range(count):
            self._queue.put(None)

    def _hire(self) -> None:
        self._threads += 1
        threading.Thread(
            target=self._serve, name=f"{self._name}-{self._threads}", daemon=True
        ).start()

    def _serve(self) -> None:
        while (call := self._queue.get()) is not None:
            given_up = call()
            del call  # a waiting thread must not keep the last node's values alive
            with self._lock:
                if given_up:
                    self._threads -= 1
                    self._most -= 1
                    return
                if self._backlog:
                    self._backlog -= 1
                else:
                    self._idle += 1


class ThreadExecutor:
    """Functions in threads. A thread cannot be killed: it is told, waited for, and given up."""

    def __init__(self, loop: AbstractEventLoop, most: int) -> None:
        self._loop = loop
        self._crew = Crew("flowbook-node", most)
        self._left: set[_ThreadTicket] = set()

    def launch(self, attempt: Attempt) -> Ticket:
        return _ThreadTicket(self._loop, attempt, self._crew, self._left)

    def left_behind(self, run: RunId) -> tuple[NodeId, ...]:
        """The nodes of a run that were given up and still do something."""
        contexts = (one.attempt.context for one in tuple(self._left))
        return tuple(sorted(one.node for one in contexts if one.run_id == run))

    def close(self) -> None:
        self._crew.close()


def left_behind(executors: Collection[Executor], run: RunId) -> tuple[NodeId, ...]:
    """The nodes of a run that were given up, and whose threads still do something; any thread."""
    threads = (one for one in executors if isinstance(one, ThreadExecutor))
    return tuple(node for one in threads for node in one.left_behind(run))


class _ThreadTicket(Ticket):
    __slots__ = ("_crew", "_given_up", "_left")

    def __init__(
        self,
        loop: AbstractEventLoop,
        attempt: Attempt,
        crew: Crew,
        left: set[_ThreadTicket],
    ) -> None:
        super().__init__(loop, attempt)
        self._crew, self._left = crew, left
        self._given_up = False
        crew.submit(self._serve)

    def _serve(self) -> bool:
        if not self.ended:
            capture.listen()  # it may outlive its run, and says nothing unheard even then
            try:
                ending = self.attempt.ambient.run(self._call)
            finally:
                capture.unlisten()
            self.end_soon(ending)
        self._left.discard(self)
        return self._given_up

    def _call(self) -> Ending:
        attempt = self.attempt
        self.began = perf_counter()
        try:
            value = attempt.work.call(attempt.context, attempt.inputs)
            if attempt.work.is_async or type(value) is CoroutineType:
                value = asyncio.run(value)
        except BaseException as error:  # noqa: BLE001 - a node may even call sys.exit()
            return Raised(error, self.ms())
        return self.returned(value)

    def tell(self) -> None:
        if not self.began:
            self.end(Stopped(0.0))

    def abandon(self) -> None:
        self._given_up = True
        self._left.add(self)
        self._crew.replace()
