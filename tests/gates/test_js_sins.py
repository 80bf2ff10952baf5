"""The TypeScript gates go red for the sins they are there to stop.

Needs node and `js/node_modules`; contributors to Python only run `poe test -m "not js"`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path("node_modules", ".bin")
GATES = {
    "biome": (str(BIN / "biome"), "ci", "--error-on-warnings", "--colors=off", "."),
    "tsc": (str(BIN / "tsc"), "-p", "tsconfig.json"),
    "layers": ("node", "scripts/check-layers.mjs"),
    "generated": ("node", "scripts/generate.mjs", "--check"),
}

pytestmark = pytest.mark.js


def copy_of_js(folder: Path) -> Path:
    """What the gates read, with the installed packages linked in."""
    built = shutil.ignore_patterns("node_modules", "lib", "out")
    shutil.copytree(ROOT / "js", folder / "js", ignore=built)
    (folder / "js" / "node_modules").symlink_to(ROOT / "js" / "node_modules")
    (folder / "src").symlink_to(ROOT / "src")
    return folder / "js"


def run(js: Path, gate: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(GATES[gate], cwd=js, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("gate", GATES)
def test_the_tree_is_clean_before_a_sin_is_planted(tmp_path, gate):
    done = run(copy_of_js(tmp_path), gate)
    assert done.returncode == 0, done.stdout + done.stderr


_IDLE = "// biome-ignore lint/suspicious/noExplicitAny: there is none\n"
_MUTE = "// biome-ignore lint/suspicious/noExplicitAny\n"
SINS = {
    "an any": ("biome", {"model/sin.ts": "export const sin = (x: any) => x;\n"}, "noExplicitAny"),
    "two files in a circle": (
        "biome",
        {
            "model/sin.ts": 'import { b } from "./sinner";\n\nexport const a = () => b;\n',
            "model/sinner.ts": 'import { a } from "./sin";\n\nexport const b = () => a;\n',
        },
        "noImportCycles",
    ),
    "a barrel": ("biome", {"model/index.ts": 'export * from "./run";\n'}, "noReExportAll"),
    "a rule overlooked where nothing breaks it": (
        "biome",
        {"model/sin.ts": _IDLE + "export const sin = 1;\n"},
        "suppressions/unused",
    ),
    "a rule overlooked with no reason": (
        "biome",
        {"model/sin.ts": _MUTE + "export const sin = (x: any) => x;\n"},
        "suppressions/parse",
    ),
    "a wrong type": ("tsc", {"model/sin.ts": 'export const sin: number = "x";\n'}, "TS2322"),
    "a model that knows React": (
        "layers",
        {"model/sin.ts": 'import { useState } from "react";\n\nexport const sin = useState;\n'},
        'model may not import "react"',
    ),
    "a protocol that knows the model": (
        "layers",
        {"protocol/sin.ts": 'import { a } from "../model/run";\n\nexport const sin = a;\n'},
        "protocol may not import model",
    ),
    "a room without a place": (
        "layers",
        {"utils/sin.ts": "export const sin = 1;\n"},
        'room "utils" has no place',
    ),
    "messages edited by hand": ("generated", {"protocol/generated.ts": "// mine\n"}, "is stale"),
}


@pytest.mark.parametrize(("gate", "files", "said"), SINS.values(), ids=SINS)
def test_the_gate_stops(tmp_path, gate, files, said):
    js = copy_of_js(tmp_path)
    for name, text in files.items():
        path = js / "src" / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    done = run(js, gate)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_lint_runs_every_gate():
    scripts = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))["scripts"]
    for script in (
        "biome ci --error-on-warnings",
        "tsc -p tsconfig.json",
        "check-layers.mjs",
        "generate.mjs --check",
    ):
        assert script in scripts["lint"]
