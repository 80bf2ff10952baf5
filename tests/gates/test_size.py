"""The size gate counts what it says it counts, to the line."""

import subprocess
import sys
from pathlib import Path

import pytest

SIZE = Path(__file__).with_name("size.py")


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SIZE), str(folder)], capture_output=True, text=True, check=False
    )


def function(lines: int, *, docstring: int = 0) -> str:
    prose = ['    """Say it.', *["    More."] * (docstring - 2), '    """'] if docstring else []
    return "\n".join(["def long():", *prose, *["    pass"] * (lines - 1)]) + "\n"


def methods(count: int) -> str:
    return "class Wide:\n" + "".join(f"    def m{n}(self): pass\n" for n in range(count))


OVERLOADS = methods(20) + "    @typing.overload\n    def m0(self, x): ...\n"

VISITOR = (
    methods(20).replace("Wide", "Walk(ast.NodeVisitor)") + "    def visit_Name(self, x): ...\n"
)


@pytest.mark.parametrize(
    "text",
    [function(40), function(40, docstring=12), methods(20), OVERLOADS, VISITOR, "x = 1\n" * 400],
    ids=["function", "docstring", "class", "overload", "visitor", "module"],
)
def test_what_just_fits_passes(tmp_path, text):
    (tmp_path / "room.py").write_text(text)
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (function(41), "room.py:1: long has 41 lines, at most 40"),
        ("if True:\n    async " + function(41).replace("\n", "\n    "), "long has 41 lines"),
        (VISITOR.replace("NodeVisitor", "AST"), "Walk has 21 methods"),
        (methods(21), "room.py:1: Wide has 21 methods, at most 20"),
        ("x = 1\n" * 401, "room.py:1: module has 401 lines, at most 400"),
    ],
    ids=["function", "nested", "no visitor", "class", "module"],
)
def test_one_more_is_named_and_fails(tmp_path, text, said):
    (tmp_path / "room.py").write_text(text)
    done = run(tmp_path)
    assert done.returncode == 1
    assert said in done.stdout


def test_a_folder_without_python_fails_instead_of_passing_for_nothing(tmp_path):
    assert run(tmp_path).returncode == 1
