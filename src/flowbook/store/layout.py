"""Where everything lies in a project folder. Names only: nothing here touches the disk.

```
.flowbook/
  meta.json                  which version wrote this folder
  store.duckdb               history; opened by nobody outside a lease (`flowbook.store.resident`)
  gate.lock  store.lock      empty, never removed, opened only by `flowbook.store.locks`
  changes                    position of the last change of what is remembered, as text
  change.lock                held from a decision to delete, pin or set until it is recorded
  journal/<writer>.lock      held by its process for as long as it may write
  journal/<writer>.<n>.tsv   append-only segments of what that process reported
  archive/<writer>.<n>.tsv.gz  the same, once folded, if the setting `archive` is on
  objects/<aa>/<sha256>.ext  immutable values, by content
  objects/<aa>/<sha256>.preview.json  what such a value looks like; made anew when missing
  notices.lock               held by whoever tells people; there since the first rule was made
  claims/<schedule>/<tick>   who won a tick of a schedule
  signals/<run>/<id>.json    what is said to a run from outside
  runs/<run>.lock            held by the process that took up a lost run
  limits/limits.json         how much may go on at once in the project, as it is set
  limits/turn.lock           held for a moment by whoever looks who is next
  limits/<name>.<n>.slot     held by the process of whatever has the place
  limits/<process>.queue     held by a process some of whose runs wait; what for
  limits/<process>.bell      a pipe by which others wake it
```
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from flowbook.errors import UsageError
from flowbook.ids import WriterId

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
_NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one store.

    >>> Layout(Path("p/.flowbook")).segment(WriterId("w"), 3).as_posix()
    'p/.flowbook/journal/w.00000003.tsv'
    """

    root: Path

    @property
    def meta(self) -> Path:
        return self.root / "meta.json"

    @property
    def database(self) -> Path:
        return self.root / "store.duckdb"

    @property
    def wal(self) -> Path:
        return self.root / "store.duckdb.wal"

    @property
    def gate(self) -> Path:
        return self.root / "gate.lock"

    @property
    def lock(self) -> Path:
        return self.root / "store.lock"

    @property
    def change(self) -> Path:
        return self.root / "change.lock"

    @property
    def changes(self) -> Path:
        return self.root / "changes"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def claims(self) -> Path:
        return self.root / "claims"

    @property
    def notices(self) -> Path:
        return self.root / "notices.lock"

    @property
    def signals(self) -> Path:
        return self.root / "signals"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def limits(self) -> Path:
        return self.root / "limits"

    def slot(self, name: str, number: int) -> Path:
        """The file that is held by whoever has that place of a limit."""
        return self.limits / f"{as_filename(name)}.{number}.slot"

    def segment(self, writer: WriterId, number: int) -> Path:
        """The `number`th segment of a writer; numbers sort as text."""
        return self.journal / f"{writer}.{number:08d}.tsv"

    def life(self, writer: WriterId) -> Path:
        """The file a live writer holds a flock on."""
        return self.journal / f"{writer}.lock"

    def object(self, digest: str, suffix: str) -> Path:
        """The object with that sha256."""
        return self.objects / digest[:2] / f"{digest}.{suffix}"

    def preview(self, digest: str) -> Path:
        """What the object with that sha256 looks like."""
        return self.object(digest, "preview.json")


def as_filename(text: str) -> str:
    """Any text as one plain file name that `from_filename` turns back.

    Lower-case letters, digits, `-` and `_` stay, all else is escaped: so that names differ where
    case does not count, and none is hidden. Raises `UsageError` when the name would be too long.

    >>> as_filename("daily/Oslo")
    'daily%2f%4fslo'
    """
    encoded = "".join(
        chr(byte) if byte in _PLAIN else f"%{byte:02x}"
        for byte in text.encode("utf-8", "surrogatepass")
    )
    if not 1 <= len(encoded) <= _NAME_LIMIT:
        raise UsageError(
            f"{text[:40]!r} cannot name a file: {len(encoded)} bytes when escaped",
            hint=f"use 1 to {_NAME_LIMIT} lower-case letters, digits, - and _; others count more",
        )
    return encoded


def from_filename(name: str) -> str:
    """The text that `as_filename` made `name` of.

    >>> from_filename("daily%2f%4fslo")
    'daily/Oslo'
    """
    return unquote_to_bytes(name).decode("utf-8", "surrogatepass")
