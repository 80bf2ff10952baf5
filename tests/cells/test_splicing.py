"""What of a head does not change stays as its author wrote it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cells.test_header import headers

from flowbook.cells.header import parse_cell
from flowbook.cells.printing import print_cell, with_options
from flowbook.cells.splicing import with_head
from flowbook.graph.options import parse_options, print_options
from flowbook.graph.spec import InputSpec, Wire


def changed(source, body=None, options=None, **parts):
    was = parse_cell(source).header
    now = replace(was, **parts)
    if options is not None:
        wanted = {**print_options(was.options), **options}
        now = with_options(now, parse_options({n: v for n, v in wanted.items() if v is not None}))
    made = with_head(source, was, now, body)
    read = parse_cell(made)
    assert (read.faults, read.header) == ((), now)
    return made


HEAD = "%%flow  clean( raw , n = 3,m:int=4 )  ->  a,b --retries 2  --backoff 'linear 1s' --pure"


@pytest.mark.parametrize(
    ("parts", "old", "new"),
    [
        ({"options": {"retries": "3"}}, "--retries 2", "--retries 3"),
        ({"options": {"retries": None}}, " --retries 2", ""),
        ({"options": {"backoff": "2s"}}, "'linear 1s'", "'2s'"),
        ({"options": {"pure": None}}, " --pure", ""),
        ({"options": {"timeout": "30s"}}, "--pure", "--pure --timeout 30s"),
        ({"name": "tidy"}, "clean", "tidy"),
        ({"kind": "sql"}, "  clean", "  sql clean"),
        ({"outputs": ("a", "c")}, "a,b", "a, c"),
        ({"outputs": None}, "  ->  a,b", ""),
    ],
)
def test_only_the_part_that_changes_is_written(parts, old, new):
    assert changed(HEAD, **parts) == HEAD.replace(old, new, 1)


RAW, N, M = parse_cell(HEAD).header.inputs


@pytest.mark.parametrize(
    ("inputs", "shown"),
    [
        ((RAW, replace(N, default=7), M), "( raw , n = 7,m:int=4 )"),
        ((replace(RAW, wire=Wire("x", "y")), N, M), "( raw=x.y , n = 3,m:int=4 )"),
        ((RAW, replace(N, default=RAW.default), M), "( raw , n,m:int=4 )"),
        ((RAW, N, replace(M, default="a, b")), "( raw , n = 3,m:int='a, b' )"),
        ((RAW, M), "( raw ,m:int=4 )"),
        ((N, M), "( n = 3,m:int=4 )"),
        ((RAW,), "( raw  )"),
        ((RAW, N, M, InputSpec("z")), "( raw , n = 3,m:int=4, z )"),
        ((), "(  )"),
        ((M, N, RAW), "(m: int = 4, n=3, raw)"),
        (None, ""),
    ],
)
def test_only_the_input_that_changes_is_written(inputs, shown):
    made = changed(HEAD, inputs=inputs)
    assert made.replace("  ", " ") == HEAD.replace("( raw , n = 3,m:int=4 )", shown).replace(
        "  ", " "
    )


def test_option_lines_keep_their_spaces_and_their_order():
    source = "%%flow a\n#|  retries :  2\n#| tags: x, y  \n#|pure: yes\nbody  \n"
    assert changed(source, options={"retries": "3"}) == source.replace(":  2", ":  3")
    assert changed(source, options={"tags": None}) == source.replace("#| tags: x, y  \n", "")
    assert changed(source, options={"on": "process"}) == source.replace(
        "flow a", "flow a --on process"
    )


def test_options_in_other_words_stay_when_another_changes():
    source = "%%flow a --timeout 0.5m --retries 0 --pure true\nx"
    assert changed(source, options={"priority": "2"}) == source.replace("true", "true --priority 2")


@pytest.mark.parametrize(
    "source",
    [
        "%%flow a --retries 1\r\nx = 1\r\n",
        "%%flow\ta\t--retries 1\t\n\tx",
        "%%flow a --retries 1   \n\n\n",
        "%%flow a --retries 1",
        "%%flow a --retries 1\n",
        "%%flow a --retries 1\n#| pure: true",
        "%%flow a --retries 1\n#| pure: true\n",
        "%%flowbook a --retries=1\nx",
        '%%flow a --retries "1"\nx',
    ],
)
def test_everything_else_is_byte_for_byte(source):
    assert changed(source, options={"retries": "4"}) == source.replace("1", "4", 1)
    assert changed(source) == source


@given(headers(), headers(), st.sampled_from(["", "\n", "x = 1", "a\n\nb\n"]))
def test_any_head_becomes_any_other(was, now, body):
    now = replace(now, returns={})
    read = parse_cell(with_head(print_cell(was, body), was, now))
    assert (read.faults, read.header) == ((), now)
    assert read.body == parse_cell(print_cell(was, body)).body


@given(headers(), st.sampled_from(["", "x", "# |\n\n"]))
def test_a_new_body_leaves_the_head(header, body):
    source = print_cell(header, "old")
    read = parse_cell(with_head(source, header, header, body))
    assert (read.header, read.body) == (header, body)
