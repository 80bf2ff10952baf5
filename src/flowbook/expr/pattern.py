r"""`matches`: regular expressions without backtracking.

A pattern becomes a small automaton that is run over the text once, so no pattern can take more
than time linear in the text: `(a+)+$` is as fast as `a`. Python's `re` is not used, since it
backtracks. The language: literals, `.`, `[a-z]`, `[^…]`, `\d \D \w \W \s \S` (ASCII), `^`, `$`,
groups, `|`, and `* + ? {m} {m,} {m,n}`. `^` is the start of the text and `$` its end. Refused:
back references, look-around, named groups, flags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from flowbook.expr.budget import Code, refuse

MAX_SUBJECT: Final = 10_000
MAX_PATTERN: Final = 500
MAX_STATES: Final = 1_000
MAX_REPEAT: Final = 100
MAX_GROUPS: Final = 20
_MAX_SETS: Final = 500

_DIGITS = ((48, 57),)
_WORDS = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACES = ((9, 13), (32, 32))
_TOP = 0x10FFFF
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}

Ranges: TypeAlias = tuple[tuple[int, int], ...]


def _negated(ranges: Iterable[tuple[int, int]]) -> Ranges:
    gaps, low = [], 0
    for first, last in sorted(ranges):
        if first > low:
            gaps.append((low, first - 1))
        low = max(low, last + 1)
    return (*gaps, (low, _TOP)) if low <= _TOP else tuple(gaps)


_CLASSES: Final[dict[str, Ranges]] = {
    "d": _DIGITS, "D": _negated(_DIGITS),
    "w": _WORDS, "W": _negated(_WORDS),
    "s": _SPACES, "S": _negated(_SPACES),
}  # fmt: skip
_ANY: Final = _negated(((10, 10),))


@dataclass(slots=True)
class _State:
    """One state: eats a character in `ranges`, or passes on to `free` without eating.

    `only` restricts passing to the start (`^`) or the end (`$`) of the text.
    """

    ranges: Ranges
    free: list[int]
    only: str
    then: int


Part: TypeAlias = tuple[int, int]
"""First and last state of a piece of the automaton."""
Maker: TypeAlias = Callable[[], Part]
"""Makes a fresh copy of a piece; a repetition needs several."""


class _Reader:
    """Recursive descent over the pattern; what it reads are makers of states."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.states: list[_State] = []

    def whole(self) -> Part:
        make = self.choice()
        if self.at < len(self.text):
            raise self.error("a ) without its (")
        return make()

    def error(self, what: str) -> Exception:
        return refuse(Code.VALUE, f"pattern: {what}, at position {self.at + 1}")

    def state(self, ranges: Ranges = (), only: str = "", then: int = -1) -> int:
        if len(self.states) >= MAX_STATES:
            raise refuse(Code.TOO_COMPLEX, "pattern: it has too many repetitions")
        self.states.append(_State(ranges, [], only, then))
        return len(self.states) - 1

    def link(self, source: int, target: int) -> None:
        self.states[source].free.append(target)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def choice(self) -> Maker:
        branches = [self.sequence()]
        while self.peek() == "|":
            self.take()
            branches.append(self.sequence())

        def make() -> Part:
            start, end = self.state(), self.state()
            for head, tail in (branch() for branch in branches):
                self.link(start, head)
                self.link(tail, end)
            return start, end

        return branches[0] if len(branches) == 1 else make

    def sequence(self) -> Maker:
        parts: list[Maker] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated())

        def make() -> Part:
            start = end = self.state()
            for head, tail in (part() for part in parts):
                self.link(end, head)
                end = tail
            return start, end

        return make

    def repeated(self) -> Maker:
        atom = self.atom()
        low, high = self.bounds()

        def make() -> Part:
            start = end = self.state()
            for _ in range(low):
                head, tail = atom()
                self.link(end, head)
                end = tail
            for _ in range(1 if high is None else high - low):
                head, tail = atom()
                skip = self.state()
                self.link(end, head)
                self.link(end, skip)
                self.link(tail, head if high is None else skip)
                self.link(tail, skip)
                end = skip
            return start, end

        return atom if (low, high) == (1, 1) else make

    def bounds(self) -> tuple[int, int | None]:
        sign = self.peek()
        if sign not in ("*", "+", "?", "{"):
            return 1, 1
        self.take()
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self.counted()
        if self.peek() in ("*", "+", "?", "{"):
            raise self.error("a repetition of a repetition")
        return low, high

    def counted(self) -> tuple[int, int | None]:
        close = self.text.find("}", self.at)
        inner = self.text[self.at : close] if close >= 0 else ""
        low, comma, high = inner.partition(",")
        if not _is_count(low) or (high and not _is_count(high)):
            raise self.error("write a repetition as {m}, {m,} or {m,n}")
        self.at = close + 1
        least = int(low)
        most = int(high) if high else (None if comma else least)
        if least > MAX_REPEAT or (most is not None and not least <= most <= MAX_REPEAT):
            raise self.error(f"a repetition lies between 0 and {MAX_REPEAT}")
        return least, most

    def atom(self) -> Maker:
        sign = self.take()
        if sign == "(":
            return self.group()
        if sign in ("*", "+", "?", "{"):
            raise self.error("nothing to repeat")
        if sign in ("^", "$"):
            return lambda: self.anchor(sign)
        ranges = self.bracket() if sign == "[" else self.single(sign)

        def make() -> Part:
            end = self.state()
            return self.state(ranges, then=end), end

        return make

    def anchor(self, sign: str) -> Part:
        start, end = self.state(only=sign), self.state()
        self.link(start, end)
        return start, end

    def single(self, sign: str) -> Ranges:
        if sign == "\\":
            return self.escape()
        return _ANY if sign == "." else _one(sign)

    def group(self) -> Maker:
        self.depth += 1
        if self.depth > MAX_GROUPS:
            raise refuse(Code.TOO_COMPLEX, "pattern: groups are nested too deep")
        if self.peek() == "?":
            self.take()
            if self.take() != ":":
                raise self.error("only (…) and (?:…) are groups here")
        part = self.choice()
        if self.take() != ")":
            raise self.error("a ( without its )")
        self.depth -= 1
        return part

    def escape(self) -> Ranges:
        sign = self.take()
        if sign in _CLASSES and sign:
            return _CLASSES[sign]
        if sign in _ESCAPED:
            return _one(_ESCAPED[sign])
        if not sign or sign.isalnum():
            raise self.error(f"\\{sign} is not supported")
        return _one(sign)

    def bracket(self) -> Ranges:
        negate = self.peek() == "^"
        if negate:
            self.take()
        ranges: list[tuple[int, int]] = []
        while self.peek() != "]" or not ranges:
            if not self.peek():
                raise self.error("missing ]")
            ranges += self.member()
        self.take()
        return _negated(ranges) if negate else tuple(ranges)

    def member(self) -> Ranges:
        sign = self.take()
        low = self.escape() if sign == "\\" else _one(sign)
        if self.peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return low
        self.take()
        sign = self.take()
        high = self.escape() if sign == "\\" else _one(sign)
        if len(low) != 1 or len(high) != 1 or low[0][0] > high[0][1]:
            raise self.error("a range of characters that is none")
        return ((low[0][0], high[0][1]),)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


