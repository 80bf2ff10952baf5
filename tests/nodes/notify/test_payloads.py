"""What each channel is sent: exact for a run that failed, harmless whatever the texts are."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.nodes.notify import payloads
from flowbook.nodes.notify.payloads import Notice, encoded, stamp

FAILED = Notice(
    event="run_failed",
    flow="daily",
    title="Daily Report",
    run_id="abc123",
    timestamp="2024-01-15T10:30:00Z",
    error="Connection timeout",
)


def test_a_failed_run_for_any_receiver():
    assert encoded(payloads.webhook(FAILED)) == (
        b'{"event": "run_failed", "workflow_id": "daily", "workflow_name": "Daily Report", '
        b'"run_id": "abc123", "error": "Connection timeout", "timestamp": "2024-01-15T10:30:00Z"}'
    )


def test_a_failed_run_for_slack():
    assert payloads.slack(FAILED) == {
        "text": "⚠️ Workflow 'Daily Report' failed",
        "attachments": [
            {
                "color": "danger",
                "fields": [
                    {"title": "Run ID", "value": "abc123", "short": True},
                    {"title": "Error", "value": "Connection timeout", "short": False},
                ],
            }
        ],
    }


def test_a_failed_run_for_discord():
    assert payloads.discord(FAILED) == {
        "content": "⚠️ Workflow 'Daily Report' failed",
        "embeds": [
            {
                "color": 15158332,
                "fields": [
                    {"name": "Run ID", "value": "abc123", "inline": True},
                    {"name": "Error", "value": "Connection timeout"},
                ],
            }
        ],
    }


def test_a_failed_run_by_mail():
    subject, text = payloads.mail(FAILED)
    assert subject == "⚠️ Workflow 'Daily Report' failed"
    assert "Run ID: abc123\nError: Connection timeout\nTime: 2024-01-15T10:30:00Z\n" in text


def told(**given):
    return Notice(**{**{k: getattr(FAILED, k) for k in FAILED.__slots__}, "error": "", **given})


def test_anything_else_has_its_message_and_fields():
    notice = told(event="ready", message="It is done.", fields={"rows": 3}, level="success")
    assert payloads.webhook(notice)["message"] == "It is done."
    assert payloads.webhook(notice)["fields"] == {"rows": 3}
    assert "error" not in payloads.webhook(notice)
    (attached,) = payloads.slack(notice)["attachments"]
    assert attached["color"] == "good"
    assert attached["fields"][1] == {"title": "rows", "value": "3", "short": True}
    (embedded,) = payloads.discord(notice)["embeds"]
    assert embedded["fields"][1] == {"name": "rows", "value": "3", "inline": True}
    assert payloads.mail(notice)[0] == "It is done."


def test_without_a_message_the_event_is_said():
    assert payloads.slack(told(event="ready"))["text"] == "Workflow 'Daily Report': ready"


def test_a_text_mentions_nobody():
    notice = told(event="x", message="<!channel> @everyone & co")
    assert payloads.slack(notice)["text"] == "&lt;!channel&gt; @everyone &amp; co"
    assert "@everyone" not in payloads.discord(notice)["content"]


def test_a_subject_is_one_line():
    assert payloads.mail(told(event="x", message="a\r\nBcc: x@y.test"))[0] == "a Bcc: x@y.test"


def test_a_time_is_told_in_utc():
    oslo = dt.timezone(dt.timedelta(hours=2))
    assert stamp(dt.datetime(2026, 5, 1, 12, 0, tzinfo=oslo)) == "2026-05-01T10:00:00Z"


ANY = st.text(max_size=3000)


@given(ANY, ANY, st.dictionaries(ANY, ANY | st.integers() | st.lists(ANY), max_size=40))
def test_no_text_is_longer_than_a_channel_takes(message, error, fields):
    notice = told(event="run_failed", message=message, error=error, fields=fields)
    found = payloads.discord(notice)
    assert 1 <= len(found["content"]) <= 2000
    (embedded,) = found["embeds"]
    assert len(embedded["fields"]) <= 25
    assert all(1 <= len(one["value"]) <= 1024 for one in embedded["fields"])
    assert all(1 <= len(one["name"]) <= 256 for one in embedded["fields"])
    for build in (payloads.webhook, payloads.slack, payloads.discord):
        json.loads(json.dumps(build(notice)))


@pytest.mark.parametrize(
    ("level", "color"), [("info", "#439FE0"), ("warning", "warning"), ("error", "danger")]
)
def test_a_level_gives_a_colour(level, color):
    (attached,) = payloads.slack(told(event="x", level=level))["attachments"]
    assert attached["color"] == color
