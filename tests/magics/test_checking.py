"""Test cells in a kernel: Shift+Enter says what held, or shows what did not."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", autouse=True)
def flow(kernel):
    kernel.run("%load_ext flowbook")
    kernel.run("%%flow rows\n[3, 1, 2]", "a")
    kernel.run("%%flow clean(rows)\nsorted(rows)", "b")


def test_a_test_cell_says_how_many_assertions_held(kernel):
    said = kernel.run("%%flow test clean\nassert clean == [1, 2, 3]\nassert clean", "t")
    assert said.error is None
    assert said.text.strip() == "2 assertions held"


def test_a_test_cell_that_fails_shows_the_values(kernel):
    said = kernel.run("%%flow test clean\nassert clean\nassert len(clean) == 2", "t")
    assert "assert len(clean) == 2" in said.error
    assert "len(clean) is 3" in said.error
    assert "line 3" in said.error


def test_a_run_leaves_it_out_unless_it_is_asked_to_test(kernel):
    kernel.run("%%flow test clean\nassert len(clean) == 2", "t")
    said = kernel.run("run = %flow run\nprint(run.status.value, *run.events()[0].nodes)").text
    assert said.rstrip().endswith("succeeded rows clean")
    said = kernel.run("run = %flow run --test").text
    assert "1 failed" in said
    said = kernel.run("run = %flow run rows --test\nprint(run.status.value)").text
    assert "succeeded" in said
    said = kernel.run("run = %flow run clean --test\nprint(run.status.value)").text
    assert "failed" in said
