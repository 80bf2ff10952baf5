"""QuickJS under wasmtime: one engine, and for each evaluation an isolate restored from a snapshot.

The guest's imports do nothing but tell the time and give random bytes; it has no files, no
environment and no functions of the host. It ends by fuel, by the clock or by its memory, whatever
comes first, and is thrown away after one evaluation however that ended.

Runs in the worker process only.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import wasmtime

from flowbook.sandbox.artefact import ENGINE, SHA256, engine_bytes, keep, kept
from flowbook.sandbox.limits import Limits

_PAGE: Final = 64 << 10
_STACK: Final = 1 << 20
_GUEST_STACK: Final = 128 << 10
"""Much less than `_STACK`: what recurses too deep is an error in JavaScript, not a trap."""
_RESERVE: Final = 4 << 20
"""Of the memory: what QuickJS does not count as its own."""
_BUILD: Final = Limits(wall_s=30.0, fuel=10_000_000_000)
_PRELUDE: Final = Path(__file__).with_name("prelude.js")
_ENOSYS: Final = 52
_RANDOM_MOST: Final = 4096


class Exceeded(Exception):
    """An evaluation was ended; `args[0]` is the limit: time, steps, memory, result or crash."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An isolate at rest: its memory, and where in it the runtime and the prelude are."""

    memory: bytearray
    stack: int
    runtime: int
    context: int
    run: int


class Engine:
    """Compiles once; `evaluate` makes and throws away an isolate.

    `wasm` is the engine's file, `cache` the folder of compiled ones, or None. Raises
    `artefact.Unusable`.
    """

    def __init__(self, wasm: Path = ENGINE, cache: Path | None = None) -> None:
        config = wasmtime.Config()
        config.consume_fuel = True
        config.epoch_interruption = True
        config.max_wasm_stack = _STACK  # over 2 MiB wasmtime aborts the process
        self._engine = wasmtime.Engine(config)
        self._module = self._compiled(engine_bytes(wasm), cache)
        self._linker = self._linked()
        self._snapshot = self._prepared()

    def evaluate(self, request: str, limits: Limits) -> str:
        """What the prelude answers to `request`, which is JSON in ASCII; `Exceeded` if nothing."""
        with _Isolate(self._engine, self._linker, self._module, limits) as isolate:
            isolate.restore(self._snapshot)
            return isolate.call(self._snapshot.run, request, limits.result_bytes)

    def _compiled(self, wasm: bytes, cache: Path | None) -> wasmtime.Module:
        by = version("wasmtime")
        name = f"{SHA256[:16]}-{by}-{platform.machine()}.cwasm"
        found = kept(cache, name)
        if found is not None:
            try:
                return wasmtime.Module.deserialize(self._engine, found)
            except wasmtime.WasmtimeError:
                pass  # compiled for another processor, or cut short: it is made again
        module = wasmtime.Module(self._engine, wasm)
        keep(cache, name, bytes(module.serialize()))
        return module

    def _linked(self) -> wasmtime.Linker:
        # Defined once for all isolates: functions that belong to a store are never freed.
        linker = wasmtime.Linker(self._engine)
        for one in self._module.imports:
            kind = one.type
            assert isinstance(kind, wasmtime.FuncType)  # noqa: S101 - the digest says so
            does: Any = _IMPORTS.get(str(one.name))
            if does is not None:
                linker.define_func(one.module, str(one.name), kind, does, access_caller=True)
                continue
            answer = (_ENOSYS if one.name in _REFUSED else 0) if kind.results else None
            linker.define_func(one.module, str(one.name), kind, _constant(answer))
        return linker

    def _prepared(self) -> Snapshot:
        with _Isolate(self._engine, self._linker, self._module, _BUILD) as isolate:
            return isolate.prepare(_PRELUDE.read_text(encoding="utf-8"))


def _constant(answer: int | None) -> Any:
    return lambda *_given: answer


def _clock(caller: wasmtime.Caller, clock: int, _precision: int, at: int) -> int:
    now = time.time_ns() if clock == 0 else time.monotonic_ns()
    return _put(caller, now.to_bytes(8, "little"), at)


def _random(caller: wasmtime.Caller, at: int, length: int) -> int:
    return _put(caller, os.urandom(length), at) if 0 < length <= _RANDOM_MOST else _ENOSYS


def _put(caller: wasmtime.Caller, content: bytes, at: int) -> int:
    memory: Any = caller["memory"]
    at &= 0xFFFFFFFF
    if at + len(content) > memory.data_len(caller):
        return _ENOSYS
    memory.write(caller, content, at)
    return 0


