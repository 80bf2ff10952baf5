"""What a format reads from: a file that can be opened again, uncompressed, and decoded.

A format that fails opens its source a second time to say where the fault is; the common case pays
nothing for that.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Any, Final

from flowbook.errors import UsageError

COMPRESSED: Final = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}
"""Compression by the last suffix of a name."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file by the name it was given; `log` takes a line for the run's log."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    log: Callable[[str], None]
    folder: str = ""
    """Where it is, if it is a folder of files that are one table."""

    def bytes(self) -> bytes:
        """All of it."""
        with self.open() as file:
            return file.read()

    def text(self, encoding: str) -> str:
        """All of it as text, line ends as they are; `UsageError` names what cannot be decoded."""
        content = self.bytes()
        try:
            return content.decode(_signed(encoding))
        except UnicodeDecodeError:
            raise self.undecodable(encoding) from None
        except LookupError:
            raise unknown_encoding(encoding) from None

    def undecodable(self, encoding: str) -> UsageError:
        """What to raise for a file that is not in `encoding`: at which byte and line."""
        at = self._first_undecodable(encoding)
        where = f" at byte {at[0]}, line {at[1]}: {at[2]}" if at else ""
        return UsageError(
            f"{self.name} is not in {encoding}{where}",
            hint="name its encoding, such as encoding: cp1252, latin-1 or utf-16",
        )

    def _first_undecodable(self, encoding: str) -> tuple[int, int, str] | None:
        """Byte (from 0), line (from 1) and the byte that is none of the encoding."""
        decoder = codecs.getincrementaldecoder(encoding)()
        before, lines = 0, 1
        with self.open() as file:
            while True:
                chunk = file.read(_CHUNK)
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    kept = len(error.object) - len(chunk)
                    lines += error.object[: error.start].count(b"\n")
                    shown = f"0x{error.object[error.start]:02x}"
                    return before - kept + error.start, lines, shown
                if not chunk:
                    return None
                before += len(chunk)
                lines += chunk.count(b"\n")


def _signed(encoding: str) -> str:
    """UTF-8 with or without a byte order mark."""
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


def unknown_encoding(encoding: str) -> UsageError:
    """What to raise for an encoding that Python does not know."""
    return UsageError(f"no encoding is called {encoding!r}", hint="such as utf-8, cp1252, utf-16")


def compression_of(name: str) -> str:
    """How a file of that name is compressed; '' for not at all.

    >>> compression_of("rows.csv.gz"), compression_of("rows.csv")
    ('gzip', '')
    """
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    return COMPRESSED.get(suffix, "")


def inflated(file: IO[bytes], compression: str) -> Any:
    """`file` uncompressed while it is read; closing it closes `file` where Python's own do."""
    if compression == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=file, mode="rb")
    if compression == "bz2":
        import bz2

        return bz2.BZ2File(file, "rb")
    if compression == "xz":
        import lzma

        return lzma.LZMAFile(file, "rb")
    return _arrow("zstd").CompressedInputStream(file, "zstd") if compression else file


def deflated(file: IO[bytes], compression: str) -> Any:
    """What is written to it is written to `file` compressed; the same content, the same bytes."""
    if compression == "gzip":
        import gzip

        return gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0)
    if compression == "bz2":
        import bz2

        return bz2.BZ2File(file, "wb")
    if compression == "xz":
        import lzma

        return lzma.LZMAFile(file, "wb")
    return _arrow("zstd").CompressedOutputStream(_Lent(file), "zstd")


def _arrow(what: str) -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise UsageError(f"{what} needs pyarrow", hint='pip install "flowbook[tables]"') from None
    return pa


class _Lent(io.RawIOBase):
    """Written to by a library that closes what it is given."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._file.write(data)


class Recoded(io.RawIOBase):
    """Takes UTF-8 and writes another encoding."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._encoder = codecs.getincrementalencoder(encoding)()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            self._file.write(self._encoder.encode(self._decoder.decode(bytes(data))))
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{error.object[error.start]!r} cannot be written in {self._encoding}",
                hint="write it as encoding: utf-8",
            ) from None
        return len(data)


def is_utf8(encoding: str) -> bool:
    """True for UTF-8 by any of its names, with a mark or without."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
