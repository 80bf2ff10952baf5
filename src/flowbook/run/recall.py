"""Whether a step was done before: the same code over the same content.

The key covers what the step is (`Step.own`) and the content of what it reads, not what made that
content: a step behind a fetch is done again exactly when the fetched rows differ. A value that was
not kept, or not as it was, has no content to go by: a step that reads one is never taken from the
cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from flowbook.errors import ValueUnavailable
from flowbook.events import NodeCompleted, NodeReused, ValueRef
from flowbook.events.ports import Vault
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.plan.plan import FromStep, Step
from flowbook.run.work import Memoir, Work


@dataclass(frozen=True, slots=True)
class Recalled:
    """A step's outputs as an earlier run made them, brought back."""

    event: NodeCompleted
    outputs: Outputs


def cache_key(
    step: Step,
    work: Work,
    outputs: Sequence[Mapping[PortName, ValueRef]],
    params: Mapping[PortName, Any],
) -> str | None:
    """The step's key, None when what it reads or uses has no known content.

    `outputs` are the references of all steps' outputs, by step.
    """
    if work.content is None:
        return None
    digest = hashlib.sha256(f"{step.own}\0{work.content}".encode())
    for binding in step.bindings:
        source = binding.source
        if not isinstance(source, FromStep):
            content = msgspec.json.encode(params.get(source.name), enc_hook=repr)
        elif (ref := outputs[source.step].get(source.port)) is None:
            content = b"dead"
        elif not ref.exact:
            return None
        else:
            content = f"{ref.type}:{ref.hash}:".encode() + bytes(ref.inline or b"")
        digest.update(f"\0{binding.input}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def bring_back(memoir: Memoir, vault: Vault, key: str) -> Recalled | None:
    """What was done under `key`, with its values; None when it or one of them is not there."""
    event = memoir.recall(key)
    if event is None or any(ref.redacted for ref in (*event.outputs.values(), event.result) if ref):
        return None
    try:
        return Recalled(event, held(vault, event))
    except ValueUnavailable:
        return None


def held(vault: Vault, event: NodeCompleted | NodeReused) -> Outputs:
    """As `outputs_of`, for values that a fact of another run, or a run that goes on, is to name.

    They are touched first: were they made long ago, and the run that made them deleted meanwhile,
    a collection of garbage would take them from under that fact.
    """
    for ref in event.outputs.values():
        try:
            there = vault.touch(ref)
        except OSError as error:
            raise _gone(ref, f"it cannot be held on to: {error}") from error
        if not there:
            raise _gone(ref, "it is not there")
    return outputs_of(vault, event)


def _gone(ref: ValueRef, reason: str) -> ValueUnavailable:
    return ValueUnavailable(f"the stored {ref.type}: {reason}", ref=ref, reason=reason)


def outputs_of(vault: Vault, event: NodeCompleted | NodeReused) -> Outputs:
    """What a step gave, with its values; `ValueUnavailable` when one of them is not there."""
    ports = {port: vault.get(ref) for port, ref in event.outputs.items()}
    result = event.result if isinstance(event, NodeCompleted) else None
    return Outputs(ports, None if result is None else vault.get(result))
