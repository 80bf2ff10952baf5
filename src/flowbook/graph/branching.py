"""What a flow offers about its own past: what of it still holds, replays, earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

    def versions(self) -> Any:
        """Every version of this flow that has run, numbered by first use."""
        return self.host.versions(self)

    def rollback(self, version: str | int) -> Any:
        """Give the flow the meaning of an earlier version, as one edit that `undo` takes back.

        Nothing is lost: the history keeps every version, and every run the one it ran.

        Args:
            version: Its number, its hash or the beginning of that.

        Raises:
            UsageError: there is no such version, it was redacted, or functions of it are no more.
        """
        return self.host.rollback(self, version)


def _id(run: Any) -> str:
    return str(getattr(run, "id", run))
