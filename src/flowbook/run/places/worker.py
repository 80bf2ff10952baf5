"""The other end of the process executor: a fresh interpreter that serves one call at a time.

It is started as `python -c "…; from flowbook.run.places.worker import main; main()"`, not through
`multiprocessing`, so the user's `__main__` is never run again and nothing heavy is imported.
Calls come over its standard input, as frames; answers go over its standard output; what the
node prints is relayed as frames too. It ignores Ctrl-C, which reaches a kernel's whole process
group, and ends at once when its parent is gone.
"""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import CoroutineType
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Unpack

import cloudpickle

from flowbook.errors import UsageError
from flowbook.graph import adding
from flowbook.graph.suspension import current
from flowbook.run.places import frames
from flowbook.run.places.bounds import bounded
from flowbook.run.places.capture import listening
from flowbook.run.places.measure import OwnProcess

if TYPE_CHECKING:
    from flowbook.graph.choices import Bounds
    from flowbook.graph.node import UsageAmounts
    from flowbook.graph.suspension import Resumption

_LENGTH = 8
_LINGER = 0.02
"""Seconds a token may wait for more of them."""
_HEAP = 500
"""Tokens in one message."""


def send(stream: BinaryIO, message: object) -> None:
    """Write one frame; raises `OSError` when the other end is gone."""
    send_bytes(stream, cloudpickle.dumps(message, protocol=5))


def send_bytes(stream: BinaryIO, body: bytes) -> None:
    """Write one frame whose message is pickled already."""
    stream.write(len(body).to_bytes(_LENGTH, "little"))
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Read one frame; `EOFError` when the other end is gone."""
    head = stream.read(_LENGTH)
    size = int.from_bytes(head, "little")
    body = stream.read(size) if len(head) == _LENGTH else b""
    if len(head) < _LENGTH or len(body) < size:
        raise EOFError("the other end is gone")
    return body


class TokenPipe:
    """Tokens on their way to the parent, several in a message; safe from any thread.

    A message for each would cost more than most tokens do. What waits is sent by a thread, so that
    a node that pauses has said all it said.
    """

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._stirred = threading.Event()
        self._closed = False
        threading.Thread(target=self._serve, daemon=True).start()

    def put(self, text: str) -> None:
        with self._lock:
            self._waiting.append(text)
            full = len(self._waiting) >= _HEAP
        if full:
            self.flush()
        elif not self._stirred.is_set():
            self._stirred.set()

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:  # while it is sent, too: tokens keep their order
            waiting, self._waiting = self._waiting, []
            if waiting:
                self._tell("token", "".join(waiting), len(waiting))

    def close(self) -> None:
        """Send what waits, and let the thread go."""
        self._closed = True
        self._stirred.set()
        self.flush()

    def _serve(self) -> None:
        while not self._closed:
            self._stirred.wait()
            time.sleep(_LINGER)
            self._stirred.clear()
            self.flush()


@dataclass(slots=True)
class RemoteContext:
    """The `NodeContext` of a node in another process."""

    run_id: str
    node: str
    attempt: int
    idempotency_key: str
    evaluator: Callable[[str, Mapping[str, Any]], Any]
    resumption: Resumption | None = None
    bounds: Bounds | None = None
    tell: Callable[..., None] = field(default=print, repr=False)
    pipe: TokenPipe | None = field(default=None, init=False, repr=False)
    """Where its tokens go, once there are any."""

    shared: ClassVar[bool] = False
    """True where others run in the same process."""

    @property
    def path(self) -> str:
        return self.idempotency_key.partition(":")[2]

    @property
    def memory(self) -> Any:
        raise UsageError(
            "nothing is remembered in another process",
            hint="leave out on='process' and on='dask', or remember it in a node behind",
        )

    @property
    def services(self) -> Any:
        raise UsageError(
            "a node in another process has no services of the project",
            hint="leave out on='process' and on='dask' of the node",
        )

    def log(self, text: str) -> None:
        self.tell("say", "log", f"{text}\n")

    def hear(self, stream: str, text: str) -> None:
        self.tell("say", stream, text)

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        self.tell("progress", done, total, text)

    def record_usage(self, provider: str, model: str, **amounts: Unpack[UsageAmounts]) -> None:
        from flowbook.run.usage import usage_of  # noqa: PLC0415 - few nodes need it

        self.tell("used", usage_of(provider, model, amounts))

    def add_items(self, container: str, items: Iterable[Any]) -> None:
        self.tell("adds", container, adding.listed(container, items))

    def token(self, content: str) -> None:
        if not isinstance(content, str):
            raise TypeError(f"a token is a text, not {type(content).__name__}")
        if self.pipe is None:
            self.pipe = TokenPipe(self.tell)
        self.pipe.put(content)

    def emit(self, data: Any) -> None:
        self.tell("emit", data)

    def artefact(self, name: str, content: Any, media_type: str | None = None) -> None:
        from flowbook.run.artefacts import artefact_of  # noqa: PLC0415 - few nodes need it

        self.tell("made", *artefact_of(name, content, media_type))

    def cancelled(self) -> bool:
        """Never: a process is not asked to stop, it is stopped."""
        return False

    def evaluate(self, expression: str, names: Mapping[str, Any]) -> Any:
        return self.evaluator(expression, names)

    def query(self, *_: Any, **__: Any) -> Any:
        raise UsageError("a node in a process of its own has no SQL", hint="leave out on='process'")

    async def call(self, wanted: object) -> Any:
        raise RuntimeError(
            f"{self.node} cannot call a flow from a process of its own; leave out `on`"
        )


class _Relay(io.TextIOBase):
    """A standard stream whose text goes to the parent."""

    def __init__(self, name: str, tell: Callable[..., None]) -> None:
        self._stream_name = name
        self._tell = tell

    def write(self, text: str) -> int:
        self._tell("say", self._stream_name, text)
        return len(text)

    def writable(self) -> bool:
        return True


class _Parent:
    """The way back; safe from any thread of the node."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def tell(self, *message: object) -> None:
        body = cloudpickle.dumps(message, protocol=5)
        with self._lock:
            send_bytes(self._stream, body)


