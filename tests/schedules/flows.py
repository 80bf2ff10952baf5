"""Flows by chance: everything that a plan can say, in small.

A flow is made of a `random.Random` and of the features it may have, and of nothing else: the same
two give the same plan. A feature that is left out leaves the rest of the flow as it was, so that
a failing schedule can be made smaller by leaving out one after the other.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.run.plans import N, box, n, plan_of

from flowbook.graph.choices import Backoff, BackoffKind, Role
from flowbook.graph.container import Policy, Turns
from flowbook.graph.flow_options import FlowOptions
from flowbook.plan.plan import Join, Plan

OF_FLOWS = (
    "containers", "joins", "branches", "retries", "timeouts", "limits", "locks", "leaving",
    "endings", "enough", "growing", "uncollected", "checkpoints", "undoing", "roles",
)  # fmt: skip
"""What a flow may have."""

PURE, CACHED = 0.3, 0.2
_DEEPEST = 2
_POLICIES = (
    Policy(),
    Policy(Turns.EACH),
    Policy(Turns.EACH, window=3, stop=False, settle=True),
    Policy(Turns.EACH, window=2, stop=True, settle=True),
    Policy(Turns.EACH, window=2, stop=False, settle=True, retries=1),
    Policy(Turns.WHILE, most=3),
    Policy(Turns.WHILE),
    Policy(Turns.GUARDED),
    Policy(Turns.GUARDED, told="error"),
)


_ENOUGH = (
    Policy(Turns.EACH, window=2, stop=False, settle=True, enough=1),
    Policy(Turns.EACH, window=2, stop=False, settle=True, enough=1, outlasts=True),
    Policy(Turns.EACH, window=3, stop=False, settle=True, asks=True),
    Policy(Turns.EACH, window=3, stop=False, settle=True, asks=True, outlasts=True),
)


_STANDING = (
    Policy(),
    Policy(Turns.EACH, window=2, stop=False, settle=True, grows=True),
    Policy(Turns.GUARDED),
)


class Author:
    """Writes one flow; `allowed` are the features it may use.

    What can be added to a flow that is written is drawn from `more`, and changes nothing else.
    """

    def __init__(
        self, chance: Random, allowed: frozenset[str], most: int = 6, more: Random | None = None
    ) -> None:
        self.chance, self.allowed, self.most = chance, allowed, most
        self.more = more or chance
        self.joining, self.nesting = chance.choice(((0.2, 0.3), (0.8, 0.1), (0.3, 0.6)))
        self.around: list[list[str]] = []
        """Names in the home that is being written, and in those around it."""
        self.loops: set[str] = set()

    def plan(self) -> Plan:
        nodes = self.with_roles(self.nodes("n", 0, at_least=1))
        chance = self.chance
        flow = FlowOptions(
            max_concurrent=chance.choice([None, None, 1, 2, 3]),
            limits=chance.choice([(), (("gpu", 1),), (("gpu", 1), ("http", 2))]),
            capacity=(("mem", 2), ("gpus", 1)),
        )
        flow = flow if self.may("limits") else FlowOptions()
        if self.also("checkpoints", 0.2):
            flow = replace(flow, checkpoint_interval=1.5)
        return plan_of(*nodes, flow=flow)

    def may(self, feature: str, odds: float = 1.0) -> bool:
        """Chance is asked in any case, so that it goes on in the same way without the feature."""
        wanted = self.chance.random() < odds
        return wanted and feature in self.allowed

    def also(self, feature: str, odds: float) -> bool:
        """The same of what is added to the rest."""
        wanted = self.more.random() < odds
        return wanted and feature in self.allowed

    def nodes(self, prefix: str, depth: int, at_least: int = 0) -> list[N]:
        """Some nodes, each reading some of those before it; names are unique in the whole flow."""
        made: list[N] = []
        self.around.append([])
        for at in range(self.chance.randint(at_least, self.most if not depth else 3)):
            name = f"{prefix}{at}"
            reads = self.reads(made)
            self.around[-1].append(name)
            inside = self.may("containers", self.nesting) and depth < _DEEPEST
            made.append(self.container(name, reads, depth) if inside else self.node(name, reads))
            if depth and self.may("leaving", 0.15) and not inside:
                how = self.chance.choice(["break", "continue"])
                options = {**made[-1].options, "cache": False}
                made[-1] = replace(made[-1], leaves=how, options=options)
        made = [self.ending(one) if self.may("endings", 0.12) else one for one in made]
        self.around.pop()
        standing = self.undoing(made)  # it tells those that are undone
        return [*made, *standing]

    def undoing(self, made: list[N]) -> list[N]:
        """What undoes some of the nodes of a home, which are told of it."""
        found = []
        for at, one in enumerate(made):
            name, reads = f"u_{one.name}", (f"{one.name}.x",)
            by = self.standing(name, reads)
            if self.also("undoing", 0.3):
                made[at] = replace(one, options={**one.options, "compensate": name})
                found.append(by)
        return found

    def with_roles(self, nodes: list[N]) -> list[N]:
        """Those that set up before the nodes of the flow, and those that tear down behind."""
        more, names = self.more, [one.name for one in nodes]
        wanted = self.also("roles", 0.4)
        setup = [
            replace(self.plain("s0"), options={**self.plain("s0").options, "role": Role.SETUP}),
            replace(
                self.plain("s1", ("s0.x",) if more.random() < 0.5 else ()),
                options={**self.plain("s1").options, "role": Role.SETUP},
            ),
        ][: more.randint(0, 2)]
        for at, one in enumerate(nodes):
            reads = more.random() < 0.3 and one.join is None and one.policy is None
            if wanted and setup and reads:
                nodes[at] = replace(one, reads=(*one.reads, "s0.x"))
        down = []
        for name in ("t0", "t1")[: more.randint(0, 2)]:
            one = self.standing(name, (f"{more.choice(names)}.x",))
            down.append(replace(one, options={**one.options, "role": Role.TEARDOWN}))
        return [*setup, *nodes, *down] if wanted else nodes

    def plain(self, name: str, reads: tuple[str, ...] = ()) -> N:
        """A node with nothing about it but that it may be tried again, and be too slow."""
        retries, timeout = self.more.randint(0, 1), self.more.choice((None, None, 1.0))
        options = {
            "retries": retries if "retries" in self.allowed else 0,
            "timeout": timeout if "timeouts" in self.allowed else None,
        }
        return n(name, *reads, outputs=("x",), **options)

    def standing(self, name: str, reads: tuple[str, ...]) -> N:
        """A node that runs when others are over; it may be a container."""
        policy = self.more.choice(_STANDING)
        inside = [self.plain(f"{name}i{at}") for at in range(self.more.randint(1, 2))]
        last = {"finally": [self.plain(f"{name}f")]} if policy.turns is Turns.GUARDED else {}
        own = self.plain(name, reads)
        if self.also("containers", 0.2):
            return box(name, policy, *inside, reads=reads, outputs=("x",), **last, **own.options)
        return own

    def ending(self, node: N) -> N:
        """The same node, that ends others, or the whole run, if it is fit for that."""
        chance, names = self.chance, [x for home in self.around for x in home if x != node.name]
        how = chance.choice(("cancels", "completes", "cancels", "completes", "run"))
        name, status = chance.choice(names or [""]), chance.choice(("succeeded", "failed"))
        if node.policy is not None or node.leaves:
            return node
        if how == "run":
            return replace(node, ends=status)
        if not name or (how == "completes" and name not in self.loops):
            return node
        return replace(node, options={**node.options, how: (name,)})

    def reads(self, before: list[N]) -> tuple[str, ...]:
        odds = self.chance.choice([0.2, 0.5])
        some = [one for one in before if self.chance.random() < odds]
        return tuple(f"{one.name}.{self.chance.choice(one.outputs)}" for one in some)

    def node(self, name: str, reads: tuple[str, ...]) -> N:
        chance = self.chance
        need = chance.choice([0, 1, 1, 2])
        join = Join(min(need, len(reads)), bool(need) and chance.random() < 0.6)
        joins = self.may("joins", self.joining) and bool(reads)
        locks = self.may("locks", 0.2)
        tolerant = chance.random() < 0.2
        branches = self.may("branches", 0.3)
        return n(
            name,
            *reads,
            outputs=("x", "y") if branches else ("x",),
            join=join if joins else None,
            tolerant=tolerant and not joins,
            pure=chance.random() < PURE,
            cache=chance.random() < CACHED and not joins,
            lock=("door",) if locks else (),
            checkpoint=self.also("checkpoints", 0.1),
            **self.options(),
        )

    def options(self) -> dict[str, object]:
        """Those that a container may have too."""
        chance = self.chance
        kind, first = chance.choice(list(BackoffKind)), chance.choice([0.0, 0.5, 2.0])
        retries, timeout = chance.randint(1, 2), chance.choice([0.5, 1.0, 3.0])
        tags = tuple(tag for tag in ("gpu", "http") if chance.random() < 0.3)
        needs = chance.choice([(), (), (("mem", 1),), (("mem", 2), ("gpus", 0.5)), (("mem", 3),)])
        priority = chance.randint(-1, 1)
        limits = self.may("limits")
        return {
            "retries": retries if self.may("retries", 0.4) else 0,
            "backoff": Backoff(kind, first),
            "timeout": timeout if self.may("timeouts", 0.25) else None,
            "tags": tags if limits else (),
            "needs": needs if limits else (),
            "priority": priority,
        }

    def turned(self, policy: Policy) -> Policy:
        """What says nothing of how its turns go: what becomes of items, and of what they gave."""
        grows, drops = self.also("growing", 0.7), self.also("uncollected", 0.2)
        every = 2 if self.also("checkpoints", 0.3) else 0
        items = policy.turns is Turns.EACH
        return replace(
            policy,
            grows=grows and items,
            collects=not (drops and items),
            checkpoint_every=every if policy.counts else 0,
        )

    def container(self, name: str, reads: tuple[str, ...], depth: int) -> N:
        policy, some = self.chance.choice(_POLICIES), self.chance.choice(_ENOUGH)
        policy = self.turned(some if self.may("enough", 0.2) else policy)
        room = self.may("locks", 0.3) and not depth
        if policy.counts:
            self.loops.add(name)
        blocks = {}
        for block in policy.blocks[1:]:
            if self.chance.random() < 0.6:
                blocks[block] = self.nodes(f"{name}{block[0]}", depth + 1)
        inside = self.nodes(f"{name}_", depth + 1)
        outputs = ("x", "error") if policy.told else ("x",)
        options = {**self.options(), "lock": ("room",) if room else ()}
        return box(name, policy, *inside, reads=reads, outputs=outputs, **blocks, **options)
