"""Another flow that a node wants to have run, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.ids import RunId


@dataclass(frozen=True, slots=True)
class Call:
    """Another flow that a node wants to have run.

    `version` is `latest`, `snapshot`, or a version by its number or id; `output` names the nodes
    whose outputs are wanted, the flow's last ones when empty; `timeout` is seconds; `detach`: only
    begin it. `secrets`: which of the caller's secrets it gets, by the names it asks for.
    """

    flow: str
    params: Mapping[str, Any]
    version: str = "latest"
    output: tuple[str, ...] = ()
    timeout: float | None = None
    detach: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Called:
    """What became of a called flow: its run, how it stands, outputs by node, and its error."""

    run_id: RunId
    status: str
    output: Mapping[str, Any] | None
    error: str | None = None
