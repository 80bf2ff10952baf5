"""What a node is called, by what the head of its cell says.

It is the name that is written there, but for tests: `%%flow test clean` is a test of `clean`, which
is a node already, and is called `test_clean`.
"""

from __future__ import annotations

import keyword
from typing import Final

from flowbook.errors import UsageError

TEST: Final = "test"
"""The kind of cells that say of another node what has to hold, and may be called like it."""


def own_name(kind: str, written: str) -> str:
    """What a node is called whose head says `written`: a test of `clean` is `test_clean`.

    A name that begins with `test` is the test's own already.

    >>> own_name("test", "clean"), own_name("test", "test_order"), own_name("sql", "clean")
    ('test_clean', 'test_order', 'clean')
    """
    plain = kind.partition(".")[0] != TEST or written.startswith(TEST)
    return written if plain else f"{TEST}_{written}"


def written_name(kind: str, name: str) -> str:
    """What a head says for a node called `name`; `own_name` of it is `name` again.

    Raises `UsageError` for the name of a test that no head can give it.

    >>> written_name("test", "test_clean"), written_name("test", "test_1")
    ('clean', 'test_1')
    """
    if kind.partition(".")[0] != TEST:
        return name
    if not name.startswith(TEST):
        raise UsageError(
            f"a test cannot be called {name!r}", hint=f"names of tests begin so: {TEST}_{name}"
        )
    short = name.removeprefix(f"{TEST}_")
    fits = short.isidentifier() and not keyword.iskeyword(short)
    return short if fits and own_name(kind, short) == name else name
