"""The cache of a project and of one flow: what it holds, why it misses, clearing, warming.

Looking a node up before it is run follows the plan as a run would: a node that would be taken from
the cache stands for its outputs, and of every other node those of its newest run are assumed.
Nothing is run for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError
from flowbook.events import NodeCompleted, NodeReused, TriggerKind
from flowbook.events.values import ValueRef
from flowbook.graph.spec import no_node
from flowbook.ids import NodeId, PortName, RunId
from flowbook.plan.plan import FromStep, Plan, Step
from flowbook.run.held import Held
from flowbook.run.lookups import OFF, Lookup, lookup_of
from flowbook.run.recall import Answer, Key, NoKey, contents, evaluated, judge, key_of
from flowbook.run.values import nest
from flowbook.run.work import Work
from flowbook.session.office import Premises
from flowbook.session.warming import Kitchen, Warmed, warm
from flowbook.session.work import evaluate_text, kinds_of, work_for

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.store.cache import CacheEntry, Cleared


class Office(Kitchen, Premises, Protocol):
    """What the cache needs of its project."""

    @property
    def cache(self) -> ProjectCache: ...


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the cache would say of a node if the flow were run now.

    `assuming`: nodes that would be run before it, taken to give what they gave last.
    """

    hit: bool
    source: RunId | None
    why: str
    key: str | None
    assuming: tuple[NodeId, ...] = ()

    def __str__(self) -> str:
        told = f"hit, from run {self.source}" if self.hit else f"miss: {self.why}"
        if not self.assuming:
            return told
        return f"{told} (if {', '.join(self.assuming)} give what they gave last)"


class ProjectCache:
    """The cache of one project, `project.cache`."""

    def __init__(self, project: Office) -> None:
        self._project = project
        self._budget: tuple[int, int] | None = None
        self.held = Held(self._bytes)
        """What it gave in this process, held in memory."""

    def of(self, flow: Flow) -> FlowCache:
        """The cache as one flow sees it, `flow.cache`."""
        return FlowCache(self._project, flow)

    def entries(self, flow: str | None = None, node: str | None = None) -> tuple[CacheEntry, ...]:
        """Results that can be taken, newest first."""
        return self._project.store.cache.entries(flow, node)

    def clear(
        self,
        flow: str | None = None,
        node: str | None = None,
        tag: str | None = None,
        *,
        dry_run: bool = False,
    ) -> Cleared:
        """Let nothing be taken that was computed before: of a flow, a node, a tag, or at all.

        It holds in every process from its next look on; the runs and their values stay. Raises
        `UsageError` for a tag that no node has.
        """
        from flowbook.store.cache import Which

        specs = [one.spec() for one in self._project.live]
        tagged = [
            (str(spec.id), str(one.id))
            for spec in specs
            for one in spec.nodes
            if tag in one.options.tags
        ]
        return self._project.store.cache.clear(Which(flow, node, tag, tagged), dry_run=dry_run)

    def why(self, run: str, node: str) -> Lookup:
        """What the cache said of a node of a run, as the history has it.

        Raises `UsageError` for an unknown run, `UnknownNode` for a node it does not have.
        """
        events = self._project.history.events(run)
        names = tuple(getattr(events[0], "nodes", ()))
        if node not in names:
            raise no_node(f"run {run} has no node {node!r}", node, names)
        return lookup_of(events, NodeId(node), Answer(why=OFF))

    def _bytes(self) -> int:
        """The setting `cache_memory`; looked at anew when this process changes a setting."""
        settings = self._project.store.settings
        if self._budget is None or self._budget[0] != settings.changes:
            from flowbook.store.settable import bytes_of

            changes = settings.changes
            self._budget = (changes, bytes_of(str(settings.get("cache_memory"))))
        return self._budget[1]


