"""How a run is started: what may be asked beyond the parameters, and where ids come from."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.events import TriggerKind
from flowbook.graph.spec import Json, Missing
from flowbook.ids import FlowId, NodeId, RunId, Uuid7s
from flowbook.run.rules.stimulus import Lineage

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.plan.plan import Plan
    from flowbook.run.handle import Run
    from flowbook.session.trials import Trial

MAX_DEPTH = 10
"""How many runs may start each other in a row."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a run is to be started, beyond its parameters.

    `targets`: only these nodes and what they need; the others are skipped, or, where it is a
    `part`, are no nodes of the run. `rerun`: take fresh results of all other nodes
    as given. `key`: a run key to record; `Project.start(key=…)` sees to it that one run has it.
    `run_id`: an id minted by whoever waits for the run elsewhere. `lineage`: the run it
    is started by, if one is. `priority`: of this run, whatever its flow says.
    `trial`: it is a test run, and what the test says of it. `force`: nothing comes from the cache.
    `paused`: it begins so. `trust`: results taken as given may be stale. `routed`: which version
    it was to take and why, where that was decided.
    """

    trigger: TriggerKind = TriggerKind.MANUAL
    targets: Collection[NodeId] | None = None
    part: bool = False
    rerun: Collection[NodeId] | None = None
    key: str | None = None
    run_id: RunId | None = None
    lineage: Lineage | None = None
    priority: int | None = None
    trial: Trial | None = None
    force: bool = False
    paused: bool = False
    trust: bool = False
    routed: str | None = None


class Known(Protocol):
    """Waits for the run of which it is known what it is a run of."""

    def follow(self, run: Run) -> None: ...


class Knower(Protocol):
    """Who is told of which flow a run is, so that its nodes may call others."""

    def knowing(self, run_id: RunId, flow: Flow) -> AbstractContextManager[Known]:
        """`flow` is what the run that is now begun is a run of."""
        ...

    def pins(self, flow: Flow, plan: Plan) -> Mapping[str, str]:
        """The versions of other flows that a run of this plan settles on, by node."""
        ...

    def flow_of(self, run_id: RunId) -> FlowId:
        """The name of the flow that a run of this process is of."""
        ...

    def above(self, lineage: Lineage | None) -> Collection[FlowId]:
        """The flows of the runs that a run comes from."""
        ...


def owned(folder: Path, run_id: RunId) -> AbstractContextManager[object] | None:
    """Hold of a lost run, for this process alone; None when another has taken it up.

    In turn with deletions: from then on none takes the run, and one that did is seen.
    """
    from flowbook.store.holders import own_run
    from flowbook.store.layout import Layout
    from flowbook.store.turn import turn

    layout = Layout(folder)
    with turn(layout):
        return own_run(layout, run_id)


def live_default(live: Any, written: Json | Missing) -> Json | Missing:
    """A parameter's default: its value in the kernel's namespace, else what its cell says.

    >>> live_default("Rome", "Oslo"), live_default(object(), "Oslo")
    ('Rome', 'Oslo')
    """
    plain: bool = type(live) in (bool, int, float, str, list, dict)
    return live if plain else written


_ids = Uuid7s()
_minting = Lock()


def mint_run_id() -> RunId:
    """A new run id from this machine's clock and random source, greater than the one before."""
    with _minting:
        return RunId(_ids.mint(time.time_ns() // 1_000_000, secrets.randbits(74)))
