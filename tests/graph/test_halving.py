"""The search for the change that turns good into bad, whatever can and cannot be tried."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.graph.halving import Halving, Verdict


def search(changes, culprit, untold=frozenset()):
    """Run a search to its end; it and the tries it took."""
    state, tries = Halving.of(changes), []
    while (first := state.next) is not None:
        assert len(tries) <= changes
        tries.append(first)
        told = Verdict.BAD if first > culprit else Verdict.GOOD
        state = state.told(first, Verdict.UNKNOWN if first in untold else told)
    return state, tries


cases = st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1)))


@given(cases)
def test_the_one_change_is_found_in_as_many_tries_as_halving_takes(case):
    changes, culprit = case
    state, tries = search(changes, culprit)
    assert list(state.suspects) == [culprit]
    assert len(tries) <= math.ceil(math.log2(changes)) if changes > 1 else not tries
    assert len(tries) <= Halving.of(changes).left


@given(cases, st.data())
def test_the_one_change_is_always_among_the_suspects_and_only_what_cannot_be_told_joins_it(
    case, data
):
    changes, culprit = case
    untold = data.draw(st.frozensets(st.integers(1, changes)))
    state, tries = search(changes, culprit, untold)
    assert culprit in state.suspects
    assert set(range(state.good + 1, state.bad)) <= untold
    assert len(tries) == len(set(tries))


def test_without_a_change_there_is_nothing_to_find():
    with pytest.raises(ValueError, match="nothing to find"):
        Halving.of(0)


def test_a_try_that_was_not_to_be_made_is_refused():
    with pytest.raises(ValueError, match="not between"):
        Halving.of(4).told(4, Verdict.GOOD)