_IMPORTS: Final = {"clock_time_get": _clock, "random_get": _random}
_REFUSED: Final = frozenset({"fd_close", "fd_seek", "fd_write", "fd_fdstat_get"})


class _Isolate:
    """One instance of the guest, its limits, and the clock that ends it; closed at the end."""

    def __init__(
        self,
        engine: wasmtime.Engine,
        linker: wasmtime.Linker,
        module: wasmtime.Module,
        limits: Limits,
    ) -> None:
        self._limits = limits
        store = self._store = wasmtime.Store(engine)
        store.set_limits(memory_size=limits.memory_bytes, instances=1, memories=1, tables=1)
        store.set_fuel(limits.fuel)
        store.set_epoch_deadline(1)
        self._alarm = threading.Timer(limits.wall_s, engine.increment_epoch)
        self._alarm.daemon = True
        self._alarm.start()
        try:
            self._exports: Any = linker.instantiate(store, module).exports(store)
            self._memory: Any = self._exports["memory"]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> _Isolate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        # Joined, so that it cannot ring for the isolate after this one.
        self._alarm.cancel()
        self._alarm.join()
        self._store.close()

    def prepare(self, prelude: str) -> Snapshot:
        """Start QuickJS, run the prelude, and tell how to get back here."""
        self._ask("_initialize")
        if self._ask("qjs_init") != 0:
            raise Exceeded("crash")
        self._ask("qjs_set_memory_limit", self._limits.memory_bytes - _RESERVE)
        self._ask("qjs_set_max_stack_size", _GUEST_STACK)
        text = prelude.encode("utf-8")
        run = self._ask("qjs_eval", self._text(text), len(text), self._text(b"flowbook"), 0)
        if self._ask("qjs_is_exception", run):
            raise RuntimeError(f"the prelude is broken: {self._thrown()}")
        size = self._memory.data_len(self._store)
        return Snapshot(
            bytearray(self._memory.read(self._store, 0, size)),
            self._exports["__stack_pointer"].value(self._store),
            self._ask("qjs_get_runtime_ptr"),
            self._ask("qjs_get_context_ptr"),
            run,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Be what that isolate was."""
        missing = len(snapshot.memory) - self._memory.data_len(self._store)
        if missing > 0:
            self._memory.grow(self._store, missing // _PAGE)
        self._memory.write(self._store, snapshot.memory, 0)
        self._exports["__stack_pointer"].set_value(self._store, snapshot.stack)
        self._ask("qjs_set_runtime_and_context", snapshot.runtime, snapshot.context)

    def call(self, function: int, argument: str, most: int) -> str:
        """The text that the guest's function gives for that text."""
        body = argument.encode("ascii")
        at = self._text(body)
        string = self._ask("qjs_new_string", at, len(body))
        self._ask("wasm_free", at)
        arguments = self._text(string.to_bytes(4, "little"))
        given = self._ask("qjs_call", function, self._ask("qjs_get_undefined"), 1, arguments)
        if self._ask("qjs_is_exception", given):
            # The prelude catches everything but what QuickJS lets nobody catch.
            raise Exceeded("memory" if "memory" in self._thrown() else "crash")
        return self._string(given, most)

    def _thrown(self) -> str:
        return self._string(self._ask("qjs_get_exception"), _PAGE)

    def _string(self, value: int, most: int) -> str:
        where = self._text(bytes(4))
        at = self._ask("qjs_get_string_len", value, where) & 0xFFFFFFFF
        length = int.from_bytes(self._memory.read(self._store, where, where + 4), "little")
        if not at or at + length > self._memory.data_len(self._store):
            raise Exceeded("memory")
        if length > most:
            raise Exceeded("result")
        return bytes(self._memory.read(self._store, at, at + length)).decode("utf-8", "replace")

    def _text(self, content: bytes) -> int:
        """Where in the guest's memory a copy of `content` is, with a NUL behind it."""
        at = int(self._ask("wasm_malloc", len(content) + 1)) & 0xFFFFFFFF
        if not at:
            raise Exceeded("memory")
        self._memory.write(self._store, content + b"\0", at)
        return at

    def _ask(self, export: str, *given: int) -> Any:
        try:
            return self._exports[export](self._store, *given)
        except wasmtime.Trap as trap:
            raise Exceeded(_ENDS.get(trap.trap_code or _OTHER, "crash")) from None
        except wasmtime.WasmtimeError:
            raise Exceeded("crash") from None


_OTHER: Final = wasmtime.TrapCode.UNREACHABLE
_ENDS: Final = {
    wasmtime.TrapCode.INTERRUPT: "time",
    wasmtime.TrapCode.OUT_OF_FUEL: "steps",
}
