"""What the project does for its nodes: the `Services` of one attempt.

Small on purpose: it knows which run of which flow asks, and hands on to whoever knows the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from flowbook.errors import UsageError
from flowbook.graph.services import Grant, Scope
from flowbook.ids import FlowId, RunId
from flowbook.session import grants
from flowbook.session.allowed import Allowed
from flowbook.session.entrusted import own_name
from flowbook.session.files_jail import Jail
from flowbook.session.kept import Kept
from flowbook.session.secret_places import PREFIX, secrets_file
from flowbook.session.secrets import Keychain

if TYPE_CHECKING:
    import asyncio

    from flowbook.graph.memory import Memory
    from flowbook.run.engine import Engine
    from flowbook.run.rules.stimulus import Lineage
    from flowbook.run.work import StepContext
    from flowbook.session.calls import Calls
    from flowbook.session.recording import Secrets
    from flowbook.session.trials import Trial, Trials
    from flowbook.store.memory import Memory as StoredMemory
    from flowbook.store.store import Store

T = TypeVar("T")


class Office(Protocol):
    """What services need of their project; `flowbook.Project` is one."""

    path: Path
    calls: Calls

    @property
    def keychain(self) -> Keychain: ...
    @property
    def memory(self) -> StoredMemory: ...
    @property
    def store(self) -> Store: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def trials(self) -> Trials: ...


class Providing:
    """The part of a project that serves its nodes."""

    @cached_property
    def keychain(self) -> Keychain:
        """The secrets its nodes may ask for, and those that were handed out."""
        return Keychain(lambda: self.provider.allowed.words("secret_places", None))

    @property
    def secrets(self) -> Secrets:
        """Gives the texts that no run may write down; set it, and it gives yours, too."""
        return self.keychain.known

    @secrets.setter
    def secrets(self, more: Secrets) -> None:
        self.keychain.more = more

    @cached_property
    def provider(self) -> Provider:
        """What it does for nodes: grants, files, kept clients."""
        return Provider(self)  # type: ignore[arg-type]  # a project is an office


class Provider:
    """Gives each attempt its services."""

    def __init__(self, project: Office) -> None:
        self.project = project
        self.allowed = Allowed(lambda: project.store.settings)
        self.kept = Kept(self._loop)

    def of(self, context: StepContext) -> StepServices:
        """The services of one attempt."""
        return StepServices(self, context)

    def close(self) -> None:
        """Close what nodes have kept."""
        self.kept.close()

    def _loop(self) -> asyncio.AbstractEventLoop | None:
        return self.project.engine.loop


def _lineage(project: Office, run_id: RunId) -> Lineage | None:
    run = project.engine.running(run_id)
    return None if run is None else run.entry.lineage


class StepServices:
    """The `Services` of one attempt of a node."""

    def __init__(self, provider: Provider, context: StepContext) -> None:
        self._provider, self._context = provider, context

    @property
    def effects(self) -> bool:
        """False in a test run, unless the test allows the node what it does."""
        trial = self._trial
        return trial is None or self._context.node in trial.allow

    def secret(self, name: str) -> str:
        """A secret by its name."""
        project = self._provider.project
        return project.keychain.secret(own_name(_lineage(project, self._context.run_id), name))

    def env(self, name: str) -> str:
        """A variable of the environment that the project lists."""
        if name.startswith(PREFIX):
            raise UsageError(
                f"{name!r} is a secret: it is not read as a part of the environment",
                hint=f"write $secret.{name.removeprefix(PREFIX).lower()}",
            )
        return grants.environment(self._provider.allowed, self._flow, name)

    def require(self, grant: Grant, what: str) -> None:
        """Raise `NotGranted` unless the project allows it."""
        grants.require(self._provider.allowed, self._flow, grant, what)

    def file(self, path: str, *, writing: bool = False) -> str:
        """Where a file is, if the project lets its nodes use it."""
        allowed, flow = self._provider.allowed, self._flow
        paths, urls = (allowed.words(name, flow) for name in ("allow_paths", "allow_urls"))
        jail = Jail(self._provider.project.path, paths, urls, hidden=[secrets_file()])
        return jail.place(path, writing=writing)

    def keep(
        self, key: Hashable, make: Callable[[], T], close: Callable[[T], Any] | None = None
    ) -> T:
        """What `make` gave when it was first asked for under `key`."""
        return self._provider.kept.get(key, make, close)

    def variables(self, scope: Scope) -> Memory:
        """The variables of a scope."""
        scope, trial = Scope(scope), self._trial
        if trial is not None:
            return trial.memories[scope]
        memory = self._provider.project.memory
        if scope is Scope.GLOBAL:
            return memory.shared
        if scope is Scope.RUN:
            return memory.of_run(self._context.run_id)
        return memory.of(self._flow)

    @property
    def _trial(self) -> Trial | None:
        return self._provider.project.trials.of(self._context.run_id)

    @property
    def _flow(self) -> FlowId:
        return self._provider.project.calls.flow_of(self._context.run_id)
