"""Variables: what runs, flows and the project remember, and following how it changes.

A variable of a flow or of the project is what `Flow.memory` and `Project.memory` hold. One of a run
is held likewise under the run's id: it is as durable as the others, so a run that is taken up after
a crash finds it, no other run asks for it, and it is deleted with its run.

Whoever follows changes keeps a position. Each change by any process comes once, in order, to
everybody who asks from where he was; nobody misses one, however late he asks.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError
from flowbook.events.ports import Vault
from flowbook.graph.services import Scope
from flowbook.ids import FlowId, RunId
from flowbook.session.listening import LOOK_SECONDS
from flowbook.store.feed import MOST, OF_RUN, Changed, Feed, owner_of_run

if TYPE_CHECKING:
    from datetime import datetime

    from flowbook.store.memory import Memory
    from flowbook.store.store import Store

UNTOLD_SECONDS = 15.0
"""How often to look without being told, for changes whose process died while it told of them."""
_log = logging.getLogger(__name__)


class Office(Protocol):
    """What variables need of their project; `flowbook.Project` is one."""

    @property
    def store(self) -> Store: ...
    @property
    def memory(self) -> Memory: ...


@dataclass(frozen=True, slots=True)
class VariableChange:
    """One change of one variable. `cursor` is its position: ask from there for what came since."""

    changed: Changed
    vault: Vault

    @property
    def scope(self) -> Scope:
        """How far the variable reaches."""
        owner = self.changed.owner
        if owner is None:
            return Scope.GLOBAL
        return Scope.RUN if owner.startswith(OF_RUN) else Scope.FLOW

    @property
    def flow(self) -> FlowId | None:
        """The flow whose variable it is; None for those of a run and of the project."""
        return self.changed.owner if self.scope is Scope.FLOW else None

    @property
    def run(self) -> RunId | None:
        """The run whose variable it is; None for the others."""
        owner = self.changed.owner
        return RunId(owner[len(OF_RUN) :]) if owner and self.scope is Scope.RUN else None

    @property
    def key(self) -> str:
        """What the variable is called."""
        return self.changed.key

    @property
    def version(self) -> int:
        """Which of its changes this is, from 1 on."""
        return self.changed.version

    @property
    def deleted(self) -> bool:
        """True when it has no value from then on."""
        return self.changed.value is None

    @property
    def new(self) -> Any:
        """Its value from then on, None when it was deleted; `ValueUnavailable` if it is gone."""
        return None if self.changed.value is None else self.vault.get(self.changed.value)

    @property
    def old(self) -> Any:
        """Its value before, None when it had none."""
        return None if self.changed.before is None else self.vault.get(self.changed.before)

    @property
    def by(self) -> str:
        """Who changed it: the node of a run, or a user."""
        one = self.changed
        return f"{one.node} of run {one.run_id}" if one.node else one.by or ""

    @property
    def changed_at(self) -> datetime:
        """When, UTC."""
        return self.changed.changed_at

    @property
    def cursor(self) -> int:
        """Where it stands among all changes of the project."""
        return self.changed.position

    def to_json(self) -> dict[str, Any]:
        """The change as plain data, but for its values."""
        at = self.changed_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        told: dict[str, Any] = {
            "scope": self.scope.value,
            "flow": self.flow,
            "run": self.run,
            "key": self.key,
        }
        told |= {"version": self.version, "deleted": self.deleted, "by": self.by}
        return {**told, "changed_at": at, "cursor": self.cursor}


@dataclass(frozen=True, slots=True)
class Of:
    """Which variables: of a scope, of that flow or run, of that key; all where nothing is said."""

    scope: Scope | None = None
    name: str | None = None
    key: str | None = None

    def asked(self) -> dict[str, Any]:
        """In the words of the store."""
        owner = owner_of_run(self.name) if self.name and self.scope is Scope.RUN else self.name
        kind = None if self.scope is None else self.scope.value
        return {"owner": owner, "kind": kind, "key": self.key}


class Watch:
    """Changes as they come: `for change in watch`, or `async for`, until `close` is called.

    `cursor` is behind the last change that was taken.
    """

    def __init__(self, feed: Feed, vault: Vault, of: Of, cursor: int) -> None:
        self.cursor = cursor
        self._feed, self._vault, self._of = feed, vault, of
        self._waiting: deque[VariableChange] = deque()
        self._closed = threading.Event()
        self._looked = -1
        self._again = 0.0

    def close(self) -> None:
        """End every loop over it; from any thread."""
        self._closed.set()

    def take(self) -> list[VariableChange]:
        """What has come since the last time, perhaps nothing; returns at once."""
        told, now = self._feed.told(), time.monotonic()
        if told <= self._looked and now < self._again:
            return []
        changes = changes_of(self._feed, self._vault, self._of, self.cursor)
        self._again = now + UNTOLD_SECONDS
        if len(changes) < MOST:
            self._looked = max(told, changes[-1].cursor if changes else 0)
        if changes:
            self.cursor = changes[-1].cursor
        return changes

    def next(self, timeout: float | None = None) -> VariableChange | None:
        """The next change; None when it is closed, or none comes within `timeout` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._waiting:
            self._gather()
            if self._waiting:
                break
            left = LOOK_SECONDS if until is None else min(LOOK_SECONDS, until - time.monotonic())
            if left <= 0 or self._closed.wait(left):
                return None
        return self._pop()

    def __iter__(self) -> Iterator[VariableChange]:
        return self

    def __next__(self) -> VariableChange:
        found = None if self._closed.is_set() else self.next()
        if found is None:
            raise StopIteration
        return found

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> VariableChange:
        while not self._closed.is_set():
            if not self._waiting:
                await asyncio.to_thread(self._gather)
            if self._waiting:
                return self._pop()
            await asyncio.sleep(LOOK_SECONDS)
        raise StopAsyncIteration

    def _gather(self) -> None:
        before = self.cursor
        self._waiting.extend(self.take())
        self.cursor = before  # it counts what was taken, not what waits

    def _pop(self) -> VariableChange:
        found = self._waiting.popleft()
        self.cursor = found.cursor
        return found


