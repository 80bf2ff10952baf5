"""What an expression in JavaScript costs, beside the same one in Python's syntax.

Each evaluation in JavaScript has an isolate of its own. `engine`: that isolate and the call,
without the process around it. Milliseconds are medians; the first start compiles into an empty
cache.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowbook.expr.evaluate import evaluate as in_python
from flowbook.expr.parse import parse
from flowbook.sandbox.artefact import ENGINE
from flowbook.sandbox.javascript import evaluate
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.quickjs import Engine
from flowbook.sandbox.supervisor import Worker, here

ROUNDS = 200
ITEMS = [{"price": n % 7, "name": f"item {n}"} for n in range(20_000)]


def median_ms(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """The median of some calls."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def starts() -> tuple[float, float]:
    """Milliseconds for a worker that compiles, and for one that finds it compiled."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache"
        cold = median_ms(lambda: Worker(ENGINE, cache).end(), rounds=1)
        return cold, median_ms(lambda: Worker(ENGINE, cache).end(), rounds=7)


def main() -> list[dict[str, object]]:
    """One row per measurement."""
    cold, warm = starts()
    engine, limits = Engine(), Limits()
    request = {"source": "1", "names": [], "others": [], "values": [], "seed": [1, 2, 3, 4]}
    text = json.dumps(request)
    condition = parse("value >= 200 and value < 300")
    rows = {
        "worker, first start": cold,
        "worker, later starts": warm,
        "engine: isolate and call": median_ms(lambda: engine.evaluate(text, limits)),
        "js: value >= 200 && value < 300": median_ms(
            lambda: evaluate("value >= 200 && value < 300", {"value": 204})
        ),
        "the same in Python's syntax": median_ms(lambda: in_python(condition, {"value": 204})),
        "js: a sum over 20,000 records": median_ms(
            lambda: evaluate("items.reduce((n, i) => n + i.price, 0)", {"items": ITEMS}), rounds=10
        ),
    }
    here().close()
    python = rows["the same in Python's syntax"]
    return [
        {"what": what, "ms": round(ms, 4), "times the one in Python": round(ms / python)}
        for what, ms in rows.items()
    ]
