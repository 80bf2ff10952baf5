"""`%flow options` as text: found without executing, every fault at its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.flow_line import print_option_line, split_options
from flowbook.graph.flow_options import FlowOptions, JournalMode, parse_flow_options

fields = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=","), min_size=1)
    .map(lambda text: f"a{text}"),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip


@given(fields)
def test_a_printed_line_reads_back_whatever_the_names(names):
    line = print_option_line({"sensitive_fields": ",".join(names), "journal": "off"})
    rest, (found,) = split_options(line)
    assert (rest, found.faults) == ("", ())
    assert parse_flow_options(found.given).sensitive_fields == tuple(names)


def test_several_lines_of_several_cells_add_up(reading):
    parsed = reading(
        "import os\n%flow options journal=summary",
        "#:parameters\n%flow options sensitive_fields=ssn\ncity: str = 'Oslo'",
        "%%flow setup\n%flow options audit\nLIMIT = 3",
        "%flowbook options  retention=30d",
        "%%flow a\nLIMIT, city",
    )
    assert parsed.problems == ()
    assert parsed.spec.options == FlowOptions(
        JournalMode.SUMMARY, sensitive_fields=("ssn",), retention="30d", audit=True
    )
    assert [param.name for param in parsed.spec.params] == ["city"]
    assert parsed.spec.setup[0].body == "\nLIMIT = 3"


@pytest.mark.parametrize(
    ("source", "where", "hint"),
    [
        ("x = 1\n%flow options jurnal=off", "c0:2 unknown option 'jurnal'", "did you mean 'jour"),
        ("%flow options journal=some", "c0:1 option 'journal' cannot be 'some'", "write one of"),
        ("%flow options journal", "c0:1 option 'journal' cannot be ''", "write one of"),
        ("%flow options", "c0:1 %flow options says nothing", "write name=value"),
        ("%flow options a='b", "c0:1 the options cannot be read: No closing quotation", "check"),
        (
            "%flow options audit\n%flow options audit=false",
            "c0:2 flow option 'audit' is given twice",
            "keep one",
        ),
        (
            "%flow options audit audit=false",
            "c0:1 flow option 'audit' is given twice",
            "keep one",
        ),
    ],
)
def test_a_fault_is_said_at_its_line(reading, said, source, where, hint):
    problems = reading(source).problems
    assert said(problems) == [where]
    assert problems[0].hint.startswith(hint)


def test_a_name_given_in_two_cells_is_a_problem_of_the_second(reading, said):
    parsed = reading("%flow options journal=off", "y = 2\n%flow options journal=full audit")
    assert said(parsed.problems) == ["c1:2 flow option 'journal' is given twice"]
    assert parsed.spec.options == FlowOptions(JournalMode.OFF, audit=True)


@pytest.mark.parametrize(
    "source",
    [
        "if deep:\n    %flow options journal=off",
        "%flow optionsx journal=off",
        "%flow run options",
        "%%bash\n%flow options journal=off",
        "# %flow options journal=off",
        "%%flow a\n%flow options journal=off",
    ],
)
def test_what_only_looks_like_the_line_is_left_alone(source):
    assert split_options(source) == (source, ())
