"""What a project allows its nodes, as its settings say, read at most once a second.

Settings may be changed by any process at any time. A node that asks in a loop must not pay for a
look into the store each time, and what was taken back must not go on for long: hence the second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flowbook.store.settable import words_of

if TYPE_CHECKING:
    from flowbook.store.settable import Value
    from flowbook.store.settings import Settings

FRESH_SECONDS = 1.0
"""For how long a look at the settings holds."""


class Allowed:
    """The lists that settings hold, for a flow or the whole project."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._said: Mapping[tuple[str, str | None], Value] = {}
        self._until = 0.0
        self._changes = -1

    def words(self, setting: str, flow: str | None) -> tuple[str, ...]:
        """The words of a setting that is a list."""
        with self._lock:
            settings = self._settings()
            now = time.monotonic()
            if now >= self._until or self._changes != settings.changes:
                self._changes = settings.changes
                self._said = {(row.name, row.flow): row.value for row in settings.all()}
                self._until = now + FRESH_SECONDS
            found = self._said.get((setting, flow), self._said.get((setting, None), ""))
        return words_of(str(found))
