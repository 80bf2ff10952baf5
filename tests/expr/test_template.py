from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.expr.template import Template


def render(text: str, **names):
    return Template.parse(text).render(names)


def test_a_single_expression_keeps_its_type():
    frame = object()
    assert render("{{ n }}", n=3) == 3
    assert render("{{n + 1}}", n=3) == 4
    assert render("{{ clean.df }}", clean={"df": frame}) is frame


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{{ city }}!", "Oslo!"),
        (" {{ n }}", " 3"),
        ("{{ n }}{{ n }}", "33"),
        ("ok={{ yes }} none={{ none }}.", "ok=true none=."),
        ("{{ xs }}, {{ d }}", '[1, "a"], {"k": null}'),
        ("on {{ day }}", "on 2026-01-02"),
        ("{{ days }} days", '["2026-01-02"] days'),
        ("{{{{ city }}", "{{ city }}"),
        ('{"a": {"b": "{{ city }}"}}', '{"a": {"b": "Oslo"}}'),
        ("x{{ {'a': {'b': 1}}['a']['b'] }}", "x1"),
        ("x{{{'a': 1}['a']}}", "x1"),
        ("x{{ '}}' }}", "x}}"),
        ('x{{ "it\'s }}" }}', "xit's }}"),
        (r"x{{ '\'}}' }}", "x'}}"),
        ("x{{ f'{city}' }}", "xOslo"),
        ("x{{ '''a'}}''' }}", "xa'}}"),
        ("a }} b", "a }} b"),
    ],
)
def test_text_and_expressions_mix(text: str, made: str):
    names = {
        "city": "Oslo",
        "n": 3,
        "yes": True,
        "none": None,
        "xs": [1, "a"],
        "d": {"k": None},
        "day": date(2026, 1, 2),
        "days": [date(2026, 1, 2)],
    }
    assert render(text, **names) == made


def test_reads_are_those_of_all_its_expressions():
    assert Template.parse("{{ server.url }}/{{ city }}?n={{ n + 1 }}").reads == {
        ("server", "url"),
        ("city",),
        ("n",),
    }
    assert Template.parse("no braces").reads == set()


@pytest.mark.parametrize(
    ("text", "column"),
    [("ab {{ c", 4), ("ab {{ 'c }}", 7), ("ab {{ 1 + _x }}", 11), ("ab {{ }}", 7)],
)
def test_an_error_points_into_the_template(text: str, column: int):
    with pytest.raises(ExpressionError) as refused:
        Template.parse(text)
    assert refused.value.column == column


@given(st.text(alphabet="ab{}'\" \\1"))
def test_text_parses_or_is_refused_and_plain_text_stays_itself(text: str):
    try:
        template = Template.parse(text)
    except ExpressionError:
        assert "{{" in text
        return
    if "{{" not in text:
        assert template.render({}) == text
