"""What is written is read as it is meant, and refused with what to write instead."""

from __future__ import annotations

import pytest

from flowbook.nodes.http import public_url
from flowbook.nodes.http.settings import (
    PARSERS,
    Timeouts,
    is_among,
    parse_rate,
    parse_redirects,
    parse_statuses,
    parse_timeouts,
)


@pytest.mark.parametrize(
    ("written", "among", "others"),
    [
        ("2xx", [200, 299], [199, 300]),
        ("2xx 404", [204, 404], [400]),
        (404, [404], [200]),
        ([200, "400-404"], [200, 402], [405]),
        ("any", [100, 599, 999], []),
        ([], [], [200]),
    ],
)
def test_statuses(written, among, others):
    statuses = parse_statuses(written)
    assert all(is_among(one, statuses) for one in among)
    assert not any(is_among(one, statuses) for one in others)


@pytest.mark.parametrize(
    ("written", "seconds"), [("10/s", 0.1), ("100 / m", 0.6), ("5/2s", 0.4), ("", 0), (None, 0)]
)
def test_rates(written, seconds):
    assert parse_rate(written) == seconds


def test_timeouts():
    assert parse_timeouts(5) == Timeouts(5.0, 5.0)
    assert parse_timeouts({"read": "1m", "total": None}) == Timeouts(30.0, 60.0)


def test_redirects():
    assert [parse_redirects(one) for one in (True, False, 0, 3)] == [20, 0, 0, 3]


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("ok", "600-500", "write statuses"),
        ("ok", "okay", "write statuses"),
        ("rate", "0/s", "write how many"),
        ("timeout", {"first": 1}, "it has connect, read and total, and no 'first'"),
        ("timeout", {"read": "x"}, "write a duration"),
        ("follow_redirects", "yes", "write true, false"),
        ("verify", "", "write true, the path"),
        ("max_size", "large", "write a size"),
        ("method", 7, "write a method"),
    ],
)
def test_what_cannot_be_read_is_refused(name, written, told):
    with pytest.raises(ValueError, match=told):
        PARSERS[name](written)


def test_a_url_for_messages_hides_user_and_secrets():
    url = public_url("https://me:pw@api.test:81/x?a=1&sig=2", {"token": "t", "b": 3})
    assert url == "https://api.test:81/x?a=1&sig=…&token=…&b=3"
    assert public_url("http://[x") == "(no address)"
