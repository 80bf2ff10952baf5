"""What containers make of their turns, and of what their configuration counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowbook.graph.container import TurnEnd
from flowbook.graph.node import Outputs
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName


def one_of(gave: Mapping[PortName, Any] | None) -> Any:
    """The value itself where there is one, all by name where there are more."""
    if not gave:
        return None
    return next(iter(gave.values())) if len(gave) == 1 else dict(gave)


def by_name(
    ports: tuple[PortName, ...], gave: Mapping[PortName, Any] | None, otherwise: Any
) -> Outputs:
    """What was given under the names of the ports; the only port takes the whole."""
    found = {port: gave[port] for port in ports if gave and port in gave}
    if found:
        return Outputs(found)
    return Outputs({ports[0]: otherwise if gave is None else one_of(gave)})


def elapsed(turns: Sequence[TurnEnd]) -> float:
    """Milliseconds from the beginning of the first turn to the end of the last."""
    ends = [turn.began * 1000 + turn.ms for turn in turns]
    return round(max(ends) - min(turn.began * 1000 for turn in turns), 3) if ends else 0.0


def settled(turn: TurnEnd) -> dict[str, Any]:
    """The record of a turn that a map gives."""
    if turn.error is None:
        return {"status": "fulfilled", "value": one_of(turn.gave), "index": turn.index}
    return {"status": "rejected", "reason": dict(turn.error), "index": turn.index}


def count(spec: NodeSpec, name: str, default: int, *, least: int = 0) -> int:
    """A whole number of the configuration; what is none counts as not said."""
    value = spec.config.get(name, default)
    return value if type(value) is int and value >= least else default
