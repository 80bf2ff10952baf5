"""Every benchmark of this folder, one table each. `poe bench`, or `poe bench import engine`.

A benchmark is a file `bench_<name>.py` with `main() -> list[dict]`, one dict per row, and a
docstring whose first line says what is measured against what. Nothing is written to the checkout;
numbers that matter are ratios to something measured in the same run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
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


def section(name: str) -> str:
    """What a benchmark measures, in its own words, and its table."""
    module = load(HERE / f"bench_{name}.py")
    rows = module.main()
    return f"## {name.capitalize()}\n\n{(module.__doc__ or '').strip()}\n\n{table(rows)}\n"


def page(names: Sequence[str]) -> str:
    """A page of the documentation: these benchmarks, on this machine."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("flowbook", "duckdb", "msgspec"))
    head = (
        "# How fast it is\n\n"
        "Made by `poe speed`; every number of a table is from one run, on "
        f"{os.cpu_count()} processors, Python {platform.python_version()}, {versions}. Other "
        "engines are measured when they are installed. Look at the ratios: the rest is the "
        "machine.\n"
    )
    return "\n".join([head, *map(section, names)])


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks, or all; 1 when there is none of a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="write the tables to a page as well")
    found = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*found, []])
    asked = parser.parse_args(arguments)
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    names = asked.names or list(found)
    if asked.page is not None:
        asked.page.write_text(page(names), encoding="utf-8")
        print(asked.page.read_text(encoding="utf-8"))
        return 0
    for name in names:
        began = time.perf_counter()
        print(f"\n{section(name)}\n({time.perf_counter() - began:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
