"""What papermill finds by the name `flowbook`: our engine, at its first use.

papermill loads the engines of all packages while it is itself being imported, which our engine
needs to have been done; so what it is given is a stand-in that imports nothing by then.
"""

from __future__ import annotations

from typing import Any


class _Later(type):
    """Has what `flowbook.export.engine.JobEngine` has."""

    def __getattr__(cls, name: str) -> Any:
        from flowbook.export.engine import JobEngine

        return getattr(JobEngine, name)


class Engine(metaclass=_Later):
    """The engine of `papermill --engine flowbook`."""
