"""Datasets: named values with versions and tags, kept beside the runs that made them.

A version is immutable and known by a UUIDv7; a tag is a name that moves. What a version holds is a
stored value like any other, so two versions of equal content share their bytes. Like everything
else a dataset is a fold of facts: publishing journals one, and is durable when it returns.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec

from flowbook.errors import UsageError
from flowbook.events.ports import Vault
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.ids import NodeId, RunId, mint_uuid7
from flowbook.store.facts import DatasetTagged, DatasetVersioned, StoredFact
from flowbook.store.rows import from_us
from flowbook.store.snapshot import Snapshot

_COLUMNS = (
    "dataset, version, number, tags, type, bytes, rows, parent, run_id, node, epoch_us(created_at)"
)
_FIND = (
    "SELECT {columns} FROM known_datasets WHERE dataset = $dataset "
    "AND ($which IS NULL OR version = $which OR number::VARCHAR = $which "
    "OR list_contains(tags, $which)) ORDER BY number DESC"
)


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One version of a dataset. `number` counts from 1; `bytes` is its size as stored."""

    dataset: str
    version: str
    number: int
    tags: tuple[str, ...]
    type: str
    bytes: int
    rows: int | None
    parent: str | None
    run_id: RunId | None
    node: NodeId | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Datasets:
    """The datasets of one project.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> _ = store.datasets.publish("cities", [{"city": "Oslo"}], tags=("golden",))
    >>> store.datasets.get("cities", "golden")
    [{'city': 'Oslo'}]
    >>> store.close()
    """

    snapshot: Snapshot
    vault: Vault
    append: Callable[[list[StoredFact]], Future[None]]

    def publish(
        self,
        dataset: str,
        value: Any,
        *,
        tags: tuple[str, ...] = (),
        parent: str | None = None,
        made_by: tuple[RunId, NodeId] | None = None,
    ) -> str:
        """Keep `value` as the newest version of `dataset`; its version id, once it is durable.

        Raises `UsageError` for a value that cannot be kept: a dataset that is not there tomorrow
        is none.
        """
        if not dataset:
            raise UsageError("a dataset needs a name")
        ref = self.vault.put(value)
        if ref.format is ValueFormat.NONE:
            raise UsageError(
                f"a {ref.type} cannot be a dataset: {ref.reason}",
                hint="give a frame, an Arrow table or plain data",
            )
        now = time.time()
        version = mint_uuid7(int(now * 1000), secrets.randbits(74))
        run, node = made_by or (None, None)
        facts: list[StoredFact] = [
            DatasetVersioned(
                at=now,
                dataset=dataset,
                version=version,
                value=ref,
                parent=parent,
                run=run,
                node=node,
            )
        ]
        facts += [
            DatasetTagged(at=now, dataset=dataset, tag=_tag(t), version=version) for t in tags
        ]
        self.append(facts).result()
        return version

    def get(self, dataset: str, which: str | int | None = None) -> Any:
        """The value of a version by id, number or tag; of the newest without `which`."""
        return self.vault.get(self._ref(dataset, which))

    def tag(self, dataset: str, tag: str, which: str | int | None = None) -> None:
        """Let `tag` name that version, the newest without `which`."""
        version = self.versions(dataset, which)[0].version
        fact = DatasetTagged(at=time.time(), dataset=dataset, tag=_tag(tag), version=version)
        self.append([fact]).result()

    def untag(self, dataset: str, tag: str) -> None:
        """Let `tag` name no version; nothing happens when it names none."""
        self.append([DatasetTagged(at=time.time(), dataset=dataset, tag=_tag(tag))]).result()

    def versions(self, dataset: str, which: str | int | None = None) -> list[DatasetVersion]:
        """The versions of a dataset, newest first; `UsageError` when there is none such."""
        rows = self._rows(_COLUMNS, dataset, which)
        return [_version(row) for row in rows]

    def names(self) -> list[str]:
        """Every dataset, by name."""
        with self.snapshot.look("datasets") as view:
            rows = view.execute("SELECT DISTINCT dataset FROM datasets ORDER BY ALL").fetchall()
        return [name for (name,) in rows]

    def _ref(self, dataset: str, which: str | int | None) -> ValueRef:
        ((text,), *_rest) = self._rows("value", dataset, which)
        return msgspec.json.decode(text, type=ValueRef)

    def _rows(self, columns: str, dataset: str, which: str | int | None) -> list[tuple[Any, ...]]:
        wanted = None if which is None else str(which)
        with self.snapshot.look("datasets") as view:
            rows: list[tuple[Any, ...]] = view.execute(
                _FIND.format(columns=columns), {"dataset": dataset, "which": wanted}
            ).fetchall()
        if not rows:
            raise UsageError(
                f"there is no dataset {dataset!r}" + (f" with {which!r}" if which else ""),
                hint=f"there are {', '.join(self.names()) or 'none yet'}",
            )
        return rows


def _tag(text: str) -> str:
    if not text or text.isdigit():
        raise UsageError(f"{text!r} is no tag: it would be taken for a number")
    return text


def _version(row: tuple[Any, ...]) -> DatasetVersion:
    named = dict(zip((field.name for field in fields(DatasetVersion)), row, strict=True))
    return DatasetVersion(
        **{**named, "tags": tuple(named["tags"]), "created_at": from_us(named["created_at"])}
    )
