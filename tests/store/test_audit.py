"""Who did what, when, why, and from where."""

import os
import socket
from datetime import UTC, datetime

import pytest

from flowbook.errors import UsageError
from flowbook.events import RunStatus
from flowbook.ids import uuid7_ms
from flowbook.store.audit import SYSTEM, Action, acting, who
from flowbook.store.facts import Audited

T0 = 1_700_000_000.0
DAY = 86_400.0


@pytest.fixture(params=["journalled", "folded"])
def settle(request, store):
    """Folds, or does not."""
    return store.fold if request.param == "folded" else lambda: None


@pytest.fixture
def many(store):
    """Ten entries, a day apart, newest last."""
    facts = [
        Audited(
            at=T0 + DAY * n,
            id=f"entry-{n}",
            action="DELETED" if n % 2 else "PINNED",
            actor="ann" if n % 3 else SYSTEM,
            run=f"run-{n}",
            flow="tour" if n < 5 else "other",
            metadata={"reason": f"Reason {n}"},
        )
        for n in range(10)
    ]
    store.sink.append(facts).result(5)


def names(page):
    return [int(entry.id.removeprefix("entry-")) for entry in page.entries]


def test_an_entry_is_told_whole(store, settle):
    entry_id = store.audit.record(
        Action.CANCELLED, run="r1", flow="tour", actor="ann", reason="too slow",
        source="10.0.0.7", result="cancelled", duration_ms=12.5, host=None, steps=[1, {"a": None}],
    )  # fmt: skip
    settle()
    (entry,) = store.audit.search().entries
    assert entry.to_json() == {
        "id": entry_id,
        "action": "CANCELLED",
        "actor": "ann",
        "run_id": "r1",
        "flow": "tour",
        "metadata": {
            "reason": "too slow",
            "source": "10.0.0.7",
            "result": "cancelled",
            "duration_ms": 12.5,
            "steps": [1, {"a": None}],
        },
        "created_at": entry.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    assert uuid7_ms(entry_id) == int(entry.created_at.timestamp() * 1000)


def test_who_does_not_say_is_the_user_and_this_process(store, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "carl")
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    here = f"process {socket.gethostname()}:{os.getpid()}"
    assert who() == ("carl", here)
    monkeypatch.setenv("JUPYTERHUB_USER", "dora")
    assert who() == ("dora", here)
    with acting(source="cli"):
        assert who() == ("dora", "cli")
        with acting(actor="ann"):
            assert who() == ("ann", "cli")
            store.audit.record("EXPORTED")
    assert who() == ("dora", here)
    (entry,) = store.audit.search().entries
    assert (entry.actor, entry.metadata) == ("ann", {"source": "cli"})


def test_a_kernel_says_that_it_is_one(monkeypatch):
    monkeypatch.setattr("flowbook.store.audit.kernel_id", lambda: "k")
    assert who()[1] == f"kernel {socket.gethostname()}:{os.getpid()}"


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no name")])
def test_a_user_without_a_name_is_the_system(monkeypatch, error):
    def nameless():
        raise error

    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", nameless)
    assert who()[0] == SYSTEM


@pytest.mark.parametrize(
    ("action", "metadata", "named"),
    [("EATEN", {}, "STARTED, SUCCEEDED"), ("DELETED", {"file": open}, "plain data")],
)
def test_what_cannot_be_accounted_for_leaves_nothing(store, layout, action, metadata, named):
    with pytest.raises(UsageError) as refused:
        store.audit.record(action, **metadata)
    assert named in str(refused.value)
    assert not layout.root.exists()


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({"run": "run-3"}, [3]),
        ({"flow": "other"}, [9, 8, 7, 6, 5]),
        ({"action": "PINNED", "actor": "ann"}, [8, 4, 2]),
        ({"actor": "system"}, [9, 6, 3, 0]),
        ({"since": datetime.fromtimestamp(T0 + 8 * DAY, UTC)}, [9, 8]),
        ({"until": datetime.fromtimestamp(T0 + 2 * DAY, UTC)}, [1, 0]),
        ({"text": "reason 7"}, [7]),
        ({"text": "RUN-4"}, [4]),
        ({"text": "%"}, []),
    ],
)
def test_entries_are_narrowed(store, many, settle, narrowed, expected):
    settle()
    assert names(store.audit.search(**narrowed)) == expected


def test_pages_follow_each_other_newest_first(store, many, settle):
    settle()
    seen, cursor = [], None
    while True:
        page = store.audit.search(limit=4, cursor=cursor)
        seen += names(page)
        cursor = page.next
        if cursor is None:
            break
    assert seen == list(range(9, -1, -1))


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"cursor": "rubbish"}, {"action": "EATEN"}])
def test_a_wrong_question_is_refused(store, wrong):
    with pytest.raises(UsageError):
        store.audit.search(**wrong)


def test_a_run_is_accounted_for_in_the_name_of_whoever_started_it(store):
    with acting(actor="ann", source="cli"):
        account = store.audit.of_run("r1", "tour")
    account.started("cron", {"city": "Oslo", "token": "[redacted]"}).result(5)
    account.recovered().result(5)
    account.ended(RunStatus.FAILED, 700.00004, "ValueError: no").result(5)
    ended, recovered, started = store.audit.search(run="r1").entries
    actions = [one.action for one in (started, recovered, ended)]
    assert actions == ["STARTED", "RECOVERED", "FAILED"]
    assert {(one.actor, one.metadata["source"]) for one in (started, recovered, ended)} == {
        ("ann", "cli")
    }
    assert started.metadata["params"] == {"city": "Oslo", "token": "[redacted]"}
    assert started.metadata["trigger"] == "cron"
    assert (ended.metadata["duration_ms"], ended.metadata["reason"]) == (700.0, "ValueError: no")


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED])
def test_every_way_a_run_ends_is_an_action(store, status):
    store.audit.of_run("r1", "tour").ended(status, 1.0).result(5)
    assert store.audit.search().entries[0].action == status.upper()


def test_an_entry_for_what_is_done_already_is_only_warned_of_when_it_cannot_be_kept(store, caplog):
    store.audit.account("COMPACTED", before_bytes=2)
    assert store.audit.search().entries[0].metadata["before_bytes"] == 2
    store.sink.close()
    store.audit.account("COMPACTED", before_bytes=1)
    assert "the audit has no entry of this (COMPACTED): the store is closed" in caplog.text


def test_entries_go_by_their_own_retention_and_leave_one(store, many, settle):
    settle()
    assert store.audit.prune(T0 + 9 * DAY) == 0
    store.settings.set("audit_retention", "5d")
    assert store.audit.prune(T0 + 9 * DAY + 1) == 5
    settle()
    left = store.audit.search().entries
    assert [entry.action for entry in left[:2]] == ["PURGED", "SETTING_CHANGED"]
    purged = left[0]
    assert (purged.actor, purged.metadata["count"]) == (SYSTEM, 5)
    assert purged.metadata["reason"] == "audit_retention 5d"
    assert [entry.id for entry in left[2:]] == [f"entry-{n}" for n in range(9, 4, -1)]
    assert store.audit.prune(T0 + 9 * DAY + 1) == 0
    assert len(store.audit.search().entries) == len(left)
