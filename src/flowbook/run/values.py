"""Values between steps: by reference in memory, and as references in the journal.

A small plain value becomes a reference at once; everything else goes through the vault, in a
thread, before its step counts as done.
"""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from flowbook.errors import FlowbookError, ValueUnavailable
from flowbook.events import NodeCompleted, NodeReused
from flowbook.events.ports import Recording, Vault
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.node import Outputs
from flowbook.ids import PortName
from flowbook.plan.plan import FromStep, Step
from flowbook.run.places.executors import Crew
from flowbook.run.places.loops import soon
from flowbook.run.recall import Answer, outputs_of
from flowbook.run.work import Shelter

RESULT = PortName("")
"""The place of `Outputs.result` among the references; no port has an empty name."""

Refs: TypeAlias = dict[PortName, ValueRef]
Made = TypeVar("Made")

_log = logging.getLogger(__name__)


class Unkept:
    """A vault that keeps nothing, for `journal = off` and for measuring."""

    def inline(self, value: object) -> ValueRef:
        """A reference that says only what the value was."""
        return ValueRef("", ValueFormat.NONE, type(value).__qualname__, reason="not kept")

    def put(self, value: object) -> ValueRef:
        return self.inline(value)

    def get(self, ref: ValueRef) -> object:
        """Raises `ValueUnavailable`, always."""
        raise ValueUnavailable(f"the {ref.type} was not kept", ref=ref, reason="not kept")

    def touch(self, ref: ValueRef) -> bool:
        """True for what needs no keeping."""
        return not ref.hash or bool(ref.inline)


class Keeper:
    """Brings the values of finished steps where they must be before the step counts as done.

    Lives on the engine's loop; blocking work is done by its crew of threads, where there are any.
    """

    def __init__(
        self,
        loop: AbstractEventLoop,
        vault: Vault,
        crew: Crew | None,
        recording: Recording | None = None,
        shelter: Shelter | None = None,
    ) -> None:
        self._loop, self._vault, self._crew = loop, vault, crew
        self._recording, self._shelter = recording, shelter
        self.recalled: Vault = vault if shelter is None else _Sheltered(vault, shelter)
        """Where what the cache gives is read."""

    def of(self, recording: Recording) -> Keeper:
        """A keeper for one run, with the threads of this one."""
        return Keeper(self._loop, recording.vault, self._crew, recording, self._shelter)

    def keep(self, outputs: Outputs, then: Callable[[Refs | Exception], None]) -> None:
        """Call `then` on the loop with the references, at once when no I/O is needed."""
        try:
            refs, heavy = self._refer(outputs)
        except Exception as error:  # noqa: BLE001 - encoding runs the user's code
            then(error)
            return
        if not heavy:
            then(refs)
        elif self._crew is None:
            then(self._put(refs, heavy))
        else:
            self._crew.submit(lambda: self._put_soon(refs, heavy, then))

    def keep_here(self, outputs: Outputs) -> Refs:
        """The references, now; blocking, and not for the loop."""
        refs, heavy = self._refer(outputs)
        kept = self._put(refs, heavy)
        if isinstance(kept, Exception):
            raise kept
        return kept

    def make(self, call: Callable[[], Made], then: Callable[[Made | Exception], None]) -> None:
        """Call `then` on the loop with what `call` makes, in a thread, of values that are kept."""

        def work() -> bool:
            soon(self._loop, then, _made(call))
            return False

        if self._crew is None:
            then(_made(call))
        else:
            self._crew.submit(work)

    def recall(self, look: Callable[[], Answer], then: Callable[[Answer], None]) -> None:
        """Call `then` on the loop with what the cache says; `look` asks it, and may block."""

        def looked() -> bool:
            soon(self._loop, then, _quietly(look))
            return False

        if self._crew is None:
            then(_quietly(look))
        else:
            self._crew.submit(looked)

    def touch(self, refs: Mapping[PortName, ValueRef]) -> bool:
        """Let what they name count as made now; False when something of it is gone. Blocking."""
        try:
            return all(self._vault.touch(ref) for ref in refs.values())
        except OSError:
            return False

    def bring_back(self, event: NodeCompleted | NodeReused) -> Outputs:
        """The outputs an event tells of; blocking. `ValueUnavailable` when one is not there."""
        return outputs_of(self._vault, event)

    def look(self, ref: ValueRef) -> object:
        """One value; blocking. `ValueUnavailable` when it is not there."""
        return self._vault.get(ref)

    def close(self) -> None:
        """Let the threads go."""
        if self._crew is not None:
            self._crew.close()

    def _refer(self, outputs: Outputs) -> tuple[Refs, dict[PortName, object]]:
        """References that need no I/O, and the values that do."""
        refs: Refs = {}
        values = outputs.ports
        if outputs.result is not None:
            values = {**values, RESULT: outputs.result}
        if self._recording is not None and self._recording.redacts:
            refs = _hidden(self._recording, outputs)
            values = {port: value for port, value in values.items() if port not in refs}
        heavy: dict[PortName, object] = {}
        for port, value in values.items():
            ref = self._vault.inline(value)
            if ref is None:
                heavy[port] = value
            else:
                refs[port] = ref
        return refs, heavy

    def _put(self, refs: Refs, heavy: Mapping[PortName, object]) -> Refs | Exception:
        try:
            return refs | {port: self._vault.put(value) for port, value in heavy.items()}
        except Exception as error:  # noqa: BLE001 - not even a broken vault stops the engine
            return error

    def _put_soon(
        self,
        refs: Refs,
        heavy: Mapping[PortName, object],
        then: Callable[[Refs | Exception], None],
    ) -> bool:
        soon(self._loop, then, self._put(refs, heavy))
        return False