class Variables:
    """The variables of one project.

    >>> from pathlib import Path; from tempfile import mkdtemp
    >>> import flowbook
    >>> project = flowbook.Project(Path(mkdtemp()))
    >>> start = project.variables.cursor
    >>> project.variables.of(flowbook.Scope.FLOW, "orders").set("offset", 3)
    1
    >>> [one] = project.variables.changes(since=start)
    >>> one.scope.value, one.flow, one.key, one.old, one.new
    ('flow', 'orders', 'offset', None, 3)
    >>> project.close()
    """

    def __init__(self, project: Office) -> None:
        self._project = project

    def of(self, scope: Scope | str, name: str | None = None) -> Memory:
        """Those of a scope; `name` is the flow, or the id of the run. Raises `UsageError`."""
        scope, memory = Scope(scope), self._project.memory
        if (name is None) is not (scope is Scope.GLOBAL):
            raise UsageError(
                f"variables of scope {scope.value!r} are asked for with {name!r}",
                hint="of('flow', name), of('run', id) or of('global')",
            )
        if name is None:
            return memory.shared
        return memory.of_run(name) if scope is Scope.RUN else memory.of(name)

    @property
    def cursor(self) -> int:
        """The position of the last change of all; 0 before the first."""
        return self._project.store.feed.position()

    def changes(
        self,
        since: int = 0,
        scope: Scope | str | None = None,
        name: str | None = None,
        key: str | None = None,
    ) -> list[VariableChange]:
        """The changes behind a cursor, by any process, the oldest first; 10,000 at most.

        Of a `scope` only, of the flow or run called `name`, of `key`. Ask again from the `cursor`
        of the last one.
        """
        store = self._project.store
        return changes_of(store.feed, store.vault, _of(scope, name, key), since)

    def watch(
        self,
        since: int | None = None,
        scope: Scope | str | None = None,
        name: str | None = None,
        key: str | None = None,
    ) -> Watch:
        """Changes as they come, from a cursor or from now on; which ones as in `changes`.

        Costs a glance at a small file four times a second while it is waited for.
        """
        store, of = self._project.store, _of(scope, name, key)
        return Watch(store.feed, store.vault, of, self.cursor if since is None else since)

    def subscribe(
        self, callback: Callable[[VariableChange], object], watch: Watch | None = None
    ) -> Callable[[], None]:
        """Call `callback`, in a thread of its own, for each change of `watch`; how to stop that.

        What it raises is logged.
        """
        watching = watch or self.watch()

        def work() -> None:
            for change in watching:
                try:
                    callback(change)
                except Exception:  # noqa: BLE001 - logged; the next change is to come, too
                    _log.exception("nobody took the change of variable %r", change.key)

        thread = threading.Thread(target=work, name="flowbook-variables", daemon=True)
        thread.start()

        def stop() -> None:
            watching.close()
            if thread is not threading.current_thread():
                thread.join()

        return stop


class Varying:
    """The part of a project that has variables."""

    @cached_property
    def variables(self) -> Variables:
        """Those of runs, flows and the project: `of`, `changes`, `watch`, `subscribe`."""
        return Variables(self)  # type: ignore[arg-type]  # a project is an office


def changes_of(feed: Feed, vault: Vault, of: Of, since: int) -> list[VariableChange]:
    """The changes behind a position, as they are told."""
    return [VariableChange(one, vault) for one in feed.since(since, **of.asked())]


def _of(scope: Scope | str | None, name: str | None, key: str | None) -> Of:
    scope = None if scope is None else Scope(scope)
    if name is not None and scope in (None, Scope.GLOBAL):
        raise UsageError(
            f"variables called by {name!r} need a scope", hint="scope='flow' or scope='run'"
        )
    return Of(scope, name, key)
