"""The top level is a short list, so that a newcomer reads all of it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPECTED = {
    "LICENSE",
    "README.md",
    "docs",
    "examples",
    "js",
    "jupyter-config",
    "notebooks",
    "pyproject.toml",
    "src",
    "tests",
}


def test_the_top_level_is_the_agreed_list():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == EXPECTED
