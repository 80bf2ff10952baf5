"""Edits of a flow as a whole: its parameters, its setup, what it says about its recording.

Each gives one field of the spec another value, and is taken back by the edit that gives it the
value it had. `graph.edits` has the edits of nodes, and the union of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.spec import FlowSpec, NodeSpec, ParamSpec


@dataclass(frozen=True, slots=True)
class _Whole:
    """What these edits share."""

    field: ClassVar[str]
    label: ClassVar[str]

    def apply(self, spec: FlowSpec) -> FlowSpec:
        changed: dict[str, Any] = {self.field: getattr(self, self.field)}
        return replace(spec, **changed)

    def inverse(self, spec: FlowSpec) -> Self:
        was: dict[str, Any] = {self.field: getattr(spec, self.field)}
        return replace(self, **was)


@dataclass(frozen=True, slots=True)
class SetParams(_Whole):
    """Other parameters of the flow."""

    field: ClassVar[str] = "params"
    label: ClassVar[str] = "Change parameters"
    params: tuple[ParamSpec, ...]


@dataclass(frozen=True, slots=True)
class SetSetup(_Whole):
    """Other setup code, shared by all nodes."""

    field: ClassVar[str] = "setup"
    label: ClassVar[str] = "Change setup"
    setup: tuple[NodeSpec, ...]


@dataclass(frozen=True, slots=True)
class SetFlowOptions(_Whole):
    """Another say about what is recorded of the flow's runs."""

    field: ClassVar[str] = "options"
    label: ClassVar[str] = "Change flow options"
    options: FlowOptions
