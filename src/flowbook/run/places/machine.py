"""What this machine has that nodes may need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from flowbook.run.rules.limits import NEED


@cache
def machine() -> Mapping[str, float]:
    """What this machine has, as far as it tells: processors, and bytes of memory."""
    if hasattr(os, "sched_getaffinity"):
        found: dict[str, float] = {"cpu": len(os.sched_getaffinity(0))}
    else:
        found = {"cpu": os.cpu_count() or 1}
    with suppress(AttributeError, OSError, ValueError):  # elsewhere than on Linux
        found["mem"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {f"{NEED}{name}": amount for name, amount in found.items()}
