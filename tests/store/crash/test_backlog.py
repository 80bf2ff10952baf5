"""A stranger keeps the database for long, and the journal grows meanwhile."""

import logging

import pytest

from flowbook.store import folder


@pytest.fixture
def restless(monkeypatch):
    """Fold as soon as there is something, and find a little already much."""
    monkeypatch.setattr(folder, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(folder, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(folder, "BACKLOG_BYTES", 20_000)


def test_a_backlog_is_said_once_and_folds_when_the_stranger_goes(
    store, layout, story, child, restless, eventually, caplog
):
    caplog.set_level(logging.WARNING)
    store.sink.append(story.run()).result(10)
    eventually(layout.database.exists)
    eventually(lambda: store.fold() == 0)
    stranger = child("foreign", layout.database)
    assert stranger.stdout.readline() == "open\n"
    for _ in range(40):
        assert store.sink.append(story.run()).result(10) is None
    eventually(lambda: caplog.records, seconds=20)
    for _ in range(40):
        assert store.sink.append(story.run()).result(10) is None
    assert list(layout.journal.glob("*.tsv")) != []
    (said,) = [record.getMessage() for record in caplog.records]
    assert f"process {stranger.pid}" in said
    assert "Nothing is lost" in said
    stranger.kill()
    stranger.wait()
    eventually(lambda: store.fold() == 0)
    assert len(store.history.runs(limit=200).runs) == 81
    assert len(caplog.records) == 1
