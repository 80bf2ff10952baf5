"""A body that becomes a file: of the project, whole or not at all, or an artefact of the run.

What comes from the event loop is handed in blocks to a thread that writes. A few of them wait in
between at the most, so a body of any size takes no more memory than they do.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from typing import IO, Any, Final

from flowbook.errors import UsageError
from flowbook.graph.node import Outputs
from flowbook.nodes.files import atomic
from flowbook.nodes.http.answer import Answer
from flowbook.nodes.http.errand import Errand

_BLOCK: Final = 1 << 20
_WAITING: Final = 4
"""Blocks that may wait to be written."""


async def downloaded(errand: Errand) -> Outputs:
    """The body in a file or an artefact; gives `{path, size, sha256, content_type}`."""
    node = errand.node
    with ExitStack() as stack:
        async with errand.exchange.answer(errand.request(errand.url(), stack)) as answer:
            made = await (_saved(errand, answer) if node.save_to else _kept(errand, answer))
    told = {**made, "content_type": answer.content_type}
    return errand.given(answer, told)


async def _kept(errand: Errand, answer: Answer) -> dict[str, Any]:
    content = (await answer.read(errand.max_size)).content
    name, media = errand.node.artefact, answer.content_type.partition(";")[0].strip()
    await asyncio.to_thread(errand.context.artefact, name, content, media or None)
    digest = await asyncio.to_thread(hashlib.sha256, content)
    return {"path": name, "size": len(content), "sha256": digest.hexdigest()}


async def _saved(errand: Errand, answer: Answer) -> dict[str, Any]:
    files = errand.files
    place = files.place(errand.node.save_to, writing=True)
    blocks = _Blocks()
    putting = asyncio.ensure_future(
        asyncio.to_thread(atomic.put, files, place, blocks.write, "replace", make_folders=True)
    )
    putting.add_done_callback(blocks.drop)
    try:
        async for block in _blocks(answer, errand.exchange.terms.max_size):
            if putting.done():
                break  # it says why
            await asyncio.to_thread(blocks.waiting.put, block)
            errand.context.progress(answer.size, answer.length, place.given)
        await asyncio.to_thread(blocks.waiting.put, None)
    except BaseException:
        blocks.stop()
        with suppress(_StoppedError, UsageError):
            await putting
        raise
    written = await putting
    return {"path": written.path, "size": written.size, "sha256": written.sha256}


async def _blocks(answer: Answer, max_size: int | None) -> AsyncIterator[bytes]:
    """The body in larger pieces: each costs a thread its turn."""
    gathered = bytearray()
    async for piece in answer.pieces(max_size):
        gathered += piece
        if len(gathered) >= _BLOCK:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


class _StoppedError(Exception):
    """The body will not come to its end."""


class _Blocks:
    """Blocks on their way to the thread that writes."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._stopped = threading.Event()

    def write(self, file: IO[bytes]) -> None:
        """In the thread: write all that comes until there is no more."""
        while True:
            block = self.waiting.get()
            if self._stopped.is_set():
                raise _StoppedError
            if block is None:
                return
            file.write(block)

    def stop(self) -> None:
        """Let the writing thread give up."""
        self._stopped.set()
        with suppress(queue.Full):
            self.waiting.put_nowait(None)

    def drop(self, _: object = None) -> None:
        """Take out what nobody will write, for whoever waits to put more in."""
        with suppress(queue.Empty):
            while True:
                self.waiting.get_nowait()
