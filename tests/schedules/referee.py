"""The rules of a run, said anew: a referee that reads a run's events and whistles at a foul.

It knows the plan and the events, and nothing of how the engine keeps its state: everything it goes
by is found out here, from the facts alone, by the name of each node. So a rule that the engine has
wrong is not wrong here in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.schedules.accounts import Accounts, node_of

from flowbook import events as facts
from flowbook.events import Event, RunStatus, SkipReason
from flowbook.graph.container import BODY, CATCH, FINALLY, Turns
from flowbook.plan.plan import FromStep, Plan, Step

_LITTLE = 1e-6
_DOOMED = (SkipReason.UPSTREAM_FAILED, SkipReason.UPSTREAM_CANCELLED)


class Foul(AssertionError):
    """A rule was broken."""


class Turnings:
    """What is known of a container that has unfolded."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.open: set[str] = set()
        self.begun: Counter[tuple[str, int | None]] = Counter()
        self.went: dict[tuple[str, int | None], RunStatus] = {}
        self.broken = False

    def count(self, status: RunStatus) -> int:
        return sum(one is status for one in self.went.values())


class Referee:
    """Reads the events of one run, in order."""

    def __init__(self, plan: Plan, *, outside: bool = False) -> None:
        self.plan, self.is_limited_outside = plan, outside
        self.homes = dict(_homes(plan))
        self.priorities = dict(_priorities(plan, 0))
        self.seq = 0
        self.created_at = self.now = 0.0
        self.verdict: RunStatus | None = None
        self.cancelling = self.paused = self.forced = False
        self.failed: object = None
        self.told: RunStatus | None = None
        self.running: dict[str, int] = {}
        self.stopping: set[str] = set()
        """Told to stop: of these, no more than an ending is still to come."""
        self.ended: dict[str, Event] = {}
        self.ready: set[str] = set()
        self.stepped: set[str] = set()
        """Nodes that may begin although the run is paused."""
        self.pauses: dict[str, facts.NodeRetryScheduled] = {}
        self.waits: dict[str, facts.NodeSuspended] = {}
        self.failures: Counter[str] = Counter()
        self.deadline: float | None = None
        self.tries = 1
        self.given_up: set[str] = set()
        """What the run gave up for want of time, and has not said so of yet."""
        self.turnings: dict[str, Turnings] = {}
        self.added: dict[str, list[facts.ItemsAdded]] = {}
        self.items_of: tuple[str, ...] = ()
        self.checkpoint = -1
        """The number of the last."""
        self.scopes: dict[str, tuple[str, str, int | None]] = {}
        """Open turns, by path: their container's key, block and number."""
        self.left: set[str] = set()
        self.worked: facts.RunEnding | None = None
        self.accounts = Accounts(plan, self.ended, self.scopes)
        self.signals: set[str] = set()
        self.results: set[float] = set()

    def read(self, events: Iterable[Event]) -> Referee:
        """All of these."""
        for event in events:
            self.see(event)
        return self

    def see(self, event: Event) -> None:
        """One more event; `Foul` if it may not come now."""
        self.demand(self.verdict is None, event, "nothing follows the end of a run")
        self.demand(event.seq == self.seq, event, "numbers have no holes")
        self.demand(event.at >= self.now - _LITTLE, event, "time does not go back")
        self.seq, self.now = self.seq + 1, event.at
        getattr(self, f"see_{type(event).__name__}")(event)

    @staticmethod
    def demand(holds: object, event: Event, rule: str) -> None:
        if not holds:
            raise Foul(f"{rule}: {event}")

    # ------------------------------------------------------------ names

    def key(self, event: Any) -> str:
        return f"{event.scope}.{event.node}" if event.scope else event.node

    def unasked(self, key: str) -> bool:
        return key in self.plan.index and self.plan.index[key] in self.plan.unasked

    def shielded(self, key: str) -> bool:
        """True for a node that a request to stop passes by: it cleans up, or undoes."""
        return f".{FINALLY}." in key or self.accounts.is_apart(key)

    def step(self, key: str) -> Step:
        return self.homes[node_of(key)].step(node_of(key))

    def sources(self, key: str) -> Iterator[tuple[str, str, bool]]:
        """The key and port of everything a node reads, and whether it needs it."""
        plan, prefix = self.homes[node_of(key)], key[: len(key) - len(node_of(key))]
        for binding in self.step(key).bindings:
            if isinstance(binding.source, FromStep):
                source = binding.source
                yield prefix + plan.steps[source.step].node, source.port, binding.required

    # ------------------------------------------------------------ who may start

    def gave(self, key: str, port: str) -> bool:
        return port in getattr(self.ended.get(key), "outputs", ())

    def doomed(self, key: str) -> bool:
        """A node whose end lets nobody run that reads it, unless a join does."""
        end = self.ended.get(key)
        if isinstance(end, facts.NodeSkipped):
            return end.reason in _DOOMED
        if isinstance(end, facts.NodeCancelled):
            return end.cause is None
        return isinstance(end, facts.NodeFailed)

    def may_run(self, key: str) -> bool | None:
        """By the rule of its inputs, and of its role; None as long as that is open."""
        if self.accounts.stands_by(key):
            return key in self.accounts.roused or None
        if key in self.plan.index and key not in self.plan.setup:
            ends = [self.ended.get(name) for name in self.plan.setup]
            if not all(hasattr(end, "outputs") for end in ends):
                return None if None in ends else False
        sources, join = tuple(self.sources(key)), self.step(key).join
        live = sum(self.gave(name, port) for name, port, _ in sources)
        open_ = sum(name not in self.ended for name, _, _ in sources)
        if join is not None and join.need:
            return True if live >= join.need else None if live + open_ >= join.need else False
        if open_:
            return None
        doomed = any(self.doomed(name) for name, _, _ in sources)
        if join is not None or not sources:
            return bool(live) or doomed or not sources
        fine = all(self.gave(name, port) or not required for name, port, required in sources)
        return fine and bool(live) and not doomed

    def overdue(self, keys: Iterator[str]) -> Iterator[str]:
        """Of nodes that wait for their inputs, those about which nothing is open any more."""
        return (key for key in keys if self.may_run(key) is not None)

    # ------------------------------------------------------------ the whole run

    def see_RunCreated(self, event: facts.RunCreated) -> None:
        self.demand(event.seq == 0, event, "a run begins once")
        self.created_at = event.at
        self.items_of = event.items_of
        self.deadline = event.deadline

    def see_CancelRequested(self, event: facts.CancelRequested) -> None:
        again = self.cancelling
        self.demand(not self.forced, event, "by force it is told once")
        self.demand(not again or event.force, event, "a run is told to stop once, then by force")
        if not again:
            self.failed, self.told = event.error, event.status
        self.cancelling, self.forced = True, event.force
        told = {*self.running, *self.turnings}
        self.stopping.update(key for key in told if self.forced or not self.shielded(key))

    def see_RunPaused(self, event: facts.RunPaused) -> None:
        self.demand(not self.paused, event, "a paused run is not paused again")
        self.paused = True

    def see_RunResumed(self, event: facts.RunResumed) -> None:
        self.demand(self.paused, event, "only a paused run goes on")
        self.paused = False
        self.stepped.clear()

    def see_RunRecovered(self, event: facts.RunRecovered) -> None:
        lost = self.running.keys() - self.stopping - self.turnings.keys()
        self.demand(set(event.lost) == lost, event, f"what was under way is lost: {lost}")
        for key in event.lost:
            del self.running[key]
            self.ready.add(key)
        for key in event.again:
            end = self.ended.pop(key, None)
            self.demand(hasattr(end, "outputs"), event, "only what gave something runs again")
            self.demand(self.worked is None, event, "no work is done again once it is over")
            self.accounts.take_back(key)
            self.ready.add(key)
            self.failures.pop(key, None)

    def see_RunRetried(self, event: facts.RunRetried) -> None:
        options = self.plan.options
        stops = self.cancelling or self.worked is not None
        self.demand(not stops, event, "what stops has no more time")
        self.demand(event.at >= self.deadline, event, f"its time is over: {self.deadline}")
        self.demand(event.deadline == event.at + options.timeout, event, "it has all its time")
        self.tries += 1
        self.demand(self.tries == event.attempt, event, f"attempt {self.tries} of the run")
        self.demand(self.tries <= options.timeout_retries + 1, event, "so many attempts")
        lost = {
            key
            for key in self.running.keys() - self.stopping - self.turnings.keys()
            if not self.shielded(key)
        }
        self.demand(set(event.lost) == lost, event, f"what was under way is lost: {lost}")
        self.deadline, self.given_up = event.deadline, lost

    def see_RunEnding(self, event: facts.RunEnding) -> None:
        self.demand(self.worked is None, event, "a run's work is over once")
        self.all_is_over(event)
        self.work_went(event)
        self.worked = event

    def see_RunCompleted(self, event: facts.RunCompleted) -> None:
        self.all_is_over(event)
        self.verdict = event.status
        if self.worked is None:
            self.work_went(event)
            return
        down = [self.ended.get(name) for name in self.accounts.teardown]
        self.demand(self.forced or all(down), event, "everything is torn down")
        went = self.worked.status
        if went is RunStatus.SUCCEEDED and self.forced:
            went = RunStatus.CANCELLED
        if self.worked.status is RunStatus.SUCCEEDED and not event.error:
            failed = any(isinstance(end, facts.NodeFailed) for end in down)
            went = RunStatus.FAILED if failed else went
        full = event.status is RunStatus.FAILED and event.error and self.forced
        self.demand(full or event.status is went or event.error, event, f"it ends as {went}")

    def all_is_over(self, event: facts.RunEnding | facts.RunCompleted) -> None:
        """Nothing is open but what stands by; and when the run is over, all is accounted for."""
        stands = {n for n in self.plan.standby if n not in self.accounts.roused}
        open_ = [n for n in map(str, self.plan.index) if n not in self.ended and n not in stands]
        self.demand(not open_, event, f"every node has ended: {open_}")
        self.demand(not self.running, event, "nothing runs after the verdict")
        self.demand(not self.waits, event, "nothing waits after the verdict")
        self.demand(not self.scopes, event, "every turn is over")
        if isinstance(event, facts.RunEnding):
            return
        done, failed = [], []
        for one in self.accounts.undone:
            (done if hasattr(one.end, "outputs") else failed).append(one.key)
        worked = event.status if self.worked is None else self.worked.status
        if worked is not RunStatus.SUCCEEDED:
            left = self.accounts.left(None)
            spared = self.forced or not left
            self.demand(spared, event, f"what has completed is undone: {left}")
            failed += reversed(left)
        self.demand(event.compensated == tuple(done), event, f"these were undone: {done}")
        self.demand(event.uncompensated == tuple(failed), event, f"these were not: {failed}")

    def work_went(self, event: facts.RunEnding | facts.RunCompleted) -> None:
        """How the run's work has gone, if nothing is torn down or undone behind it."""
        ended = [end for node in self.plan.index if (end := self.ended.get(node)) is not None]
        failed = any(isinstance(end, facts.NodeFailed) for end in ended)
        if self.cancelling:
            stopped = RunStatus.FAILED if event.error else self.told or RunStatus.CANCELLED
            self.demand(event.status is stopped, event, "it was stopped")
            self.demand(event.error or not self.failed, event, f"it failed: {self.failed}")
        elif not failed:
            stopped = any(isinstance(e, facts.NodeCancelled) and e.cause is None for e in ended)
            fine = RunStatus.CANCELLED if stopped else RunStatus.SUCCEEDED
            self.demand(event.status is fine, event, "nothing has failed")
        elif not any(step.join for step in self.plan.steps):
            self.demand(event.status is RunStatus.FAILED, event, "a node has failed")

    # ------------------------------------------------------------ nodes that begin

    def see_NodeScheduled(self, event: facts.NodeScheduled) -> None:
        key = self.key(event)
        if event.stepped:
            held = self.paused and key in self.ready and key not in self.stepped
            self.demand(held, event, "a step is for a node that is held")
            self.stepped.add(key)
            return
        again = key in self.pauses
        self.demand(again or key not in self.ready, event, "a node is ready once")
        self.demand(key not in self.ended and key not in self.running, event, "it has not begun")
        if self.accounts.stands_by(key) and not again:
            self.rouse(key, event)
        self.demand(again or self.may_run(key), event, "its inputs let it run")
        self.on_time(key, event)
        self.ready.add(key)

    def rouse(self, key: str, event: facts.NodeScheduled) -> None:
        """It is time to undo, or to tear down."""
        self.demand(not self.forced, event, "by force a run is stopped at once")
        if key in self.accounts.undoes or node_of(key) in self.accounts.undoes:
            foul = self.accounts.rouse(key)
            self.demand(not foul, event, foul)
            return
        self.demand(self.worked is not None, event, "teardown comes when all work is over")
        undone = self.worked.status is RunStatus.SUCCEEDED or not self.accounts.left(None)
        self.demand(undone, event, f"teardown comes last: {self.accounts.left(None)}")
        running = [k for k in self.running if k.partition(".")[0] not in self.accounts.teardown]
        self.demand(not running, event, f"teardown comes last: {running}")
        self.demand(key not in self.accounts.roused, event, "teardown comes once")
        self.accounts.roused.add(key)

    def all_is_undone(self, event: Any, unit: str) -> None:
        """What fails has undone what completed within it."""
        spared = self.forced or self.told is RunStatus.SUCCEEDED
        left = self.accounts.left(unit)
        self.demand(spared or not left, event, f"what fails undoes first: {left}")

    def see_NodeStarted(self, event: facts.NodeStarted) -> None:
        key = self.key(event)
        self.demand(key not in self.ended, event, "what is done is not done again")
        self.demand(key not in self.running, event, "one attempt at a time")
        let = not self.paused or key in self.stepped
        self.demand(let, event, "a paused run starts nothing but what it is stepped to")
        self.stepped.discard(key)
        goes_on = self.shielded(key) and not self.forced
        self.demand(not self.cancelling or goes_on, event, "a run that stops starts nothing")
        self.demand(self.may_run(key), event, "its inputs let it run")
        self.demand(not self.unasked(key), event, "what nobody asked for does not run")
        goes_on = event.scope in self.scopes or self.accounts.stands_by(key)
        self.demand(not event.scope or goes_on, event, "its turn goes on")
        left = event.scope in self.left and not self.accounts.stands_by(key)
        self.demand(not left, event, "nothing starts in a turn that is left")
        self.on_time(key, event)
        self.nobody_is_passed_over(key, event)
        self.ready.discard(key)
        self.running[key] = event.attempt
        self.within_limits(event)

    def on_time(self, key: str, event: Event) -> None:
        pause = self.pauses.pop(key, None)
        early = pause is not None and event.at < pause.at + pause.delay - _LITTLE
        self.demand(not early, event, f"a timer is never early: {pause}")

    def nobody_is_passed_over(self, key: str, event: Event) -> None:
        """Of nodes that ask for the same, the one with the higher priority starts first."""
        if not self.plan.options.max_concurrent or self.is_limited_outside:
            return
        mine = self.asks(key)
        for other in (self.stepped if self.paused else self.ready) - {key}:
            first = self.priorities[node_of(other)] > self.priorities[node_of(key)]
            if first and self.asks(other) == mine and self.may_run(other):
                self.demand(False, event, f"{other} has priority")

    def asks(self, key: str) -> dict[str, float]:
        step, flow = self.step(key), self.plan.options
        locks = {f"lock {name}": 1.0 for name in step.options.lock}
        if step.inside is not None:
            return locks
        limited = dict(flow.limits)
        asked = {f"tag {tag}": 1.0 for tag in step.options.tags if tag in limited}
        asked |= {f"need {name}": amount for name, amount in step.options.needs}
        return asked | locks | ({"nodes": 1.0} if flow.max_concurrent else {})

    def within_limits(self, event: facts.NodeStarted) -> None:
        flow, used, mine = self.plan.options, Counter[str](), self.asks(self.key(event))
        there = {f"tag {tag}": count for tag, count in flow.limits}
        there |= {f"need {name}": amount for name, amount in flow.capacity}
        there |= {"nodes": flow.max_concurrent or 0, "lock door": 1, "lock room": 1}
        for key in self.running:
            used.update(self.asks(key))
        for name, amount in mine.items():
            alone = used[name] <= amount + _LITTLE
            fits = used[name] <= there.get(name, used[name]) + _LITTLE
            self.demand(fits or alone, event, f"no more at once than the limit: {name}")

    # ------------------------------------------------------------ nodes that end

    def end(self, event: Any, *, attempt: int | None = None) -> str:
        """A node is done, with that attempt if it ran."""
        key = self.key(event)
        self.demand(key not in self.ended, event, "a node ends once")
        begun = self.running.pop(key, None)
        gave = isinstance(event, facts.NodeCompleted) and key in self.turnings
        outlasts = gave and self.step(key).inside.policy.outlasts
        if key in self.turnings and not outlasts:
            self.demand(not self.turnings[key].open, event, "the turns inside are over")
        self.demand(attempt is None or attempt == begun, event, f"attempt {begun} goes on")
        self.ended[key] = event
        self.accounts.ends(key, event)
        if key in self.turnings:
            self.tidied(key, event)
        for known in (self.ready, self.stopping):
            known.discard(key)
        self.pauses.pop(key, None)
        if not outlasts:
            self.turnings.pop(key, None)
        return key

    def tidied(self, key: str, event: Event) -> None:
        """Whatever becomes of a container that has begun, its block `finally` has been."""
        blocks, begun = self.step(key).inside.blocks, self.turnings[key].begun
        due = FINALLY in blocks and begun[BODY, None]
        self.demand(not due or begun[FINALLY, None] or self.forced, event, "finally comes last")

    def see_NodeCompleted(self, event: facts.NodeCompleted) -> None:
        self.demand(event.ms not in self.results, event, "each result is used once")
        self.results.add(event.ms)
        turning = self.turnings.get(self.key(event))
        self.accounts.complete(self.end(event, attempt=event.attempt))
        inside = self.step(self.key(event)).inside
        all_ = inside is not None and inside.policy.enough is None and not inside.policy.asks
        if turning is not None and turning.total is not None and not turning.broken and all_:
            policy = inside.policy
            left = policy.stop and RunStatus.FAILED in turning.went.values()
            every = left or policy.turns is not Turns.EACH or len(turning.went) == turning.total
            cut = not left and RunStatus.CANCELLED in turning.went.values()
            self.demand(every and not cut, event, "every item had its turn")

    def see_NodeReused(self, event: facts.NodeReused) -> None:
        self.end(event)

    def see_NodeFailed(self, event: facts.NodeFailed) -> None:
        self.all_is_undone(event, self.key(event))
        self.end(event, attempt=event.attempt)

    def see_NodeRetryScheduled(self, event: facts.NodeRetryScheduled) -> None:
        key = self.key(event)
        self.all_is_undone(event, key)
        if key in self.given_up:
            self.given_up.discard(key)
            self.demand(event.delay == 0, event, "what the run gives up begins at once")
        else:
            self.failures[key] += 1
        self.demand(self.failures[key] <= self.step(key).options.retries, event, "so many retries")
        self.end(event, attempt=event.attempt)
        del self.ended[key]
        self.accounts.ends(key, None)
        self.pauses[key] = event

    def see_NodeSkipped(self, event: facts.NodeSkipped) -> None:
        key = self.key(event)
        self.demand(key not in self.running, event, "what runs is not skipped")
        if event.reason is SkipReason.TURN_LEFT:
            self.demand(event.scope in self.left, event, "its turn was left")
        elif event.reason is SkipReason.NOT_NEEDED:
            self.has_enough(event)
        elif event.reason is not SkipReason.NOT_ASKED or not self.unasked(key):
            self.demand(self.may_run(key) is False, event, "its inputs let it not run")
        self.end(event)

    def see_NodeCancelled(self, event: facts.NodeCancelled) -> None:
        key, turn = self.key(event), event.scope
        told = self.cancelling or key in self.stopping or any(
            turn == path or turn.startswith(f"{path}.") for path in self.left
        )  # fmt: skip
        if event.cause is not None:
            self.has_enough(event, ended=True)
        elif not told:
            # An attempt may stop by itself, as one does whose thread was told to by somebody else.
            self.demand(key in self.running, event, "it was told to stop, or ran")
        self.demand(key not in self.waits, event, "a wait is ended before its node")
        self.end(event)

    def has_enough(
        self, event: facts.NodeSkipped | facts.NodeCancelled, *, ended: bool = False
    ) -> None:
        """A join did without the node, or another node that ends it has succeeded."""
        own = self.homes[event.cause].step(event.cause).options
        named = ended and event.node in (*own.cancels, *own.completes)
        if named and any(
            node_of(key) == event.cause and hasattr(end, "outputs")
            for key, end in self.ended.items()
        ):
            return
        join = f"{event.scope}.{event.cause}" if event.scope else str(event.cause)
        rule = self.step(join).join
        enough = self.may_run(join) or isinstance(self.ended.get(join), facts.NodeReused)
        self.demand(rule and rule.cancels and enough, event, "the join has enough")

    # ------------------------------------------------------------ nodes that wait

    def see_NodeSuspended(self, event: facts.NodeSuspended) -> None:
        key = self.key(event)
        self.demand(key in self.running, event, "only what runs begins to wait")
        del self.running[key]
        self.waits[key] = event

    def see_NodeResumed(self, event: facts.NodeResumed) -> None:
        key = self.key(event)
        wait = self.waits.pop(key, None)
        self.demand(wait is not None, event, "it waited")
        self.demand(event.signal not in self.signals, event, "a signal is used once")
        if event.signal:
            self.signals.add(event.signal)
        until = {"time": wait.until, "timeout": wait.timeout_at}.get(event.by, event.at)
        self.demand(until is not None, event, f"it waited for a time: {wait}")
        self.demand(event.at >= until, event, f"a timer is never early: {wait}")
        if event.by and event.by != "cancel":
            self.ready.add(key)

    def see_NodeLogged(self, event: facts.NodeLogged) -> None:
        key = self.key(event)
        begun = key in self.running or key in self.ended or key in self.pauses or key in self.waits
        self.demand(begun, event, "who tells something has begun")

    see_NodeStreamed = see_NodeUsed = see_NodeLogged

    # ------------------------------------------------------------ turns

    def see_NodeUnfolded(self, event: facts.NodeUnfolded) -> None:
        key = self.key(event)
        self.demand(self.running.get(key) == event.attempt, event, "only what runs unfolds")
        known = sum(one.count for one in self.added.get(key, ()))
        fits = event.total is None or event.total >= known
        self.demand(fits, event, f"items that were added are among its own: {known}")
        self.turnings[key] = Turnings(event.total)

    def see_ItemsAdded(self, event: facts.ItemsAdded) -> None:
        key = self.key(event)
        turning, before = self.turnings.get(key), self.added.setdefault(key, [])
        self.demand(self.step(key).inside.policy.grows, event, "it takes more items")
        self.demand(key not in self.ended, event, "what is done takes no more items")
        stops = self.cancelling or key in self.stopping
        self.demand(not stops, event, "what is to stop takes no more items")
        again = event.by is not None and any(one.by == event.by for one in before)
        self.demand(not again, event, "what a node does again adds nothing")
        before.append(event)
        if turning is not None:
            self.demand(not turning.broken, event, "no items behind a break")
            turning.total += event.count
        total = None if turning is None else turning.total
        self.demand(event.total == total, event, f"there are {total} items now")

    def see_ScopeReused(self, event: facts.ScopeReused) -> None:
        key, turn = self.key(event), (event.block, event.index)
        turning = self.turnings.get(key)
        self.demand(key in self.items_of, event, "its turns are taken from another run")
        self.demand(turning is not None, event, "a container unfolds first")
        self.demand(not turning.begun[turn], event, "a turn that has begun is not taken")
        fits = turning.total is None or event.index < turning.total
        self.demand(fits, event, "so many turns")
        turning.begun[turn] += 1
        turning.went[turn] = RunStatus.SUCCEEDED
        self.counted(event, turning)

    def counted(self, event: facts.ScopeReused | facts.ScopeClosed, turning: Turnings) -> None:
        told = (turning.count(RunStatus.SUCCEEDED), turning.count(RunStatus.FAILED))
        self.demand((event.succeeded, event.failed) == told, event, f"turns went so: {told}")

    def see_CheckpointReached(self, event: facts.CheckpointReached) -> None:
        fresh = event.why != "interval" or self.checkpoint != event.seq - 1
        self.demand(fresh, event, "a checkpoint says something new")
        self.checkpoint = event.seq

    def see_ScopeOpened(self, event: facts.ScopeOpened) -> None:
        key, path = self.key(event), path_of(event)
        turning, policy = self.turnings.get(key), self.step(key).inside.policy
        turn = (event.block, event.index)
        self.demand(turning is not None, event, "a container unfolds first")
        self.demand(path not in self.scopes, event, "a turn is not begun while it goes on")
        self.demand(len(turning.open) < max(policy.window, 1), event, "so many turns at once")
        last = event.block == FINALLY
        self.demand(not turning.broken or last, event, "no turn begins after a break")
        self.demand(turning.begun[turn] <= policy.retries, event, "so many turns anew")
        self.demand(turning.went.get(turn) in (None, RunStatus.FAILED), event, "it went well")
        if event.index is not None:
            # One that is completed while its condition is asked ends with one turn more.
            most = [turning.total, None if policy.most is None else policy.most + 1]
            fits = all(x is None or event.index < x for x in most)
            self.demand(fits, event, "so many turns")
            first = event.index == 0 or turning.begun[event.block, event.index - 1]
            self.demand(first, event, "turns begin in their order")
        went = turning.went.get((BODY, None))
        if event.block == CATCH:
            self.demand(went is RunStatus.FAILED, event, "what failed is caught")
        elif event.block == FINALLY:
            self.demand(went is not None, event, "finally comes last")
        self.forget(path, event)
        turning.went.pop(turn, None)
        turning.begun[turn] += 1
        turning.open.add(path)
        self.scopes[path] = (key, event.block, event.index)

    def forget(self, path: str, event: Event) -> None:
        """The turn begins anew: nothing that was inside of it counts."""
        before = f"{path}."
        self.left.discard(path)
        left = self.accounts.forget(before)
        self.demand(not left, event, f"what begins anew is undone before: {left}")
        for known in (self.ended, self.pauses, self.failures, self.turnings, self.added):
            for key in [key for key in known if key.startswith(before)]:
                del known[key]

    def see_ScopeLeft(self, event: facts.ScopeLeft) -> None:
        path = path_of(event)
        self.demand(path in self.scopes, event, "only what goes on is left")
        self.left.add(path)
        inside = [k for k in self.running if k == f"{path}.{node_of(k)}"]
        self.stopping.update(k for k in inside if not self.accounts.stands_by(k))
        if event.why in ("break", "completed"):
            self.turnings[self.key(event)].broken = True

    def see_ScopeClosed(self, event: facts.ScopeClosed) -> None:
        key, path = self.key(event), path_of(event)
        self.demand(path in self.scopes, event, "only what goes on ends")
        inside = self.step(key).inside.blocks[event.block].plan.steps
        keys = [f"{path}.{step.node}" for step in inside]
        open_ = [k for k in keys if k not in self.ended]
        open_ = [k for k in open_ if k in self.accounts.roused or not self.accounts.stands_by(k)]
        if event.status is not RunStatus.SUCCEEDED:
            self.all_is_undone(event, f"turn {path}")
        self.demand(not open_, event, f"all nodes of the turn have ended: {open_}")
        turning = self.turnings[key]
        turning.open.discard(path)
        turning.went[event.block, event.index] = event.status
        self.counted(event, turning)
        policy = self.step(key).inside.policy
        self.demand(not (policy.collects and event.outputs), event, "its container collects")
        del self.scopes[path]


def path_of(event: facts.ScopeOpened | facts.ScopeLeft | facts.ScopeClosed) -> str:
    number = "" if event.index is None else f"[{event.index}]"
    before, block = (
        f"{event.scope}." if event.scope else "",
        f".{event.block}" if event.block else "",
    )
    return f"{before}{event.node}{number}{block}"


def _homes(plan: Plan) -> Iterator[tuple[str, Plan]]:
    for step in plan.steps:
        yield step.node, plan
        for block in () if step.inside is None else step.inside.blocks.values():
            yield from _homes(block.plan)


def _priorities(plan: Plan, around: int) -> Iterator[tuple[str, int]]:
    for step in plan.steps:
        own = around + step.options.priority
        yield step.node, own
        for block in () if step.inside is None else step.inside.blocks.values():
            yield from _priorities(block.plan, own)
