"""Everything around `decide`, played by chance and a virtual clock: no loop, no thread, no sleep.

The world does what the engine's rim does: it starts attempts when what they hang on is durable,
sets timers, asks containers, delivers signals, writes the journal. What becomes of it all, in which
order and when, is drawn from one seed, and so are the troubles: failures, hanging nodes, late
results, pauses, cancels, a full disk, and the death of the process, which leaves of the journal
what was synced and perhaps some more. After each stimulus the laws are looked at.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from random import Random
from typing import Any

from tests.run.histories import BOOM, REF
from tests.schedules import laws
from tests.schedules.flows import OF_FLOWS, Author
from tests.schedules.laws import demand
from tests.schedules.referee import Foul, Referee

from flowbook.errors import ValueUnavailable
from flowbook.events import TriggerKind, decode, encode
from flowbook.events.values import ErrorInfo
from flowbook.graph.choices import Role
from flowbook.graph.container import Turns
from flowbook.ids import RunId
from flowbook.plan.plan import FromStep, Plan, StepIndex
from flowbook.run.past import bring_past
from flowbook.run.rules.decide import decide
from flowbook.run.rules.evolve import evolve, fold
from flowbook.run.rules.growing import container_seen
from flowbook.run.rules.instruction import (
    Abort,
    Acquire,
    Await,
    CloseRun,
    Consult,
    Gather,
    Launch,
    Release,
    SetTimer,
)
from flowbook.run.rules.known import ItemsGiven, KnownTurn
from flowbook.run.rules.outside import outside_of
from flowbook.run.rules.phase import Phase
from flowbook.run.rules.state import RunState
from flowbook.run.rules.stimulus import (
    CancelAsked,
    CheckpointDue,
    Expired,
    Given,
    ItemsOffered,
    JournalFailed,
    Lineage,
    NextAsked,
    PauseAsked,
    ResumeAsked,
    Start,
    StepCancelled,
    StepConsulted,
    StepDue,
    StepLogged,
    StepPermitted,
    StepRaised,
    StepRecalled,
    StepResumed,
    StepReturned,
    StepStreamed,
    StepSuspended,
    StepTimedOut,
    StepUnfolded,
    StepUsed,
    Stimulus,
    TakenUp,
    TimerFired,
)
from flowbook.run.rules.upkeep import Flush, LetGo, Remind

OF_THE_WORLD = (
    "permits", "failures", "suspensions", "hanging", "stops", "late", "logs", "given", "some",
    "lost_values", "pauses", "cancels", "deadlines", "full_disks", "kills", "additions", "carried",
    "forces", "run_times",
)  # fmt: skip
FEATURES = (*OF_FLOWS, *OF_THE_WORLD)
SIZES = (3, 6, 6, 10)
"""How many nodes a flow has at most, outside of its containers."""
MOST = 10_000
"""Stimuli after which a run is said not to end."""
_TIMES = (0.0, 0.0, 0.0, 0.1, 0.5, 1.0, 2.0)


@dataclass
class Going:
    """An attempt that the world has begun, or will when the journal allows."""

    order: Launch
    parked: bool = True
    stopped: bool = False
    hangs: bool = False


class Scarce:
    """A vault that has lost some of what it kept."""

    def __init__(self, chance: Random, odds: float) -> None:
        self.chance, self.odds = chance, odds

    def touch(self, ref: object) -> bool:
        return True

    def get(self, ref: Any) -> object:
        if self.chance.random() < self.odds:
            raise ValueUnavailable("it is gone", ref=ref, reason="gone")
        return 1


class World:
    """One run of one flow, from its start to its end."""

    def __init__(
        self,
        seed: int,
        features: frozenset[str] = frozenset(FEATURES),
        most: int | None = None,
        chance: Random | None = None,
    ) -> None:
        self.seed, self.features = seed, features
        author = chance or Random(f"{seed} flow")
        usual = author.choice(SIZES)
        self.more = chance or Random(f"{seed} more")
        self.plan: Plan = Author(author, features, most or usual, self.more).plan()
        self.chance = chance or Random(f"{seed} world")
        self.fate = chance or Random(f"{seed} fate")
        if self.odds("some", 0.1):
            self.plan = replace(self.plan, unasked=tuple(self._unasked()))
        self._give_time(chance or Random(f"{seed} time"))
        self.limited = self.odds("permits", 0.3)
        self.troubles = dict(self._troubles())
        self.now, self.count, self.life = 1000.0, 0, 0
        self.numbers = itertools.count()
        self.agenda: list[tuple[float, float, int, int, Callable[[], None]]] = []
        self.events: list[Any] = []
        self.lines: list[bytes] = []
        self.said: list[Stimulus] = []
        self.letters: dict[str, str] = {}
        self.taken: set[str] = set()
        self.carried: dict[int, dict[int, KnownTurn]] = {}
        """By container, the turns that an earlier run has made."""
        self.reminded = 0
        self.awaited = 0, 0.0
        """The last life that waits for the deadline, and for which."""
        self._be_born(RunState(self.plan), RunState(self.plan), [])

    def _give_time(self, chance: Random) -> None:
        """Some runs have so much time, and some of these have it more than once."""
        seconds, again = chance.choice((0.5, 2.0, 8.0)), chance.randint(0, 2)
        if "run_times" in self.features and chance.random() < 0.2:
            own = replace(self.plan.options, timeout=seconds, timeout_retries=again)
            self.plan = replace(self.plan, options=own)

    def expire(self) -> None:
        """The run's time is over; it may have it again."""
        self.feed(Expired(at=self.now, seconds=1.0, spent={one: 1.0 for one, _ in self.going}))
        self._await_deadline()

    def _await_deadline(self) -> None:
        ends = self.state.deadline
        if ends is not None and (self.life, ends) != self.awaited:  # once in each life
            self.awaited = self.life, ends
            self.soon(self.expire, max(0.0, ends - self.now))

    def _unasked(self) -> Iterator[StepIndex]:
        """All but some steps and what these need."""
        plan, undoes = self.plan, {by: of for of, by in self.plan.compensations.items()}
        wanted: set[int] = {plan.index[name] for name in plan.setup}
        for step in reversed(plan.steps):
            if step.options.role is Role.TEARDOWN or step.node in undoes:
                continue
            if step.index in wanted or self.fate.random() < 0.3:
                read = (binding.source for binding in step.bindings)
                wanted |= {step.index, *(one.step for one in read if isinstance(one, FromStep))}
            else:
                yield step.index
                if step.options.compensate:
                    yield plan.index[plan.compensations[step.node]]

    def _be_born(self, state: RunState, shadow: RunState, past: list[Any]) -> None:
        self.state, self.shadow = state, shadow
        self.referee = Referee(self.plan, outside=self.limited).read(past)
        self.life += 1
        state.outside = outside_of(self.plan, ("http",)) if self.limited else None
        self.applied: list[int] = []
        """Steps that wait for the only permit there is."""
        self.permitted = -1
        self.durable, self.syncing = len(self.events) - 1, False
        self.going: dict[tuple[int, int], Going] = {}
        self.timers: set[tuple[int, int]] = set()
        self.awaits: set[tuple[int, int]] = set()
        self.asked: Counter[tuple[int, int]] = Counter()
        self.flushed = -1
        """The event that has to be durable before anything begins."""
        self.known: dict[str, str] = {}

    # ------------------------------------------------------------ playing

    def play(self) -> World:
        """To the end; `Foul` when a law is broken on the way."""
        self.start()
        return self.go_on()

    def start(self) -> None:
        aside = {*self.plan.standby, *self.plan.setup}
        given = {
            step.index: Given(outputs=dict.fromkeys(step.outputs, REF))
            for step in self.plan.steps
            if self.odds("given", 0.05) and step.node not in aside
        }
        trigger = TriggerKind.MANUAL
        self.first = 1
        self.carried = dict(self._carried())
        seconds = self.plan.options.timeout
        more = {
            "lineage": Lineage(deadline=None if seconds is None else self.now + seconds),
            "added": tuple(self._added()),
            "items_of": tuple(self.plan.steps[i].node for i in self.carried),
        }
        self.feed(Start(at=self.now, run=RunId("r"), trigger=trigger, given=given, **more))
        self._await_deadline()
        for _ in range(2):
            if self.also("additions", 0.4):
                self.soon(self.offer, self.more.choice(_TIMES))

    def _carried(self) -> Iterator[tuple[int, dict[int, KnownTurn]]]:
        """Turns that are known; of those that follow from each other, the first ones."""
        for step in self.plan.steps:
            if step.inside is None or not step.inside.policy.counts:
                continue
            odds = self.more.choice((0.3, 0.7))
            known = [index for index in range(4) if self.more.random() < odds]
            if not step.inside.policy.settle:
                known = [at for at, index in enumerate(known) if at == index]
            left = self.more.choice(("", "continue"))
            if self.also("carried", 0.4) and known:
                yield step.index, {at: KnownTurn({"x": REF}, RunId("o"), left) for at in known}

    def _added(self) -> Iterator[ItemsGiven]:
        for step in self.plan.steps:
            if step.inside is not None and step.inside.policy.grows and self.also("carried", 0.3):
                by = self.more.choice((None, self.plan.steps[0].node))
                yield ItemsGiven(step.index, REF, self.more.randint(1, 2), by)

    def go_on(self) -> World:
        while not self.state.over:
            if self.count > MOST:
                raise Foul("a run ends")
            if not self.agenda:
                self.wake()
            self.perform(heappop(self.agenda))
        laws.look_back(self)
        return self

    def perform(self, due: tuple[float, float, int, int, Callable[[], None]]) -> None:
        """What was due, if the process that it was due in lives."""
        at, _, _, life, call = due
        if life in (0, self.life):
            self.now = max(self.now, at)
            call()

    def soon(self, call: Callable[[], None], delay: float = 0.0, *, always: bool = False) -> None:
        """Chance decides the order of what is due at the same time; `always`: a death too late."""
        life = 0 if always else self.life
        due = (self.now + delay, self.chance.random(), next(self.numbers), life, call)
        heappush(self.agenda, due)

    def odds(self, feature: str, odds: float) -> bool:
        return self.fate.random() < odds and feature in self.features

    def also(self, feature: str, odds: float) -> bool:
        """The same of what is added to the rest, which goes on as it would without."""
        return self.more.random() < odds and feature in self.features

    def feed(self, stimulus: Stimulus) -> None:
        """Tell the run, write down what it decides, do it, and look at the laws."""
        self.said.append(stimulus)
        self.count += 1
        over = self.state.over
        decision = decide(self.plan, self.state, stimulus)
        if over and (decision.events or decision.instructions):
            raise Foul("nothing follows the end of a run")
        for event in decision.events:
            line = encode(event)
            self.referee.see(event)
            evolve(self.shadow, decode(line))
            self.events.append(event)
            self.lines.append(line)
        for order in decision.instructions:
            getattr(self, f"do_{type(order).__name__}")(order)
        laws.look(self)
        self.sync()
        if isinstance(stimulus, Start):  # what a run begins with is written at once
            self.first = len(self.events)
        trouble = self.troubles.pop(self.count, None)
        if trouble is not None and not self.state.over:
            trouble()

    # ------------------------------------------------------------ the journal

    def sync(self) -> None:
        if not self.syncing and self.durable < len(self.events) - 1:
            self.syncing = True
            upto = len(self.events) - 1
            self.soon(lambda: self.synced(upto), self.chance.choice((0.0, 0.0, 0.005, 0.3)))

    def synced(self, upto: int) -> None:
        self.durable, self.syncing = upto, False
        for letter, at in self.state.answered.items():
            if at <= upto:
                self.taken.add(letter)
        for going in tuple(self.going.values()):
            if going.parked and not going.stopped and self.may_begin(going.order):
                self.begin(going)
        self.sync()

    def may_begin(self, order: Launch) -> bool:
        pure = self.state.steps[order.step].options.pure
        return max(self.flushed, -1 if pure else order.after) <= self.durable

    def do_Flush(self, order: Flush) -> None:
        self.flushed = order.until

    def do_Remind(self, order: Remind) -> None:
        self.reminded += 1
        if self.reminded < 10:  # else a run that hangs would never be woken
            self.soon(lambda: self.feed(CheckpointDue(at=self.now)), order.delay)

    def do_LetGo(self, order: LetGo) -> None:
        demand(self.state.scopes[order.scope].status, "what goes on is not let go")

    # ------------------------------------------------------------ instructions

    def do_Launch(self, order: Launch) -> None:
        demand((order.step, order.attempt) not in self.going, "an attempt is launched once")
        demand(self.state.phase[order.step] is Phase.RUNNING, "what is launched runs")
        outside = self.state.outside
        needs = outside is not None and outside.concerns(self.state.steps[order.step])
        demand(not needs or self.permitted == order.step, "what is launched has its permit")
        going = self.going[order.step, order.attempt] = Going(order)
        if self.may_begin(order):
            self.begin(going)

    def do_Acquire(self, order: Acquire) -> None:
        demand(order.step not in self.applied, "a step applies once")
        self.applied.append(order.step)
        self.grant()

    def do_Release(self, order: Release) -> None:
        known = order.step == self.permitted or order.step in self.applied
        demand(known, "what is given back was asked for")
        if order.step == self.permitted:
            self.permitted = -1
        else:
            self.applied.remove(order.step)
        self.grant()

    def grant(self) -> None:
        def granted() -> None:
            if self.permitted < 0 and self.applied:
                self.permitted = self.applied.pop(0)
                self.feed(StepPermitted(at=self.now, step=self.permitted))

        self.soon(granted, self.chance.choice(_TIMES))

    def do_SetTimer(self, order: SetTimer) -> None:
        self.timers.add((order.step, order.attempt))
        self.soon(lambda: self.fire(order), order.delay)

    def fire(self, order: SetTimer) -> None:
        self.timers.discard((order.step, order.attempt))
        self.feed(TimerFired(at=self.now, step=order.step, attempt=order.attempt))

    def do_Consult(self, order: Consult) -> None:
        self.asked[order.step, order.attempt] += 1

        def answer() -> None:
            self.answered(order)
            if self.odds("failures", 0.03) and not self.keeps_well(order):
                self.feed(self.raised(order))
                return
            more = self.fate.random() < 0.6
            self.feed(StepConsulted(**self.of(order), index=order.index, go_on=more))

        self.soon(answer)

    def do_Gather(self, order: Gather) -> None:
        self.asked[order.step, order.attempt] += 1

        def gathered() -> None:
            self.answered(order)
            bad = self.odds("failures", 0.03) and not self.keeps_well(order)
            self.feed(self.raised(order) if bad else self.returned(order))

        self.soon(gathered, self.chance.choice(_TIMES))

    def keeps_well(self, order: Any) -> bool:
        """True for a container with something to undo in it, none of whose turns goes on.

        What it fails with between its turns is nowhere in the journal while it undoes.
        """
        turning = self.state.turning.get(order.step)
        undoing = turning is not None and not turning.active
        return undoing and bool(self.referee.accounts.left(self.state.key(order.step)))

    def answered(self, order: Any) -> None:
        if self.asked[order.step, order.attempt]:
            self.asked[order.step, order.attempt] -= 1

    def do_Await(self, order: Await) -> None:
        wait = self.state.waiting.get(order.step)
        if wait is None or wait.seq != order.since:
            return
        self.awaits.add((order.step, order.since))
        times = [at for at in (wait.until, wait.timeout_at) if at is not None]
        if times:
            early = self.fate.random() < 0.2  # a clock may be looked at too soon
            left = max(0.0, min(times) - self.now)
            due = StepDue(at=0.0, step=order.step, since=order.since)
            self.soon(lambda: self.look(due), left / 2 if early else left)
        if wait.signal in self.known.values():
            self.soon(self.match)

    def look(self, due: StepDue) -> None:
        self.feed(StepDue(at=self.now, step=due.step, since=due.since))

    def do_Abort(self, order: Abort) -> None:
        going = self.going.get((order.step, order.attempt))
        stopped = StepCancelled(at=0.0, step=order.step, attempt=order.attempt)
        if going is None:
            if order.step in self.state.turning:
                self.asked[order.step, order.attempt] += 1
                self.soon(lambda: self.stop(stopped))
        elif not going.stopped:
            going.stopped = True
            deaf = not going.parked and not going.hangs and self.odds("late", 0.3)
            if not deaf:  # else its own ending comes, as if nobody had told it
                self.soon(lambda: self.stop(stopped), self.chance.choice(_TIMES))

    def stop(self, stopped: StepCancelled) -> None:
        self.going.pop((stopped.step, stopped.attempt), None)
        self.answered(stopped)
        self.feed(StepCancelled(at=self.now, step=stopped.step, attempt=stopped.attempt, ms=1.0))

    def do_CloseRun(self, _: CloseRun) -> None:
        alive = [one for one in self.going.values() if not one.stopped and not one.parked]
        demand(not alive, f"nothing runs after the verdict: {alive}")

    # ------------------------------------------------------------ attempts

    def of(self, order: Any) -> dict[str, Any]:
        return {"at": self.now, "step": order.step, "attempt": order.attempt}

    def raised(self, order: Any) -> StepRaised:
        fate = self.fate
        wait, final = fate.choice((0.0, 0.0, 0.0, 4.0)), fate.random() < 0.1
        odds = fate.random()
        return StepRaised(**self.of(order), ms=1.0, error=BOOM, chance=odds, final=final, wait=wait)

    def returned(self, order: Any) -> StepReturned:
        ports = self.state.steps[order.step].outputs
        kept = 1.0 if len(ports) == 1 else 0.6
        gave = {port: REF for port in ports if self.fate.random() < kept}
        added = tuple(self._adds(order.step))
        return StepReturned(**self.of(order), ms=float(self.count), outputs=gave, added=added)

    def _adds(self, i: int) -> Iterator[ItemsGiven]:
        """Items that a step adds to containers it sees, whether these take any or not."""
        state = self.state
        for name, plan in self.referee.homes.items() if state.steps[i].inside is None else ():
            inside = plan.step(name).inside
            if inside is not None and inside.policy.grows and self.also("additions", 0.2):
                seen = container_seen(state, i, name)
                if seen is not None:
                    yield ItemsGiven(seen, REF, self.more.randint(1, 2), state.key(i))

    def offer(self) -> None:
        """Somebody outside offers items to any container, whether it takes any or not."""
        steps = self.state.steps
        boxes = [i for i in self.state.index.values() if steps[i].inside is not None]
        if boxes:
            given = ItemsGiven(self.more.choice(boxes), REF, self.more.randint(1, 2))
            self.feed(ItemsOffered(at=self.now, items=given))

    def begin(self, going: Going) -> None:
        """An attempt really begins; its ending is drawn now."""
        order, state = going.order, self.state
        key = state.key(order.step)
        demand(key not in self.referee.ended, f"what is done is not executed again: {key}")
        going.parked = False
        ending = self.waited_in_vain(order) or self.ending(order)
        self.watch(order)
        if self.odds("logs", 0.1):
            self.soon(lambda: self.log(order), self.chance.choice(_TIMES))
        if ending is None:
            going.hangs = True
        else:
            self.soon(lambda: self.finish(order, ending), self.chance.choice(_TIMES))

    def watch(self, order: Launch, *, fresh: bool = True) -> None:
        timeout = self.state.steps[order.step].options.timeout
        if timeout is not None:
            left = timeout if fresh else self.chance.choice((0.0, timeout))
            self.soon(lambda: self.time_out(order), left)

    def log(self, order: Launch) -> None:
        """An attempt tells something, perhaps long after anybody wants to know."""
        kind = self.fate.randrange(3)
        if kind == 0:
            self.feed(StepLogged(at=self.now, step=order.step, stream="stdout", text="x"))
        elif kind == 1:
            self.feed(StepStreamed(**self.of(order), channel="data", value=REF))
        else:
            self.feed(StepUsed(**self.of(order), cpu_ms=1.0))

    def finish(self, order: Launch, ending: Callable[[], Stimulus]) -> None:
        if self.going.pop((order.step, order.attempt), None) is not None:
            self.feed(ending())

    def waited_in_vain(self, order: Launch) -> Callable[[], Stimulus] | None:
        wait, came = self.state.resumed.get(order.step, (None, None))
        if wait is None or came.by != "timeout" or wait.on_timeout == "continue":
            return None
        fails = wait.on_timeout == "fail"
        return lambda: self.raised(order) if fails else self.returned(order)

    def ending(self, order: Launch) -> Callable[[], Stimulus] | None:
        """How an attempt ends; None for one that does not by itself."""
        step = self.state.steps[order.step]
        if self.odds("failures", 0.1):
            return lambda: self.raised(order)
        if step.inside is not None:
            total = self.fate.choice((0, 1, 2, 2, 3))
            return lambda: self.unfolded(order, total)
        if self.odds("hanging", 0.04):
            return None
        if self.odds("stops", 0.02):
            return lambda: StepCancelled(**self.of(order), ms=1.0)
        if self.odds("suspensions", 0.12):
            return self.wish(order)
        if step.options.cache and self.fate.random() < 0.3:
            gave = dict.fromkeys(step.outputs, REF)
            return lambda: StepRecalled(**self.of(order), outputs=gave, cache_key="k")
        return lambda: self.returned(order)

    def unfolded(self, order: Launch, own: int) -> StepUnfolded:
        """A container's own items, and behind them those that were added before it had any."""
        i, total = order.step, None
        if self.state.steps[i].inside.policy.turns is Turns.EACH:
            total = own + sum(one.count for one in self.state.added.get(i, ()))
        return StepUnfolded(**self.of(order), total=total, known=self.carried.get(i, {}))

    def wish(self, order: Launch) -> Callable[[], Stimulus]:
        fate = self.fate
        kind = fate.randrange(4)
        wait: dict[str, Any] = {"reason": "approval", "data": {"asked": 1}}
        if kind != 1:
            wait["signal"] = fate.choice(("paid", "sent"))
        first, last = fate.choice((0.0, 1.0, 5.0)), fate.choice((0.5, 3.0))
        how = fate.choice(("fail", "continue", {"approved": False}))

        def suspended() -> Stimulus:
            if kind in (1, 2):
                wait["until"] = self.now + first
            if kind == 3:
                wait.update(timeout_at=self.now + last, on_timeout=how)
            return StepSuspended(**self.of(order), **wait)

        return suspended

    def time_out(self, order: Launch) -> None:
        going = self.going.get((order.step, order.attempt))
        if not self.state.is_current(order.step, order.attempt) or self.keeps_well(order):
            return
        if going is not None and "late" not in self.features:
            del self.going[order.step, order.attempt]
        elif going is not None:
            going.stopped = True  # given up; what it still says comes too late
        self.answered(order)
        chance = self.fate.random()
        self.feed(StepTimedOut(**self.of(order), ms=1.0, chance=chance))

    # ------------------------------------------------------------ signals

    def send(self, name: str) -> None:
        """Somebody sends a signal; it is kept by the sender until a run has taken it durably."""
        letter = f"letter-{len(self.letters)}"
        self.letters[letter] = self.known[letter] = name
        self.match()
        if self.fate.random() < 0.3:  # the post comes twice
            self.soon(self.match)

    def match(self) -> None:
        for letter, name in tuple(self.known.items()):
            waits = [one for one in self.state.waiting.items() if one[1].signal == name]
            if waits:
                i, wait = min(waits, key=lambda one: one[1].seq)
                del self.known[letter]
                came = {"step": i, "since": wait.seq, "payload": name, "signal": letter}
                self.feed(StepResumed(at=self.now, **came))
                if self.fate.random() < 0.3:
                    self.feed(StepResumed(at=self.now, **came))

    # ------------------------------------------------------------ troubles

    def _troubles(self) -> Iterator[tuple[int, Callable[[], None]]]:
        """What goes wrong, by the number of the stimulus after which it does."""
        fate = Random(f"{self.seed} troubles")
        kinds: tuple[tuple[str, float, int, Callable[[], None]], ...] = (
            ("pauses", 0.3, 2, self.pause),
            ("suspensions", 0.3, 2, lambda: self.send("paid")),
            ("deadlines", 0.05, 1, self.be_late),
            ("full_disks", 0.03, 1, self.fill_the_disk),
            ("cancels", 0.2, 1, lambda: self.feed(CancelAsked(at=self.now, reason="enough"))),
            ("kills", 0.6, 4, self.die),
            ("forces", 0.15, 1, self.cancel_again),
        )
        for feature, odds, most, call in kinds:
            for _ in range(most):
                if fate.random() < odds and feature in self.features:
                    yield fate.randint(1, 60), call
                else:
                    fate.randint(1, 60)

    def be_late(self) -> None:
        if self.plan.options.timeout is None:  # else it is late when it is
            self.feed(Expired(at=self.now, seconds=1.0))

    def pause(self) -> None:
        self.feed(PauseAsked(at=self.now))
        go_on = self.chance.choice((0.0, 0.5, 3.0))
        self.soon(self.resume, go_on, always=True)

    def resume(self) -> None:
        """One node is let go alone, and then the others."""
        self.feed(NextAsked(at=self.now))
        self.feed(ResumeAsked(at=self.now))

    def cancel_again(self) -> None:
        """Somebody who cancels loses patience, or has none."""
        self.feed(CancelAsked(at=self.now, force=self.more.random() < 0.2))
        again = self.more.choice((0.0, 0.5, 3.0))
        self.soon(lambda: self.feed(CancelAsked(at=self.now)), again, always=True)

    def fill_the_disk(self) -> None:
        self.feed(JournalFailed(at=self.now, error=ErrorInfo("OSError", "disk full")))

    def die(self) -> None:
        """The process is gone; another one reads the journal and goes on."""
        kept = self.fate.randint(max(self.first, self.durable + 1), len(self.events))
        self.events, self.lines = self.events[:kept], self.lines[:kept]
        if self.fate.random() < 0.5:
            self.now += self.fate.choice((0.1, 2.0, 3600.0))
        events = [decode(line) for line in self.lines]
        odds = 0.05 if "lost_values" in self.features else 0.0
        past = bring_past(self.plan, events, Scarce(self.fate, odds))
        self._be_born(past.state, fold(events, self.plan), events)
        self.known = {name: of for name, of in self.letters.items() if name not in self.taken}
        if not self.state.over:
            for i in past.state.turning:
                if past.state.phase[i] is Phase.TURNING:
                    self.watch(Launch(i, past.state.attempt[i], 0), fresh=False)
            self.soon(self.match)
            again, known = tuple(sorted(past.gone)), self.carried
            self.feed(TakenUp(at=self.now, again=again, known=known))
            self._await_deadline()

    def wake(self) -> None:
        """Nothing goes on by itself: what the run waits for has to come from somewhere."""
        state = self.state
        hanging = [one for one in self.going.values() if one.hangs]
        signals = sorted({wait.signal for wait in state.waiting.values() if wait.signal})
        demand(hanging or signals or state.paused, "a run ends, or waits for something named")
        if "cancels" in self.features and self.fate.random() < 0.1 and not state.cancelling:
            self.feed(CancelAsked(at=self.now))
            return
        if state.paused:
            self.soon(lambda: self.feed(ResumeAsked(at=self.now)))
        for name in signals:
            self.soon(lambda name=name: self.send(name))
        for one in hanging:
            one.hangs = False
            self.soon(lambda order=one.order: self.finish(order, lambda: self.returned(order)))
