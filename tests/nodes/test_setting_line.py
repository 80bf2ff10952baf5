"""A setting is found in a body however it is written there."""

from __future__ import annotations

import pytest

from flowbook.nodes.setting_line import setting_line

BODY = """\
# where from
url: "http://x/{{ city }}"
'headers':
  Accept: text/html
  X-Id: >-
    one {{ first }}
    two {{ second
      + 1 }}
params: {a: 1, b: "{{ b }}"}
conditions:
- id: low
  expression: value < 10
- {id: high, expression: value > 90}
shared: &base
  k: 1
again: *base
body: |
  plain

  {{ last }}
"""


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (("url",), "", 2),
        (("url",), "city", 2),
        (("headers",), "", 3),
        (("headers", "Accept"), "", 4),
        (("headers", "X-Id"), "", 5),
        (("headers", "X-Id"), "first", 6),
        (("headers", "X-Id"), "second + 1", 7),
        (("params", "b"), "", 9),
        (("conditions", 0, "expression"), "", 12),
        (("conditions", 1, "expression"), "", 13),
        (("conditions",), "value > 90", 13),
        (("conditions", 7, "expression"), "", 10),
        (("again",), "", 16),
        (("again", "k"), "", 15),
        (("body",), "last", 20),
        (("body",), "is not there", 17),
        ((), "last", 20),
    ],
)
def test_a_setting_has_a_line(path, text, line):
    assert setting_line(BODY, path, text) == line


@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        (BODY, ("nothing",), ""),
        (BODY, ("id",), ""),  # which conditions have, and the body has not
        (BODY, (), ""),
        (BODY, (), "is not there"),
        ("", ("url",), ""),
        ("- a\n- b", ("url",), ""),
        ("a: [", ("a",), ""),
    ],
)
def test_what_is_not_written_has_none(body, path, text):
    assert setting_line(body, path, text) is None
