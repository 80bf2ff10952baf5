"""Lines of those who wait: by order, no more than there is room for, and nobody for ever."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from flowbook.run.rules.lines import Line, admitted


@dataclass(frozen=True)
class Waits:
    name: str
    limits: tuple[str, ...]


def test_the_smaller_order_goes_first_and_equals_as_they_came():
    line = Line(most=9)
    for who, order in (("a", 1), ("b", 0), ("c", 1), ("d", 0)):
        line.join(who, order)
    assert [line.next() for _ in range(5)] == ["b", "d", "a", "c", None]


def test_nobody_goes_on_where_there_is_no_room():
    line = Line(most=2)
    for who in "abc":
        line.join(who, 0)
    assert [line.next(), line.next(), line.next()] == ["a", "b", None]
    line.leave()
    assert line.next() == "c"


def test_who_drops_out_is_passed_over_and_takes_no_room():
    line = Line(most=1)
    line.join("a", 0)
    line.join("b", 1)
    line.drop("a")
    line.drop("nobody")
    assert line.next() == "b"
    line.leave()
    assert line.idle


def test_another_place_in_the_line_stands_instead_of_the_first():
    line = Line(most=2)
    line.join("a", 1)
    line.join("b", 2)
    line.join("b", 0)
    assert [line.next(), line.next(), line.next()] == ["b", "a", None]


def test_whoever_waits_keeps_what_it_wants_from_those_behind():
    first, second, third = Waits("1", ("gpu", "api")), Waits("2", ("api",)), Waits("3", ("runs",))
    assert admitted([first, second, third], {"gpu": 0, "api": 5, "runs": 1}) == [third]
    assert admitted([first, second], {"gpu": 1, "api": 2}) == [first, second]


def test_what_has_no_limit_any_more_is_there():
    one = Waits("1", ("gone",))
    assert admitted([one], {}) == [one]


@given(
    st.lists(
        st.tuples(st.sampled_from(["join", "next", "leave", "drop"]), st.integers(-2, 2)),
        max_size=60,
    ),
    st.integers(1, 3),
)
def test_never_more_than_there_is_room_for_and_always_the_first(steps, most):
    line, waiting, going, came = Line(most), {}, 0, 0
    for what, order in steps:
        if what == "join":
            waiting[came] = (order, came)
            line.join(came, order)
            came += 1
        elif what == "leave" and going:
            line.leave()
            going -= 1
        elif what == "drop" and waiting:
            line.drop(next(iter(waiting)))
            del waiting[next(iter(waiting))]
        elif what == "next":
            who = line.next()
            if who is None:
                assert not waiting or going == most
            else:
                assert waiting[who] == min(waiting.values())
                del waiting[who]
                going += 1
        assert going <= most
        assert line.idle == (not going and not waiting)


@given(st.lists(st.sets(st.sampled_from("abc"), min_size=1), max_size=12), st.integers(0, 3))
def test_of_those_that_share_a_limit_the_first_always_goes_before_the_others(wants, room):
    ones = [Waits(str(i), tuple(sorted(want))) for i, want in enumerate(wants)]
    free = dict.fromkeys("abc", room)
    won = admitted(ones, free)
    for name in "abc":
        assert sum(name in one.limits for one in won) <= room
        sharing = [one for one in ones if name in one.limits]
        went = [one in won for one in sharing]
        assert went == sorted(went, reverse=True), "somebody was overtaken"
    if ones and room:
        assert won[:1] == ones[:1]
