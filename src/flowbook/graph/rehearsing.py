"""A flow that can be run as a test: with mocks, and without effects outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class Rehearsing:
    """What a live flow needs to be tested; `flowbook.Flow` is one."""

    host: Any

    def test(  # noqa: PLR0913 - all but the first have names
        self,
        given: Mapping[str, Any] | None = None,
        /,
        *,
        mocks: Mapping[Any, Any] | None = None,
        seen: Any = None,
        allow: Collection[Any] = (),
        answers: Mapping[Any, Any] | None = None,
        memory: Mapping[str, Any] | None = None,
        only: Any = None,
    ) -> Any:
        """Run to the end as a test, and return the run, which says how it went.

        Nodes that may change something outside do not run: a mock stands for them, or what they
        gave in an earlier run, or they are allowed to; else they fail. Delays are over at once.
        What the flow remembers is the test's own, and the cache is left alone.

        Args:
            given: Values by name: a parameter's, or what a node gives. A row of a dataset will do.
            mocks: By node: a value, a function of the node's inputs, an exception to raise,
                `Outputs` for ports, or `flowbook.testing.in_turn(…)` for one after the other.
                `call/node` is a node of a flow that the node `call` calls.
            seen: An earlier run as `flowbook.testing.Seen`: its parameters, unless others are
                given, and what its nodes gave, for those that may not run.
            allow: Nodes, or kinds of them, that may change something outside.
            answers: What comes to nodes that wait, by node or by signal; `TIMED_OUT` for nothing.
            memory: What the flow remembers when the run begins.
            only: Nodes: they run with what they need.

        Raises:
            UsageError: something is said of a node or a parameter that the flow has not.
            InvalidFlow: the definition has errors.
            InvalidParameters: the parameters do not fit the flow.

        >>> import flowbook
        >>> flow = flowbook.Flow("rates")
        >>> @flow.node
        ... def fetch():
        ...     raise ConnectionError("no network in a test")
        >>> @flow.node
        ... def mean(rates=fetch):
        ...     return sum(rates) / len(rates)
        >>> flow.test(mocks={"fetch": [1.0, 3.0]})["mean"].output
        2.0
        """
        said = {
            "mocks": mocks, "seen": seen, "allow": allow, "answers": answers, "memory": memory,
        }  # fmt: skip
        run = self.host.test(self, dict(given or {}), only=only, **said)
        run.wait()
        return run
