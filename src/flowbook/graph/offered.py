"""What a project has besides a flow that the flow's expressions may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file of the project is in a flow: a node of this kind, with these settings."""

    kind: str
    name: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Offered:
    """Names for `$env`, `$secret` and `$vars`; no secret's value is among them.

    `variables` are by scope (`flow`, `global`); a run's own are those of the run that sets them.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
