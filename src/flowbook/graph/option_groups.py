"""Options as a form shows them: which belong together, and what each says by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flowbook.graph.options import Option

HIDDEN: Final = frozenset({"in"})
"""Said by where a node stands, and not by a form."""
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "When it fails": ("retries", "backoff", "timeout", "compensate"),
    "Where it runs": ("on", "needs", "memory_limit", "cpu_limit"),
    "Results": ("pure", "cache", "cache_key", "checkpoint"),
    "When it runs": ("role", "join", "losers", "settled", "priority", "cancels", "completes"),
    "How many at once": ("limit", "limit_key", "lock"),
    "Checks": ("validate", "inputs", "outputs"),
    "Words": ("tags",),
}
"""Options of a node."""
FLOW_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Limits": ("timeout", "timeout_retries", "max_runs", "max_concurrent", "limits", "capacity",
               "limit_key", "priority", "key_ttl"),
    "Notifications": ("on_failure",),
    "Recording": ("journal", "durability", "retention", "log_inputs", "log_outputs", "streams",
                  "sensitive_fields", "audit", "allow_pickle", "measure", "checkpoint_interval"),
    "Checks": ("validate",),
}  # fmt: skip
"""Options of a flow."""


@dataclass(frozen=True, slots=True)
class Row:
    """One option of a form, with its text now and by default."""

    option: Option
    group: str
    text: str
    default: str


def rows(
    schema: Mapping[str, Option],
    groups: Mapping[str, tuple[str, ...]],
    options: object,
    defaults: object,
) -> Iterator[Row]:
    """Every option of a schema but those that are hidden, group by group.

    >>> from flowbook.graph.options import OPTIONS, Options
    >>> found = list(rows(OPTIONS, GROUPS, Options(retries=2), Options()))
    >>> found[0].option.name, found[0].text, found[0].default
    ('retries', '2', '0')
    """
    for group, names in groups.items():
        for name in names:
            option = schema[name]
            now, usual = (getattr(one, option.attribute) for one in (options, defaults))
            yield Row(option, group, option.print(now), option.print(usual))
