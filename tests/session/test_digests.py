"""Captured values are told apart by what they are, and dear ones by which object they are."""

from __future__ import annotations

import threading

from flowbook.session.digests import Digests


def test_equal_values_are_one_and_changed_values_are_another():
    told = Digests()
    rows = [1, 2]
    before = told.of({"rows": rows}, ["rows"])
    assert told.of({"rows": [1, 2]}, ["rows"]) == before
    rows.append(3)
    assert told.of({"rows": rows}, ["rows"]) != before


def test_what_cannot_be_pickled_is_told_by_which_object_it_is():
    told, lock = Digests(), threading.Lock()
    assert told.of({"lock": lock}, ["lock"]) == told.of({"lock": lock}, ["lock"])
    other = threading.Lock()
    assert told.of({"lock": lock}, ["lock"]) != told.of({"lock": other}, ["lock"])


class Slow:
    """Counts how often it was pickled."""

    pickled = 0

    def __reduce__(self):
        type(self).pickled += 1
        return (Slow, ())


def test_a_dear_value_is_worked_out_once_as_long_as_it_is_the_same_object():
    told, slow = Digests(dear=-1.0), Slow()
    before = told.of({"slow": slow}, ["slow"])
    worked_out = Slow.pickled
    assert told.of({"slow": slow}, ["slow"]) == before
    assert Slow.pickled == worked_out
    told.of({"slow": Slow()}, ["slow"])
    assert Slow.pickled > worked_out
