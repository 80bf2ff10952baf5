"""What a matcher has to offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One thing to insert, and what it is."""

    text: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Words that would take the place of `fragment`, the text before the cursor.

    `alone`: nobody else has anything to offer here.
    """

    fragment: str
    words: tuple[Word, ...]
    alone: bool = True


def offer(fragment: str, words: Iterable[Word], *, alone: bool = True) -> Offer:
    """Those of `words` that begin with the fragment, each once.

    >>> [one.text for one in offer("re", [Word("retries"), Word("role"), Word("retries")]).words]
    ['retries']
    """
    found = {one.text: one for one in reversed(list(words)) if one.text.startswith(fragment)}
    return Offer(fragment, tuple(reversed(found.values())), alone)


def as_words(texts: Iterable[object], kind: str) -> Iterator[Word]:
    """Each as a word of that kind."""
    return (Word(str(text), kind) for text in texts)
