"""How one run is recorded: how much of it, how durably, and without what.

A `Recording` stands between a run and the store: its `sink` and `vault` are what the run writes
to, and nothing that is to be redacted gets past them. The run also asks it to redact what it says
of itself (`text`, `params`), so that views see what the history will say; the values that pass
from node to node stay what they are.

A summary leaves events out and keeps the numbers of those it writes, so `seq` then has holes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from flowbook.events import (
    CheckpointReached,
    Event,
    ItemsAdded,
    NodeCompleted,
    NodeLogged,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeStarted,
    NodeStreamed,
    RunCreated,
    ScopeClosed,
    ScopeReused,
)
from flowbook.events.ports import Sink, Vault
from flowbook.events.values import ErrorInfo, ValueFormat, ValueRef
from flowbook.ids import PortName
from flowbook.store.disk import Durability
from flowbook.store.facts import StoredFact
from flowbook.store.forms import type_name
from flowbook.store.redaction import REDACTED, Opaque, Redactor

_LEFT_OUT = (NodeScheduled, NodeStarted, NodeLogged, NodeStreamed, NodeRetryScheduled)
"""What a summary does not write, unless it tells what was spent."""
_DONE: Future[None] = Future()
_DONE.set_result(None)


class Detail(StrEnum):
    """How much of a run is written: everything, how it ended, or nothing."""

    FULL = "full"
    SUMMARY = "summary"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """What a flow says about its recording; `durability` None is the store's own."""

    detail: Detail = Detail.FULL
    durability: Durability | None = None
    sensitive_fields: tuple[str, ...] = ()
    log_inputs: bool = True
    log_outputs: bool = True


class Appender(Protocol):
    """A sink that takes a durability with every append; `Journal` is one."""

    def append(
        self, facts: Sequence[StoredFact], durability: Durability | None = None
    ) -> Future[None]: ...


