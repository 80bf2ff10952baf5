"""What each channel is sent, as pure functions of what is to be told.

For a run that failed the payloads are fixed, to the byte; whatever else is told has the same shape.
Texts are cut to what a channel takes, and cannot mention or format by accident.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

RUN_FAILED: Final = "run_failed"
LEVELS: Final = ("info", "success", "warning", "error")
_SLACK_COLOR: Final = {"info": "#439FE0", "success": "good", "warning": "warning"}
_DISCORD_COLOR: Final = {"info": 3447003, "success": 3066993, "warning": 16705372}
_SHORT: Final = 40
"""Characters of a value that still stands beside another."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told: an event of a run, in words and fields.

    `error` is why a run failed; `timestamp` is in UTC, `2024-01-15T10:30:00Z`.
    """

    event: str
    flow: str
    title: str
    run_id: str
    timestamp: str
    error: str = ""
    message: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    level: str = ""

    @property
    def failed(self) -> bool:
        """True when it tells of a run that failed."""
        return self.event == RUN_FAILED

    @property
    def tone(self) -> str:
        """How grave it is: its level, else what follows from the event."""
        return self.level or ("error" if self.failed else "info")

    @property
    def text(self) -> str:
        """It in one line."""
        if self.failed:
            return f"⚠️ Workflow '{self.title}' failed"
        return self.message or f"Workflow '{self.title}': {self.event}"


def stamp(when: dt.datetime) -> str:
    """A time as the payloads have it.

    >>> stamp(dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC))
    '2024-01-15T10:30:00Z'
    """
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def webhook(notice: Notice) -> dict[str, Any]:
    """What any receiver understands: the facts by name."""
    told: dict[str, Any] = {
        "event": notice.event,
        "workflow_id": notice.flow,
        "workflow_name": notice.title,
        "run_id": notice.run_id,
    }
    told |= {"error": notice.error} if notice.failed else {"message": notice.text}
    told |= {"fields": dict(notice.fields)} if notice.fields else {}
    return told | {"timestamp": notice.timestamp}


def slack(notice: Notice) -> dict[str, Any]:
    """What an incoming webhook of Slack takes."""
    fields: list[dict[str, Any]] = [_slack_field("Run ID", notice.run_id, short=True)]
    if notice.error:
        fields.append(_slack_field("Error", notice.error, short=False))
    for name, value in notice.fields.items():
        fields.append(_slack_field(name, value, short=len(_said(value)) <= _SHORT))
    color = _SLACK_COLOR.get(notice.tone, "danger")
    return {
        "text": _slack_text(notice.text, 3000),
        "attachments": [{"color": color, "fields": fields}],
    }


def discord(notice: Notice) -> dict[str, Any]:
    """What a webhook of Discord takes; it shows 25 fields at most."""
    fields: list[dict[str, Any]] = [{"name": "Run ID", "value": notice.run_id, "inline": True}]
    if notice.error:
        fields.append({"name": "Error", "value": _discord_text(notice.error, 1024)})
    for name, value in notice.fields.items():
        told = {"name": _discord_text(name, 256), "value": _discord_text(_said(value), 1024)}
        fields.append(told | ({"inline": True} if len(_said(value)) <= _SHORT else {}))
    color = _DISCORD_COLOR.get(notice.tone, 15158332)
    return {
        "content": _discord_text(notice.text, 2000),
        "embeds": [{"color": color, "fields": fields[:25]}],
    }


def mail(notice: Notice) -> tuple[str, str]:
    """Subject and text of an e-mail."""
    lines = [notice.text, ""]
    if notice.failed and notice.message:
        lines += [notice.message, ""]
    lines += [f"Workflow: {notice.title}", f"Run ID: {notice.run_id}"]
    lines += [f"Error: {notice.error}"] if notice.error else []
    lines += [f"{name}: {_said(value)}" for name, value in notice.fields.items()]
    lines += [f"Time: {notice.timestamp}"]
    return _cut(" ".join(notice.text.split()), 200), "\n".join(lines) + "\n"


def encoded(payload: Mapping[str, Any]) -> bytes:
    """A payload as it is sent: JSON in UTF-8."""
    return json.dumps(payload, ensure_ascii=False, default=str).encode()


def _slack_field(name: str, value: Any, *, short: bool) -> dict[str, Any]:
    return {
        "title": _slack_text(name, 300),
        "value": _slack_text(_said(value), 2000),
        "short": short,
    }


def _slack_text(text: str, most: int) -> str:
    """Text that is only text: what begins a link or a mention is written out."""
    cut = _cut(text, most)
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _discord_text(text: str, most: int) -> str:
    """Text that calls nobody; an empty one is refused there, so it is a dash."""
    return _cut(text.replace("@", "@\u200b") or "-", most)


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
