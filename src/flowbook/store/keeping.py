"""For how long things are kept, as people write it: `30d`, `last:50`, `forever`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowbook.errors import UsageError

FOREVER = "forever"
PRESETS = ("30d", "90d", "180d", "365d", FOREVER)
"""What a menu offers; any other number of days will do as well."""
_RULE = re.compile(r"(?:(?P<days>[0-9]{1,6})d|last:(?P<last>[0-9]{1,9}))\Z")


@dataclass(frozen=True, slots=True)
class Keep:
    """A retention: so many days after the end, or the newest so many, or for ever.

    >>> Keep.parse("30d"), Keep.parse("last:50"), str(Keep.parse("forever"))
    (Keep(days=30, last=None), Keep(days=None, last=50), 'forever')
    """

    days: int | None = None
    last: int | None = None

    @classmethod
    def parse(cls, text: object) -> Keep:
        """The retention that `text` names; `UsageError` for anything else."""
        word = str(text).strip().lower()
        if word == FOREVER:
            return cls()
        found = _RULE.match(word)
        keep = cls(**{k: int(v) for k, v in found.groupdict().items() if v}) if found else None
        if keep is None or 0 in (keep.days, keep.last):
            raise UsageError(
                f"{text!r} is no retention",
                hint=f"write {', '.join(PRESETS)}, another number of days such as 7d, or last:50",
            )
        return keep

    @property
    def forever(self) -> bool:
        """True when nothing is ever due."""
        return self.days is None and self.last is None

    def __str__(self) -> str:
        if self.days is not None:
            return f"{self.days}d"
        return FOREVER if self.last is None else f"last:{self.last}"
