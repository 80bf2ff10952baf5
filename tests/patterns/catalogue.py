"""The 43 workflow control-flow patterns, what they ask of an engine, and how flowbook does them.

`python -m tests.patterns.catalogue` writes `docs/patterns.md`. Numbers and names are those of the
Workflow Patterns Initiative; every other word is our own. Each pattern has one test, named after
its number, in the module of its group; the score is what that test holds the engine to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "patterns.md"


class Score(StrEnum):
    """How far an engine does a pattern."""

    DIRECT = "direct"
    PARTIAL = "partial"
    NONE = "none"


class Group(StrEnum):
    """The groups of patterns; the name is the test module's."""

    BASIC = "Basic control flow"
    ADVANCED = "Branching and synchronisation"
    MULTIPLE_INSTANCE = "Multiple instances"
    STATE = "State"
    CANCELLATION = "Cancelling and forcing completion"
    ITERATION = "Iteration"
    TERMINATION = "Termination"
    TRIGGER = "Triggers"


@dataclass(frozen=True)
class Pattern:
    """One pattern: `asks` is what has to happen, `how` what one writes for it.

    `but` says what a score other than direct is for.
    """

    number: int
    name: str
    group: Group
    asks: str
    how: str
    score: Score = Score.DIRECT
    but: str = ""


_B, _A, _M, _S = Group.BASIC, Group.ADVANCED, Group.MULTIPLE_INSTANCE, Group.STATE
_C, _I, _E, _T = Group.CANCELLATION, Group.ITERATION, Group.TERMINATION, Group.TRIGGER

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        1, "Sequence", _B,
        "One activity begins when another is done.",
        "a node reads the other",
    ),
    Pattern(
        2, "Parallel Split", _B,
        "Several branches go on at once after one.",
        "several nodes read the same one",
    ),
    Pattern(
        3, "Synchronization", _B,
        "What follows waits for all branches.",
        "a node reads them all",
    ),
    Pattern(
        4, "Exclusive Choice", _B,
        "Exactly one of several branches is taken.",
        "a `router`; or a node that fills one of its outputs",
    ),
    Pattern(
        5, "Simple Merge", _B,
        "Alternative branches become one again, without waiting for each other.",
        "a `merge`, with `mode: choose` for the value",
    ),
    Pattern(
        6, "Multi-Choice", _A,
        "Any number of branches is taken, each for its own reason.",
        "a `router` with `mode: broadcast`",
    ),
    Pattern(
        7, "Structured Synchronizing Merge", _A,
        "What follows a multi-choice waits for the branches that were taken, and for no others.",
        "a `merge`: branches that were not taken are known to be dead",
    ),
    Pattern(
        8, "Multi-Merge", _A,
        "What follows runs once for every branch that comes.",
        "an `each_of`, with what follows inside of it",
    ),
    Pattern(
        9, "Structured Discriminator", _A,
        "The first of several branches goes on; the others are awaited and ignored.",
        "`join: any` with `losers: leave`",
    ),
    Pattern(
        10, "Arbitrary Cycles", _I,
        "A cycle that may be entered and left in more than one place.",
        "a `while` around a `router` over the name of the step that is next",
        Score.PARTIAL,
        "the cycle is a loop over names, one step of it at a time; wires that go in a circle are "
        "refused",
    ),
    Pattern(
        11, "Implicit Termination", _E,
        "The case is over when nothing is left to do.",
        "nothing: every run does",
    ),
    Pattern(
        12, "Multiple Instances without Synchronization", _M,
        "Several instances run, and nobody waits for them.",
        "a `map` with `enough: 0` and `rest: leave`; or `call` with `detach`",
    ),
    Pattern(
        13, "Multiple Instances with a Priori Design-Time Knowledge", _M,
        "As many instances as were written down, at once, then what follows.",
        "a `map` over a list",
    ),
    Pattern(
        14, "Multiple Instances with a Priori Run-Time Knowledge", _M,
        "The number is known when the first instance begins.",
        "a `map` over what a node gives",
    ),
    Pattern(
        15, "Multiple Instances without a Priori Run-Time Knowledge", _M,
        "More instances may be added while others run.",
        "a `map` whose nodes, or somebody outside, call `add_items`",
    ),
    Pattern(
        16, "Deferred Choice", _S,
        "All branches are offered, and what happens first outside decides.",
        "nodes that wait, each of which `cancels` the others",
    ),
    Pattern(
        17, "Interleaved Parallel Routing", _S,
        "Activities in a partial order, never two at once.",
        "the wires there are, and the same `lock` on all of them (or `limits` for a tag)",
    ),
    Pattern(
        18, "Milestone", _S,
        "An activity may happen only while the case is in a certain state.",
        "it waits behind the node that reaches the state, and the node that leaves it `cancels` it",
    ),
    Pattern(
        19, "Cancel Activity", _C,
        "An activity is withdrawn, before it begins or while it runs.",
        "`cancels` on the node that decides it",
    ),
    Pattern(
        20, "Cancel Case", _C,
        "The whole case is stopped, and counts as not completed.",
        "`run.cancel`, `flowbook history cancel`; within the flow a `stop`",
    ),
    Pattern(
        21, "Structured Loop", _I,
        "Again and again, with a test before or behind each turn.",
        "`while`; `repeat` or `while` with a `break`",
    ),
    Pattern(
        22, "Recursion", _I,
        "An activity contains the case that it is part of.",
        "`call`: a flow calls itself, ten deep at most",
    ),
    Pattern(
        23, "Transient Trigger", _T,
        "A signal is lost when nobody waits for it at that moment.",
        "`wait_signal` with `fresh: true`",
    ),
    Pattern(
        24, "Persistent Trigger", _T,
        "A signal is kept until somebody takes it.",
        "`wait_signal`",
    ),
    Pattern(
        25, "Cancel Region", _C,
        "Activities that need not be connected are withdrawn together.",
        "`cancels` with all their names; a container stands for all that is inside",
    ),
    Pattern(
        26, "Cancel Multiple Instance Activity", _C,
        "All instances that are not done are withdrawn, and what follows with them.",
        "`cancels` with the name of the `map`",
    ),
    Pattern(
        27, "Complete Multiple Instance Activity", _C,
        "Instances that are not done are withdrawn, and what follows goes on with the others.",
        "`completes` with the name of the `map`",
    ),
    Pattern(
        28, "Blocking Discriminator", _A,
        "A discriminator in a loop, which no second round reaches before the first is over.",
        "`join: any` with `losers: leave`, inside of a loop: a turn ends with its last branch",
    ),
    Pattern(
        29, "Cancelling Discriminator", _A,
        "The first of several branches goes on, and the others are stopped.",
        "`join: any`",
    ),
    Pattern(
        30, "Structured Partial Join", _A,
        "Some of several branches are enough; the others are awaited and ignored.",
        "`join: 2` with `losers: leave`",
    ),
    Pattern(
        31, "Blocking Partial Join", _A,
        "The same in a loop, one round after the other.",
        "`join: 2` with `losers: leave`, inside of a loop",
    ),
    Pattern(
        32, "Cancelling Partial Join", _A,
        "Some of several branches are enough, and the others are stopped.",
        "`join: 2`",
    ),
    Pattern(
        33, "Generalised AND-Join", _A,
        "Branches come again and again; what one brings too often is kept for later rounds.",
        "a loop that waits for a signal of each branch: signals are kept, each for one round",
        Score.PARTIAL,
        "what is kept are signals; a wire brings one value in a turn",
    ),
    Pattern(
        34, "Static Partial Join for Multiple Instances", _M,
        "Some of the instances are enough; the others go on, and nobody waits for them.",
        "a `map` with `enough: 2` and `rest: leave`",
    ),
    Pattern(
        35, "Cancelling Partial Join for Multiple Instances", _M,
        "Some of the instances are enough, and the others are stopped.",
        "a `map` with `enough: 2`",
    ),
    Pattern(
        36, "Dynamic Partial Join for Multiple Instances", _M,
        "How many are enough is decided anew whenever an instance is done.",
        "a `map` whose `enough` is an expression",
    ),
    Pattern(
        37, "Local Synchronizing Merge", _A,
        "Branches that parted in several places are awaited as far as they were taken.",
        "a `merge`",
    ),
    Pattern(
        38, "General Synchronizing Merge", _A,
        "What follows waits for what may still come, wherever it would come from, loops included.",
        "a `merge`: that a branch cannot come any more is told along its wires as soon as it is so",
    ),
    Pattern(
        39, "Critical Section", _S,
        "Parts of the process of which one at a time may be under way.",
        "a `group` around each, all with the same `lock`",
    ),
    Pattern(
        40, "Interleaved Routing", _S,
        "Each of some activities once, in any order, one at a time.",
        "the same `lock` on all of them (or `limits` for a tag)",
    ),
    Pattern(
        41, "Thread Merge", _A,
        "A given number of threads in one branch becomes one.",
        "the end of a `map`",
    ),
    Pattern(
        42, "Thread Split", _A,
        "One branch goes on in a given number of threads.",
        "a `map` over so many items: each goes along the nodes inside by itself",
    ),
    Pattern(
        43, "Explicit Termination", _E,
        "A certain node ends the case, whatever else goes on.",
        "a `stop`",
    ),
)  # fmt: skip

