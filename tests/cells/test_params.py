"""The parameters cell declares what a run may be given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.params import is_parameters, print_params, read_params
from flowbook.graph.spec import MISSING, ParamSpec
from flowbook.ids import PortName


def test_types_defaults_and_help_are_read():
    params, faults = read_params(
        '"""What may change."""\n'
        'city: str = "Malmö, Åre"  # where to look\n'
        "top = -3\n"
        "rows: list[int] = [\n    1,\n    2,\n]  # which\n"
        "key: str\n"
    )
    assert faults == ()
    assert params == (
        ParamSpec(PortName("city"), "Malmö, Åre", "str", "where to look"),
        ParamSpec(PortName("top"), -3),
        ParamSpec(PortName("rows"), [1, 2], "list[int]", "which"),
        ParamSpec(PortName("key"), MISSING, "str"),
    )


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a = 1\nb = date()", 2, "the default of parameter 'b' is no literal: date()"),
        ("a = (1, 2)", 1, "the default of parameter 'a' is no literal: (1, 2)"),
        ("a = 1e999", 1, "the default of parameter 'a' is no literal: 1e309"),
        ("a = 1\nimport os", 2, "a parameters cell holds only assignments"),
        ("a, b = 1, 2", 1, "a parameters cell holds only assignments"),
        ("a = 1\nb = = 2", 2, "the parameters do not parse: invalid syntax"),
    ],
)
def test_what_is_no_parameter_is_said_on_its_line(source, line, message):
    _, (fault,) = read_params(source)
    assert (fault.line, fault.message) == (line, message)


def test_one_bad_parameter_does_not_take_the_others_along():
    params, faults = read_params("a = 1\nb = f()\nc = 3")
    assert ([one.name for one in params], len(faults)) == (["a", "c"], 1)


@pytest.mark.parametrize(
    ("source", "yes"),
    [("a: int = 1\nb: str", True), ("a = 1", False), ("a: int = f()", False), ("", False)],
)
def test_a_kernel_knows_a_parameters_cell_by_its_annotations(source, yes):
    assert is_parameters(source) is yes


values = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
)
names = st.sampled_from(["a", "b", "city"])
helps = st.none() | st.sampled_from(["where", "how # many", "ünï"])


@given(
    st.lists(
        st.builds(
            ParamSpec, names, values | st.lists(values), st.sampled_from([None, "int"]), helps
        ),
        unique_by=lambda one: one.name,
    )
)
def test_printed_parameters_read_back(params):
    assert read_params(print_params(params)) == (tuple(params), ())