class Recording:
    """The recording of one run. `secrets` gives the texts that must not be written, as of now.

    >>> from pathlib import Path; from tempfile import mkdtemp
    >>> from flowbook.store.layout import Layout
    >>> from flowbook.store.journal import Journal
    >>> from flowbook.store.values import Objects
    >>> layout = Layout(Path(mkdtemp()))
    >>> options = RecordingOptions(sensitive_fields=("ssn",))
    >>> objects = Objects(layout)
    >>> recording = Recording(Journal(layout), objects, options)
    >>> ref = recording.vault.put({"ssn": "078-05-1120", "age": 30})
    >>> ref.redacted, objects.shown(ref)
    (True, {'ssn': '[redacted]', 'age': 30})
    """

    def __init__(
        self,
        sink: Appender,
        vault: Vault,
        options: RecordingOptions,
        secrets: Callable[[], Collection[str]] | None = None,
    ) -> None:
        self.options = options
        self._secrets = secrets or tuple
        self._redactor = Redactor(options.sensitive_fields, self._secrets)
        self._as_it_is = options == RecordingOptions()
        self.sink: Sink = _RecordingSink(self, sink)
        self.vault: Vault = _RecordingVault(self, vault)

    @property
    def redactor(self) -> Redactor | None:
        """What takes out of values and texts what must not be written; None: there is nothing.

        A run that is told a secret has one from then on.
        """
        return self._redactor if self.options.sensitive_fields or self._secrets() else None

    @property
    def redacts(self) -> bool:
        """True when something may have to be taken out of what is said."""
        return self.redactor is not None

    @property
    def as_it_is(self) -> bool:
        """True when all is written as it is: nobody has said anything, and there is no secret."""
        return self._as_it_is and not self._secrets()

    def text(self, text: str) -> str:
        """A log, a message or a traceback as it may be written."""
        redactor = self.redactor
        return text if redactor is None else redactor.text(text)

    def params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters as they may be written; the sensitive ones are known by their text, too."""
        if not self.options.log_inputs:
            return dict.fromkeys(params, REDACTED)
        redactor = self.redactor
        if redactor is None:
            return dict(params)
        redactor.learn([value for name, value in params.items() if redactor.sensitive(name)])
        return {
            name: REDACTED if redactor.sensitive(name) else self.value(value)
            for name, value in params.items()
        }

    def value(self, value: Any) -> Any:
        """A value as it may be shown; what cannot be looked into is not."""
        redactor = self.redactor
        try:
            return value if redactor is None else redactor.value(value)
        except Opaque:
            return REDACTED

    def hidden(self, port: PortName, value: object) -> ValueRef | None:
        """The reference of an output whose very name is sensitive; None for others."""
        redactor = self.redactor
        if redactor is None or not redactor.sensitive(port):
            return None
        if isinstance(value, str | int | float):
            redactor.learn(value)
        return _unkept(value, f"{port!r} is a sensitive field")

    def shown(self, values: Mapping[PortName, Any]) -> dict[PortName, Any]:
        """Inputs or outputs of a node, by port, as they may leave the process."""
        redactor = self.redactor
        if redactor is None:
            return dict(values)
        return {
            port: REDACTED if redactor.sensitive(port) else self.value(value)
            for port, value in values.items()
        }

    def told_inputs(self, values: Mapping[PortName, Any]) -> dict[PortName, Any]:
        """What is told of inputs with the error of a node; nothing where values are not kept."""
        if not (self.options.log_inputs and self.options.log_outputs):
            return {}
        return self.shown(values)

    def error(self, error: ErrorInfo) -> ErrorInfo:
        """A failure as it may be written."""
        return replace(
            error,
            message=self.text(error.message),
            traceback=self.text(error.traceback),
            hint=None if error.hint is None else self.text(error.hint),
            inputs={port: self.text(text) for port, text in error.inputs.items()},
        )

    def event(self, event: Event) -> Event | None:
        """An event as it is written; None when it is not."""
        if self.options.detail is Detail.SUMMARY:
            if isinstance(event, _LEFT_OUT) and not getattr(event, "usage", ()):
                return None
            event = _without_values(event)
        changes: dict[str, Any] = {}
        if isinstance(event, RunCreated):
            changes["params"] = self.params(event.params)
        if self.redactor is not None:
            changes |= self._said(event)
        if isinstance(event, NodeCompleted) and (self.redactor or not self.options.log_inputs):
            # A short digest of a short text gives the text away to whoever tries them all.
            parts = {name: part for name, part in event.cache_parts.items() if name == "code"}
            changes["cache_parts"] = parts
        if isinstance(event, NodeReused | ScopeReused | ItemsAdded):
            outputs = {port: self._known(port, ref) for port, ref in event.outputs.items()}
            changes["outputs"] = outputs
            if isinstance(event, NodeReused) and event.result is not None:
                hidden = any(self._hides(port) for port in outputs)
                changes["result"] = None if hidden else self._known(PortName(""), event.result)
        return replace(event, **changes) if changes else event

    def _hides(self, port: PortName) -> bool:
        redactor = self.redactor
        return redactor is not None and redactor.sensitive(port)

    def _known(self, port: PortName, ref: ValueRef) -> ValueRef:
        """The reference of a value that was kept before the flow said what is sensitive."""
        redactor = self.redactor
        if redactor is None or ref.redacted:
            return ref
        kept = msgspec.json.decode(ref.inline) if ref.inline else None
        if not redactor.sensitive(port) and redactor.value(kept) is kept:
            return ref
        return replace(ref, hash="", format=ValueFormat.NONE, inline=UNSET, redacted=True)

    def _said(self, event: Event) -> dict[str, Any]:
        """What an event says in words, whichever event it is."""
        changes: dict[str, Any] = {}
        for name in ("text", "reason", "cache_miss"):
            words = getattr(event, name, None)
            if type(words) is str:
                changes[name] = self.text(words)
        error = getattr(event, "error", None)
        if isinstance(error, ErrorInfo):
            changes["error"] = self.error(error)
        return changes


@dataclass(slots=True)
class _RecordingSink:
    recording: Recording
    inner: Appender
    last: Future[None] = _DONE

    def append(self, events: Sequence[Event]) -> Future[None]:
        """As the journal's; events that are left out are durable with those before them.

        A checkpoint is on disk, whatever the flow asks for.
        """
        safe = any(type(event) is CheckpointReached for event in events)
        if self.recording.as_it_is:
            self.last = self.inner.append(events, Durability.FSYNC if safe else None)
            return self.last
        options = self.recording.options
        if options.detail is Detail.OFF:
            return _DONE
        kept = [one for event in events if (one := self.recording.event(event)) is not None]
        if kept:
            durability = Durability.FSYNC if safe else options.durability
            self.last = self.inner.append(kept, durability)
        return self.last


@dataclass(slots=True)
class _RecordingVault:
    recording: Recording
    inner: Vault

    def inline(self, value: object) -> ValueRef | None:
        if self.recording.as_it_is:
            return self.inner.inline(value)
        left_out = self._left_out(value)
        if left_out is not None:
            return left_out
        ref = self.inner.inline(value)
        redactor = self.recording.redactor
        if ref is None or redactor is None:
            return ref
        try:
            made = redactor.value(value)  # a small one: this is no work for another thread
        except Opaque as opaque:
            return _unkept(value, str(opaque))
        if made is value:
            return ref
        short = self.inner.inline(made)
        return None if short is None else replace(short, redacted=True)

    def put(self, value: object) -> ValueRef:
        left_out = self._left_out(value)
        if left_out is not None:
            return left_out
        redactor = self.recording.redactor
        if redactor is None:
            return self.inner.put(value)
        try:
            made = redactor.value(value)
        except Opaque as opaque:
            return _unkept(value, str(opaque))
        ref = self.inner.put(made)
        if ref.reason is not None:
            ref = replace(ref, reason=redactor.text(ref.reason))
        return ref if made is value else replace(ref, redacted=True)

    def get(self, ref: ValueRef) -> object:
        return self.inner.get(ref)

    def touch(self, ref: ValueRef) -> bool:
        return self.inner.touch(ref)

    def _left_out(self, value: object) -> ValueRef | None:
        options = self.recording.options
        if not options.log_outputs:
            return _unkept(value, "log_outputs=false")
        if options.detail is Detail.FULL:
            return None
        reason = f"not kept: journal={options.detail.value}"
        return ValueRef("", ValueFormat.NONE, type_name(value), reason=reason)


def _unkept(value: object, why: str) -> ValueRef:
    reason = f"redacted: {why}"
    return ValueRef("", ValueFormat.NONE, type_name(value), reason=reason, redacted=True)


def _without_values(event: Event) -> Event:
    """An event as a summary has it: what is known of values is left out."""
    if isinstance(event, NodeCompleted):
        return replace(event, outputs={}, result=None, cache_key=None, cache_parts={})
    if isinstance(event, NodeReused):
        return replace(event, outputs={}, result=None)
    if isinstance(event, ScopeReused | ScopeClosed | ItemsAdded):
        return replace(event, outputs={})
    return event
