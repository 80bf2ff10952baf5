"""A changed setting changes its own text: comments, quotes, anchors and layout stay."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowbook.cells.foreign import read_yaml
from flowbook.cells.settings import with_settings

NASTY = """\
# what is asked
url:   "https://example.org/{{ city }}"   # with spaces
'method' : GET
headers:   # nested
    Accept:  'application/json'
    X-It's: "it's"

    Deep: &deep
      - a   # first
      -   b: 1
          c: [1,  2]
params: {q: "{{ city }}",  n: 3}
body: |
  line one
    line two

note: >-
  folded
  text
again: *deep
list:
- 1
-  two
last: null"""


def settings_of(body):
    found, faults = read_yaml(body)
    assert faults == ()
    return dict(found)


def changed(path, value, body=NASTY):
    """The body with one value changed, and the lines that differ."""
    was, now = settings_of(body), settings_of(body)
    spot = now
    for key in path[:-1]:
        spot[key] = copied(spot[key])
        spot = spot[key]
    spot[path[-1]] = value
    made = with_settings(body, was, now)
    assert settings_of(made) == now
    old, new = body.split("\n"), made.split("\n")
    return [line for line in new if line not in old], [line for line in old if line not in new]


def copied(value):
    return dict(value) if isinstance(value, dict) else list(value)


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (["url"], "x", 'url:   "x"   # with spaces'),
        (["url"], 'a "b"', 'url:   "a \\"b\\""   # with spaces'),
        (["method"], "POST", "'method' : POST"),
        (["method"], "true", "'method' : 'true'"),
        (["headers", "Accept"], "it's", "    Accept:  'it''s'"),
        (["headers", "X-It's"], "no", '    X-It\'s: "no"'),
        (["params", "n"], 4, 'params: {q: "{{ city }}",  n: 4}'),
        (["list", 1], "three", "-  three"),
        (["list", 0], None, "- null"),
        (["last"], 5, "last: 5"),
        (["last"], True, "last: true"),
    ],
)
def test_one_value_is_one_line(path, value, line):
    new, old = changed(path, value)
    assert len(new) == len(old) == 1
    assert line is None or new == [line]


def test_a_text_of_lines_changes_where_it_stands():
    new, _ = changed(["body"], "x\ny")
    assert len(new) <= 3


def test_what_an_alias_stands_for_is_not_changed_behind_its_back():
    assert settings_of(NASTY)["again"] == settings_of(NASTY)["headers"]["Deep"]
    was = settings_of(NASTY)
    now = {**was, "again": ["a"]}
    assert settings_of(with_settings(NASTY, was, now)) == now


@pytest.mark.parametrize("gone", ["url", "headers", "body", "list", "last"])
def test_a_setting_goes_with_its_lines_alone(gone):
    was = settings_of(NASTY.replace("again: *deep\n", ""))
    body = NASTY.replace("again: *deep\n", "")
    now = {name: value for name, value in was.items() if name != gone}
    made = with_settings(body, was, now)
    assert settings_of(made) == now
    assert set(made.split("\n")) < set(body.split("\n"))
    assert "# what is asked" in made


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("a: 1", "a: 1\nz: [1]"),
        ("a: 1\n", "a: 1\nz: [1]\n"),
        ("  a: 1  # one", "  a: 1  # one\n  z: [1]"),
        ("a:\n  - 1\n\n# the end", "a:\n  - 1\nz: [1]\n\n# the end"),
    ],
)
def test_a_new_setting_stands_below_the_last(body, made):
    was = settings_of(body)
    written = with_settings(body, was, {**was, "z": [1]})
    assert written == made.replace("z: [1]", "z:\n- 1").replace("  z:\n- 1", "  z:\n  - 1")


def test_line_ends_of_another_system_stay():
    body = "a: 1\r\nb: 2  # two\r\nc: 3"
    was = settings_of(body)
    assert with_settings(body, was, {**was, "b": 4}) == "a: 1\r\nb: 4  # two\r\nc: 3"


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:#- ", max_size=2), inner)
    ),
    max_leaves=4,
)


@example("headers", [{}, None, False])
@example("headers", "\x85")
@given(st.sampled_from(["url", "headers", "params", "list", "last", "new"]), values)
def test_what_is_written_says_what_is_wanted(name, value):
    was = settings_of(NASTY)
    now = {**was, name: value}
    assert settings_of(with_settings(NASTY, was, now)) == now
