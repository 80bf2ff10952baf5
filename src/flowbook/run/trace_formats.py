"""A trace in the formats of tools that show traces: OpenTelemetry's JSON, and Chrome's.

OTLP/JSON is what a collector takes at `/v1/traces`; ids in it are hexadecimal and times texts of
nanoseconds. Chrome's format opens in Perfetto and in the browser's own `about:tracing`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from flowbook.run.trace import Span, Trace

_OK, _ERROR, _UNSET = 1, 2, 0
_CODES: Mapping[str, int] = {
    "succeeded": _OK,
    "reused": _OK,
    "failed": _ERROR,
    "retried": _ERROR,
    "lost": _ERROR,
}
_HEX = re.compile(r"[0-9a-f]{32}")


def to_otlp(trace: Trace) -> dict[str, Any]:
    """As an OTLP/JSON `ExportTraceServiceRequest`; what goes on ends at the last event.

    >>> from flowbook.run.trace import trace
    >>> list(to_otlp(trace([])))
    ['resourceSpans']
    """
    of = trace_id(trace.run)
    spans = [_otlp(trace, of, number, span) for number, span in enumerate(trace.spans)]
    about = {"service.name": "flowbook", "flowbook.flow": trace.flow, "flowbook.run": trace.run}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(about)},
                "scopeSpans": [{"scope": {"name": "flowbook"}, "spans": spans}],
            }
        ]
    }


def trace_id(run: str) -> str:
    """The id of a run's trace: the run's own id, without dashes.

    >>> trace_id("019b7952-1e80-7000-8000-000000000001")
    '019b79521e8070008000000000000001'
    """
    plain = run.replace("-", "").lower()
    return plain if _HEX.fullmatch(plain) else sha256(run.encode()).hexdigest()[:32]


def span_id(of: str, number: int) -> str:
    """The id of a span: 16 hexadecimal digits, the same at every export."""
    return sha256(f"{of}:{number}".encode()).hexdigest()[:16]


def _otlp(trace: Trace, of: str, number: int, span: Span) -> dict[str, Any]:
    ended = trace.ended_at if span.ended_at is None else span.ended_at
    about = {
        "flowbook.kind": span.kind,
        "flowbook.status": span.status,
        "flowbook.scope": span.scope or None,
        "flowbook.attempt": span.attempt or None,
        "flowbook.on": span.on or None,
        "flowbook.queued_ms": _waited(span),
        "flowbook.cpu_ms": span.cpu_ms,
        "flowbook.memory": span.memory,
        "flowbook.critical": True if number in trace.critical else None,
    }
    plain: dict[str, Any] = {
        "traceId": of,
        "spanId": span_id(of, number),
        "name": span.name,
        "kind": 1,
        "startTimeUnixNano": _nanoseconds(span.started_at),
        "endTimeUnixNano": _nanoseconds(ended),
        "attributes": _attributes(about),
        "status": {"code": _CODES.get(span.status, _UNSET), "message": span.error},
    }
    if span.parent is not None:
        plain["parentSpanId"] = span_id(of, span.parent)
    elif trace.parent:
        above = trace_id(trace.parent)
        plain["links"] = [{"traceId": above, "spanId": span_id(above, 0)}]
    return plain


def _attributes(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": _value(value)} for key, value in about.items() if value is not None
    ]


def _value(value: str | bool | float) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}  # 64 bits are text in JSON
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _nanoseconds(at: float) -> str:
    return str(round(at * 1e6) * 1000)


def _waited(span: Span) -> float | None:
    return None if span.queued_at is None else round((span.started_at - span.queued_at) * 1e3, 3)


def to_chrome(trace: Trace) -> dict[str, Any]:
    """As Chrome's trace format: times in microseconds from the run's beginning, a lane a thread.

    >>> from flowbook.run.trace import trace
    >>> to_chrome(trace([]))["displayTimeUnit"]
    'ms'
    """
    return {"traceEvents": list(_chrome(trace)), "displayTimeUnit": "ms"}


def _chrome(trace: Trace) -> Iterator[dict[str, Any]]:
    base = trace.spans[0].started_at
    yield {"ph": "M", "pid": 1, "tid": 0, "name": "process_name",
           "args": {"name": f"{trace.flow} {trace.run}"}}  # fmt: skip
    for number, span in enumerate(trace.spans):
        ended = trace.ended_at if span.ended_at is None else span.ended_at
        about = {
            "status": span.status,
            "scope": span.scope,
            "attempt": span.attempt,
            "on": span.on,
            "error": span.error,
            "queued_ms": _waited(span),
            "cpu_ms": span.cpu_ms,
            "memory": span.memory,
            "critical": number in trace.critical,
        }
        yield {
            "ph": "X",
            "pid": 1,
            "tid": span.lane,
            "name": span.name,
            "cat": span.kind,
            "ts": round((span.started_at - base) * 1e6),
            "dur": round((ended - span.started_at) * 1e6),
            "args": {key: value for key, value in about.items() if value},
        }
