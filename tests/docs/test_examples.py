"""The code blocks of the documentation work, page by page, in an empty folder.

`python` blocks of a page share one namespace and run in order, as a reader would. `python cell`
blocks of a page are the cells of one notebook, which is read, checked and run. `python no-run`
is for blocks that cannot stand alone; the page says why.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*.md")])
BLOCK = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<code>.*?)^ *```$", re.DOTALL | re.M)


def blocks(page: Path, info: str) -> list[tuple[int, str]]:
    """Line number and code of each block of that kind."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        if match["info"].strip() == info:
            code = re.sub(rf"^{match['indent']}", "", match["code"], flags=re.M)
            found.append((text.count("\n", 0, match.start("code")) + 1, code))
    return found


BUILT = {ROOT / "docs" / "guides" / "javascript.md"}
"""Pages whose code needs what the JavaScript build makes."""


def pages_with(info: str) -> list[Any]:
    found = [page for page in PAGES if blocks(page, info)]
    return [pytest.param(one, marks=pytest.mark.js) if one in BUILT else one for one in found]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` as a script in `folder`: executors and loaders need real files."""
    script = folder / "page.py"
    script.write_text(code, encoding="utf-8")
    env = os.environ | {"PYTHONWARNINGS": "error::DeprecationWarning:__main__"}
    return subprocess.run(
        [sys.executable, script.name], cwd=folder, env=env, capture_output=True, text=True
    )


def notebook(cells: list[str]) -> str:
    """A notebook of code cells."""
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "cells": [
                {
                    "id": f"cell-{number}",
                    "cell_type": "code",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": source,
                }
                for number, source in enumerate(cells)
            ],
        }
    )


RUN_NOTEBOOK = """
from flowbook import Flow
flow = Flow.from_notebook("page.ipynb")
problems = flow.check()
assert not problems, "\\n".join(map(str, problems))
run = flow.run()
assert run.status == "succeeded", run.status
"""


@pytest.mark.parametrize("page", pages_with("python"), ids=name)
def test_the_code_of_a_page_runs(page, tmp_path):
    lines: list[str] = []
    for line, code in blocks(page, "python"):
        lines += [""] * (line - 1 - len(lines))  # a traceback shows the page's own line
        lines += code.splitlines()
    done = run("\n".join(lines) + "\n", tmp_path)
    assert done.returncode == 0, f"{name(page)}\n{done.stderr}"


@pytest.mark.parametrize("page", pages_with("python cell"), ids=name)
def test_the_cells_of_a_page_are_a_flow_that_runs(page, tmp_path):
    cells = [code.rstrip("\n") for _, code in blocks(page, "python cell")]
    (tmp_path / "page.ipynb").write_text(notebook(cells), encoding="utf-8")
    done = run(RUN_NOTEBOOK, tmp_path)
    assert done.returncode == 0, f"{name(page)}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_block_has_a_kind_we_know(page):
    text = page.read_text(encoding="utf-8")
    known = {
        "text",
        "python",
        "python cell",
        "python no-run",
        "console",
        "toml",
        "json",
        "sql",
        "yaml",
        "",
    }
    assert {match["info"].strip() for match in BLOCK.finditer(text)} <= known


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_relative_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[\w-]*)?\)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_file_that_is_named_exists(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|js|tests|docs|notebooks|examples)/[\w./-]+)`", text)
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_readme_and_guides_have_examples():
    """The finders above find something: a typo in a fence must not turn the tests off."""
    assert ROOT / "README.md" in pages_with("python")
    assert ROOT / "README.md" in pages_with("python cell")
    assert ROOT / "docs" / "guides" / "add-a-node.md" in pages_with("python")


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=name)
def test_an_example_script_runs(script, tmp_path):
    done = run(script.read_text(encoding="utf-8"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "succeeded" in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=name)
def test_an_example_notebook_is_a_flow_that_runs(path, tmp_path):
    (tmp_path / "page.ipynb").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    done = run(RUN_NOTEBOOK, tmp_path)
    assert done.returncode == 0, done.stderr


def test_every_example_is_listed():
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    files = [
        path.name for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".ipynb")
    ]
    assert files
    assert [one for one in files if f"[{one}]({one})" not in listed] == []
