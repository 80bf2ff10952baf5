"""What `import flowbook` costs over bare Python, each in a new interpreter, taken in turns.

The budget is 150 ms over bare Python. Medians of interleaved rounds, because the machine's mood
changes more between minutes than between neighbouring starts.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
STATEMENTS = {
    "bare Python": "pass",
    "import flowbook": "import flowbook",
    "from flowbook import Flow": "from flowbook import Flow",
    "import flowbook.session": "import flowbook.session",
}


def start(statement: str) -> float:
    """Milliseconds for a new interpreter to run `statement` and end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (time.perf_counter() - began) * 1000


def main() -> list[dict[str, object]]:
    """One row per statement."""
    for statement in STATEMENTS.values():
        start(statement)  # bytecode and disk cache
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(ROUNDS):
        for name, statement in STATEMENTS.items():
            taken[name].append(start(statement))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    bare = medians["bare Python"]
    return [
        {"statement": name, "ms": round(ms, 1), "ms over bare": round(ms - bare, 1)}
        for name, ms in medians.items()
    ]
