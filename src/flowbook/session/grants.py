"""What a project grants to its nodes: programs, changes to databases, names of the environment.

Nothing is granted at first. An error says the one command that would grant it, and names who has to
be asked: the user of the project, never the notebook.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.services import Grant
from flowbook.session.allowed import Allowed


def require(allowed: Allowed, flow: str | None, grant: Grant, what: str) -> None:
    """Raise `NotGranted` unless the project, or its setting for `flow`, grants it."""
    grant = Grant(grant)
    granted = allowed.words("grants", flow)
    if grant.value not in granted:
        raise NotGranted(
            f"this project does not allow its nodes to {what}: that needs the grant "
            f"{grant.value!r}",
            hint=command("grants", (*granted, grant.value)),
            grant=grant.value,
            what=what,
        )


def environment(allowed: Allowed, flow: str | None, name: str) -> str:
    """A variable of the environment that the project lists; `UsageError` when it is not set."""
    listed = allowed.words("env", flow)
    if name not in listed:
        raise NotGranted(
            f"this project does not let its nodes read {name!r} of the environment",
            hint=command("env", (*listed, name)),
            grant="env",
            what=name,
        )
    found = os.environ.get(name)
    if found is None:
        raise UsageError(
            f"the environment of this process has no {name!r}",
            hint=f"set {name} before the process starts that runs the flow",
        )
    return found


def command(setting: str, words: Collection[str]) -> str:
    """What a user types to allow it, with all that is allowed already."""
    return f"flowbook store settings {setting} {','.join(sorted(set(words)))}"
