"""How much one evaluation of JavaScript may use up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one evaluation; whatever is met first ends it.

    `wall_s`: seconds by the clock; the worker is killed `grace_s` later if it has not answered.
    `fuel`: steps of WebAssembly, which are the same on every machine. `memory_bytes`: of the guest,
    all in all. `input_bytes` and `result_bytes`: of the JSON that goes in and comes out.

    >>> Limits(wall_s=0.2).memory_bytes >> 20
    64
    """

    wall_s: float = 1.0
    grace_s: float = 1.0
    fuel: int = 5_000_000_000
    memory_bytes: int = 64 << 20
    input_bytes: int = 8 << 20
    result_bytes: int = 4 << 20
