"""A flow made in Python takes the names its functions use along into its notebook."""

from __future__ import annotations

import pytest
from tests.session import surroundings_sample as sample

import flowbook
from flowbook.session.surroundings import surroundings


def test_a_flow_written_as_a_notebook_still_knows_its_modules_names(project, tmp_path):
    flow = sample.declare(project)
    expected = flow.run(n=4)["second"].output
    flow.to_notebook(tmp_path / "around.ipynb")
    again = project.load(tmp_path / "around.ipynb")
    assert again.problems == ()
    assert again.flow.run(n=4)["second"].output == expected


def test_imports_literals_and_helpers_are_written_in_an_order_that_runs():
    code = surroundings([sample.twice])
    namespace = {}
    exec(code, namespace)
    assert namespace["helper"](1) == 4
    assert "FACTOR = 3" in code


def test_a_value_that_is_no_code_is_named_and_nothing_is_written(project, tmp_path):
    flow = sample.declare_with_a_handle(project)
    with pytest.raises(flowbook.UsageError, match=r"handle \(object\)"):
        flow.to_notebook(tmp_path / "held.ipynb")
    assert not (tmp_path / "held.ipynb").exists()


def test_functions_that_use_nothing_need_nothing():
    assert surroundings([lambda x: x]) == ""
