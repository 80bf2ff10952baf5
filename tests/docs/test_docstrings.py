"""The examples in docstrings are true, in every module there is."""

import doctest
import importlib
import pkgutil

import pytest

import flowbook

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(flowbook.__path__, "flowbook.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_there_are_examples():
    found = doctest.DocTestFinder(exclude_empty=True).find(
        importlib.import_module("flowbook.graph.options")
    )
    assert any(test.examples for test in found)
