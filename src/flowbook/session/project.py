"""`Project`: a folder of flows with one history, and everything a door needs to run them.

The folder is where `.flowbook/` lies: the nearest one upwards from where you stand, else the folder
itself. Engine and store open at first use, so asking for history never starts a thread and
checking a notebook never touches the disk.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property, partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from flowbook.errors import UsageError
from flowbook.graph.flow import Flow, set_default_host
from flowbook.graph.host import flows_of
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import Json
from flowbook.ids import NodeId
from flowbook.session.ambient import names_of
from flowbook.session.begin import begin
from flowbook.session.cache import ProjectCache
from flowbook.session.calls import Calls
from flowbook.session.captured import Captured, captured_of, captured_problems
from flowbook.session.completing import Completing
from flowbook.session.control import Controlled
from flowbook.session.desk import Desk
from flowbook.session.filing import Filing
from flowbook.session.folder import STORE_FOLDER, root_of
from flowbook.session.hooks import Aftermath
from flowbook.session.keys import Keys
from flowbook.session.kinds import installed_kinds
from flowbook.session.listening import Listener
from flowbook.session.live_flow import LiveFlows
from flowbook.session.looking_back import LookingBack
from flowbook.session.memory import Remembering
from flowbook.session.notifications import Notifying
from flowbook.session.plans import Plans
from flowbook.session.queue import Queues
from flowbook.session.rehearsals import Rehearsals
from flowbook.session.reopening import Reopening
from flowbook.session.replays import Replays
from flowbook.session.schedules import Schedules
from flowbook.session.services import Providing
from flowbook.session.staleness import Ageing
from flowbook.session.start import Start, owned
from flowbook.session.variables import Varying
from flowbook.session.versioned import Versioned
from flowbook.session.work import evaluate_text, kinds_of

if TYPE_CHECKING:
    from flowbook.plan.plan import Plan
    from flowbook.plan.routing import Routing
    from flowbook.run.engine import Engine
    from flowbook.run.handle import Run
    from flowbook.session.environment import Here
    from flowbook.session.recorded import RecordedRun
    from flowbook.session.recovery import Own, Recovered
    from flowbook.store.history import History
    from flowbook.store.store import Store


class Project(
    Ageing,
    Completing,
    Controlled,
    Filing,
    LookingBack,
    Notifying,
    Providing,
    Rehearsals,
    Remembering,
    Replays,
    Varying,
    Versioned,
):
    """One project folder. Get it with `flowbook.project(path)`; one object per folder.

    >>> from tempfile import mkdtemp
    >>> Project(Path(mkdtemp())).history.runs().runs
    ()
    """

    def __init__(self, path: Path, *, store: Path | None = None) -> None:
        """The project in the folder `path`; `store` is where its history is kept, if elsewhere."""
        self.path = path
        self.folder = store or path / STORE_FOLDER
        """Where everything lies that it remembers."""
        self.live = LiveFlows()
        self.listener = Listener(lambda: self.store.signals)
        self.live.watchers.append(lambda _flow, run: self.listener.follow(run))
        self.live.watchers.append(lambda _flow, run: self.teller.follow(run))
        self.cache = ProjectCache(self)
        """What the cache of its nodes holds: `entries`, `clear`, `why`."""
        self.own: Own = lambda run_id: owned(self.folder, run_id)
        """How a run is taken hold of for this process alone, before it is taken up."""
        self.calls = Calls(self)
        self.keys = Keys(self)
        self._plans = Plans()
        self.aftermath = Aftermath(self, partial(begin, self))
        self.queues = Queues(self)
        """What waits for its turn in this process."""
        self.schedules = Schedules(self)
        """Which flows run by themselves, and when."""
        self.reopening = Reopening(self)
        """What goes on by itself of the runs that died with their process."""

    def __repr__(self) -> str:
        return f"Project({str(self.path)!r})"

    @cached_property
    def registry(self) -> Registry:
        """Node types of every installed package, ours and strangers', by entry point."""
        return installed_kinds()

    @cached_property
    def store(self) -> Store:
        """The project's journal and DuckDB store under `.flowbook/`."""
        from flowbook.store.store import Store

        return Store.open(self.folder)

    @property
    def history(self) -> History:
        """Runs, events and SQL over them."""
        return self.store.history

    @cached_property
    def environment(self) -> Here:
        """In what this process performs runs."""
        from flowbook.session.environment import Here

        return Here(lambda: self.store.environments)

    @cached_property
    def engine(self) -> Engine:
        """The one engine of this process for this project, on its own thread."""
        from flowbook.run.engine import Engine
        from flowbook.run.work import Tools

        tools = Tools(
            evaluate_text,
            self.store.query,
            self.store.cache,
            self.cache.held,
            self.calls.call,
            self.queues,
            self.memory_of,
            self.provider.of,
            names_of,
            lambda run_id: self.memory.of_run(run_id),
            self.keychain.told,
            self.moment,
            self.environment,
        )
        return Engine(self.store.sink, self.store.vault, tools=tools)

    # ------------------------------------------------------------ definitions

    def check(self, flow: Flow) -> tuple[Problem, ...]:
        """Everything wrong with the definition, all at once."""
        from flowbook.plan.check import check

        found = check(flow.spec(), kinds_of(flow, self.registry)) + self.calls.problems(flow)
        live = self.live.of(flow)
        return (*found, *captured_problems(flow.spec(), live.attached or {}, live.loose))

    def captures(self, flow: Flow, node: NodeId) -> Mapping[str, Captured]:
        """What the names are that a node takes from the kernel or from setup cells, by name."""
        spec, live = flow.spec(), self.live.of(flow)
        return captured_of(spec.node(node), spec, live.namespace(spec), live.loose)

    def plan(
        self, flow: Flow, targets: Collection[NodeId] | None = None, *, whole: bool = False
    ) -> Plan:
        """The compiled flow, or `InvalidFlow` with every problem.

        `whole`: with nodes that the targets do not need, to be skipped.
        """
        kinds = kinds_of(flow, self.registry)
        if targets is None:
            return self._plans.of(flow, kinds)
        return self._plans.part(flow, kinds, targets, whole=whole)

    # ------------------------------------------------------------ runs

    @overload
    def start(
        self,
        flow: Flow,
        params: Mapping[Any, Json] | None = None,
        how: Start | None = None,
        *,
        only: Collection[NodeId] | None = None,
        priority: int | None = None,
        route: Routing | str | None = None,
    ) -> Run: ...

    @overload
    def start(
        self,
        flow: Flow,
        params: Mapping[Any, Json] | None = None,
        how: Start | None = None,
        *,
        key: str | None,
        only: Collection[NodeId] | None = None,
        priority: int | None = None,
        route: Routing | str | None = None,
    ) -> Run | RecordedRun: ...

    def start(  # noqa: PLR0913 - what may be said of a run; all but three have names
        self,
        flow: Flow,
        params: Mapping[Any, Json] | None = None,
        how: Start | None = None,
        *,
        key: str | None = None,
        only: Collection[NodeId] | None = None,
        priority: int | None = None,
        route: Routing | str | None = None,
    ) -> Run | RecordedRun:
        """Start a run and return at once; with a `key`, the run that stands for it already.

        `only` these nodes and what they need; the others are skipped. `priority`: it goes before
        others that have a smaller one, whatever its flow says. `route`: the rule by which it takes
        a version, see `flowbook.plan.routing`.
        Raises `InvalidFlow` or `InvalidParameters` with every problem, before anything starts.
        """
        asked = how or Start()
        if only is not None:
            asked = replace(asked, targets=tuple(only))
        if priority is not None:
            asked = replace(asked, priority=priority)
        taken = flow
        if route is not None:
            taken, asked = self.start_routed(flow, route, key, asked)
        try:
            if key is None:
                return begin(self, taken, params or {}, asked)
            return self.keys.start(taken, params or {}, replace(asked, key=key))
        finally:
            if (
                how is None and flow.base is None
            ):  # a door that says how has its own way with lost runs
                self.reopening.look(flow)

    def recover(
        self, flow: Flow | None = None, run_id: str | None = None, *, again: bool = False
    ) -> Recovered:
        """Go on with lost runs of `flow`, or of every flow this process knows; see `Flow.recover`.

        >>> from tempfile import mkdtemp
        >>> Project(Path(mkdtemp())).recover()
        nothing to recover
        """
        from flowbook.session.recovery import Recovered, flow_named, recover, take_up

        flows = [flow] if flow is not None else [*{*self.live, *flows_of(self)}]
        if run_id is None:
            return recover(self, flows, again=again)
        if flow is None:
            flow = flow_named(flows, self.history.run(run_id))
        return Recovered((take_up(self, flow, run_id, again=again),))

    def attach(self, flow: Flow, namespace: dict[str, Any]) -> None:
        """Let the flow's nodes read names from `namespace`, a kernel's own."""
        self.live.of(flow).attached = namespace

    def watch(self, callback: Callable[[Flow, Run], None]) -> Callable[[], None]:
        """Call `callback` for every run this process starts; returns how to stop that."""
        watchers = self.live.watchers
        watchers.append(callback)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                watchers.remove(callback)

        return stop

    def last_run(self, flow: Flow) -> Run | None:
        """The run of `flow` this process started last."""
        return self.live.of(flow).last

    # ------------------------------------------------------------ graph.flow.Host

    def view(self, flow: Flow, name: str) -> Any:
        """A view of the flow by its entry point name, such as `canvas`."""
        found = entry_points(group="flowbook.views", name=name)
        if not found:
            raise UsageError(f"no view is called {name!r}")
        (point, *_) = found
        return point.load()(Desk(self, flow))

    def close(self) -> None:
        """Let go of suspended runs, close what nodes keep, fold the journal, close the store."""
        self.reopening.close()
        self.teller.close()
        if "provider" in self.__dict__:
            self.provider.close()
        if "engine" in self.__dict__:
            self.engine.let_go()
        self.listener.close()
        self.queues.close()
        if "store" in self.__dict__:
            self.store.close()


_PROJECTS: dict[Path, Project] = {}


def project(path: Path | str = ".") -> Project:
    """The project `path` lies in: the nearest folder upwards that holds `.flowbook/`.

    Without one, the folder itself becomes the project at its first run. `FLOWBOOK_PROJECT` in the
    environment stands before the search, which is how a job's kernel finds its history.
    """
    given = Path(path)
    forced = os.environ.get("FLOWBOOK_PROJECT") if str(path) == "." else None
    root = root_of(Path(forced) if forced else given)
    found = _PROJECTS.get(root)
    if found is None:
        found = _PROJECTS[root] = Project(root)
    return found


set_default_host(project)
