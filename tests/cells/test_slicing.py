"""What nodes take from plain cells is written down again where that is cheap, else named."""

from __future__ import annotations

import pytest

from flowbook.cells.notebook import Cell
from flowbook.cells.slicing import taken_over
from flowbook.ids import CellId


def cells(*sources):
    return tuple(Cell.code(CellId(f"c{at}"), source) for at, source in enumerate(sources))


def test_statements_come_with_all_they_read_in_the_notebooks_order():
    found = taken_over(
        cells(
            "import math, re\nimport os\nprint(os.name)",
            "# how much more\nRATE = 1.2\nUNUSED = 3",
            "%time 1\n@staticmethod\ndef dear(price):\n    return math.ceil(price) + tax(price)",
            "def tax(price): return price * SHARE",
            "SHARE = RATE / 10",
        ),
        ["dear"],
    )
    assert found.left == ()
    assert found.code.split("\n") == [
        "# from cell c0",
        "import math, re",
        "# from cell c1",
        "# how much more",
        "RATE = 1.2",
        "# from cell c2",
        "@staticmethod",
        "def dear(price):",
        "    return math.ceil(price) + tax(price)",
        "# from cell c3",
        "def tax(price): return price * SHARE",
        "# from cell c4",
        "SHARE = RATE / 10",
    ]
    space = {}
    exec(found.code, space)
    assert space["dear"](10) == 11.2


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        (["import pandas as pd\nx = pd.read_csv('a.csv')"], "a call computes it"),
        (["for i in range(3):\n    x = i"], "a loop binds it"),
        (["x = {}", "x['a'] = 1"], "cell c1 changes it"),
        (["x = []\nx.append(1)"], "cell c0 changes it"),
        (["with open('a') as x: pass"], "it is not bound by a plain statement"),
        (["x = !ls"], "IPython's own syntax makes it"),
        (["y = load()", "x = y + 1"], "it reads y"),
        (["x = 1", "x = load(x)"], "a call computes it"),
        (["%%flow setup\nx = 1"], "no cell of the notebook makes it"),
    ],
)
def test_what_cannot_be_made_again_is_named_with_the_reason(sources, reason):
    found = taken_over(cells(*sources), ["x"])
    assert "x =" not in found.code
    assert {one.name: one.reason for one in found.left}["x"] == reason


@pytest.mark.parametrize(
    "source",
    [
        "a = 1; x = a + 1; b = 2",
        "x = 1\nx += 1",
        "try:\n    import nowhere\n    x = 1\nexcept ImportError:\n    x = 2",
        "if True:\n    x = 2\nelse:\n    x = 3",
        "import re\nx = len\nx = 2",
        "import os\nx: int = 2",
    ],
)
def test_what_can_be_made_again_is_the_same(source):
    found = taken_over(cells(source), ["x"])
    assert found.left == ()
    space = {}
    exec(found.code, space)
    assert space["x"] == 2


def test_names_of_other_cells_are_told_as_read():
    assert taken_over(cells("def x(): return helper(len([]))"), ["x"]).reads == {"helper"}
