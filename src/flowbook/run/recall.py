"""Whether a step was done before: the same code over the same content.

The key covers what the step is (`Step.own`), what it uses of the names around it (`Work.content`)
and the content of what it reads, not what made that content: a step behind a fetch is done again
exactly when the fetched rows differ. A `cache_key` stands for all that is read. A value that was
not kept, or not as it was, has no content to go by: a step that reads one has no key, and is never
taken from the cache. Whatever is not taken, there is a reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from flowbook.errors import ExpressionError, ValueUnavailable
from flowbook.events import NodeCompleted, NodeReused
from flowbook.events.ports import Vault
from flowbook.events.values import ValueRef
from flowbook.graph.choices import Ttl
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.plan.plan import FromStep, Step
from flowbook.run.work import Memoir, Remembered, Work

CODE, NAMES, KEY, INPUT = "code", "names", "key", "input:"
"""What the parts of a key are called; an input's part has its name behind `INPUT`."""
_SHORT = 12
"""Hex digits of a part that are written down: enough to tell two of one node apart."""


class NoKey(Exception):
    """A step has no key; the text says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a step is looked up under; equal keys, equal outputs."""

    digest: str
    parts: Mapping[str, str]
    """Short digests of code, captured names and inputs, by which a miss is explained."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cache said: the `event` whose outputs can be taken, or why there is none."""

    key: Key | None = None
    why: str = ""
    event: NodeCompleted | None = None
    outputs: Outputs = field(default_factory=lambda: Outputs({}))


def contents(
    step: Step, outputs: Sequence[Mapping[PortName, ValueRef]], params: Mapping[PortName, Any]
) -> dict[str, bytes]:
    """The content of each input, by its part's name; `NoKey` when one has none.

    `outputs` are the references of all steps' outputs, by step.
    """
    found: dict[str, bytes] = {}
    for binding in step.bindings:
        source = binding.source
        if not isinstance(source, FromStep):
            content = _plain(params.get(source.name))
        elif (ref := outputs[source.step].get(source.port)) is None:
            content = b"dead"
        elif not ref.exact:
            raise NoKey(f"not exact: {binding.input} was not kept as it is")
        else:
            content = f"{ref.type}:{ref.hash}:".encode() + bytes(ref.inline or b"")
        found[INPUT + binding.input] = content
    return found


def subject(value: object) -> dict[str, bytes]:
    """What a `cache_key` gave, as the one thing read; `NoKey` when it is no plain data."""
    try:
        encoded = msgspec.json.encode(value, enc_hook=_scalar, order="deterministic")
    except (TypeError, ValueError, RecursionError):
        raise NoKey(
            f"key expression failed: it gives a {type(value).__name__}, which is no plain data"
        ) from None
    return {KEY: encoded}


def key_of(step: Step, work: Work, read: Mapping[str, bytes]) -> Key:
    """The key of a step that reads `read`; `NoKey` when what it captures cannot be told."""
    if work.content is None:
        raise NoKey(f"captures cannot be told{f': {work.opaque}' if work.opaque else ''}")
    parts = {CODE: step.own.encode(), NAMES: work.content.encode(), **read}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    whole = json.dumps(digests, sort_keys=True).encode()
    short = {name: digest[:_SHORT] for name, digest in digests.items()}
    return Key(hashlib.sha256(whole).hexdigest(), short)


def evaluated(evaluate: Callable[[], Any]) -> dict[str, bytes]:
    """`subject` of what `evaluate` gives; an expression that fails is a `NoKey`, no failure."""
    try:
        value = evaluate()
    except ExpressionError as refused:
        raise NoKey(f"key expression failed: {refused.message}") from None
    except Exception as error:  # noqa: BLE001 - values of the user's own classes are asked
        raise NoKey(f"key expression failed: {type(error).__name__}: {error}") from None
    return subject(value)


def judge(known: Remembered, key: Key, cache: bool | Ttl, now: float) -> str:
    """Why what is known under a key is not to be taken; '' when it is."""
    done = known.done
    if done is None:
        return _difference(known.last, key)
    if known.cleared is not None:
        return "cleared"
    if isinstance(cache, Ttl) and (over := now - done.at - cache.seconds) > 0:
        return f"expired {roughly(over)} ago"
    refs = (*done.outputs.values(), done.result)
    if any(ref is not None and not ref.exact for ref in refs):
        return "value gone: it was not kept as it is"
    return ""


def bring_back(memoir: Memoir, vault: Vault, step: Step, flow: str, key: Key, now: float) -> Answer:
    """What was done under `key`, with its values, or why there is nothing to take."""
    known = memoir.recall(key.digest, flow, step.node)
    why = judge(known, key, step.options.cache, now)
    if why or known.done is None:
        return Answer(key, why)
    try:
        return Answer(key, "", known.done, held(vault, known.done))
    except ValueUnavailable as gone:
        return Answer(key, f"value gone: {gone.reason}")


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
    return Outputs(ports, None if event.result is None else vault.get(event.result))


def roughly(seconds: float) -> str:
    """A time for people: one unit, rounded down.

    >>> roughly(59.9), roughly(5400), roughly(200_000)
    ('59s', '1h', '2d')
    """
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"


def _difference(last: NodeCompleted | None, key: Key) -> str:
    """How a step differs from when it was computed last."""
    if last is None:
        return "first"
    before = last.cache_parts
    changed = [name for name in {**before, **key.parts} if before.get(name) != key.parts.get(name)]
    if not before or not changed:
        return "code or input changed"
    if NAMES not in before:  # the flow keeps back what it read
        return "code changed" if CODE in changed else "input changed"
    said = [text for part, text in _WORDS.items() if part in changed]
    inputs = [name.removeprefix(INPUT) for name in changed if name.startswith(INPUT)]
    if inputs and KEY not in changed:
        said.append(f"input changed: {', '.join(sorted(inputs))}")
    return "; ".join(said)


_WORDS: Mapping[str, str] = {
    CODE: "code changed",
    NAMES: "captured names changed",
    KEY: "key changed",
}


def _plain(value: object) -> bytes:
    """A parameter's content; unlike in plain JSON, `NaN` is not `null`."""
    try:
        return json.dumps(value, sort_keys=True, default=repr).encode()
    except (TypeError, ValueError, RecursionError):
        return repr(value).encode(errors="surrogatepass")


def _scalar(value: Any) -> Any:
    """A NumPy scalar as Python's own."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    raise TypeError
