import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.expr.pattern import Pattern

single = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\W", r"\.", "1"])


def grown(inner):
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{1,}"])),
    )


patterns = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "^"]),
    st.recursive(single, grown, max_leaves=6),
    st.sampled_from(["", r"$"]),
)


@settings(max_examples=300)
@given(patterns, st.text(alphabet="abc1. ", max_size=8))
def test_a_pattern_finds_what_pythons_finds(text: str, subject: str):
    assert Pattern(text).search(subject) == bool(re.search(text, subject))


@pytest.mark.parametrize(
    ("text", "subject", "found"),
    [
        ("", "", True),
        ("^$", "", True),
        ("^$", "a", False),
        ("a|^$", "", True),
        ("(a|b$)", "cb", True),
        ("(a|b$)", "bc", False),
        ("a{0}b", "b", True),
        ("a{2,}$", "ba", False),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        ("[^a-z]", "é", True),
        (r"\s\S", "\t.", True),
        (r"[\d.]+$", "1.5", True),
        ("ø", "Tromsø", True),
        (r"\n", "\n", True),
        (".", "\n", False),
    ],
)
def test_what_a_pattern_means(text: str, subject: str, found: bool):
    assert Pattern(text).search(subject) is found


@pytest.mark.parametrize(
    "text",
    ["(", ")", "a)", "[a", "*", "a**", "a{", "a{x}", "a{2,1}", "a{999}", r"\1", r"\b", "\\",
     "(?i)a", "(?<n>a)", "[b-a]", "a{1}{2}", "((a{99}){99}){99}", "a" * 501],
)  # fmt: skip
def test_what_a_pattern_cannot_say_is_refused(text: str):
    with pytest.raises(ExpressionError):
        Pattern(text)


def test_work_is_told_and_linear_in_the_subject():
    work: list[int] = []
    Pattern("(a|b|ab)*c").search("ab" * 2000, work.append)
    assert sum(work) < 50
