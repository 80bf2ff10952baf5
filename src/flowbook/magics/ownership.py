"""Who has the names `%flow` and `%%flow` in a shell: ipyflow, for one, takes `%flow` for itself.

A name that somebody else has stays his, whether he came before us or after; `%flowbook` and
`%%flowbook` do the same. The user is told once, in a line, as soon as it is noticed; a name that
becomes free again is ours again.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from IPython.core.magic import Magics

_KINDS: Final = {"line": "%", "cell": "%%"}
_NAMES: Final = ("flow", "flowbook")


class Ownership:
    """The names of one shell's magics."""

    def __init__(self, shell: Any, magics: Magics) -> None:
        self._table: dict[str, dict[str, Any]] = shell.magics_manager.magics
        self._magics = magics
        self._mine = {(kind, name): magics.magics[kind][name] for kind in _KINDS for name in _NAMES}
        self._told: frozenset[tuple[str, str]] = frozenset()

    def owns(self, magic: str) -> bool:
        """True when that magic, such as `%flow` or `%%flowbook`, is flowbook's here."""
        kind = "cell" if magic.startswith("%%") else "line"
        return (kind, magic.lstrip("%")) not in self._foreign()

    def look(self, *_: object) -> None:
        """Take what is free, and tell of what somebody has taken since; IPython's event, too."""
        for (kind, name), function in self._mine.items():
            self._table[kind].setdefault(name, function)
        foreign = frozenset(self._foreign())
        if foreign - self._told:
            sys.stderr.write(f"note: {_told(self._foreign())}\n")
        self._told = foreign

    def _foreign(self) -> dict[tuple[str, str], str]:
        """Our names that somebody else has, and who that is."""
        return {
            (kind, name): _owner(function)
            for kind, name in self._mine
            if (function := self._table[kind].get(name)) is not None
            and getattr(function, "__self__", None) is not self._magics
        }


def _told(foreign: dict[tuple[str, str], str]) -> str:
    signs = [f"{_KINDS[kind]}{name}" for kind, name in foreign]
    whose = " and ".join(dict.fromkeys(foreign.values()))
    ours = [f"{_KINDS[kind]}flowbook" for kind, _ in foreign]
    verb = "belongs" if len(signs) == 1 else "belong"
    rest = "" if ("cell", "flow") in foreign else "; %%flow cells are flowbook's as ever"
    return f"{' and '.join(signs)} {verb} to {whose} here: write {' and '.join(ours)}{rest}"


def _owner(function: Any) -> str:
    """The package a magic comes from."""
    spec = getattr(function, "spec", None)  # of one that IPython has not loaded yet
    holder = getattr(function, "__self__", None)
    module = function.__module__ if holder is None else type(holder).__module__
    package = (spec if isinstance(spec, str) else str(module or "")).partition(".")[0]
    return "this notebook" if package == "__main__" else package or "another extension"
