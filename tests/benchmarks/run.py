"""Every benchmark of this folder, one table each. `poe bench`, or `poe bench import engine`.

A benchmark is a file `bench_<name>.py` with `main() -> list[dict]`, one dict per row, and a
docstring whose first line says what is measured against what. Nothing is written to the checkout;
numbers that matter are ratios to something measured in the same run.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent


def load(path: Path) -> ModuleType:
    """The benchmark as a module, importable by the processes it starts."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as a Markdown table, columns in order of first appearance."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    texts = [columns, *([shown(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(row[n]) for row in texts) for n in range(len(columns))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in texts]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def shown(value: object) -> str:
    """A cell: numbers to three significant digits, nothing for what a row does not have."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks, or all; 1 when there is none of a name."""
    found = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = sorted(set(names) - set(found))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(found)}")
        return 1
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    for name in names or found:
        module = load(found[name])
        started = time.perf_counter()
        rows = module.main()
        print(f"\n## {name}: {(module.__doc__ or '').partition(chr(10))[0]}\n")
        print(table(rows))
        print(f"\n({time.perf_counter() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
