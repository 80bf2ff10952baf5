"""A head reads as a Python signature, every fault at once, and prints back as it was."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.header import Header, declared_name, is_flow_cell, parse_cell
from flowbook.cells.printing import print_cell, with_options
from flowbook.graph.options import Options, parse_options
from flowbook.graph.spec import InputSpec, Wire
from flowbook.ids import NodeId, PortName


def head(source):
    cell = parse_cell(source)
    assert cell.faults == ()
    return cell.header


def faults(source):
    return [(one.line, one.message, one.hint) for one in parse_cell(source).faults]


def test_a_name_alone_is_a_python_node_with_everything_inferred():
    assert head("%%flow clean") == Header(name=NodeId("clean"))


def test_the_long_magic_name_means_the_same():
    assert head("%%flowbook http get") == head("%%flow http get") == Header("http", NodeId("get"))


def test_a_kind_may_name_its_version():
    source = "%%flow http.v1 get(city) -> page --retries 3\nurl: x"
    cell = parse_cell(source)
    assert (cell.header.kind, cell.header.name, cell.faults) == ("http.v1", "get", ())
    assert print_cell(cell.header, cell.body) == source
    assert declared_name(source) == "get"


def test_a_version_without_a_name_is_told_what_is_missing():
    assert faults("%%flow http.v1") == [
        (1, "a cell of kind http.v1 needs a name", "write %%flow http.v1 name")
    ]


def test_a_default_says_whether_an_input_is_a_wire_or_a_parameter():
    found = head("%%flow score(rows=clean.df, all=raw, city, top: int = 3, hot=season['2xx'])")
    assert found.inputs == (
        InputSpec(PortName("rows"), Wire(NodeId("clean"), PortName("df"))),
        InputSpec(PortName("all"), Wire(NodeId("raw"))),
        InputSpec(PortName("city")),
        InputSpec(PortName("top"), default=3, annotation="int"),
        InputSpec(PortName("hot"), Wire(NodeId("season"), PortName("2xx"))),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("-1.5", -1.5), ("None", None), ("'a, (b)'", "a, (b)"), ("{'k': [True]}", {"k": [True]})],
)
def test_any_plain_literal_is_a_parameter(text, value):
    assert head(f"%%flow a(x={text})").inputs == (InputSpec(PortName("x"), default=value),)


def test_empty_parentheses_are_not_the_same_as_none():
    assert head("%%flow a()").inputs == ()
    assert head("%%flow a").inputs is None


def test_outputs_come_after_an_arrow_and_options_after_them():
    found = head('%%flow a -> b, c --retries 3 --timeout=30s --backoff "exponential 200ms" --pure')
    assert found.outputs == ("b", "c")
    assert found.options == parse_options(
        {"retries": 3, "timeout": "30s", "backoff": "exponential 200ms", "pure": True}
    )


def test_option_lines_are_options_and_the_body_begins_below_them():
    cell = parse_cell("%%flow a\n#| retries: 3\n#| backoff: exponential 200ms\n# why\nx = 1")
    assert cell.header.options == parse_options({"retries": 3, "backoff": "exponential 200ms"})
    assert (cell.body, cell.body_line) == ("# why\nx = 1", 4)


def test_everything_wrong_is_said_at_once_on_its_line():
    found = faults("%%flow a(x, x, y=f()) --retires 3 --on moon\n#| timeout: soon\n#| what")
    assert [(line, message) for line, message, _ in found] == [
        (2, "option 'timeout' cannot be 'soon'"),
        (3, "'#| what' is no option line"),
        (1, "the default of input 'y' is neither a literal nor an output: f()"),
        (1, "two inputs are called 'x'"),
        (1, "unknown option 'retires'"),
        (1, "option 'on' cannot be 'moon'"),
    ]
    assert "did you mean 'retries'?" in [hint for _, _, hint in found]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("%%flow", "a flow cell needs a name"),
        ("%%flow a(x", "the inputs are not closed"),
        ("%%flow a(1x)", "do not read as a Python signature"),
        ("%%flow a(*rest)", "inputs cannot be *args"),
        ("%%flow a(x=(1, 2))", "is no plain value"),
        ("%%flow a(x=1e999)", "is no plain value"),
        ("%%flow a -> b c", "cannot name an output"),
        ("%%flow a -> b, b", "two outputs are called 'b'"),
        ("%%flow a extra words", "'words' does not belong here"),
        ("%%flow a --retries", "option 'retries' needs a value"),
        ("%%flow a --backoff 'x", "the options cannot be read"),
        ("%%flow a --pure --pure", "option 'pure' is given twice"),
        ("%%flow a --pure\n#| pure: true", "option 'pure' is given twice"),
        ("%%flow class", "'class' is a word of Python"),
        ("%%flow größe", "cannot name a node"),
    ],
)
def test_what_cannot_be_is_refused_in_words(source, message):
    assert any(message in found for _, found, _ in faults(source))


def test_a_broken_head_still_declares_its_name():
    assert declared_name("%%flow http get(((") == "get"
    assert declared_name("%%flow setup") is None
    assert declared_name("x = 1") is None


def test_only_the_magic_itself_makes_a_flow_cell():
    assert not is_flow_cell("%%flower x")
    assert not is_flow_cell("# %%flow x")


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and name != "setup"
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab ]}'\"#"), inner),
    max_leaves=4,
)  # fmt: skip
ports = st.from_regex(r"[a-z0-9_][a-z0-9_]{0,5}", fullmatch=True)
inputs = st.one_of(
    st.builds(InputSpec, names),
    st.builds(InputSpec, names, st.builds(Wire, names, st.none() | ports)),
    st.builds(
        InputSpec, names, default=plain, annotation=st.sampled_from([None, "int", "list[str]"])
    ),
)
written = {
    "retries": st.integers(0, 99).map(str),
    "backoff": st.sampled_from(["2s", "exponential 200ms", "linear 1s max 30s"]),
    "timeout": st.sampled_from(["none", "30s"]),
    "pure": st.sampled_from(["true", "false"]),
    "tags": st.sampled_from(["a", "a, b"]),
}


@st.composite
def headers(draw):
    options = draw(st.fixed_dictionaries({}, optional=written))
    in_lines = draw(st.sets(st.sampled_from(sorted(written))))
    return Header(
        draw(st.sampled_from(["python", "sql", "http"])),
        draw(names),
        draw(st.none() | st.lists(inputs, max_size=4, unique_by=lambda one: one.name).map(tuple)),
        draw(st.none() | st.lists(ports, min_size=1, max_size=3, unique=True).map(tuple)),
        {name: value for name, value in options.items() if name not in in_lines},
        {name: value for name, value in options.items() if name in in_lines},
    )


@given(headers(), st.text("ab =\n").filter(lambda text: not text.startswith("#|")))
def test_what_is_printed_reads_back(header, body):
    cell = parse_cell(print_cell(header, body))
    assert cell.faults == ()
    assert (cell.header, cell.body) == (header, body)


@given(headers(), st.integers(0, 3), st.booleans())
def test_new_options_are_said_exactly(header, retries, pure):
    wanted = Options(retries=retries, pure=pure)
    changed = with_options(header, wanted)
    assert changed.options == wanted
    assert set(changed.lines) <= set(header.lines)


@given(st.text(max_size=60))
def test_no_head_makes_the_reader_fall(text):
    cell = parse_cell(f"%%flow {text}")
    assert cell.header is not None or cell.faults


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("%%flow a --cache", {"cache": True}),
        ("%%flow a --cache 1h --pure", {"cache": "1h", "pure": True}),
        ("%%flow a --cache=30m", {"cache": "30m"}),
        ("%%flow a --cache false", {}),
        (
            "%%flow a --cache --cache_key 'order.id + 1'",
            {"cache": True, "cache_key": "order.id + 1"},
        ),
        ("%%flow a\n#| cache: 2d\n#| cache_key: {{ city }}", {"cache": "2d", "cache_key": "city"}),
    ],
)
def test_a_flag_may_have_a_value(line, options):
    cell = parse_cell(line)
    assert cell.faults == ()
    assert cell.header.options == parse_options(options)
    printed = print_cell(with_options(cell.header, parse_options(options)), "")
    assert parse_cell(printed).header.options == parse_options(options)


def test_outputs_may_have_types_and_print_as_they_read():
    source = "%%flow count(rows: list[int]) -> total: dict[str, int], rest --retries 3\nrows"
    cell = parse_cell(source)
    assert cell.faults == ()
    assert cell.header.outputs == ("total", "rest")
    assert cell.header.returns == {"total": "dict[str, int]"}
    assert print_cell(cell.header, cell.body) == source


@pytest.mark.parametrize("head", ["-> a: ", "-> a: list[", "-> a: x y", "-> : int"])
def test_a_type_that_does_not_read_is_a_fault(head):
    (fault,) = parse_cell(f"%%flow count {head}").faults
    assert "cannot name an output" in fault.message
    assert "first, second: int" in fault.hint
