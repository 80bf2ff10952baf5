"""Which secrets a run may ask for, and knowing them before it begins.

A run that somebody starts may ask for any by its name. One that another flow calls knows none but
those it was given there, by the names that were written there: nothing is handed down by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from flowbook.errors import SecretMissing

if TYPE_CHECKING:
    from flowbook.run.rules.stimulus import Lineage
    from flowbook.run.work import Work
    from flowbook.session.secrets import Keychain


class Safe(Protocol):
    """Who knows the secrets of a project."""

    @property
    def keychain(self) -> Keychain: ...


def foresee(project: Safe, work: Iterable[Work], lineage: Lineage | None) -> None:
    """Know the secrets that a run will ask for before anything of it is written."""
    for one in work:
        for path in getattr(one.call, "ambient", ()):
            if path[0] == "$secret":
                with suppress(SecretMissing):
                    project.keychain.look(own_name(lineage, path[1]))
        if one.inside:
            foresee(project, one.inside.values(), lineage)


def own_name(lineage: Lineage | None, name: str) -> str:
    """What the secret is called that a run knows by `name`.

    A run that another called was given some by that one, and knows no others.
    """
    if lineage is None or lineage.calling_node is None:
        return name
    found = lineage.secrets.get(name)
    if found is None:
        raise SecretMissing(
            f"this run was not given the secret {name!r} by the flow that called it",
            hint=f"write in the cell of the call: secrets: {{{name}: {name}}}",
            name=name,
            places=(),
        )
    return found
