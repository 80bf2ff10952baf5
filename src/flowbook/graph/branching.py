"""What a flow offers about its own past: what of it still holds, replays, earlier versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowbook.graph.adding import listed
from flowbook.graph.host import Host
from flowbook.ids import NodeId


class Branching:
    """Replays and versions of a flow; `Flow` is one.

    A run is named by its id, or is anything that has one as `id`. Everything is asked of the host.
    """

    @property
    def host(self) -> Host:
        """What runs, checks and shows this flow."""
        raise NotImplementedError  # a flow has a host to ask

    def stale(self) -> Mapping[NodeId, str]:
        """Nodes whose last result no longer follows from the flow, each with the reason.

        >>> import flowbook
        >>> flow = flowbook.Flow("tour")
        >>> @flow.node
        ... def fetch():
        ...     return 1
        >>> _ = flow.run()
        >>> flow.stale()
        {}
        """
        return self.host.stale_reasons(self)

    def replay(  # noqa: PLR0913 - each is one way to say what the new run is to be
        self,
        run_id: Any,
        *,
        from_: Any = None,
        at: int | None = None,
        params: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        trust: bool = False,
        version: str | int | None = None,
        calls: str | None = None,
        failed: bool = False,
        add: Mapping[str, Iterable[Any]] | None = None,
        check: bool = False,
    ) -> Any:
        """Start a new run that takes what an earlier one had done, and return it at once.

        Without any word, everything runs again with the same parameters. With changes only, the
        whole run is taken but for what depends on them. The earlier run is never changed.

        Args:
            run_id: The run to replay, its id or itself.
            from_: A node, or several: these and everything after them run.
            at: An event number: what was done then is taken, all else runs.
            params: Parameters with other values; nodes that read them run.
            inputs: Values by `node.input`; that node runs.
            outputs: Values by `node`, or `node.port`, instead of what it gave; what follows runs.
            trust: Take results of nodes that have changed since, too.
            version: `as_run` for the definition of that run, or the number or hash of a version;
                the flow as it is when left out.
            calls: `as_run` (the default): nodes that call other flows call the versions that they
                called in that run; `latest`: what they would call in any run.
            failed: Whatever failed runs, and of containers the items that did not go well.
            add: Items for a `map` or `foreach`, by its name: they run, and those that went well do
                not.
            check: Only say what would be taken and run, as `replay_plan` does.

        Warns (`UserWarning`) of results that are not taken because something has changed since.

        Raises:
            UsageError: there is no such run, point, node or input; a value is gone that nothing
                can make again; a redacted parameter has no value.
            InvalidFlow: the flow has errors.
            InvalidParameters: parameters do not fit the flow.
        """
        ask = self.host.replay_plan if check else self.host.replay
        return ask(
            self,
            _id(run_id),
            from_=from_,
            at=at,
            params=params,
            inputs=inputs,
            outputs=outputs,
            trust=trust,
            version=version,
            calls=calls,
            failed=failed or None,
            add=None if add is None else {name: listed(name, items) for name, items in add.items()},
        )

    def replay_plan(self, run_id: Any, **asked: Any) -> Any:
        """What `replay` with the same words would take and run, and why; nothing is run."""
        return self.host.replay_plan(self, _id(run_id), **asked)

    def retry_failed(self, run_id: Any, **asked: Any) -> Any:
        """Start a new run of what failed in an earlier one; all else is taken, item by item.

        The same as `replay` with `failed=True`, whose other words are understood, too. A node that
        failed runs, and what follows it; a container takes the items that went well and runs the
        others. Raises `UsageError` when nothing failed.

        >>> from flowbook import Flow
        >>> flow, broken = Flow("shaky"), {2}
        >>> with flow.map("each", [1, 2, 3]):
        ...     @flow.node
        ...     def tenfold(item):
        ...         if item in broken:
        ...             raise ValueError(item)
        ...         return item * 10
        >>> run = flow.run()
        >>> broken.clear()
        >>> flow.retry_failed(run).wait()["each"].outputs["each_values"]
        [10, 20, 30]
        """
        return self.replay(run_id, failed=True, **asked)

    def add_items(self, run_id: Any, container: str, items: Iterable[Any], **asked: Any) -> Any:
        """Start a new run in which a `map` or `foreach` of an earlier one has more items.

        The same as `replay` with `add`. Items that went well are taken, those that did not run with
        the new ones, and so does what follows. For a run that goes on there is `Run.add_items`.
        """
        return self.replay(run_id, add={container: items}, **asked)

    def restore(self, run_id: Any, checkpoint: Any = None, **asked: Any) -> Any:
        """Go on from a checkpoint of a run, in a new run; from its last one if none is named.

        `checkpoint` is its event number, or one of `history.checkpoints(run_id)`; all else is as in
        `replay`.
        """
        return self.host.restore(self, _id(run_id), checkpoint, **asked)

    def checkpoints(self, run_id: Any) -> Any:
        """The points of a run that `restore` can go on from, in order."""
        return self.host.checkpoints(_id(run_id))

    def open_failure(self, run_id: Any = None) -> Any:
        """Open a failed run where it failed, of any process; the newest failure without an id.

        What the run had made before counts as the flow's own latest results, as far as it still
        follows from the flow, and a kernel's parameters are set as that run had them: so the
        failing node runs on the very values it failed on, after you have mended it. `here` of the
        answer is a namespace with what it read. Nothing is run, and the run stays as it is.

        Raises:
            UsageError: there is no such run of this flow, or it did not fail.

        >>> from flowbook import Flow
        >>> flow = Flow("shares")
        >>> @flow.node
        ... def parts():
        ...     return [1, 0]
        >>> @flow.node
        ... def shares(parts):
        ...     return [1 / one for one in parts]
        >>> _ = flow.run()
        >>> failure = flow.open_failure()
        >>> failure.node, failure.here["parts"], failure.alive
        ('shares', [1, 0], ('parts',))
        """
        return self.host.open_failure(self, None if run_id is None else _id(run_id))

    def diff(
        self,
        a: Any,
        b: Any,
        *,
        key: Any = None,
        tolerance: float = 0.0,
        samples: int = 20,
    ) -> Any:
        """How the run `b` is to the run `a`: what was different in it, and what came of that.

        Nothing is run. Values are looked into when the answer is asked about them, and tables are
        compared where they lie.

        Args:
            a: A run of this flow, or its id.
            b: Another one.
            key: The column, or columns, by which rows of tables are known; for single tables a
                mapping of `node` or `node.port` to columns. Left out, columns are found that look
                like a key and hold another value in every row; `()` compares whole rows.
            tolerance: Numbers that differ by no more count as the same.
            samples: How many added, removed and changed rows are kept to look at.

        Raises:
            UsageError: there is no such run, they are runs of two flows, or a table that a mapping
                names has no such column.

        >>> from flowbook import Flow
        >>> flow = Flow("stock")
        >>> @flow.node
        ... def items(price: int = 3):
        ...     return [{"id": "ink", "price": price}, {"id": "pen", "price": 2}]
        >>> @flow.node
        ... def count(items):
        ...     return len(items)
        >>> diff = flow.diff(flow.run(), flow.run(price=4))
        >>> print(diff["items"]["items"])
        changed: 1 row changed (price) by id
        >>> diff.first, diff["count"].diverges
        (('items',), False)
        """
        words = {"key": key, "tolerance": tolerance, "samples": samples}
        return self.host.diff(_id(a), _id(b), **words)

    def bisect(  # noqa: PLR0913 - each is one way to say what is good
        self,
        good: Any,
        bad: Any,
        *,
        test: Callable[[Any], bool | None] | None = None,
        output: str | None = None,
        params: Mapping[str, Any] | None = None,
        progress: Callable[[Any, int], object] | None = None,
        key: Any = None,
        tolerance: float = 0.0,
    ) -> Any:
        """Find the one change that makes a run bad, by runs with half of the changes, and again.

        Between two runs each try replays the good one with some of what is different in the bad
        one: the code of nodes, setup cells, parameters, and what nodes had read from outside.
        Between two versions, given by their numbers, each try runs the one in the middle. The runs
        that are made are branches; `discard()` of the answer deletes them.

        Args:
            good: A run of this flow, its id, or the number of a version.
            bad: Another one.
            test: Says of a run whether it is good; None for one that tells nothing.
            output: `node` or `node.port`: a run is good that gives there what the good one gave.
                Without either, a run is bad that fails where the bad one failed, or else gives
                something else at a node that no other reads.
            params: Parameters for the runs of versions.
            progress: Called with each try, and how many more there are to be at most.
            key: As in `diff`.
            tolerance: As in `diff`.

        Raises:
            UsageError: nothing differs that could be tried, or the good one is not good.

        >>> from flowbook import Flow
        >>> flow = Flow("price")
        >>> @flow.node
        ... def price(net: float = 10.0, tax: float = 0.2, currency: str = "EUR"):
        ...     return round(net * (1 + tax), 2)
        >>> found = flow.bisect(flow.run(), flow.run(net=10.0, tax=2.0, currency="NOK"))
        >>> found.found
        (Step(kind='parameter', name='tax', told='0.2 → 2.0', node=None),)
        >>> found.discard()
        """
        if not isinstance(good, int):
            good, bad = _id(good), _id(bad)
        return self.host.bisect(
            self,
            good,
            bad,
            test=test,
            output=output,
            params=params or {},
            progress=progress,
            key=key,
            tolerance=tolerance,
        )

    def versions(self) -> Any:
        """Every version of this flow that has run, numbered by first use."""
        return self.host.versions(self)

    def stats(self, *, since: Any = None, until: Any = None) -> Any:
        """How its runs went: percentiles by node, the trend by day, critical paths, edges taken.

        Of runs that started from `since` inclusive to `until` exclusive, both `datetime`; naive
        ones are local. Shown as a table; `to_json()` gives all of it.

        >>> import flowbook; from flowbook import Flow
        >>> flow = Flow("timed")
        >>> @flow.node
        ... def one(): return 1
        >>> run = flow.run()
        >>> flow.stats()["one"].completed >= 1
        True
        """
        return self.host.stats(self, since=since, until=until)

    def publish(self, note: str = "") -> Any:
        """Freeze the flow as it is now as the version that others are to run.

        Editing goes on in what is a draft from then on: `versions()` tells which is `current` and
        which is `published`. Nothing is published that has errors.

        Args:
            note: What is new in it, for whoever reads the list of versions.

        Raises:
            InvalidFlow: the flow has errors.
            UsageError: it keeps no history (`journal=off`).

        >>> from flowbook import Flow
        >>> flow = Flow("report")
        >>> @flow.node
        ... def total():
        ...     return 1
        >>> flow.publish("first").published
        True
        """
        return self.host.publish(self, note)

    @property
    def published(self) -> Any:
        """The version that was published last, with its number and note; None before the first."""
        return self.host.published(self)

    def at_version(self, version: str | int) -> Any:
        """The flow as it was at a version, as a flow of its own beside this one.

        It is this flow itself where that still means the same.

        Args:
            version: Its number, its hash or the beginning of that.

        Raises:
            UsageError: there is no such version, it was redacted, or functions of it are no more.
        """
        return self.host.at_version(self, version)

    def rollback(self, version: str | int) -> Any:
        """Give the flow the meaning of an earlier version, as one edit that `undo` takes back.

        Nothing is lost: the history keeps every version, and every run the one it ran. What is
        published stays published; going back there is publishing that version again.

        Args:
            version: Its number, its hash or the beginning of that.

        Raises:
            UsageError: there is no such version, it was redacted, or functions of it are no more.
        """
        return self.host.rollback(self, version)


def _id(run: Any) -> str:
    return str(getattr(run, "id", run))
