"""What one expression costs: parsed for the first time, and evaluated when it is known.

Each evaluation has a fresh budget, as in a run. The last column is against Python's own `eval` of
the compiled text, where Python can say the same; a memo of results would have to hash the inputs
first, and the row that does so says what that alone costs.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import timeit
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flowbook.expr.evaluate import evaluate
from flowbook.expr.parse import parse
from flowbook.expr.template import Template, _parts

ROUNDS = 7
ROWS = [{"id": number, "n": number % 7, "city": "Oslo"} for number in range(100)]
NAMES: dict[str, Any] = {
    "value": 250,
    "limit": 100,
    "fetch": {"status": 204, "body": {"user": {"name": "Ada"}}},
    "rows": ROWS,
    "$env": {"REGION": "eu"},
}
EXPRESSIONS = {
    "path": "fetch.body.user.name",
    "comparison": "value > 100",
    "comparison of fields": "fetch.status == 204",
    "range": "200 <= value < 300",
    "two conditions": "value > limit and fetch.status in [200, 204]",
    "environment": "$env.REGION == 'eu'",
    "function": "between(value, 200, 299)",
    "pattern": "matches('id-42', '^id-[0-9]+$')",
    "method": "fetch.body.user.name.upper()",
    "default": "default(fetch.body.user.nick, 'nobody')",
    "sum of 100 rows": "sum(r.n for r in rows)",
}
TEMPLATES = {
    "template of one path": "{{ fetch.body.user.name }}",
    "template of text": "http://x/{{ fetch.status }}?q={{ value }}",
}
PYTHON = {
    "path": "fetch.body.user.name",
    "comparison": "value > 100",
    "comparison of fields": "fetch.status == 204",
    "range": "200 <= value < 300",
    "two conditions": "value > limit and fetch.status in [200, 204]",
    "method": "fetch.body.user.name.upper()",
    "sum of 100 rows": "sum(r.n for r in rows)",
}


def microseconds(work: Callable[[], Any]) -> float:
    """The median of some rounds, in microseconds a call."""
    timer = timeit.Timer(work)
    number = max(1, int(0.02 / max(timer.timeit(100) / 100, 1e-8)))
    return statistics.median(timer.timeit(number) / number for _ in range(ROUNDS)) * 1e6


def _fields(value: Any) -> Any:
    if isinstance(value, dict):
        return SimpleNamespace(**{key: _fields(one) for key, one in value.items()})
    return [_fields(one) for one in value] if isinstance(value, list) else value


def main() -> list[dict[str, object]]:
    """One row per expression."""
    spoken = {name: _fields(one) for name, one in NAMES.items()}
    rows: list[dict[str, object]] = []
    for name, text in EXPRESSIONS.items():
        parsed = parse(text)
        row: dict[str, object] = {
            "expression": name,
            "first parse, µs": microseconds(lambda text=text: parse.__wrapped__(text)),
            "evaluated, µs": microseconds(lambda parsed=parsed: evaluate(parsed, NAMES)),
        }
        if name in PYTHON:
            code = compile(PYTHON[name], "<expression>", "eval")
            row["eval, µs"] = microseconds(lambda code=code: eval(code, {}, spoken))
        rows.append(row)
    for name, text in TEMPLATES.items():
        template = Template.parse(text)
        rows.append(
            {
                "expression": name,
                "first parse, µs": microseconds(lambda text=text: tuple(_parts(text))),
                "evaluated, µs": microseconds(lambda template=template: template.render(NAMES)),
            }
        )
    for name, value in {"one number": 250, "100 rows": ROWS}.items():
        spent = microseconds(lambda value=value: _hash(value))
        rows.append({"expression": f"hash of {name}", "evaluated, µs": spent})
    return rows


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    for one in main():
        print(one)
