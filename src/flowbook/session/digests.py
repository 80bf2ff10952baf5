"""Digests of the kernel's values that nodes capture, at a bounded price.

They are worked out from the values themselves each time, so that a list that was appended to is
another one. A value for which that takes long is told apart by which object it is from then on, and
so is one that is large, or that cannot be pickled.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Mapping
from time import perf_counter
from typing import Any

from flowbook.session.captured import CHEAP, size_of
from flowbook.session.content import Untold, digest_of


class Digests:
    """What is known of one namespace; what takes longer than `dear` seconds is not done twice.

    >>> digests = Digests()
    >>> digests.of({"n": 1}, ["n", "m"]).keys()
    dict_keys(['n'])
    """

    def __init__(self, dear: float = 0.02) -> None:
        self.dear = dear
        self._known: dict[str, tuple[weakref.ref[Any], str]] = {}

    def of(self, namespace: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
        """A digest for each of these names that is there."""
        return {name: self._one(name, namespace[name]) for name in names if name in namespace}

    def _one(self, name: str, value: Any) -> str:
        known = self._known.get(name)
        if known is not None and known[0]() is value:
            return known[1]
        if (size_of(value) or 0) > CHEAP:
            return f"object {id(value)}"
        began = perf_counter()
        try:
            found = digest_of({name: value})
        except Untold:
            return f"object {id(value)}"
        if perf_counter() - began > self.dear:
            try:
                self._known[name] = weakref.ref(value), found
            except TypeError:
                return found  # a plain list: nobody can tell whether it is still the same
        return found
