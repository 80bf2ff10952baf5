"""Where everything lies in a project folder. Names only: nothing here touches the disk.

```
.flowbook/
  meta.json                  which version wrote this folder
  store.duckdb               history; opened by nobody outside a lease (`flowbook.store.resident`)
  gate.lock  store.lock      empty, never removed, opened only by `flowbook.store.locks`
  journal/<writer>.lock      held by its process for as long as it may write
  journal/<writer>.<n>.jsonl append-only segments of what that process reported
  archive/<writer>.<n>.jsonl.gz  the same, once folded, if the setting `archive` is on
  objects/<aa>/<sha256>.ext  immutable values, by content
```
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowbook.ids import WriterId


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one store.

    >>> Layout(Path("p/.flowbook")).segment(WriterId("w"), 3).as_posix()
    'p/.flowbook/journal/w.00000003.jsonl'
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
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    def segment(self, writer: WriterId, number: int) -> Path:
        """The `number`th segment of a writer; numbers sort as text."""
        return self.journal / f"{writer}.{number:08d}.jsonl"

    def life(self, writer: WriterId) -> Path:
        """The file a live writer holds a flock on."""
        return self.journal / f"{writer}.lock"

    def object(self, digest: str, suffix: str) -> Path:
        """The object with that sha256."""
        return self.objects / digest[:2] / f"{digest}.{suffix}"
