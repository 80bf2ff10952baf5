"""Plain data there and back."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.store.plain import NotPlain, Plainer, TooLarge, restore

keys = st.text() | st.sampled_from(["$tuple", "$dict", "$float"])
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.binary().map(bytearray)
    | st.complex_numbers(allow_nan=False)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys | st.integers(), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=15,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(k, j) and same(a[k], b[j]) for k, j in zip(a, b, strict=True)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return a == b


@given(values)
def test_plain_data_comes_back_exactly(value):
    text = msgspec.json.encode(Plainer().convert(value))
    assert same(restore(msgspec.json.decode(text)), value)


@pytest.mark.parametrize(
    "number", [np.int8(-3), np.uint64(2**64 - 1), np.float32(0.1), np.bool_(1)]
)
def test_numpy_numbers_keep_their_width(number):
    back = restore(Plainer().convert([number]))[0]
    assert type(back) is type(number)
    assert back == number


@pytest.mark.parametrize(
    "value",
    [
        np.datetime64("2026-01-01T00:00:00.000000001"),
        np.datetime64("NaT", "D"),
        np.timedelta64(3, "h"),
        np.complex64(1 - 2j),
        np.str_("Oslo"),
    ],
)
def test_other_numpy_scalars_keep_their_type(value):
    back = restore(msgspec.json.decode(msgspec.json.encode(Plainer().convert(value))))
    assert (type(back), back.dtype) == (type(value), value.dtype)
    assert back.tobytes() == value.tobytes()


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Oslo", timezone(timedelta(hours=-3))])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_pandas_timestamp_keeps_its_unit_and_zone(zone, unit):
    for moment in ("2026-10-25T00:30", "2026-10-25T01:30"):  # the same hour twice in Oslo
        value = pd.Timestamp(moment, tz="UTC").tz_convert(zone).as_unit(unit)
        back = restore(msgspec.json.decode(msgspec.json.encode(Plainer().convert(value))))
        assert (back, back.unit, str(back.tz), back.fold) == (
            value,
            unit,
            str(value.tz),
            value.fold,
        )


def test_an_unknown_tag_is_the_callers_or_refused():
    with pytest.raises(ValueError, match="unknown tag"):
        restore({"$mine": 1})
    assert restore([{"$mine": 1}], lambda tag, body: (tag, body)) == [("$mine", 1)]


def test_what_json_has_stays_as_it_is():
    value = {"a": [1, 2.5, "x", None, True], "b": {"$x": 1, "c": 2}}
    assert Plainer().convert(value) == value


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5.5))),
        time(1, 2, tzinfo=UTC),
        date.min,
    ],
)
def test_fixed_offsets_are_kept(moment):
    assert restore(Plainer().convert(moment)) == moment


def test_a_named_zone_is_refused_rather_than_lost():
    with pytest.raises(NotPlain, match="Oslo"):
        Plainer().convert(datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Oslo")))


def test_a_stranger_is_named_with_its_place():
    with pytest.raises(
        NotPlain, match=r"object at \['a'\]\[1\]\['b'\] is no plain data"
    ) as refused:
        Plainer().convert({"a": [0, {"b": object()}]})
    assert "builtins" in str(refused.value)


def test_a_budget_ends_the_visit_early():
    with pytest.raises(TooLarge):
        Plainer(budget=10).convert(list(range(10)))
    assert Plainer(budget=11).convert(list(range(10))) == list(range(10))


@pytest.mark.parametrize("long", ["x" * 100, b"x" * 100, bytearray(100)])
def test_long_text_and_bytes_use_up_a_budget(long):
    with pytest.raises(TooLarge):
        Plainer(budget=51).convert([long])
    assert restore(Plainer(budget=52).convert([long])) == [long]
