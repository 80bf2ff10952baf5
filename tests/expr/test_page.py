"""The guide to expressions says what the language has, and nothing else."""

from __future__ import annotations

import pytest
from tests.expr.page import PAGE, filled

from flowbook.expr.evaluate import evaluate
from flowbook.expr.functions import FUNCTIONS
from flowbook.expr.parse import parse
from flowbook.expr.snippets import SNIPPETS


def test_the_guide_has_the_tables_of_today():
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m tests.expr.page"


def test_the_guide_names_every_function_and_pattern():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in FUNCTIONS if f"| `{name}` |" not in text] == []
    assert [name for name in SNIPPETS if f"| {name} |" not in text] == []


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=list(SNIPPETS))
def test_a_pattern_is_true_for_its_example_and_says_what_to_write_over(snippet):
    assert evaluate(parse(snippet.text), snippet.example) is True
    assert snippet.help.endswith(".")
    plain = snippet.template
    for field in snippet.fields:
        assert f"${{{field}}}" in plain
        plain = plain.replace(f"${{{field}}}", field, 1)
    assert plain == snippet.text
