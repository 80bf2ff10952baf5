"""When a run puts all that it has done on disk, before it goes on.

Every event is recorded, and what has effects waits for that. A checkpoint says it of the rest: of
nodes that run ahead of the journal, and of flows whose `durability` asks for less than the disk.
"""

from __future__ import annotations

from flowbook.events import CheckpointReached
from flowbook.ids import NodeId
from flowbook.run.rules.state import Scope
from flowbook.run.rules.stimulus import CheckpointDue
from flowbook.run.rules.turn import Turn
from flowbook.run.rules.upkeep import Flush, Remind

NODE, TURNS, INTERVAL = "node", "turns", "interval"


def begin(turn: Turn) -> None:
    """A run begins, or goes on: it is reminded now and then, if it wants to be."""
    interval = turn.plan.options.checkpoint_interval
    if interval is not None:
        turn.instructions.append(Remind(interval))


def due(turn: Turn, _: CheckpointDue) -> None:
    """Time for one, unless nothing has happened."""
    if not isinstance(turn.state.story[-1], CheckpointReached):
        _reach(turn, INTERVAL)
    begin(turn)


def behind_step(turn: Turn, i: int) -> None:
    """The step in slot `i`, which asks for one, is done."""
    state = turn.state
    _reach(turn, NODE, state.names[i], state.scopes[state.scope[i]].path)


def behind_turn(turn: Turn, scope: Scope) -> None:
    """A turn of a container is over."""
    state, i = turn.state, scope.owner
    inside = state.steps[i].inside
    every = 0 if inside is None else inside.policy.checkpoint_every
    if every and scope.index is not None:
        turning = state.turning[i]
        if (turning.succeeded + turning.failed) % every == 0:
            _reach(turn, TURNS, state.names[i], state.scopes[state.scope[i]].path)


def _reach(turn: Turn, why: str, node: NodeId | None = None, scope: str = "") -> None:
    event = turn.emit(CheckpointReached, why=why, node=node, scope=scope)
    turn.instructions.append(Flush(event.seq))
