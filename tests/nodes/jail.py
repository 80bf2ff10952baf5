"""The services of a project that is a folder, as far as files and programs go."""

from __future__ import annotations

import os
from pathlib import Path

from flowbook.errors import NotGranted, SecretMissing


class JailedServices:
    """Paths within `root`, links followed; URLs of `memory://` alone; what is granted by name."""

    def __init__(self, root: Path, *, grants=(), secrets=None, env=None, effects=True) -> None:
        self.root = root.resolve()
        self.grants = set(grants)
        self.secrets = secrets or {}
        self.variables_of_process = env or {}
        self.effects = effects

    def file(self, path, *, writing=False):
        if "://" in path:
            if path.startswith("memory://"):
                return path
            raise NotGranted(f"{path} is not allowed", grant="files", what=path)
        where = Path(os.path.realpath(self.root / path))
        if where != self.root and self.root not in where.parents:
            raise NotGranted(f"{path} lies outside of the project", grant="files", what=path)
        return str(where)

    def require(self, grant, what):
        if grant not in self.grants:
            raise NotGranted(f"the project does not allow to {what}", grant=grant, what=what)

    def secret(self, name):
        if name not in self.secrets:
            raise SecretMissing(f"no secret {name!r}", name=name, places=())
        return self.secrets[name]

    def env(self, name):
        if name not in self.variables_of_process:
            raise NotGranted(f"{name} is not listed", grant="env", what=name)
        return self.variables_of_process[name]
