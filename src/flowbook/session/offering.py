"""What a project offers to whoever edits one of its flows: names for expressions, flows to call.

Names of secrets, never their values; what the environment has of what the project lists. Flows are
read from notebooks without executing any of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.cells.patches import write
from flowbook.errors import FlowbookError, UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.offered import Brought, Offered
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec
from flowbook.session.bringing import brought, holds_flow, seen_from
from flowbook.session.callees import Callees
from flowbook.session.notebooks import replace_text

if TYPE_CHECKING:
    from flowbook.session.secrets import Keychain
    from flowbook.session.services import Provider
    from flowbook.store.memory import Memory

_MOST_NOTEBOOKS = 200
_MOST_VARIABLES = 200
_PASSED_BY = frozenset({"node_modules", "__pycache__"})


class Office(Protocol):
    """What this needs of a project; `flowbook.Project` is one."""

    @property
    def path(self) -> Path: ...
    @property
    def keychain(self) -> Keychain: ...
    @property
    def provider(self) -> Provider: ...
    @property
    def memory(self) -> Memory: ...
    @property
    def registry(self) -> Registry: ...


class Offers:
    """What `project` offers to an editor of `flow`; paths are seen from `folder`."""

    def __init__(self, project: Office, flow: Flow, folder: Path | None = None) -> None:
        self._project = project
        self._flow = flow
        self._folder = folder or project.path

    def names(self) -> Offered:
        """What expressions may name besides nodes; what cannot be listed is left out."""
        listed = self._project.provider.allowed.words("env", self._flow.name)
        scopes = {"flow": self._project.memory.of(self._flow.name)}
        return Offered(
            env={name: os.environ[name] for name in listed if name in os.environ},
            secrets=tuple(dict.fromkeys(self._secrets())),
            variables={
                "global": _first(self._project.memory.shared),
                **{scope: _first(memory) for scope, memory in scopes.items()},
            },
        )

    def flows(self) -> tuple[FlowSpec, ...]:
        """The flows that a node may call, its own left out; notebooks that do not read are, too."""
        callees = Callees(self._project)  # type: ignore[arg-type]  # a project is a library
        found: dict[str, FlowSpec] = {}
        for name in (*self._flow.called, *self._notebooks()):
            if name == self._flow.name or name in found:
                continue
            try:
                found[name] = callees.latest(name, self._flow).spec()
            except (FlowbookError, OSError, ValueError):
                continue
        return tuple(found[name] for name in sorted(found))

    def make_flow(self, spec: FlowSpec) -> str:
        """Write a notebook with this flow into the project's folder; its path.

        Raises `UsageError` when there is a file of that name.
        """
        path = self._project.path / f"{spec.id}.ipynb"
        if path.exists():
            raise UsageError(f"there is a notebook {path.name} already", hint="take another name")
        replace_text(path, write(spec, self._project.registry).text())
        return seen_from(self._folder, path)

    def brought(self, path: str) -> Brought:
        """The node that a file makes; `UsageError` for one that makes none."""
        return brought(self._project.path, self._folder, path)

    def _secrets(self) -> Iterator[str]:
        for resolver in self._project.keychain.asked.values():
            try:
                yield from getattr(resolver, "names", list)()
            except (FlowbookError, OSError):
                continue  # a place that is shut has nothing to offer

    def _notebooks(self) -> Iterator[str]:
        looked = 0
        for where, inner, files in os.walk(self._project.path):
            inner[:] = sorted(
                one for one in inner if not one.startswith(".") and one not in _PASSED_BY
            )
            for name in sorted(files):
                if name.endswith(".ipynb") and looked < _MOST_NOTEBOOKS:
                    looked += 1
                    if holds_flow(Path(where) / name):
                        yield name.removesuffix(".ipynb")


def _first(memory: Any) -> dict[str, Any]:
    names = list(memory)[:_MOST_VARIABLES]
    return {name: memory.get(name) for name in names}
