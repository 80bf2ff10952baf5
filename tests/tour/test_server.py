"""The weather service answers like the services a flow has to live with."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from flowbook.tour import server
from flowbook.tour.server import WeatherService, serve


@pytest.fixture
def ask(monkeypatch):
    """A service of this test's own, quick."""
    for pause in ("LATENCY", "REFUSAL", "LOOKUP"):
        monkeypatch.setattr(server, pause, 0)
    service = WeatherService().start()
    with httpx.Client(base_url=service.url) as client:
        yield lambda path, **params: client.get(path, params=params)
    service.close()


def test_serve_starts_one_service_per_process():
    addresses = []
    threads = [threading.Thread(target=lambda: addresses.append(serve())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(addresses)) == 1
    assert addresses[0].startswith("http://127.0.0.1:")


@pytest.mark.parametrize("city", ["Seattle", "New York"])
def test_daily_gives_every_day_of_a_city(ask, city):
    answer = ask("/daily.csv", city=city)
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0] == "date,precipitation,temp_max,temp_min,wind,weather"
    assert len(lines) == 1 + 1461


def test_every_other_question_about_a_station_is_turned_away(ask):
    statuses = [ask("/station.json", city="Seattle").status_code for _ in range(4)]
    assert statuses == [503, 200, 503, 200]
    refused = ask("/station.json", city="New York")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "0"
    assert "busy" in refused.text
    station = ask("/station.json", city="New York").json()
    assert (station["days"], station["first"], station["last"]) == (
        1461,
        "2012-01-01",
        "2015-12-31",
    )


def test_the_archive_knows_what_is_usual_for_a_day(ask):
    day = ask("/day.json", city="Seattle", date="2014-08-11").json()
    assert day == {
        "city": "Seattle",
        "date": "2014-08-11",
        "weather": "rain",
        "usual_temp_max": 26.1,
        "usual_precipitation": 1.3,
    }


@pytest.mark.parametrize(
    ("path", "params", "told"),
    [
        ("/daily.csv", {"city": "Atlantis"}, "'Atlantis'; there is weather for: Seattle, New York"),
        ("/station.json", {}, "there is weather for: Seattle, New York"),
        ("/day.json", {"city": "Seattle", "date": "1999-01-01"}, "from 2012-01-01 to 2015-12-31"),
        ("/weekly.csv", {"city": "Seattle"}, "there are /daily.csv, /station.json, /day.json"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(ask, path, params, told):
    answer = ask(path, **params)
    assert answer.status_code == 404
    assert told in answer.text


def test_answers_take_their_time_and_do_not_wait_for_each_other():
    assert 0.5 <= server.LATENCY <= 0.7
    service = WeatherService().start()
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=httpx.get, args=(f"{service.url}/daily.csv?city=Seattle",))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    service.close()
    assert server.LATENCY <= took < 2 * server.LATENCY