def _one(sign: str) -> Ranges:
    return ((ord(sign), ord(sign)),)


class Pattern:
    """A compiled pattern; `search` is linear in the text.

    >>> Pattern("(a+)+$").search("aaaa!")
    False
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_PATTERN:
            raise refuse(Code.TOO_COMPLEX, f"pattern: it is longer than {MAX_PATTERN} characters")
        reader = _Reader(text)
        self._start, self._end = reader.whole()
        self._states = reader.states

    def search(self, text: str, tick: Callable[[int], None] = lambda _steps: None) -> bool:
        """True when the pattern is found anywhere in `text`; `tick` is told of the work done."""
        if len(text) > MAX_SUBJECT:
            raise refuse(Code.TOO_LARGE, f"a text of more than {MAX_SUBJECT:,} characters")
        # Sets of states met on the way become single dictionary steps: an automaton made lazily.
        memo: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        current = self._closed({self._start}, "^")
        for sign in text:
            if self._end in current:
                return True
            known = memo.get((current, sign))
            if known is None:
                tick(1 + (len(current) >> 3))
                if len(memo) > _MAX_SETS:
                    memo.clear()
                known = memo[(current, sign)] = self._after(current, sign)
            current = known
        at_end = "$" if text else "^$"
        return self._end in self._closed(set(current), at_end)

    def _after(self, current: frozenset[int], sign: str) -> frozenset[int]:
        code = ord(sign)
        moved = {
            state.then
            for state in map(self._states.__getitem__, current)
            if any(first <= code <= last for first, last in state.ranges)
        }
        return self._closed({*moved, self._start}, "")

    def _closed(self, states: set[int], where: str) -> frozenset[int]:
        """`states` and all that is reached from them without eating a character."""
        seen = set(states)
        todo = list(states)
        while todo:
            state = self._states[todo.pop()]
            if state.only and state.only not in where:
                continue
            for free in state.free:
                if free not in seen:
                    seen.add(free)
                    todo.append(free)
        return frozenset(seen)


@lru_cache(maxsize=256)
def pattern(text: str) -> Pattern:
    """The compiled pattern; kept, because a router asks the same one of every item."""
    return Pattern(text)
