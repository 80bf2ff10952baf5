"""A run as it stood at an event: what a handle offers of it, and who is asked for it."""

from __future__ import annotations

from typing import Any

from flowbook.events import RunCreated, RunRecovered
from flowbook.graph.memory import Memory
from flowbook.ids import RunId
from flowbook.run.perform import Performance


class Rewound:
    """The part of a `Run` that looks back."""

    id: RunId
    _performance: Performance

    @property
    def variables(self) -> Memory:
        """Its variables: what its nodes have set in the scope `run`."""
        return self._performance.tools.variables(self.id)

    @property
    def environment(self) -> Any:
        """What it is performed in, or was last: `python`, `platform`, `flowbook`, `packages`.

        None where that was not recorded.

        >>> import platform
        >>> from flowbook import Flow
        >>> flow = Flow("there")
        >>> @flow.node
        ... def one():
        ...     return 1
        >>> here = flow.run().environment
        >>> here.python == platform.python_version(), "duckdb" in here.packages
        (True, True)
        """
        known = self._performance.tools.environments
        named = [
            one.environment
            for one in self._performance.events
            if isinstance(one, RunCreated | RunRecovered) and one.environment is not None
        ]
        return None if known is None or not named else known.get(named[-1])

    def at(self, seq: int | None = None) -> Any:
        """The run as it stood at event `seq`, the last one without: a `Moment`.

        It has `nodes` with their `values`, `variables` and `params`, and `open()` puts its objects
        into a namespace of their own. Raises `UsageError` for an event that it does not have.

        >>> from flowbook import Flow
        >>> flow = Flow("tour")
        >>> @flow.node
        ... def one():
        ...     return 1
        >>> run = flow.run()
        >>> run.at(0)["one"].status, run.at()["one"].output
        ('waiting', 1)
        """
        return self._performance.tools.moment(self, seq)
