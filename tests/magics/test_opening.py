"""A moment of a run in the kernel: `here`, cells that run in it, and a failed run opened."""

from __future__ import annotations

import pytest
from tests.magics.conftest import Kernel

from flowbook.cells.notebook import Cell, Notebook
from flowbook.errors import RunFailed, UsageError
from flowbook.session.project import Project


def test_a_moment_is_opened_as_here(shell):
    shell.run("%%flow numbers\n[1, 2, 3]")
    shell.run("%%flow total\nsum(numbers)")
    here = shell.flow("open --node total")
    assert shell.run("here") is here
    assert shell.run("here['numbers']") == [1, 2, 3]
    assert shell.run("here.run()") == 6
    assert "numbers" in repr(here)
    assert shell.flow(f"open {here.moment.run} --at 0 --node total")["numbers"].type == "value"


def test_cells_run_in_a_moment_until_it_is_closed(shell):
    shell.run("import math\nnumbers = 'mine'\nlimit = 2")
    shell.run("%%flow given\n[1, 2, 9]")
    shell.run("%%flow large(given, limit=2)\nlarge = [n for n in given if n > limit]")
    shell.flow("open --node large --enter")
    assert "%flow close brings your own names back" in shell.said
    assert shell.run("given") == [1, 2, 9]
    shell.run("large = [math.sqrt(n) for n in given if n > limit]\nlimit = 'spoiled'")
    assert shell.run("large, here['large']") == ([3.0], [3.0])
    with pytest.raises(NameError):
        shell.run("numbers")
    assert shell.run("_") == ([3.0], [3.0])
    assert "given" in shell.complete("giv")
    shell.flow("close")
    assert shell.run("numbers, limit") == ("mine", 2)
    with pytest.raises(NameError):
        shell.run("given")
    assert shell.run("here['limit']") == "spoiled"
    assert shell.flow("status").stale == ()
    with pytest.raises(UsageError, match="nothing is open"):
        shell.flow("close")


def test_functions_and_comprehensions_see_names_that_are_not_loaded_yet(shell):
    shell.run("%%flow rows\n[3, 1, 2]")
    shell.flow("open --enter")
    assert shell.run("def first():\n    return rows[0]\nfirst(), [n for n in [1] if rows]") == (
        3,
        [1],
    )
    shell.flow("close")


def test_a_failed_node_is_opened_with_all_before_it_alive(shell):
    shell.run("%%flow given\nwith open('ledger', 'a') as f:\n    f.write('x')\ngiven = [1, 0]")
    with pytest.raises(RunFailed):
        shell.run("%%flow shares\nleast = min(given)\nshares = [1 / n for n in given]", cell="s")
    failure = shell.flow("open --failed")
    assert (failure.node, failure.alive) == ("shares", ("given",))
    assert "ZeroDivisionError" in repr(failure)
    with pytest.raises(ZeroDivisionError):
        shell.run("here.run()")
    assert shell.run("here['least']") == 0
    shell.run("%%flow shares\nshares = [1 / (n or 1) for n in given]", cell="s")
    assert (shell.folder / "ledger").read_text() == "x"
    with pytest.raises(UsageError, match="by itself"):
        shell.flow("open --failed --at 3")


@pytest.mark.kernel
def test_a_job_that_failed_is_opened_in_a_kernel_that_knows_nothing_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = (
        "%load_ext flowbook",
        "rate = 2",
        "%%flow fetch(n=3)\nwith open('ledger', 'a') as f:\n    f.write('fetch ')\n"
        "fetch = list(range(n))",
        "%%flow setup\nimport math",
        "%%flow shares(fetch)\nshares = [math.sqrt(9) / n for n in fetch]",
        "%%flow total(shares)\nsum(shares)",
    )
    (tmp_path / ".flowbook").mkdir()
    text = Notebook.of(tuple(Cell.code(f"c{i}", one) for i, one in enumerate(cells))).text()
    (tmp_path / "notebook.ipynb").write_text(text)
    project = Project(tmp_path)
    flow = project.load(tmp_path / "notebook.ipynb").flow
    job = flow.start(n=4)
    job.wait()
    assert job.status.value == "failed"
    project.close()
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext flowbook")
        opened = kernel.run(f"%flow open {job.id} --failed")
        assert opened.error is None
        assert "shares failed in run" in opened.text
        assert "\nalive: fetch" in opened.text
        assert kernel.run("n, here['fetch']").text == "(4, [0, 1, 2, 3])"
        mended = cells[4].replace("/ n for", "/ (n or 1) for")
        assert kernel.run(mended, cell="c4").error is None
        assert "8.5" in kernel.run(cells[5], cell="c5").text
        assert (tmp_path / "ledger").read_text() == "fetch "
    finally:
        kernel.close()