class Shelf:
    """What the steps of a run gave, for whoever looks; `stored` are those in the store only.

    `refs` are the references of what each step gave, by which what was let go is found again.
    The engine reads `values` itself: whatever it needs has been brought there before.
    """

    def __init__(
        self,
        keeper: Keeper,
        values: list[Outputs | None],
        stored: Mapping[int, NodeCompleted | NodeReused],
        refs: Sequence[Mapping[PortName, ValueRef]] = (),
    ) -> None:
        self._keeper, self._stored = keeper, dict(stored)
        self.values, self._refs = values, refs

    def at_hand(self, step: int) -> bool:
        """True when the step's outputs are in memory."""
        return step not in self._stored and self.values[step] is not None

    def held(self, step: int) -> Outputs | None:
        """The same as `look`, with a `ValueRef` for each value that is in the store only."""
        event, near = self._stored.get(step), self.values[step]
        if event is None:
            return near or self._released(step)
        return Outputs({**event.outputs, **({} if near is None else near.ports)})

    def fetch(self, ref: ValueRef) -> object:
        """A value that no step gave; blocking, raises as `look` does."""
        return self._keeper.look(ref)

    def look(self, step: int) -> Outputs | None:
        """What the step gave, None when it has given nothing.

        Blocking, for any thread. Raises `ValueUnavailable` for what is not in the store any more.
        """
        event = self._stored.get(step)
        if event is not None:
            self.values[step] = self._keeper.bring_back(event)
            self._stored.pop(step, None)
        near = self.values[step]
        if near is None and (refs := self._released(step)) is not None:
            return Outputs({port: self.fetch(ref) for port, ref in refs.ports.items()})
        return near

    def _released(self, step: int) -> Outputs | None:
        """The references of what a step gave that is not held any longer."""
        refs = self._refs[step] if step < len(self._refs) else None
        return Outputs(dict(refs)) if refs else None


def _made(call: Callable[[], Made]) -> Made | Exception:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - a node type may raise anything
        return error


@dataclass(frozen=True, slots=True)
class _Sheltered:
    """A vault whose values are kept at hand once they are brought back."""

    vault: Vault
    shelter: Shelter

    def inline(self, value: object) -> ValueRef | None:
        return self.vault.inline(value)

    def put(self, value: object) -> ValueRef:
        return self.vault.put(value)

    def get(self, ref: ValueRef) -> object:
        return self.shelter.get(ref, self.vault.get)

    def touch(self, ref: ValueRef) -> bool:
        return self.vault.touch(ref)


def _quietly(look: Callable[[], Answer]) -> Answer:
    """A cache that cannot be asked is one that does not know."""
    try:
        return look()
    except FlowbookError as error:
        return Answer(why=f"cache could not be asked: {error.message}")
    except Exception:  # noqa: BLE001 - a run that waits for an answer would wait for ever
        _log.exception("the cache could not be asked")
        return Answer(why="cache could not be asked; the log says why")


def _hidden(recording: Recording, outputs: Outputs) -> Refs:
    """References of the ports whose names are not to be written about, and then of the result."""
    refs: Refs = {}
    for port, value in outputs.ports.items():
        ref = recording.hidden(port, value)
        if ref is not None:
            refs[port] = ref
    if refs and outputs.result is not None:
        refs[RESULT] = next(iter(refs.values()))
    return refs


def nest(inputs: Mapping[PortName, Any]) -> dict[str, Any]:
    """Inputs as expressions name them: `server.url` becomes `{"server": {"url": …}}`.

    >>> nest({PortName("server.url"): "u", PortName("city"): "Oslo"})
    {'server': {'url': 'u'}, 'city': 'Oslo'}
    """
    names: dict[str, Any] = {}
    for name, value in inputs.items():
        root, _, port = name.partition(".")
        if port:
            names.setdefault(root, {})[port] = value
        else:
            names[root] = value
    return names


def inputs_of(
    step: Step,
    base: int,
    values: Sequence[Outputs | None] | Mapping[int, Outputs | None],
    names: Mapping[PortName, Any],
) -> dict[PortName, Any]:
    """What a step reads, by input name; a dead branch is absent.

    `base` is the first slot of its scope, `names` what parameters stand for there.
    """
    found: dict[PortName, Any] = {}
    for binding in step.bindings:
        source = binding.source
        if isinstance(source, FromStep):
            outputs = values[base + source.step]
            if outputs is not None and source.port in outputs.ports:
                found[binding.input] = outputs.ports[source.port]
        elif source.name in names:
            found[binding.input] = names[source.name]
    return found