_HEAD = """\
# Workflow patterns

<!-- Written by `poe patterns` from tests/patterns/catalogue.py. -->

The Workflow Patterns Initiative has collected what processes do with the order of their
activities: 43 control-flow patterns, numbered and named in *Workflow Control-Flow Patterns: A
Revised View* (Russell, ter Hofstede, van der Aalst and Mulyar, BPM Center report BPM-06-22, 2006).
They are a measure of what can be said in a workflow language.

This page says for each of them how it is written in flowbook. A pattern is *direct* when a
construct does it, *partial* when it works with the restriction that stands there, and *none* when
it would have to be programmed. The score is no opinion: each pattern is a flow in `tests/patterns`,
which is run, and judged by the events that the history has recorded of the run. Where a score is
not direct, the test holds to the restriction too, and fails once it is gone.
"""


def counted(score: Score) -> int:
    """How many patterns have that score."""
    return sum(pattern.score is score for pattern in PATTERNS)


def page() -> str:
    """The text of `docs/patterns.md`."""
    direct, partial, none = map(counted, Score)
    told = (
        f"**{direct} of {len(PATTERNS)} are direct**, {partial} partial, {none} none. "
        "For comparison: YAWL, a\nlanguage that was designed after the patterns, scores 31 direct."
    )
    parts = [_HEAD, told, *(_section(group) for group in Group)]
    return "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


def _section(group: Group) -> str:
    rows = [
        f"| {one.number} | {one.name} | {one.asks} | {one.how} | {_scored(one)} |"
        for one in PATTERNS
        if one.group is group
    ]
    head = "| WCP | pattern | what it asks | in flowbook | score |\n|---|---|---|---|---|"
    return "\n".join([f"## {group}\n", head, *rows, ""])


def _scored(one: Pattern) -> str:
    return f"{one.score}: {one.but}" if one.but else str(one.score)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
