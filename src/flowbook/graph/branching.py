"""What a flow offers about its own past: replay a run of it, go back to a version of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.graph.host import Host


class Branching:
    """Replays and versions of a flow; `Flow` is one.

    A run is named by its id, or is anything that has one as `id`. Everything is asked of the host.
    """

    @property
    def host(self) -> Host:
        """What runs, checks and shows this flow."""
        raise NotImplementedError  # a flow has a host to ask

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
        )

    def replay_plan(self, run_id: Any, **asked: Any) -> Any:
        """What `replay` with the same words would take and run, and why; nothing is run."""
        return self.host.replay_plan(self, _id(run_id), **asked)

    def restore(self, run_id: Any, checkpoint: Any = None, **asked: Any) -> Any:
        """Go on from a checkpoint of a run, in a new run; from its last one if none is named.

        `checkpoint` is its event number, or one of `history.checkpoints(run_id)`; all else is as in
        `replay`.
        """
        return self.host.restore(self, _id(run_id), checkpoint, **asked)

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
