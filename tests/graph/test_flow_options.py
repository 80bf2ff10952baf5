import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import FlowSyntaxError
from flowbook.graph.flow import Flow
from flowbook.graph.flow_options import (
    FLOW_OPTIONS,
    Durability,
    FlowOptions,
    JournalMode,
    Retention,
    parse_flow_options,
    parse_retention,
    print_flow_options,
)

retentions = st.one_of(
    st.builds(Retention, days=st.integers(1, 36_500)),
    st.builds(Retention, last=st.integers(1, 1_000_000)),
    st.just(Retention()),
)
fields = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_. '\"-]{0,8}", fullmatch=True).map(str.strip)
options = st.builds(
    FlowOptions,
    journal=st.sampled_from(JournalMode),
    durability=st.sampled_from(Durability),
    sensitive_fields=st.lists(fields, max_size=3, unique=True).map(tuple),
    log_inputs=st.booleans(),
    log_outputs=st.booleans(),
    allow_pickle=st.booleans(),
    retention=st.none() | retentions.map(str),
    audit=st.booleans(),
    max_concurrent=st.none() | st.integers(1, 999_999),
    limits=st.sampled_from([(), (("gpu", 1),), (("gpu", 1), ("http", 4))]),
    capacity=st.sampled_from([(), (("mem", 16_000_000_000), ("gpu", 0.5))]),
)


@given(options)
def test_printed_options_read_back_as_they_were(given_options):
    assert parse_flow_options(print_flow_options(given_options)) == given_options


def test_nothing_is_printed_of_the_defaults():
    assert print_flow_options(FlowOptions()) == {}


@given(retentions)
def test_a_printed_retention_reads_back_as_it_was(retention):
    assert parse_retention(str(retention)) == retention


@pytest.mark.parametrize(
    "text", ["", "0d", "last:0", "30", "30 d", "-1d", "99999d", "last:", "30h"]
)
def test_what_is_no_retention_is_refused_with_what_is(text):
    with pytest.raises(ValueError, match=r"forever"):
        parse_retention(text)


def test_a_field_name_may_hold_spaces_and_comes_once():
    parsed = parse_flow_options({"sensitive_fields": " ssn, Credit Card ,ssn,"})
    assert parsed.sensitive_fields == ("ssn", "Credit Card")
    assert parse_flow_options({"sensitive_fields": ["ssn"]}).sensitive_fields == ("ssn",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal", "some"),
        ("durability", "yes"),
        ("sensitive_fields", 3),
        ("sensitive_fields", ["a,b"]),
        ("sensitive_fields", "--"),
        ("log_inputs", "maybe"),
        ("retention", "soon"),
        ("audit", "always"),
        ("max_concurrent", 0),
        ("max_concurrent", True),
        ("limits", "gpu=0.5"),
        ("limits", "gpu"),
        ("capacity", {"gpu": -1}),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_do(name, value):
    with pytest.raises(FlowSyntaxError, match=f"option '{name}' cannot be") as refused:
        parse_flow_options({name: value})
    assert refused.value.hint


def test_an_unknown_option_names_the_one_that_was_meant():
    with pytest.raises(FlowSyntaxError, match="unknown option 'jurnal'") as refused:
        Flow("etl", jurnal="off")
    assert refused.value.hint == "did you mean 'journal'?"


def test_a_flow_in_python_carries_its_options():
    flow = Flow("etl", journal="summary", sensitive_fields=["ssn"])
    assert flow.options == FlowOptions(JournalMode.SUMMARY, sensitive_fields=("ssn",))


def test_every_option_says_what_it_does():
    assert [name for name, option in FLOW_OPTIONS.items() if not option.help] == []
