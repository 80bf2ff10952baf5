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


def test_variables_of_a_run_are_asked_for_by_its_id(ask, project):
    assert ask("vars", "set", "n", "1", "--run", "r1")[:2] == (0, "n has version 1\n")
    assert ask("vars", "get", "n", "--run", "r1")[:2] == (0, "n: 1\n")
    assert project.variables.of("run", "r1")["n"] == 1
    assert ask("vars", "get", "n", "--run", "r1", "--flow", "a")[0] == 2


def test_changes_are_watched_from_a_cursor_on(ask, project):
    start = project.variables.cursor
    project.memory.of("orders").set("offset", 3)
    project.memory.set("city", "Oslo")
    code, out, _ = ask("memory", "watch", "--since", str(start), "--count", "2")
    assert code == 0
    assert [line.split(" (")[0] for line in out.splitlines()] == [
        "orders: offset 3",
        "the project: city 'Oslo'",
    ]
    code, out, _ = ask("vars", "watch", "--since", str(start), "--flow", "orders", "--json",
                       "--timeout", "100ms")  # fmt: skip
    assert code == 124
    [told] = map(json.loads, out.splitlines())
    assert (told["key"], told["old"], told["new"], told["version"]) == ("offset", None, 3, 1)
    code, out, _ = ask("vars", "watch", "--since", str(told["cursor"]), "--timeout", "0", "--json")
    assert json.loads(out)["key"] == "city"
