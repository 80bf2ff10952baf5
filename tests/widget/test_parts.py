"""The part of the canvas that is loaded later."""

from __future__ import annotations

import pytest
from tests.widget.stage import FakeHost

from flowbook.errors import UsageError
from flowbook.widget.answering.parts import ANSWERS
from flowbook.widget.parts import PARTS, text_of
from flowbook.widget.protocol import AskPart


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_a_module_that_is_handed_what_it_shares(name):
    answer = ANSWERS[AskPart](FakeHost(), AskPart("v", 3, name))
    assert (answer.view, answer.rid) == ("v", 3)
    assert answer.text.startswith("export default (shared) =>")


@pytest.mark.parametrize("name", ["widget", "../widget", "", "more.js"])
def test_nothing_else_is_handed_out(name):
    with pytest.raises(UsageError, match="has no part"):
        text_of(name)
