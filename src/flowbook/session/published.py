"""The published version of a flow, from the history alone: what a schedule runs.

Neither the notebook as it is now nor a kernel has a say in it, so an edit that is half done breaks
no run at night.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import InvalidParameters, InvalidSchedule
from flowbook.graph.flow import Flow
from flowbook.graph.host import Host
from flowbook.ids import FlowId
from flowbook.session.recording import recording_of, told_params
from flowbook.session.versions import Stored, as_it_was, stored_spec

if TYPE_CHECKING:
    from flowbook.plan.plan import Plan
    from flowbook.session.live_flow import LiveFlows
    from flowbook.store.history import History
    from flowbook.store.store import Store

_PUBLISHED = "SELECT arg_max(version, published_at) FROM publications WHERE flow = ?"


class Office(Host, Protocol):
    """What is asked of a project; `flowbook.Project` is one."""

    live: LiveFlows

    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...
    def plan(self, flow: Flow) -> Plan: ...


def published(history: History, flow: FlowId) -> Stored | None:
    """The published version of a flow; None where none was ever published.

    Raises `UsageError` when its definition cannot be had as it was.
    """
    _names, rows = history.table(_PUBLISHED, [str(flow)])
    version = rows[0][0]
    return None if version is None else stored_spec(history, flow, version)


def published_flow(project: Office, name: FlowId) -> Flow:
    """A flow as it was published, with its code.

    Raises `InvalidSchedule` where it never was, and `UsageError` where its code is not in its
    definition, because it was written in Python.
    """
    found = published(project.history, name)
    if found is None:
        raise InvalidSchedule(
            f"flow {name!r} has no published version, and only those run by themselves",
            hint="publish it: flow.publish(), or flowbook publish",
            field="flow",
            value=name,
        )
    return as_it_was(project, Flow(name, host=project), found.version)


def refuse_input(project: Office, flow: Flow, given: Mapping[str, Any]) -> None:
    """Raise `InvalidSchedule` where these cannot be the parameters of the flow's runs."""
    plan = project.plan(flow)
    try:
        values = project.live.of(flow).parameters(plan, dict(given))
    except InvalidParameters as refused:
        problems = refused.problems
        raise InvalidSchedule(
            f"flow {flow.name!r} cannot run so: {'; '.join(str(one.message) for one in problems)}",
            hint=next((one.hint for one in problems if one.hint), None),
            field="input_data",
            value=dict(given),
        ) from None
    recording = recording_of(plan.options, project.store)
    shown = told_params(values, recording)
    secret = sorted(str(name) for name, value in values.items() if shown[str(name)] != value)
    secret = [name for name in secret if name in given]
    if secret:
        raise InvalidSchedule(
            f"{', '.join(secret)}: what is sensitive is not kept in a schedule",
            hint="let the flow ask for a secret instead",
            field="input_data",
            value=None,
        )
