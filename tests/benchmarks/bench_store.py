"""The store, beside a bare write + fdatasync of a row: rates in its rate, times in its time.

What is aimed at holds for two cores that have nothing else to do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import store_acks
import store_fold
import store_history
from store_load import row

MEASURES = (
    store_acks.in_one_process,
    store_acks.beside_a_reader,
    store_fold.sighting,
    store_fold.takeover,
    store_history.looks,
)


def main() -> list[dict[str, object]]:
    """The floor, then one row for each number."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name:
        folder = Path(name)
        bare = store_acks.bare(folder)
        rows = [row("bare write + fdatasync", bare, "a second")]
        for measure in MEASURES:
            rows += measure(folder)
    return [one.shown(bare) for one in rows]


if __name__ == "__main__":
    for shown in main():
        print(shown)
