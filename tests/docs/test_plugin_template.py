"""The package in `examples` installs with pip, registers its kinds, and its own tests pass.

The wheel is put together here, by the table of its own pyproject: what builds wheels is not ours to
test, and is not needed to install one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "examples" / "flowbook-example-nodes"
PROJECT = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
NAME = PROJECT["project"]["name"].replace("-", "_")


def wheel(folder: Path) -> Path:
    """The package as a wheel, of what its pyproject says."""
    table = PROJECT["project"]
    path = folder / f"{NAME}-{table['version']}-py3-none-any.whl"
    info = f"{NAME}-{table['version']}.dist-info"
    points = table["entry-points"]["flowbook.nodes"]
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {table['name']}\n"
        f"Version: {table['version']}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": "[flowbook.nodes]\n"
        + "".join(f"{name} = {value}\n" for name, value in points.items()),
    }
    (package,) = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for source in sorted((TEMPLATE / package).rglob("*.py")):
        name = source.relative_to((TEMPLATE / package).parent)
        files[name.as_posix()] = source.read_text(encoding="utf-8")
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as made:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            made.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Where pip has installed it; nothing else knows of it."""
    folder = tmp_path_factory.mktemp("site")
    built = wheel(tmp_path_factory.mktemp("wheel"))
    words = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*words, "--target", str(folder), str(built)], check=True, capture_output=True)
    return folder


def run(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    paths = [str(site), os.environ.get("PYTHONPATH", ""), str(ROOT / "src")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True
    )


def nodes(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(site, folder, "-m", "flowbook.cli", "nodes", *words)


def test_its_kinds_are_there_once_it_is_installed(site, tmp_path):
    told = json.loads(nodes(site, tmp_path, "--json").stdout)["nodes"]
    rows = {row["kind"]: row for row in told if row["package"].startswith("flowbook-example-nodes")}
    assert {kind: row["version"] for kind, row in rows.items()} == {"clip": 2, "clip.v1": 1}


def test_a_kind_of_it_is_shown_like_one_of_ours(site, tmp_path):
    done = nodes(site, tmp_path, "show", "clip")
    assert done.returncode == 0, done.stderr
    assert "package: flowbook-example-nodes 0.2.0; versions: clip.v1, clip.v2" in done.stdout
    schema = json.loads(nodes(site, tmp_path, "show", "clip.v1", "--json").stdout)
    assert sorted(schema["properties"]) == ["largest", "smallest"]


def test_a_notebook_goes_from_its_first_version_to_its_second(site, tmp_path):
    cells = ["%%flow numbers\n[-1, 5, 12]", "%%flow clip.v1 kept(numbers)\nlargest: 10"]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"id": f"c{i}", "cell_type": "code", "metadata": {}, "source": text, "outputs": [],
             "execution_count": None}
            for i, text in enumerate(cells)
        ],
    }  # fmt: skip
    path = tmp_path / "numbers.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    words = ("-m", "flowbook.cli", "run", "numbers.ipynb", "--no-report", "--json")
    before = json.loads(run(site, tmp_path, *words).stdout)["outputs"]
    done = nodes(site, tmp_path, "migrate", "numbers.ipynb", "--write")
    assert (done.returncode, "+high: 10" in done.stdout) == (0, True), done.stderr
    after = json.loads(run(site, tmp_path, *words).stdout)["outputs"]
    assert before == after == {"kept": [0.0, 5, 10.0]}


def test_without_it_the_notebook_says_what_is_missing(tmp_path):
    path = tmp_path / "numbers.ipynb"
    cell = {"id": "a", "cell_type": "code", "metadata": {}, "source": "%%flow clip kept",
            "outputs": [], "execution_count": None}  # fmt: skip
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    path.write_text(json.dumps(document), encoding="utf-8")
    done = run(tmp_path / "nowhere", tmp_path, "-m", "flowbook.cli", "check", "numbers.ipynb")
    assert done.returncode == 2
    assert "no node type is called 'clip'" in done.stderr


def test_its_own_tests_pass(site, tmp_path):
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:flowbook", "--rootdir")
    done = run(site, tmp_path, *words, str(TEMPLATE), str(TEMPLATE / "tests"))
    assert done.returncode == 0, done.stdout + done.stderr
