"""`flowbook memory`, over a real project."""

from __future__ import annotations

import json

import pytest

import flowbook
from flowbook.store.store import Store


@pytest.fixture
def project(tmp_path):
    opened = flowbook.project(tmp_path)
    yield opened
    Store.open(tmp_path / ".flowbook").close()


def test_what_is_set_is_listed_got_and_deleted(ask, project):
    assert ask("memory", "list") == (0, "", "nothing is remembered\n")
    assert ask("memory", "set", "offset", "120", "--flow", "orders")[:2] == (
        0,
        "offset has version 1\n",
    )
    assert ask("memory", "set", "city", "Oslo")[:2] == (0, "city has version 1\n")
    assert (project.memory["city"], project.memory.of("orders")["offset"]) == ("Oslo", 120)
    assert ask("memory", "get", "offset", "--flow", "orders")[:2] == (0, "offset: 120\n")
    told = json.loads(ask("memory", "get", "offset", "--flow", "orders", "--json")[1])
    assert told == {"key": "offset", "version": 1, "value": 120}
    assert "120" in ask("memory", "list", "--flow", "orders")[1]
    assert ask("memory", "delete", "offset", "--flow", "orders")[:2] == (0, "offset is gone\n")
    assert ask("memory", "delete", "offset", "--flow", "orders")[1] == "offset has no value\n"
    changes = json.loads(ask("memory", "history", "offset", "--flow", "orders", "--json")[1])[
        "changes"
    ]
    assert [(one["version"], one["deleted"], one["run"]) for one in changes] == [
        (2, True, None), (1, False, None)
    ]  # fmt: skip
    assert changes[0]["by"]


def test_another_version_than_was_seen_is_refused(ask, project):
    project.memory["n"] = 1
    code, _, err = ask("memory", "set", "n", "2", "--if-version", "7")
    assert code != 0
    assert "has version 1 by now, not 7" in err
    assert ask("memory", "set", "n", "2", "--if-version", "1")[0] == 0
    code, _, err = ask("memory", "get", "other")
    assert (code, "'other' has no value" in err) == (2, True)
    assert "--flow NAME" in err
