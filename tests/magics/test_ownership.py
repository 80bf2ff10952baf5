"""Another extension may have `%flow`, before us or after: it keeps it, and the user is told."""

from __future__ import annotations

import sys
import types

import pytest

FOREIGN = """
from IPython.core.magic import Magics, {magic}, magics_class

@magics_class
class Reactive(Magics):
    @{magic}("flow")
    def flow(self, line, cell=None):
        return ("reactive", line, cell)

def load_ipython_extension(shell):
    shell.register_magics(Reactive)

def unload_ipython_extension(shell):
    for table in shell.magics_manager.magics.values():
        table.pop("flow", None)
"""


@pytest.fixture
def foreign(monkeypatch):
    """An extension that registers a `%flow` of its own, as a line or as both."""

    def make(magic="line_magic"):
        module = types.ModuleType("reactive_notebooks")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(FOREIGN.format(magic=magic), module.__dict__)
        return module.__name__

    return make


def test_a_line_that_another_has_stays_his(unloaded, foreign, capsys):
    unloaded.load(foreign(), "flowbook")
    assert capsys.readouterr().err == (
        "note: %flow belongs to reactive_notebooks here: write %flowbook; "
        "%%flow cells are flowbook's as ever\n"
    )
    assert unloaded.run("%flow mode") == ("reactive", "mode", None)
    assert unloaded.run("%flowbook mode") == "run"
    unloaded.run("%%flow one\n1")
    assert "one" in unloaded.notebook.flow


def test_a_cell_that_another_has_stays_his_too(unloaded, foreign, capsys):
    unloaded.load(foreign("line_cell_magic"), "flowbook")
    assert capsys.readouterr().err == (
        "note: %flow and %%flow belong to reactive_notebooks here: write %flowbook and %%flowbook\n"
    )
    assert unloaded.run("%%flow one\n1\n")[:2] == ("reactive", "one")
    unloaded.run("%%flowbook two\n2")
    assert [node.id for node in unloaded.notebook.flow.spec().nodes] == ["two"]


def test_who_comes_later_is_noticed_once(shell, foreign):
    shell.run(f"%load_ext {foreign()}")
    assert "%flow belongs to reactive_notebooks here: write %flowbook" in shell.said
    shell.run("one = 1")
    assert shell.said == ""
    assert shell.run("%flow x") == ("reactive", "x", None)


def test_a_name_that_is_free_again_is_ours_again(shell, foreign):
    name = foreign("line_cell_magic")
    shell.run(f"%load_ext {name}")
    shell.run(f"%unload_ext {name}")
    assert shell.run("%flow mode") == "run"


def test_nothing_is_said_where_nobody_else_is(unloaded, capsys):
    unloaded.load("flowbook")
    assert capsys.readouterr().err == ""


def test_the_others_lines_are_not_completed(shell, foreign):
    assert "history" in shell.complete("%flow hist")
    shell.run(f"%load_ext {foreign()}")
    assert "history" not in shell.complete("%flow hist")
    assert "history" in shell.complete("%flowbook hist")
