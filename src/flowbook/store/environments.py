"""What runs were performed in: Python, platform, flowbook and every installed package.

An environment is kept once, under the digest of what it says; a run names that. So a history of
many thousand runs holds a handful of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from html import escape
from typing import Any

import msgspec

from flowbook.store.display import html_table
from flowbook.store.facts import EnvironmentRecorded, StoredFact
from flowbook.store.snapshot import Snapshot

_DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Environment:
    """One environment. `packages`: versions of all installed distributions, by name.

    >>> one = Environment("3.12.4", "Linux 6.1 x86_64", "1.0", {"pandas": "2.2.3", "numpy": "2.1"})
    >>> other = Environment("3.12.4", "Linux 6.1 x86_64", "1.0", {"pandas": "2.3.0"})
    >>> list(one.differences(other))
    [('package numpy', '2.1', None), ('package pandas', '2.2.3', '2.3.0')]
    """

    python: str
    platform: str
    flowbook: str
    packages: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """What it is known by: equal environments have equal ones."""
        said = msgspec.json.encode(self.to_json(), order="sorted")
        return sha256(said).hexdigest()[:_DIGEST_LENGTH]

    def differences(self, other: Environment) -> Iterator[tuple[str, str | None, str | None]]:
        """What is not the same in `other`: its name, how it is here, and how it is there."""
        for name in ("python", "platform", "flowbook"):
            if (here := getattr(self, name)) != (there := getattr(other, name)):
                yield name, here, there
        for name in sorted({*self.packages, *other.packages}):
            mine, theirs = self.packages.get(name), other.packages.get(name)
            if mine != theirs:
                yield f"package {name}", mine, theirs

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "python": self.python,
            "platform": self.platform,
            "flowbook": self.flowbook,
            "packages": dict(sorted(self.packages.items())),
        }

    def __repr__(self) -> str:
        count = len(self.packages)
        return (
            f"<environment Python {self.python}, flowbook {self.flowbook}, {self.platform}, "
            f"{count} {'package' if count == 1 else 'packages'}>"
        )

    def _repr_html_(self) -> str:
        rows = html_table(("package", "version"), sorted(self.packages.items()))
        return f"<details><summary>{escape(repr(self)[1:-1])}</summary>{rows}</details>"


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments that a project's runs were performed in.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> here = Environment("3.12.4", "Linux 6.1 x86_64", "1.0", {"pandas": "2.2.3"})
    >>> store.environments.record(here)
    >>> store.environments.get(here.digest).packages["pandas"]
    '2.2.3'
    >>> store.close()
    """

    snapshot: Snapshot
    append: Callable[[list[StoredFact]], Future[None]]
    clock: Callable[[], float]
    _told: set[str] = field(default_factory=set)

    def record(self, found: Environment) -> None:
        """Keep an environment; once per process, and in the store once for all."""
        if found.digest in self._told:
            return
        self._told.add(found.digest)
        self.append([EnvironmentRecorded(at=self.clock(), digest=found.digest, **found.to_json())])

    def get(self, digest: str | None) -> Environment | None:
        """The environment of that digest; None where none is known, as of older runs."""
        if digest is None:
            return None
        with self.snapshot.look("environments") as view:
            rows = view.execute(
                "SELECT python, platform, flowbook, packages FROM environments WHERE digest = ?",
                [digest],
            ).fetchall()
        if not rows:
            return None
        python, platform, flowbook, packages = rows[0]
        return Environment(python, platform, flowbook, msgspec.json.decode(packages or "{}"))
