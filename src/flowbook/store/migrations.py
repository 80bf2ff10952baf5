"""Which version of flowbook wrote a project folder, and whether this one may use it.

`meta.json` is written once, before the first segment. A folder of a newer format is refused,
untouched; one of an older format is brought forward by the steps from its format to ours.
The DuckDB storage version is pinned in it, so that two kernels with different DuckDBs can share
one folder.
"""

from __future__ import annotations

import msgspec

from flowbook.errors import StoreVersion
from flowbook.store.disk import Disk, Durability
from flowbook.store.layout import Layout

FORMAT = 1
"""What this version writes. Raise it together with a step that brings the older one forward."""
STORAGE_VERSION = "v2.0.0"
"""What DuckDB is told to write."""


class Meta(msgspec.Struct, frozen=True):
    """What `meta.json` says."""

    format: int
    storage_version: str


def read_meta(layout: Layout) -> Meta | None:
    """The folder's meta data; None when there is no store yet.

    Raises `StoreVersion` when this version cannot read the folder.
    """
    try:
        text = layout.meta.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        meta = msgspec.json.decode(text, type=Meta)
    except msgspec.DecodeError as error:
        raise _refused(layout, "unreadable", f"{layout.meta} is damaged: {error}") from error
    if meta.format > FORMAT:
        raise _refused(layout, str(meta.format), f"{layout.root} was written by a newer flowbook")
    return meta


def ensure_meta(layout: Layout, disk: Disk) -> Meta:
    """The folder's meta data, written first if there is none."""
    found = read_meta(layout)
    if found is not None:
        return found
    disk.make_directory(layout.root, Durability.FSYNC)
    meta = Meta(FORMAT, STORAGE_VERSION)
    (layout.root / ".gitignore").write_text("*\n", encoding="ascii")  # no history of histories
    with disk.staged(layout.root) as staged:
        staged.write_bytes(msgspec.json.encode(meta))
        disk.publish(staged, layout.meta, Durability.FSYNC)
    return meta


def _refused(layout: Layout, found: str, message: str) -> StoreVersion:
    return StoreVersion(
        message,
        hint=f"this flowbook reads formats up to {FORMAT}: upgrade it, or move the folder away",
        path=str(layout.meta),
        found=found,
        supported=str(FORMAT),
    )
