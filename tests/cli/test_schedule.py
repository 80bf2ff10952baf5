import json

import pytest
from click.testing import CliRunner

from flowbook.cli import flowbook as command_line


def ask(*words: str) -> tuple[str, str]:
    found = CliRunner().invoke(command_line, ["schedule", "next", *words], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return found.stdout, found.stderr


def test_the_next_moments_are_listed_with_what_becomes_of_them_when_the_clock_is_set():
    said, words = ask(
        *("30 2 * * *", "--timezone", "Europe/Berlin"),
        *("--after", "2026-03-28T12:00+01:00", "--count", "2"),
    )
    assert words == "At 02:30 (Europe/Berlin)\n"
    first, second = said.splitlines()[2:4]
    assert first.split("  ") == [
        "Sun 2026-03-29 03:00 CEST",
        "2026-03-29 01:00",
        "the clock is set forward to 03:00 at 02:00 that day",
    ]
    assert second.split() == ["Mon", "2026-03-30", "02:30", "CEST", "2026-03-30", "00:30"]


def test_what_is_probably_meant_otherwise_is_said():
    _, words = ask("59/15 * * * *")
    assert "warning: 59/15 as its minute is 59 alone; */15?" in words


def test_as_json_it_has_words_warnings_and_moments():
    said, _ = ask("0 0 1 1 *", "--after", "2026-06-01", "--count", "1", "--json")
    assert json.loads(said) == {
        "words": "At 00:00, on day 1 of the month, only in January (UTC)",
        "warnings": [],
        "next": [
            {"at": "2027-01-01T00:00:00+00:00", "local": "2027-01-01T00:00:00+00:00", "note": ""}
        ],
    }


def test_an_expression_that_never_comes_says_so():
    assert ask("0 0 31 2 *") == (
        "",
        "At 00:00, on day 31 of the month, only in February (UTC)\nit never comes\n",
    )


def test_a_time_that_is_none_is_refused():
    with pytest.raises(Exception, match="'tomorrow' is no time"):
        ask("@daily", "--after", "tomorrow")