def serve(payload: bytes, tell: Callable[..., None]) -> None:
    """Make the call in `payload`; the last thing told is `returned` or `raised`."""
    try:
        call, inputs, context = pickle.loads(payload)  # noqa: S301 - from our own parent
        context.tell = tell
        current.set(context.resumption)
        adding.current.set(context.add_items)
        listening.set(context.hear)
        measure = OwnProcess()
        try:
            with bounded(context.bounds):
                value = call(context, inputs)
                if type(value) is CoroutineType:
                    value = asyncio.run(value)
        finally:
            if context.pipe is not None:
                context.pipe.close()
            tell("took", measure.took(is_estimate=context.shared))
    except BaseException as error:  # noqa: BLE001 - a node may even call sys.exit()
        tell("raised", *_packed(error))
        return
    try:
        tell("returned", value)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's code
        text = f"its result cannot leave its process: {error}; run it with --on thread"
        tell("raised", *_packed(TypeError(text)))


def _packed(error: BaseException) -> tuple[bytes | None, str, str, list[list[frames.Frame]]]:
    """The exception itself if it pickles; and always its type, message and frames."""
    from tblib import pickling_support  # noqa: PLC0415 - only failures need it

    packed = frames.pack(error)
    whole = None
    with suppress(Exception):
        pickling_support.install(error)
        whole = cloudpickle.dumps(error, protocol=5)
        pickle.loads(whole)  # noqa: S301 - ours; many exceptions pickle and cannot come back
    text = ""
    with suppress(Exception):
        text = str(error)
    return whole, type(error).__qualname__, text, packed


def _read_calls(stream: BinaryIO, calls: SimpleQueue[bytes]) -> None:
    with suppress(EOFError, OSError):
        while True:
            calls.put(receive(stream))
    os._exit(0)  # the parent is gone; whatever the node still does, nobody waits for it


def main() -> None:
    """Serve calls until the parent goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inward = os.fdopen(os.dup(0), "rb")
    outward = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what native code prints must not break the frames
    tell = _Parent(outward).tell
    sys.stdout, sys.stderr = _Relay("stdout", tell), _Relay("stderr", tell)
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read_calls, args=(inward, calls), daemon=True).start()
    tell("born")
    while True:
        serve(calls.get(), tell)
