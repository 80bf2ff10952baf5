"""What a server has packed, unpacked in pieces of a bounded size.

A body of a few kilobytes may unpack to gigabytes. Each piece here is at most `PIECE` long, so that
whoever counts what came can stop in time. Only what the request offers is read: gzip and deflate,
once; packed twice, a small body has no bound that is worth the name.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

OFFERED: Final = "gzip, deflate"
PIECE: Final = 1 << 18
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS


class BadEncoding(ValueError):
    """A body is packed in a way that is not read, or is not what it says."""


class Unpacker:
    """One body: `feed` it what comes, then `end` it.

    >>> packed = zlib.compress(b"rain " * 3)
    >>> unpack = Unpacker("deflate")
    >>> b"".join(unpack.feed(packed)), unpack.end()
    (b'rain rain rain ', None)
    """

    def __init__(self, encoding: str) -> None:
        coding = encoding.strip().lower()
        self._coding = "" if coding == "identity" else coding.removeprefix("x-")
        if self._coding not in ("", "gzip", "deflate"):
            raise BadEncoding(f"it is packed as {encoding!r}, and only {OFFERED} are read")
        self._inner = zlib.decompressobj(_GZIP) if self._coding == "gzip" else None
        self._begun = False
        self._head = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` unpacks to, piece by piece; `BadEncoding` for what is not packed so."""
        if not self._coding:
            yield data
            return
        self._begun = self._begun or bool(data)
        if self._inner is None:
            data = self._head + data
            if len(data) < 2:
                self._head = data
                return
            self._inner = zlib.decompressobj(_ZLIB if _has_header(data) else _BARE)
        while data:
            try:
                yield self._inner.decompress(data, PIECE)
            except zlib.error as error:
                raise BadEncoding(f"it is no {self._coding}: {error}") from None
            data = self._inner.unconsumed_tail
            if self._inner.eof and self._coding == "gzip" and self._inner.unused_data:
                data = self._inner.unused_data  # one member behind the other
                self._inner = zlib.decompressobj(_GZIP)

    def end(self) -> None:
        """Raise `BadEncoding` when it ended too early."""
        if self._begun and self._coding and not (self._inner and self._inner.eof):
            raise BadEncoding(f"its {self._coding} ends in the middle")


def _has_header(data: bytes) -> bool:
    """True for deflate as it should be; some send it bare."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
