"""Frames on a pipe: four bytes of length, then the content; nobody reads more than he asked for."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

_LENGTH: Final = struct.Struct("!I")


def send(stream: BinaryIO, content: bytes) -> None:
    """Write one frame; `OSError` when the other side is gone."""
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: BinaryIO, most: int) -> bytes:
    """The next frame; `EOFError` when there is none, or none of at most that many bytes."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > most:
        raise EOFError(f"a frame of {length} bytes")
    return _exactly(stream, length)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    found = stream.read(length)
    if len(found) != length:
        raise EOFError
    return found
