"""What a project offers about the past of its flows; the work is in the modules it asks.

They load when first asked, so that opening a project stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flowbook.errors import UsageError

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow
    from flowbook.run.handle import Run
    from flowbook.session.bisection import Bisection
    from flowbook.session.diff import Diff
    from flowbook.session.replay import Office
    from flowbook.session.replay_plan import ReplayPlan
    from flowbook.store.figures import FlowStats
    from flowbook.store.lineage import Checkpoint, Checkpoints


class Replays:
    """Replays, checkpoints and comparisons; `Project` is one."""

    def replay(self, flow: Flow, run_id: str, **asked: Any) -> Run:
        """Start a replay of a run of `flow` and return at once; see `Flow.replay`.

        `trigger` says what started it.
        """
        from flowbook.session.replay import replay
        from flowbook.session.replay_asked import Asked

        return replay(cast("Office", self), flow, str(run_id), Asked.of(**asked))

    def replay_plan(self, flow: Flow, run_id: str, **asked: Any) -> ReplayPlan:
        """What that replay would take and run, and why; nothing is run or written."""
        from flowbook.session.replay import replay_plan
        from flowbook.session.replay_asked import Asked

        return replay_plan(cast("Office", self), flow, str(run_id), Asked.of(**asked))

    def restore(
        self, flow: Flow, run_id: str, checkpoint: Checkpoint | int | None = None, **asked: Any
    ) -> Run:
        """Replay a run from a checkpoint, the last one if none is named; see `Flow.restore`.

        Raises `UsageError` for an event that is no checkpoint of that run.
        """
        known = [one.seq for one in cast("Office", self).history.checkpoints(run_id)]
        if not known:
            raise UsageError(f"run {run_id} has no checkpoint", hint="replay it from its start")
        at = known[-1] if checkpoint is None else getattr(checkpoint, "seq", checkpoint)
        if at not in known:
            raise UsageError(
                f"event {at} of run {run_id} is no checkpoint",
                hint=f"checkpoints: {', '.join(map(str, known))}; or replay(…, at={at})",
            )
        return self.replay(flow, run_id, at=at, **asked)

    def checkpoints(self, run_id: str) -> Checkpoints:
        """The points a run can be restored from; `UsageError` when there is no such run."""
        return cast("Office", self).history.checkpoints(run_id)

    def diff(self, a: str, b: str, **asked: Any) -> Diff:
        """How the run `b` is to the run `a`, of any process; see `Flow.diff`. Nothing is run."""
        from flowbook.session.diffing import Asked, diff

        return diff(cast("Office", self), str(a), str(b), Asked(**asked))

    def bisect(self, flow: Flow, good: Any, bad: Any, **wanted: Any) -> Bisection:
        """Which change made it bad; see `Flow.bisect`."""
        from flowbook.session.bisecting import Wanted, bisect
        from flowbook.session.diffing import Asked

        how = Asked(wanted.pop("key", None), wanted.pop("tolerance", 0.0))
        return bisect(cast("Any", self), flow, good, bad, Wanted(asked=how, **wanted))

    def stats(self, flow: Flow, **asked: Any) -> FlowStats:
        """How the runs of `flow` went; see `Flow.stats`."""
        return cast("Office", self).history.stats(flow.spec().id, **asked)
