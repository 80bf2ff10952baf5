"""A body is counted before it is kept, whatever it says of itself."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from flowbook.errors import HttpFailed
from flowbook.nodes.http.answer import Body, retry_after


def test_a_body_that_says_it_is_too_large_is_not_read(fetch, site):
    site.page("/large", b"x" * 2000)
    with pytest.raises(HttpFailed, match=r"has 2,000 bytes, beyond max_size: 1KB") as caught:
        fetch("/large", max_size="1KB", response="bytes")
    assert "set max_size to more, or save_to" in str(caught.value)
    assert caught.value.final


def test_a_body_that_does_not_say_so_is_stopped(fetch, site):
    @site.on("/endless")
    def endless(handler):
        handler.begin(connection="close")
        while not site.let_go.is_set():
            handler.wfile.write(b"x" * 65536)

    with pytest.raises(HttpFailed, match="goes on, beyond max_size: 1MB"):
        fetch("/endless", max_size="1MB", response="bytes")


def test_a_bomb_is_stopped_before_it_is_unpacked(fetch, site, packed):
    bomb = packed(b"\0" * 300_000_000)
    site.page("/bomb", bomb, content_encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(HttpFailed, match="goes on, beyond max_size: 1MB"):
            fetch("/bomb", max_size="1MB", response="bytes")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_what_is_packed_twice_is_refused(fetch, site, packed):
    site.page("/twice", packed(packed("x")), content_encoding="gzip, gzip")
    with pytest.raises(HttpFailed, match="cannot be unpacked: it is packed as 'gzip, gzip'"):
        fetch("/twice")


def test_a_packed_body_is_unpacked(fetch, site, packed):
    site.page("/packed", packed('{"a": 1}'), content_encoding="gzip")
    assert fetch("/packed") == {"a": 1}
    assert site.asked[0].headers["accept-encoding"] == "gzip, deflate"


def test_the_size_of_a_body_does_not_matter_to_what_has_none(fetch, site):
    site.page("/large", b"", content_length=10**12)
    assert fetch("/large", method="HEAD", max_size="1KB") is None


def test_the_body_of_a_refusal_is_read_as_far_as_it_is_told(fetch, site):
    site.page("/no", b"x" * 100_000, 400, content_type="text/plain")
    with pytest.raises(HttpFailed, match=r"answered 400 Bad Request: x{300}…$"):
        fetch("/no")
    site.page("/odd", b"x", 400, content_encoding="br")
    with pytest.raises(HttpFailed, match=r"answered 400 Bad Request$"):
        fetch("/odd")


@pytest.mark.parametrize("told", ["", "soon", "-1", "Fri, 99 May 2026 12:00:30 GMT"])
def test_what_is_no_time_to_wait_is_none(told):
    assert retry_after(told) is None


def test_a_date_to_wait_for_is_read_as_seconds_from_now(fetch, site):
    at = datetime.now(UTC) + timedelta(hours=1)
    site.page("/busy", b"", 503, retry_after=format_datetime(at, usegmt=True))
    with pytest.raises(HttpFailed) as caught:
        fetch("/busy")
    assert 3500 < caught.value.retry_after <= 3600
    assert retry_after(format_datetime(at - timedelta(days=1))) == 0


@pytest.mark.parametrize(
    ("content_type", "content", "text"),
    [
        ("text/plain", "ø".encode(), "ø"),
        ("text/plain; charset=latin-1", "ø".encode("latin-1"), "ø"),
        ('text/plain; charset="LATIN-1"', "ø".encode("latin-1"), "ø"),
        ("text/plain; charset=nobody", "ø".encode(), "ø"),
        ("text/plain", b"\xff", "�"),
    ],
)
def test_text_is_in_the_charset_it_says(content_type, content, text):
    assert Body(content, content_type).text() == text
