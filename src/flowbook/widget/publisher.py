"""One flow, told to its views: a single sequenced stream of messages.

The publisher follows a host (`CanvasHost`), coalesces what happens (`flowbook.widget.stream`) and
sends it from one thread of its own, so that messages keep their order whoever caused them. What
views ask for is done on a second thread: a message handler may run on a kernel subshell, which
can be deleted under it, so `receive` only reads the message and posts it.

A run that is queued tells nobody what it waits for, which changes: that is looked at now and then.

It knows no widget and no comm: `send` takes a plain JSON object. It never lets a failing host
take a view down; what fails becomes a `Refused` message.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final

import msgspec

from flowbook.errors import FlowbookError
from flowbook.events import Event
from flowbook.graph.spec import Position
from flowbook.ids import NodeId
from flowbook.run.perform import Notice
from flowbook.run.stream import NodeStream
from flowbook.widget.answering import (
    calling,
    editing,
    expressions,
    finding,
    forms,
    merging,
    parts,
    running,
    statistics,
    travel,
    versions,
)
from flowbook.widget.closeup import details
from flowbook.widget.host import CanvasHost, CanvasRun, Stop
from flowbook.widget.picture import Pictures, problem_view
from flowbook.widget.protocol import (
    CancelRun,
    Hello,
    Inspect,
    KernelMessage,
    Move,
    Refused,
    Snapshot,
    StartRun,
    TidyUp,
    Unreadable,
    ViewMessage,
    read,
    write,
)
from flowbook.widget.stream import Coalescer
from flowbook.widget.views import ProgressView, RunView, StreamView

Send = Callable[[dict[str, Any]], None]
ANSWERS: Final = {
    **editing.ANSWERS,
    **finding.ANSWERS,
    **versions.ANSWERS,
    **forms.ANSWERS,
    **expressions.ANSWERS,
    **merging.ANSWERS,
    **calling.ANSWERS,
    **running.ANSWERS,
    **parts.ANSWERS,
    **statistics.ANSWERS,
    **travel.ANSWERS,
}
LOOK = 0.5
"""Seconds between two looks at what a queued run waits for."""


class Publisher:
    """Follows `host` until `close`; everything that is said goes through `send`, in order."""

    def __init__(
        self, host: CanvasHost, send: Send, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._host = host
        self._send = send
        self._clock = clock
        self._stream = Coalescer()
        self._pictures = Pictures(host.registry)
        self._answers: deque[KernelMessage] = deque()
        self._changed = False
        self._closed = False
        self._wake = threading.Condition()
        self._speaking = threading.Lock()
        self._run: CanvasRun | None = None
        self._waits_for = ""
        self._look_at = 0.0
        self._leave_run: Stop = _nothing
        self._desk = ThreadPoolExecutor(1, thread_name_prefix="flowbook-canvas-desk")
        # What it sends, and what its runs print, belongs to the cell that made the canvas.
        self._cell = copy_context()
        self._voice = threading.Thread(
            target=self._cell.copy().run, args=(self._speak,), name="flowbook-canvas", daemon=True
        )
        self._leave_host = host.observe(self._host_changed)
        self._voice.start()

    def receive(self, content: object) -> Future[None]:
        """Take a message of a view; returns at once. The future is done when it was acted on."""
        try:
            message = read(content)
        except Unreadable as refused:
            self._answer(Refused(refused.message, refused.hint))
            done: Future[None] = Future()
            done.set_result(None)
            return done
        return self._desk.submit(self._cell.copy().run, self._act, message)

    def snapshot(self) -> dict[str, Any]:
        """Everything a view needs to start with, as it stands now, as plain JSON."""
        self._follow_run()
        with self._speaking:
            return write(self._fresh())

    def close(self) -> None:
        """Stop following and sending; waits for what is being said."""
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify_all()
        self._leave_host()
        self._leave_run()
        self._desk.shutdown(wait=False, cancel_futures=True)
        if threading.current_thread() is not self._voice:
            self._voice.join(timeout=2.0)

    # ---------------------------------------------------------------- what happens

    def _host_changed(self) -> None:
        with self._wake:
            self._changed = True
            self._wake.notify_all()

    def _run_told(self, notice: Notice) -> None:
        with self._wake:
            if isinstance(notice, Event):
                self._stream.facts((notice,))
            elif isinstance(notice, NodeStream):
                self._stream.stream(_stream_view(notice))
            else:
                told = notice.progress
                node = NodeId(notice.node.rpartition(".")[2])  # of all its turns, the last to tell
                self._stream.progress(ProgressView(node, told.done, told.total, told.text))
            self._wake.notify_all()

    def _answer(self, message: KernelMessage) -> None:
        with self._wake:
            self._answers.append(message)
            self._wake.notify_all()

    def _follow_run(self) -> None:
        """Turn to the host's current run; its earlier facts come with the next snapshot."""
        run = self._host.current_run()
        with self._speaking:
            if run is None or run is self._run:
                return
            self._leave_run()
            self._run, self._changed = run, True
            self._leave_run = run.subscribe(self._run_told)

    # ---------------------------------------------------------------- what is said

    def _speak(self) -> None:
        while self._wait():
            try:
                self._say()
            except Exception as failure:  # noqa: BLE001 - a view must hear of it, not lose the stream
                self._deliver(Refused(f"the canvas lost track: {failure}", "reload the page"))

    def _wait(self) -> bool:
        """Until there is something to say and the interval is over; False once closed."""
        with self._wake:
            while not self._closed:
                now = self._clock()
                if self._answers:
                    return True
                due = self._stream.rest(now) if self._changed else self._stream.due(now)
                if self._waits_for:
                    look = self._look_at - now
                    due = look if due is None else min(due, look)
                if due is not None and due <= 0:
                    return True
                self._wake.wait(due)
        return False

    def _look(self) -> None:
        """See whether a queued run waits for something else by now, or has begun."""
        run, now = self._run, self._clock()
        if run is not None and self._waits_for and now >= self._look_at:
            self._look_at = now + LOOK
            self._changed = self._changed or run.waits_for != self._waits_for

    def _say(self) -> None:
        self._look()
        if self._changed:
            self._follow_run()
        with self._speaking:
            with self._wake:
                answers = tuple(self._answers)
                self._answers.clear()
            for answer in answers:
                self._deliver(answer)
            message: KernelMessage | None = None
            if self._changed and self._stream.rest(self._clock()) <= 0:
                self._changed = False  # before reading: what changes meanwhile is told again
                message = self._fresh()
            elif self._stream.due(self._clock()) == 0:
                with self._wake:
                    message = self._stream.batch(self._clock())
            if message is not None:
                self._deliver(message)

    def _fresh(self) -> Snapshot:
        host = self._host
        flow = msgspec.structs.replace(
            self._pictures.of(host.spec(), host.problems(), host.positions(), host.stale()),
            locked=host.locked,
            **dict(zip(("undo", "redo"), host.history(), strict=True)),
        )
        run = self._run
        self._waits_for = "" if run is None else run.waits_for
        self._look_at = self._clock() + LOOK
        view = None if run is None else RunView(run.id, tuple(run.events()), (), self._waits_for)
        with self._wake:
            if self._waits_for:
                self._wake.notify_all()  # the voice has a look to take from now on
            return self._stream.snapshot(self._clock(), flow, view)

    def _deliver(self, message: KernelMessage) -> None:
        self._send(write(message))

    # ---------------------------------------------------------------- what is asked

    def _act(self, message: ViewMessage) -> None:
        try:
            self._do(message)
        except Exception as failure:  # noqa: BLE001 - the view asked, the view is told
            self._answer(refusal(message, failure))

    def _do(self, message: ViewMessage) -> None:
        match message:
            case Hello():
                self._host_changed()
            case StartRun():
                self._host.start(message.params)
                self._host_changed()
            case CancelRun():
                self._cancel()
            case Inspect():
                host = self._host
                self._answer(details(host.spec(), host.current_run(), message, host.preview))
            case Move():
                self._host.move({n: Position(p.x, p.y) for n, p in message.positions.items()})
            case TidyUp():
                self._host.tidy()
            case _:
                self._answer(ANSWERS[type(message)](self._host, message))

    def _cancel(self) -> None:
        run = self._host.current_run()
        if run is None or run.status.over:
            self._answer(Refused("nothing is running", "press Run to start"))
        else:
            run.cancel("cancelled on the canvas")


def refusal(message: ViewMessage, failure: Exception) -> Refused:
    """What is told of a question that failed: to whom, why, and what to do."""
    if not isinstance(failure, FlowbookError):
        return Refused(f"{type(failure).__name__}: {failure}", None, (), *_asker(message))
    problems = tuple(map(problem_view, getattr(failure, "problems", None) or ()))
    return Refused(failure.message, failure.hint, problems, *_asker(message))


def _asker(message: ViewMessage) -> tuple[str, int | None]:
    """Who asked, and the number of the question; a number only where an answer has it, too."""
    rid: int | None = getattr(message, "rid", None)
    return ("", None) if rid is None else (getattr(message, "view", ""), rid)


def _stream_view(told: NodeStream) -> StreamView:
    scope, _, node = told.node.rpartition(".")
    return StreamView(
        NodeId(node), scope, told.attempt, told.channel, told.text, told.chunk_index, told.chunks
    )


def _nothing() -> None:
    """Nobody to leave yet."""
