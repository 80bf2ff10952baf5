"""From what a flow says about its recording to the recording of one run.

The store knows facts and not flows, so a flow's options are put into its words here; and a
definition is redacted here before it is recorded, since defaults, configurations and code may hold
what must not be written. Of a flow that says nothing all is written as it is, until a node of the
project is handed a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flowbook.graph.codec import encode
from flowbook.graph.flow_options import Durability, FlowOptions, JournalMode
from flowbook.graph.spec import FlowSpec, InputSpec, Missing, NodeSpec, ParamSpec
from flowbook.graph.wiring import resolve

if TYPE_CHECKING:
    from flowbook.events.ports import Vault
    from flowbook.graph.flow import Flow
    from flowbook.plan.plan import Plan
    from flowbook.session.environment import Here
    from flowbook.store.facts import Edge
    from flowbook.store.recording import Recording
    from flowbook.store.redaction import Redactor
    from flowbook.store.store import Store

Secrets: TypeAlias = Callable[[], Collection[str]]
"""Gives the texts that must not be written, as of now."""

_ABOUT_WRITING = (
    "journal", "durability", "sensitive_fields", "log_inputs", "log_outputs", "allow_pickle"
)  # fmt: skip


def recording_of(
    options: FlowOptions, store: Store, secrets: Secrets | None = None
) -> Recording | None:
    """The recording of one run, None for the store's own sink and vault."""
    if secrets is None and _says_nothing(options):
        return None
    from flowbook.store.disk import Durability as OnDisk
    from flowbook.store.recording import Detail, Recording, RecordingOptions

    fsync = options.durability is Durability.FSYNC
    return Recording(
        store.sink,
        _vault(store, options),
        RecordingOptions(
            detail=Detail(options.journal.value),
            durability=None if fsync else OnDisk(options.durability.value),
            sensitive_fields=options.sensitive_fields,
            log_inputs=options.log_inputs,
            log_outputs=options.log_outputs,
        ),
        secrets,
    )


def was_redacted(value: Any) -> bool:
    """True when something in a recorded parameter was taken out before it was written.

    >>> was_redacted({"login": ["[redacted]"]}), was_redacted("Oslo")
    (True, False)
    """
    from flowbook.store.redaction import REDACTED

    if isinstance(value, Mapping):
        return any(was_redacted(one) for one in value.values())
    if isinstance(value, list | tuple):
        return any(was_redacted(one) for one in value)
    return isinstance(value, str) and REDACTED in value


def _says_nothing(options: FlowOptions) -> bool:
    """True when nothing that it says is about writing a run."""
    return all(getattr(options, name) == getattr(FlowOptions(), name) for name in _ABOUT_WRITING)


def _vault(store: Store, options: FlowOptions) -> Vault:
    return store.vault.allowing(pickle=True) if options.allow_pickle else store.vault


def record_flow(store: Store, plan: Plan, spec: FlowSpec, here: Here | None = None) -> None:
    """Keep the definition of the plan's flow, and for how long it says that runs are kept.

    `here`: in what it is about to run. Of a flow whose journal is off nothing is written: neither
    is this.
    """
    if plan.options.journal is not JournalMode.OFF:
        if here is not None:
            here.record()
        store.record_flow(plan.flow, plan.version, encode(spec), _edges(spec))
        store.settings.declare("retention", plan.options.retention, plan.flow)


def _edges(spec: FlowSpec) -> Iterator[Edge]:
    """Worked out when it is asked for: a version is kept once, and runs begin often."""
    for edge in resolve(spec).edges:
        yield edge.source, edge.output, edge.target, edge.input


class Recorder(Protocol):
    """What can plan a flow and has a store; `flowbook.Project` is one."""

    @property
    def store(self) -> Store: ...
    @property
    def secrets(self) -> Secrets | None: ...
    def plan(self, flow: Flow) -> Plan: ...


def record_version(project: Recorder, flow: Flow) -> str:
    """The version of a flow as it is now, with its definition in the history."""
    plan = project.plan(flow)
    recording = recording_of(plan.options, project.store, project.secrets)
    record_flow(project.store, plan, recordable(flow.spec(), {}, recording))
    return plan.version


def recordable_code(project: Recorder, flow: Flow, text: str) -> str:
    """Code of the flow's notebook as it may be written down."""
    recording = recording_of(flow.options, project.store, project.secrets)
    redactor = None if recording is None else recording.redactor
    return text if redactor is None else redactor.code(text)


def recordable(spec: FlowSpec, params: Mapping[Any, Any], recording: Recording | None) -> FlowSpec:
    """`spec` as it may be written down.

    What its sensitive parameters are by default, and in this run (`params`), is a secret from
    here on: it is taken out wherever else it stands.
    """
    redactor = None if recording is None else recording.redactor
    if redactor is None:
        return spec
    for name, value in params.items():
        _learn(redactor, name, value)
    inputs = [one for node in spec.nodes for one in node.inputs]
    declared: list[ParamSpec | InputSpec] = [*spec.params, *inputs]
    for one in declared:
        if not isinstance(one.default, Missing):
            _learn(redactor, one.name, one.default)
    for node in spec.nodes:
        _learn_fields(redactor, node.config)
    return replace(
        spec,
        params=tuple(_param(one, redactor) for one in spec.params),
        nodes=tuple(_node(node, redactor) for node in spec.nodes),
        setup=tuple(_node(node, redactor) for node in spec.setup),
    )


def told_params(params: Mapping[Any, Any], recording: Recording | None) -> dict[str, Any]:
    """A run's parameters as they may be told; to be asked before the run begins."""
    given = {str(name): value for name, value in params.items()}
    return given if recording is None else recording.params(given)


def _learn(redactor: Redactor, name: str, value: Any) -> None:
    if redactor.sensitive(name):
        redactor.learn(value)
    else:
        _learn_fields(redactor, value)


def _learn_fields(redactor: Redactor, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _learn(redactor, name, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _learn_fields(redactor, inner)


def _param(param: ParamSpec, redactor: Redactor) -> ParamSpec:
    told = None if param.help is None else redactor.text(param.help)
    return replace(param, default=_default(param, redactor), help=told)


def _node(node: NodeSpec, redactor: Redactor) -> NodeSpec:
    config: Any = redactor.value(dict(node.config))
    inputs = tuple(replace(one, default=_default(one, redactor)) for one in node.inputs)
    return replace(node, inputs=inputs, config=config, body=redactor.code(node.body))


def _default(one: ParamSpec | InputSpec, redactor: Redactor) -> Any:
    if isinstance(one.default, Missing):
        return one.default
    made: Any = redactor.value({one.name: one.default})
    return next(iter(made.values()))  # by its name; the name itself stays