class FlowCache:
    """The cache as one flow sees it."""

    def __init__(self, project: Office, flow: Flow) -> None:
        self._project, self._flow = project, flow

    def entries(self, node: str | None = None) -> tuple[CacheEntry, ...]:
        """Results of this flow that can be taken, newest first."""
        return self._project.cache.entries(self._flow.name, node)

    def clear(
        self, node: str | None = None, tag: str | None = None, *, dry_run: bool = False
    ) -> Cleared:
        """Let nothing be taken that this flow, a node of it, or those with a tag computed before.

        Raises `UnknownNode` for a node the flow does not have, `UsageError` for a tag none has.
        """
        if node is not None:
            self._flow.spec().node(NodeId(node))
        return self._project.cache.clear(self._flow.name, node, tag, dry_run=dry_run)

    def why(self, node: str, /, **params: Any) -> Prediction:
        """What the cache would say of a node if the flow were run with `params` now.

        Raises `UnknownNode`, `InvalidFlow` or `InvalidParameters` as a run would.
        """
        project, flow = self._project, self._flow
        spec = flow.spec()
        target = spec.node(NodeId(node)).id
        plan = project.plan(flow, [target])
        live = project.live.of(flow)
        values = live.parameters(plan, params)
        kinds = kinds_of(flow, project.registry)
        work = work_for(plan, spec, kinds, flow.implementations, live.namespace(spec), flow.types)
        return _Foresight(project, plan, work, values).of(plan.index[target])

    def warm(
        self,
        params: Any,
        nodes: Collection[str] | None = None,
        *,
        jobs: int = 2,
        trigger: TriggerKind = TriggerKind.MANUAL,
    ) -> Warmed:
        """Run the cached nodes, and what they need, once for each of `params`.

        Args:
            params: Mappings of parameters, or a frame with a column for each.
            nodes: Only these; every node with `cache` when left out.
            jobs: How many runs at once.
            trigger: What the history says started them.

        Raises:
            InvalidParameters: one of `params` does not fit; nothing is started then.
            UsageError: there is no node to warm.
        """
        wanted = self._cached(nodes)
        records = _records(params)
        return warm(self._project, self._flow, records, wanted, jobs=jobs, trigger=trigger)

    def _cached(self, nodes: Collection[str] | None) -> list[NodeId]:
        spec = self._flow.spec()
        cached = [one.id for one in spec.nodes if one.options.cache]
        wanted = cached if nodes is None else [spec.node(NodeId(name)).id for name in nodes]
        plain = [name for name in wanted if name not in cached]
        if plain or not wanted:
            told = f"these have no option cache: {', '.join(plain)}"
            raise UsageError(
                told if plain else f"no node of {self._flow.name!r} has the option cache",
                hint="set it with cache=True, or --cache in the node's cell",
            )
        return wanted


class _Foresight:
    """What a run would find, node by node; each is looked up once."""

    def __init__(
        self,
        project: Office,
        plan: Plan,
        work: Sequence[Work],
        params: Mapping[PortName, Any],
    ) -> None:
        self._project, self._plan, self._work, self._params = project, plan, work, params
        self._given: dict[int, Mapping[PortName, ValueRef]] = {}

    def of(self, target: int) -> Prediction:
        assumed: list[NodeId] = []
        for step in self._plan.steps[:target]:
            found = self._look(step) if step.options.cache else None
            event: NodeCompleted | NodeReused | None = found.event if found else None
            if event is None:
                event = self._project.store.cache.last_given(self._plan.flow, step.node)
                assumed.append(step.node)
            if event is not None:
                self._given[step.index] = event.outputs
        step = self._plan.steps[target]
        if not step.options.cache:
            return Prediction(False, None, OFF, None)
        answer = self._look(step)
        source = None if answer.event is None else answer.event.run
        key = None if answer.key is None else answer.key.digest
        return Prediction(answer.event is not None, source, answer.why, key, tuple(assumed))

    def _look(self, step: Step) -> Answer:
        try:
            key = self._key(step)
        except NoKey as none:
            return Answer(why=str(none))
        cache, now = self._project.store.cache, self._project.engine.now()
        known = cache.recall(key.digest, self._plan.flow, step.node)
        why = judge(known, key, step.options.cache, now)
        return Answer(key, why, None if why else known.done)

    def _key(self, step: Step) -> Key:
        for binding in step.bindings:
            if isinstance(binding.source, FromStep) and binding.source.step not in self._given:
                source = self._plan.steps[binding.source.step].node
                raise NoKey(f"input unknown: {source} has not run yet")
        outputs = [self._given.get(i, {}) for i in range(len(self._plan.steps))]
        read = contents(step, outputs, self._params) if not step.options.cache_key else {}
        if step.options.cache_key:
            read = evaluated(lambda: evaluate_text(step.options.cache_key, self._names(step)))
        return key_of(step, self._work[step.index], read)

    def _names(self, step: Step) -> dict[str, Any]:
        """The values a `cache_key` is evaluated over, brought back from the store."""
        found: dict[PortName, Any] = {}
        for binding in step.bindings:
            source = binding.source
            if not isinstance(source, FromStep):
                found[binding.input] = self._params.get(source.name)
            elif (ref := self._given[source.step].get(source.port)) is not None:
                found[binding.input] = self._project.store.vault.get(ref)
        return nest(found)


def _records(params: Any) -> list[dict[str, Any]]:
    """Parameters of each run: mappings as they are, a frame row by row."""
    if hasattr(params, "to_dicts"):
        params = params.to_dicts()
    elif hasattr(params, "to_pylist"):
        params = params.to_pylist()
    elif hasattr(params, "to_dict") and hasattr(params, "columns"):
        params = params.astype(object).to_dict("records")
    records = list(params)
    for one in records:
        if not isinstance(one, Mapping):
            raise UsageError(
                f"{one!r} is no set of parameters",
                hint="give mappings such as {'city': 'Oslo'}, or a frame with a column for each",
            )
    return [dict(one) for one in records]
