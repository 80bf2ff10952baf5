"""Expressions people write again and again, to be put in and filled out.

A view offers `text` under `name`; `fields` are the parts of it that one writes over. Each is true
for the names in `example`, which is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Snippet:
    """One pattern.

    >>> SNIPPETS["in a range"].template
    'between(${value}, ${200}, ${299})'
    """

    name: str
    help: str
    text: str
    fields: tuple[str, ...]
    example: Mapping[str, Any]

    @property
    def template(self) -> str:
        """The text with its fields marked, as editors have it: `${value} > ${100}`."""
        made, at = "", 0
        for field in self.fields:
            start = self.text.index(field, at)
            made += f"{self.text[at:start]}${{{field}}}"
            at = start + len(field)
        return made + self.text[at:]


SNIPPETS: Final[Mapping[str, Snippet]] = {
    snippet.name: snippet
    for snippet in (
        Snippet("greater than", "True when a number is above a bound.",
                "value > 100", ("value", "100"), {"value": 120}),
        Snippet("in a range", "True when a number lies between two others, both included.",
                "between(value, 200, 299)", ("value", "200", "299"), {"value": 204}),
        Snippet("text is", "True when a text is this one, whatever its capitals.",
                "value.lower() == 'oslo'", ("value", "oslo"), {"value": "Oslo"}),
        Snippet("text begins with", "True when a text begins so.",
                "value.startswith('id-')", ("value", "id-"), {"value": "id-42"}),
        Snippet("contains", "True when a text or list holds something.",
                "contains(value, 'wind')", ("value", "wind"), {"value": "windy"}),
        Snippet("matches a pattern", "True when a text has the form of a regular expression.",
                "matches(value, '^[A-Z]{2}-[0-9]+$')", ("value", "^[A-Z]{2}-[0-9]+$"),
                {"value": "NO-42"}),
        Snippet("one of", "True when a value is one of several.",
                "value in ['NO', 'SE', 'DK']", ("value", "'NO', 'SE', 'DK'"), {"value": "SE"}),
        Snippet("is not None", "True when there is a value.",
                "value is not None", ("value",), {"value": 0}),
        Snippet("is empty", "True for None and for an empty text, list or dict.",
                "is_empty(value)", ("value",), {"value": ""}),
        Snippet("field with a default", "True by a field that may be missing.",
                "default(value.vip, False) == False", ("value.vip", "False", "False"),
                {"value": {"id": 7}}),
        Snippet("date before", "True when a date is before another.",
                "date(value) < date('2026-01-31')", ("value", "2026-01-31"),
                {"value": "2025-12-24"}),
        Snippet("older than", "True when a date is longer ago than so many days.",
                "diff($run.started, datetime(value)) > 30", ("value", "30"),
                {"value": "2026-01-01T00:00+00:00",
                 "$run": {"started": "2026-03-01T00:00+00:00"}}),
        Snippet("any in a list", "True when one of a list holds.",
                "any(row.total > 100 for row in value)", ("row.total > 100", "value"),
                {"value": [{"total": 20}, {"total": 120}]}),
        Snippet("all in a list", "True when each of a list holds.",
                "all(row.paid for row in value)", ("row.paid", "value"),
                {"value": [{"paid": True}]}),
        Snippet("how many in a list", "True when so many of a list hold.",
                "len([row for row in value if row.open]) >= 2", ("value", "row.open", "2"),
                {"value": [{"open": True}, {"open": True}, {"open": False}]}),
        Snippet("all of these", "True when several conditions hold.",
                "value.total > 100 and value.country == 'NO'",
                ("value.total > 100", "value.country == 'NO'"),
                {"value": {"total": 120, "country": "NO"}}),
    )
}  # fmt: skip
"""The patterns by their names, in the order a list shows them."""
