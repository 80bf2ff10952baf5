"""The catalogue is whole, each pattern has its test, and the page is what the catalogue says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.patterns.catalogue import PAGE, PATTERNS, Group, Score, page

HERE = Path(__file__).parent
TESTS = re.compile(r"^def test_wcp_(\d\d)_(\w+)\(", re.MULTILINE)


def written():
    """The module, the number and the name of every pattern's test."""
    return [
        (module.stem.removeprefix("test_"), int(number), name)
        for module in sorted(HERE.glob("test_*.py"))
        for number, name in TESTS.findall(module.read_text(encoding="utf-8"))
    ]


def test_the_catalogue_has_all_43_patterns_in_their_order():
    assert [pattern.number for pattern in PATTERNS] == list(range(1, 44))
    assert len({pattern.name for pattern in PATTERNS}) == 43


def test_each_pattern_has_one_test_in_the_module_of_its_group():
    known = {
        pattern.number: (
            pattern.group.name.lower(),
            re.sub(r"\W+", "_", pattern.name).lower(),
        )
        for pattern in PATTERNS
    }
    assert Counter(number for _, number, _ in written()) == Counter(known.keys())
    assert [one for one in written() if known[one[1]] != (one[0], one[2])] == []


def test_what_is_not_direct_says_what_it_is_restricted_by():
    assert {bool(one.but) == (one.score is not Score.DIRECT) for one in PATTERNS} == {True}


def test_every_group_has_patterns():
    assert {pattern.group for pattern in PATTERNS} == {*Group}


def test_the_page_is_what_the_catalogue_gives():
    assert PAGE.read_text(encoding="utf-8") == page(), "run poe patterns"
