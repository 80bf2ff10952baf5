"""The weather service the tour asks: a real HTTP server, on this machine, over shipped data.

It behaves like the services a flow has to live with: it takes its time, and its station desk turns
away every other request with a 503, so that a run of the tour has one retry to show. It listens on
the loopback address only and lives as long as its process.
"""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

LATENCY: Final = 0.6
"""Seconds a full answer takes."""
REFUSAL: Final = 0.15
"""Seconds it takes to be turned away."""
LOOKUP: Final = 0.1
"""Seconds the archive takes to find one day."""

_PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Seattle": {"latitude": 47.6, "longitude": -122.3, "timezone": "America/Los_Angeles"},
    "New York": {"latitude": 40.7, "longitude": -74.0, "timezone": "America/New_York"},
}
_UNITS: Final = {"precipitation": "mm", "temperature": "°C", "wind": "m/s"}


def serve() -> str:
    """The address of this process's weather service, starting it at the first call.

    >>> serve() == serve()
    True
    """
    with _starting:
        if not _running:
            _running.append(WeatherService().start())
        return _running[0].url


class WeatherService:
    """The server and what it remembers: which cities' station desk it turned away last."""

    def __init__(self) -> None:
        self.rows = _read()
        self._turned_away: set[str] = set()
        self._lock = threading.Lock()
        service = self

        class Handler(_Handler):
            weather = service

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> WeatherService:
        """Answer from a daemon thread; returns itself."""
        threading.Thread(
            target=self._server.serve_forever,
            args=(0.05,),
            name="flowbook-tour-weather",
            daemon=True,
        ).start()
        return self

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()

    def is_busy(self, city: str) -> bool:
        """True for the first, third, fifth … question about a city's station."""
        with self._lock:
            self._turned_away ^= {city}
            return city in self._turned_away


class _Handler(BaseHTTPRequestHandler):
    """One request. `weather` is set by the service the handler belongs to."""

    protocol_version = "HTTP/1.1"
    weather: WeatherService

    def do_GET(self) -> None:
        """Answer `/daily.csv`, `/station.json` and `/day.json`, each for a `city`."""
        address = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
        answers = {
            "/daily.csv": self._daily,
            "/station.json": self._station,
            "/day.json": self._day,
        }
        answer = answers.get(address.path)
        city = asked.get("city", "")
        if answer is None:
            self._refuse(f"no {address.path} here; there are {', '.join(answers)}")
        elif city not in self.weather.rows:
            known = ", ".join(self.weather.rows)
            self._refuse(f"no weather for the city {city!r}; there is weather for: {known}")
        else:
            answer(city, asked)

    def _daily(self, city: str, asked: Mapping[str, str]) -> None:
        time.sleep(LATENCY)
        days = list(self.weather.rows[city].values())
        text = io.StringIO()
        writer = csv.DictWriter(text, list(days[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(days)
        self._send(HTTPStatus.OK, "text/csv; charset=utf-8", text.getvalue())

    def _station(self, city: str, asked: Mapping[str, str]) -> None:
        if self.weather.is_busy(city):
            time.sleep(REFUSAL)
            self._send(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "text/plain; charset=utf-8",
                "the station desk is busy; ask again in a moment",
                {"Retry-After": "0"},
            )
            return
        time.sleep(LATENCY)
        days = list(self.weather.rows[city])
        station = {"city": city, **_PLACES[city], "first": days[0], "last": days[-1]}
        self._json(station | {"days": len(days), "units": _UNITS})

    def _day(self, city: str, asked: Mapping[str, str]) -> None:
        time.sleep(LOOKUP)
        date = asked.get("date", "")
        day = self.weather.rows[city].get(date)
        if day is None:
            first, *_, last = self.weather.rows[city]
            self._refuse(f"no day {date!r} for {city}; there are days from {first} to {last}")
            return
        same = [row for key, row in self.weather.rows[city].items() if key[5:7] == date[5:7]]
        usual = {
            f"usual_{name}": round(sum(float(row[name]) for row in same) / len(same), 1)
            for name in ("temp_max", "precipitation")
        }
        self._json({"city": city, "date": date, "weather": day["weather"], **usual})

    def _refuse(self, why: str) -> None:
        self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", why)

    def _json(self, value: object) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self._send(HTTPStatus.OK, "application/json; charset=utf-8", text)

    def _send(
        self, status: HTTPStatus, kind: str, text: str, headers: Mapping[str, str] | None = None
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the kernel's log is the user's."""


_starting: Final = threading.Lock()
_running: Final[list[WeatherService]] = []


def _read() -> dict[str, dict[str, dict[str, str]]]:
    """The shipped days, by city and date, without the city's column."""
    rows: dict[str, dict[str, dict[str, str]]] = {}
    text = resources.files("flowbook.tour").joinpath("data/weather.csv").read_text("utf-8")
    for row in csv.DictReader(io.StringIO(text)):
        city = row.pop("location")
        rows.setdefault(city, {})[row["date"]] = row
    return rows
