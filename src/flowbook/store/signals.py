"""What is said to a run from another process: cancel, pause, resume, or a word of the user's.

A signal is a file that appears whole under its final name and waits until the run's process takes
it; that process asks now and then, at the price of one look at a folder that is mostly not there.
Signals are no facts: what a run does about one is journalled by the run.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

import msgspec

from flowbook.errors import StoreError, UsageError
from flowbook.ids import mint_uuid7
from flowbook.store.disk import Disk, Durability
from flowbook.store.layout import Layout, as_filename, from_filename

SignalId = NewType("SignalId", str)
"""UUIDv7 of a signal: sorted by id is sorted by the time it was sent."""

PAYLOAD_LIMIT = 2**20
"""Bytes a payload may have as JSON; name a file for more."""

_TRIES = 5
_log = logging.getLogger(__name__)


class Control(StrEnum):
    """The names every run understands. Any other name is the user's own."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"


PRIORITIZE = "prioritize"
"""What tells a run that waits for its turn another priority; no name for a user's signal."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal to a run. `at`: seconds since the epoch, by the sender's clock."""

    run: str
    id: SignalId
    name: str
    payload: Any
    at: float
    pid: int

    @property
    def control(self) -> Control | None:
        """What it asks of the run itself; None for a user's signal."""
        try:
            return Control(self.name)
        except ValueError:
            return None


class _Sent(msgspec.Struct, frozen=True):
    name: str
    payload: msgspec.Raw
    at: float
    pid: int


class Signals:
    """The signals of one store. `prepare` is called before the first file is made.

    >>> import tempfile
    >>> signals = Signals(Layout(Path(tempfile.mkdtemp())))
    >>> sent = signals.send("r1", "approve", {"by": "Ada"})
    >>> [one] = signals.pending("r1")
    >>> one.name, one.payload, signals.take(one), signals.take(one)
    ('approve', {'by': 'Ada'}, True, False)
    """

    def __init__(
        self,
        layout: Layout,
        *,
        durability: Durability = Durability.FSYNC,
        disk: Disk | None = None,
        prepare: Callable[[], object] = lambda: None,
    ) -> None:
        self._layout = layout
        self._durability = durability
        self._disk = disk or Disk()
        self._prepare = prepare
        self._minting = threading.Lock()
        self._last_ns = 0

    def send(self, run: str, name: str, payload: object = None) -> SignalId:
        """Leave a signal for `run`, durably; blocking. Nobody checks that the run exists.

        Raises `UsageError` for a payload that is not plain JSON, `StoreError` when it cannot be
        kept.
        """
        if not name:
            raise UsageError("a signal needs a name", hint=f"{', '.join(Control)}, or your own")
        sent = _Sent(name, msgspec.Raw(_encoded(payload)), time.time(), os.getpid())
        signal = self._mint()
        final = self._folder(run) / f"{signal}.json"
        try:
            self._prepare()
            self._publish(msgspec.json.encode(sent), final)
        except OSError as error:
            raise StoreError(
                f"signal {name!r} cannot be left for run {run} in {final.parent}: {error}",
                hint="free or mount the disk, then send it again; nothing was sent",
            ) from error
        return signal

    def pending(self, run: str, known: Collection[str] = ()) -> tuple[Signal, ...]:
        """What waits for `run`, in the order it was sent, without those whose ids are `known`.

        A damaged file is set aside as `.quarantine` and said once; it blocks no other.
        """
        found = []
        for path in _listed(self._folder(run)):
            if path.suffix == ".json" and path.stem not in known:
                signal = _read(path, run)
                if signal is not None:
                    found.append(signal)
        return tuple(found)

    def take(self, signal: Signal) -> bool:
        """Remove a signal; True for exactly one taker, who acts on it."""
        return self._removed(signal.run, signal.id)

    def withdraw(self, run: str, signal: SignalId) -> bool:
        """Take back what was sent; False when somebody took it, or `clear` did."""
        withdrawn = self._removed(run, signal)
        with suppress(OSError):  # gone, or there are others
            self._folder(run).rmdir()
        return withdrawn

    def clear(self, run: str) -> None:
        """Remove all that was said to a run that is over."""
        folder = self._folder(run)
        for path in _listed(folder):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # gone, or somebody sends at this moment
            folder.rmdir()

    def runs(self) -> tuple[str, ...]:
        """The runs that something was said to and not cleared."""
        found = []
        for path in _listed(self._layout.signals):
            with suppress(UnicodeError):  # none of ours
                if path.suffix != ".tmp":
                    found.append(from_filename(path.name))
        return tuple(found)

    def _removed(self, run: str, signal: SignalId) -> bool:
        try:
            (self._folder(run) / f"{signal}.json").unlink()
        except FileNotFoundError:
            return False
        return True

    def _folder(self, run: str) -> Path:
        return self._layout.signals / as_filename(run)

    def _mint(self) -> SignalId:
        """Upwards in this process, whatever its clock does: the id carries nanoseconds."""
        with self._minting:
            now = self._last_ns = max(time.time_ns(), self._last_ns + 1)
        ms, rest = divmod(now, 1_000_000)
        return SignalId(mint_uuid7(ms, rest << 54 | secrets.randbits(54)))

    def _publish(self, data: bytes, final: Path) -> None:
        root = self._layout.signals
        if not root.exists():
            root.mkdir(parents=True, exist_ok=True)
            if self._durability is Durability.FSYNC:
                self._disk.sync_directory(root.parent)
        for left in reversed(range(_TRIES)):
            with self._disk.staged(root) as staged:
                staged.write_bytes(data)
                try:
                    return self._disk.publish(staged, final, self._durability)
                except FileNotFoundError:  # the run's folder was cleared at this moment
                    if not left:
                        raise


def _encoded(payload: object) -> bytes:
    try:
        text = json.dumps(payload, allow_nan=False).encode()
        plain = bool(msgspec.json.decode(text) == payload)  # no tuple, no number as a key
    except (TypeError, ValueError, RecursionError) as error:
        raise _refused(str(error)) from error
    if not plain:
        raise _refused("it does not come back as it was")
    if len(text) > PAYLOAD_LIMIT:
        raise _refused(f"{len(text):,} bytes, and {PAYLOAD_LIMIT:,} are the limit")
    return text


def _refused(reason: str) -> UsageError:
    return UsageError(
        f"the payload of a signal is not plain JSON: {reason}",
        hint="give text, finite numbers, booleans, None, lists, and mappings with text as keys",
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(path: Path, run: str) -> Signal | None:
    try:
        sent = msgspec.json.decode(path.read_bytes(), type=_Sent)
        payload = msgspec.json.decode(sent.payload)
    except FileNotFoundError:
        return None  # somebody took it
    except (msgspec.DecodeError, OSError) as error:
        _set_aside(path, error)
        return None
    return Signal(run, SignalId(path.stem), sent.name, payload, sent.at, sent.pid)


def _set_aside(path: Path, error: Exception) -> None:
    aside = path.with_suffix(".json.quarantine")
    with suppress(OSError):  # somebody else did, or the folder is read-only: pass it over
        os.replace(path, aside)
        _log.warning("a signal could not be read, kept in %s: %s", aside, error)
