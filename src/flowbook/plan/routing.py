"""Which version of a flow a run takes, decided from what was asked and from the run's key alone.

`draft` is the flow as it is written now, `published` the version that was published last,
`pinned(3)` always that one. `canary(10)` lets ten of a hundred runs take the draft and all others
the published version; `canary(10, 4)` lets them take version 4. Where a key falls is a hash of the
flow's name and the key: the same key falls to the same place in every process and for ever, and a
run that is taken by `canary(10)` is taken by `canary(20)`, too.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flowbook.errors import UsageError

_WRITTEN: Final = re.compile(r"\s*(?P<name>\w+)\s*(?:\(\s*(?P<given>[^()]*?)\s*\))?\s*")
_PARTS: Final = 2**64
DRAFT: Final = "draft"
"""What stands for the flow as it is written now, where a version is named."""
PUBLISHED: Final = "published"
"""What stands for the version that was published last."""


class Target(StrEnum):
    """What a routing aims at."""

    DRAFT = DRAFT
    PUBLISHED = PUBLISHED
    PINNED = "pinned"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run takes: `draft`, `published`, or a version by number or hash; and why."""

    version: str
    why: str


@dataclass(frozen=True, slots=True)
class Routing:
    """A rule by which runs take versions. `percent` and `version` are those of a canary.

    >>> Routing.parse("canary(12.5, 4)")
    Routing(target=<Target.CANARY: 'canary'>, version='4', percent=12.5)
    >>> str(Routing.parse(" pinned( 3 ) "))
    'pinned(3)'
    """

    target: Target
    version: str = ""
    percent: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Routing:
        """The rule that a text writes; `UsageError` for what is none."""
        found = _WRITTEN.fullmatch(text)
        try:
            target = Target(found["name"]) if found else None
        except ValueError:
            target = None
        if found is None or target is None:
            raise _refused(text, "it is none of them")
        given = [one.strip() for one in (found["given"] or "").split(",")]
        given = [one for one in given if one]
        if target is Target.PINNED:
            if len(given) != 1:
                raise _refused(text, "it pins one version, by its number or hash")
            return cls(target, given[0])
        if target is Target.CANARY:
            return cls(target, *_canary(text, given))
        if given:
            raise _refused(text, f"{target.value} takes nothing")
        return cls(target)

    def __str__(self) -> str:
        if self.target is Target.PINNED:
            return f"pinned({self.version})"
        if self.target is Target.CANARY:
            version = f", {self.version}" if self.version else ""
            return f"canary({self.percent:g}{version})"
        return self.target.value

    def decide(self, flow: str, key: str) -> Choice:
        """What the run of `flow` with that key takes.

        >>> Routing.parse("canary(50)").decide("report", "2026-05-01").version
        'draft'
        >>> Routing.parse("canary(100, 4)").decide("report", "2026-05-01").version
        '4'
        """
        if self.target is Target.PINNED:
            return Choice(self.version, str(self))
        if self.target is not Target.CANARY:
            return Choice(self.target.value, str(self))
        place = place_of(flow, key)
        taken = place < self.percent
        side = "below" if taken else "not below"
        why = f"{self}: the key falls to {place:.2f} of 100, {side} {self.percent:g}"
        return Choice((self.version or DRAFT) if taken else PUBLISHED, why)


def place_of(flow: str, key: str) -> float:
    """Where a key falls among 100: from 0 inclusive to 100 exclusive, evenly.

    >>> round(place_of("report", "2026-05-01"), 2) == round(place_of("report", "2026-05-01"), 2)
    True
    """
    told = f"{len(flow)} {flow} {key}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8]) / _PARTS * 100


def _canary(text: str, given: list[str]) -> tuple[str, float]:
    percent, *rest = given or [""]
    try:
        number = float(percent.removesuffix("%"))
    except ValueError:
        raise _refused(text, "a canary is given a number of percent") from None
    if not 0 <= number <= 100 or len(rest) > 1:
        raise _refused(text, "a canary is 0 to 100 percent, and one version if not the draft")
    return (rest[0] if rest else ""), number


def _refused(text: str, why: str) -> UsageError:
    return UsageError(
        f"{text!r} does not say which version a run takes: {why}",
        hint="write draft, published, pinned(3), canary(10) or canary(10, 4)",
    )
