"""What a replay is asked to be, in the words of `Flow.replay`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.errors import UsageError
from flowbook.events import TriggerKind
from flowbook.graph.spec import Json
from flowbook.ids import NodeId

AS_RUN = "as_run"
LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a replay is asked to be; see `Flow.replay`."""

    begin: tuple[NodeId, ...] = ()
    at: int | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    trust: bool = False
    version: str | int | None = None
    calls: str = AS_RUN
    trigger: TriggerKind = TriggerKind.MANUAL

    @classmethod
    def of(cls, from_: Any = None, **asked: Any) -> Asked:
        """From the words of `Flow.replay`; what is None is left to its default."""
        if asked.get("calls") not in (None, AS_RUN, LATEST):
            raise UsageError(
                f"calls cannot be {asked['calls']!r}", hint=f"write {AS_RUN!r} or {LATEST!r}"
            )
        given = {name: value for name, value in asked.items() if value is not None}
        if from_ is not None and given.get("at") is not None:
            raise UsageError(
                "a replay begins at a node or at an event, not at both",
                hint="give either from_ or at",
            )
        named = [] if from_ is None else [from_] if _is_name(from_) else list(from_)
        return cls(begin=tuple(NodeId(str(getattr(one, "name", one))) for one in named), **given)

    @property
    def from_start(self) -> bool:
        """True when nothing says where to begin or what is different."""
        pointed = bool(self.begin) or self.at is not None
        return not (pointed or self.params or self.inputs or self.outputs)


def _is_name(one: Any) -> bool:
    return isinstance(one, str) or hasattr(one, "wire")
