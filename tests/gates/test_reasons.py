"""Where a gate is told to look away, the reason stands beside it.

That it is still needed is said by the gates themselves: ruff (RUF100), mypy and biome.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = r"[A-Z]+\d+(?:, ?[A-Z]+\d+)*"
AWAY = re.compile(rf"noqa(?:: {RULES})?|type: ignore(?:\[[\w, -]+\])?|pragma: no cover")
REASON = re.compile(r"\w{2}")


def unexplained(text: str) -> Iterator[str]:
    """The comments that let a gate look away and do not say why."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and AWAY.search(token.string):
            said = AWAY.sub("", token.string.replace("# ruff:", ""))
            if not REASON.search(said):
                yield f"{token.start[0]}: {token.string}"


def test_whoever_lets_a_gate_look_away_says_why():
    paths = sorted((ROOT / "src" / "flowbook").rglob("*.py"))
    found = {path: [*unexplained(path.read_text(encoding="utf-8"))] for path in paths}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("line", "excused"),
    [
        ("x = 1  # noqa: S101", False),
        ("x = 1  # noqa", False),
        ("x = 1  # type: ignore[arg-type]  # noqa: S101, PT018", False),
        ("# ruff: noqa: S608", False),
        ("x = 1  # noqa: S101 - looked at above", True),
        ("x = 1  # type: ignore[arg-type]  # noqa: S101  # a page may tell", True),
        ("x = '# noqa: S101'", True),
    ],
)
def test_a_rule_alone_is_no_reason(line, excused):
    assert ([*unexplained(line)] == []) is excused
