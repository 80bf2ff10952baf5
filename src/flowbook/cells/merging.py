"""Two changes of one text: whether they go together, and what both make of it.

A text is cut into words, spaces and signs. Two changes go together when no word that one of them
changed is changed by the other, and both insert nothing at one place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")
_MOST: Final = 4000
"""Words of a changed stretch that are compared; longer ones count as changed altogether."""


class _Hunk(NamedTuple):
    """Words `start` to `end` became the words `start_new` to `end_new`."""

    start: int
    end: int
    start_new: int
    end_new: int


def merged(base: str, ours: str, theirs: str) -> str | None:
    """What two changes of `base` make of it together; None when they touch the same words.

    >>> merged("retries 2 and more", "retries 3 and more", "retries 2 and much more")
    'retries 3 and much more'
    """
    words, our_words, their_words = map(_words, (base, ours, theirs))
    our_hunks, their_hunks = _hunks(words, our_words), _hunks(words, their_words)
    if any(_meet(one.start, one.end, other.start, other.end)
           for one in our_hunks for other in their_hunks):  # fmt: skip
        return None
    changes = [(one, our_words) for one in our_hunks] + [(one, their_words) for one in their_hunks]
    for hunk, new in sorted(changes, key=lambda change: change[0][:2], reverse=True):
        words[hunk.start : hunk.end] = new[hunk.start_new : hunk.end_new]
    return "".join(words)


def loses(base: str, now: str, later: str) -> bool:
    """True when `later`, put in place of `now`, takes back some of what made `now` of `base`.

    >>> loses("a 1 b 2", "a 1 b 3", "a 5 b 3"), loses("a 1 b 2", "a 1 b 3", "a 5 b 2")
    (False, True)
    """
    if now in (base, later):
        return False
    words = _words(now)
    made, over = _hunks(_words(base), words), _hunks(words, _words(later))
    return any(
        _meet(one.start_new, one.end_new, other.start, other.end) for one in made for other in over
    )


def _meet(start: int, end: int, other_start: int, other_end: int) -> bool:
    same = (start, end) == (other_start, other_end)
    return same or (start < other_end and other_start < end)


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[_Hunk]:
    head, most = 0, min(len(old), len(new))
    while head < most and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < most - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    inner, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not inner and not inner_new:
        return []
    if len(inner) * len(inner_new) > _MOST**2:
        return [_Hunk(head, len(old) - tail, head, len(new) - tail)]
    found = SequenceMatcher(None, inner, inner_new, autojunk=False).get_opcodes()
    return [_Hunk(a + head, b + head, c + head, d + head) for tag, a, b, c, d in found
            if tag != "equal"]  # fmt: skip
