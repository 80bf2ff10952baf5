"""`flowbook store`, `history delete`, `pin`, `audit` and `events`, over a real store."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta

import click
import pytest

import flowbook
from flowbook.cli.place import Moment
from flowbook.store.schema import VIEWS
from flowbook.store.store import Store


@pytest.fixture
def project(tmp_path):
    """A project with a run that succeeded and a later one that failed."""
    opened = flowbook.project(tmp_path)
    flow = flowbook.Flow("half", host=opened)

    @flow.node
    def half(n: int = 4):
        return 12 / n

    flow.run()
    flow.run(n=0)
    yield opened
    Store.open(tmp_path / ".flowbook").close()


@pytest.fixture
def runs(project):
    """The ids of both: what succeeded, what failed."""
    failed, succeeded = project.history.runs().runs
    return succeeded.id, failed.id


def test_status_says_what_there_is(ask, project):
    code, out, err = ask("store", "status")
    assert (code, err) == (0, "")
    assert "runs       2\n" in out
    assert json.loads(ask("store", "status", "--json")[1])["runs"] == 2


def test_status_of_a_store_that_cannot_be_read_exits_with_75_and_says_why(ask, tmp_path):
    (tmp_path / ".flowbook").mkdir()
    (tmp_path / ".flowbook" / "meta.json").write_text('{"format": 99, "storage_version": "v9"}')
    flowbook.session.project._PROJECTS.pop(tmp_path, None)
    code, _, err = ask("store", "status")
    assert code == 75
    assert "newer flowbook" in err


@pytest.mark.parametrize(
    "words",
    [["fold"], ["verify"], ["compact"], ["gc"], ["sizes"], ["settings"], ["export", "x.csv"],
     ["settings", "retention", "30d"], ["rebuild", "--yes"], ["retention", "--yes"]],
    ids=" ".join,
)  # fmt: skip
def test_a_folder_without_a_history_is_told_so_and_stays_as_it_is(ask, tmp_path, words):
    code, out, err = ask("store", *words)
    assert (code, out) == (2, "")
    assert f"there is no history in {tmp_path}" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["delete", "x"], ["delete", "--flow", "f"], ["pin", "x"]])
def test_nothing_is_deleted_or_pinned_where_there_is_no_history(ask, tmp_path, words):
    assert ask("history", *words)[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_the_journal_is_folded_checked_compacted_and_measured(ask, project):
    assert ask("store", "fold")[1].endswith("facts moved into the database\n")
    assert json.loads(ask("store", "fold", "--json")[1]) == {"facts": 0}
    code, out, _ = ask("store", "verify", "--deep")
    assert (code, out.startswith("all fits (")) == (0, True)
    assert " → " in ask("store", "compact")[1]
    assert len(project.store.audit.search(action="COMPACTED").entries) == 1
    (flow,) = json.loads(ask("store", "sizes", "--json")[1])["flows"]
    assert (flow["flow"], flow["runs"]) == ("half", 2)
    assert "half" in ask("store", "sizes")[1]


def test_what_does_not_fit_is_told_and_exits_with_5(ask, project, tmp_path):
    project.store.fold()
    (tmp_path / ".flowbook" / "journal").mkdir(exist_ok=True)
    damaged = tmp_path / ".flowbook" / "journal" / "w.00000000.tsv.quarantine"
    damaged.write_text("?")
    code, out, _ = ask("store", "verify")
    assert code == 5
    assert out.startswith("finding: ")
    assert str(damaged) in out
    told = json.loads(ask("store", "verify", "--json")[1])
    assert (told["ok"], told["findings"][0]["kind"]) == (False, "quarantined")


def test_values_nobody_needs_go_once_they_are_old_enough(ask, project):
    project.store.vault.put(list(range(5000)))
    assert json.loads(ask("store", "gc", "--json")[1])["objects"] == 0
    assert "1 value would go" in ask("store", "gc", "--grace", "0s", "--dry-run")[1]
    assert "1 value removed" in ask("store", "gc", "--grace", "0s")[1]
    assert json.loads(ask("store", "gc", "--grace", "0s", "--json")[1])["objects"] == 0
    (entry,) = project.store.audit.search(action="COLLECTED").entries
    assert entry.metadata["objects"] == 1


def test_an_export_is_narrowed_reported_and_accounted_for(ask, project, tmp_path):
    code, out, _ = ask("store", "export", "runs.csv", "--status", "failed", "--since", "1h")
    assert (code, out.startswith("1 row, ")) == (0, True)
    (row,) = csv.DictReader((tmp_path / "runs.csv").read_text().splitlines())
    assert row["status"] == "failed"
    code, _, err = ask("store", "export", "runs.csv")
    assert (code, "--overwrite" in err) == (2, True)
    told = json.loads(ask("store", "export", "runs.csv", "--overwrite", "--json")[1])
    assert (told["rows"], told["path"]) == (2, "runs.csv")
    query = "select flow from runs"
    assert ask("store", "export", "q.dat", "--format", "jsonl", "--query", query)[0] == 0
    (entry, *_) = project.store.audit.search(action="EXPORTED").entries
    assert (entry.metadata["rows"], entry.metadata["query"]) == (2, query)
    assert (entry.metadata["path"], entry.metadata["source"]) == (str(tmp_path / "q.dat"), "cli")


def test_a_rebuild_asks_and_is_refused_when_the_archive_does_not_reach_back(ask, project):
    project.store.fold()
    code, _, err = ask("store", "rebuild")
    assert (code, "--yes" in err) == (2, True)
    code, _, err = ask("store", "rebuild", "--yes")
    assert (code, "--partial" in err) == (75, True)
    assert len(project.history.runs().runs) == 2
    assert ask("store", "rebuild", "--yes", "--partial")[0] == 0


def test_a_rebuild_from_a_whole_archive_brings_everything_back(ask, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    opened = flowbook.project(folder)
    opened.store.settings.set("archive", True)
    flow = flowbook.Flow("kept", host=opened)
    flow.run()
    opened.store.fold()
    told = json.loads(ask("store", "rebuild", "--yes", "--json", "--project", str(folder))[1])
    assert told["facts"] > 0
    assert [run.flow for run in opened.history.runs().runs] == ["kept"]
    opened.close()


def test_settings_are_listed_read_set_and_taken_back(ask, project):
    (told,) = [one for one in ask("store", "settings")[1].splitlines() if "retention " in one[:10]]
    assert told.split(maxsplit=2) == ["retention", "forever", "the project  nobody has set it"]
    assert ask("store", "settings", "retention", "90d")[1] == "retention is 90d\n"
    assert ask("store", "settings", "retention", "last:5", "--flow", "half")[0] == 0
    assert ask("store", "settings", "retention", "--flow", "half")[1].endswith("5 for half\n")
    rows = json.loads(ask("store", "settings", "--flow", "half", "--json")[1])["settings"]
    assert [(row["value"], row["origin"]) for row in rows] == [("last:5", "set")]
    assert ask("store", "settings", "retention", "--unset")[1] == "retention is forever\n"
    assert ask("store", "settings", "archive", "on")[1] == "archive is true\n"
    assert ask("store", "settings", "archive", "maybe")[0] == 2
    assert ask("store", "settings", "--unset")[0] == 2
    assert ask("store", "settings", "retentoin")[0] == 2


def test_retention_says_what_is_due_asks_and_deletes(ask, project):
    project.store.settings.set("retention", "last:1")
    assert ask("store", "retention", "--dry-run")[1] == "1 run (1 of half)\n"
    code, _, err = ask("store", "retention")
    assert (code, "--yes" in err) == (2, True)
    assert len(project.history.runs().runs) == 2
    told = json.loads(ask("store", "retention", "--yes", "--json")[1])
    assert (told["runs"], told["due"]) == (1, {"half": 1})
    assert len(project.history.runs().runs) == 1


def test_a_run_is_shown_with_its_pin_and_listed_by_it(ask, project, runs):
    assert ask("history", "pin", runs[0], "--reason", "golden")[1] == f"pinned: {runs[0]}\n"
    told = json.loads(ask("history", "show", runs[0], "--json")[1])["run"]
    assert (told["pinned"], told["current"]) == (True, None)
    listed = json.loads(ask("history", "--pinned", "--json")[1])["runs"]
    assert [run["id"] for run in listed] == [runs[0]]
    assert json.loads(ask("history", "unpin", runs[0], "--json")[1])["pinned"] is False
    assert json.loads(ask("history", "--pinned", "--json")[1])["runs"] == []
    listed = json.loads(ask("history", "--not-pinned", "--json")[1])["runs"]
    assert len(listed) == 2


def test_nothing_is_pinned_when_one_of_the_runs_is_unknown(ask, project, runs):
    assert ask("history", "pin", runs[0], "nope")[0] == 2
    assert project.history.run(runs[0]).pinned is False


def test_runs_are_listed_by_time(ask, project, runs):
    started = project.history.run(runs[1]).started_at.isoformat()
    later = json.loads(ask("history", "--since", started, "--json")[1])["runs"]
    assert [run["id"] for run in later] == [runs[1]]
    assert json.loads(ask("history", "--until", "1h", "--json")[1])["runs"] == []


def test_a_deletion_counts_asks_and_is_accounted_for(ask, project, runs):
    code, out, err = ask("history", "delete", "--status", "failed", "--dry-run")
    assert (code, out, err) == (0, "", "1 run to delete\n")
    code, _, err = ask("history", "delete", "--status", "failed")
    assert (code, "--yes" in err) == (2, True)
    assert len(project.history.runs().runs) == 2
    words = ("history", "delete", "--status", "failed", "--yes", "--reason", "by mistake")
    assert ask(*words)[1] == "1 deleted\n"
    assert [run.id for run in project.history.runs().runs] == [runs[0]]
    (entry,) = project.store.audit.search(action="DELETED").entries
    assert (entry.run_id, entry.metadata["reason"]) == (runs[1], "by mistake")
    assert entry.metadata["source"] == "cli"


def test_on_a_terminal_a_deletion_is_asked_for(ask, project, runs, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", _answer(False))
    assert ask("history", "delete", runs[0])[0] == 130
    assert len(project.history.runs().runs) == 2
    monkeypatch.setattr(click, "confirm", _answer(True))
    assert ask("history", "delete", runs[0])[0] == 0
    assert [run.id for run in project.history.runs().runs] == [runs[1]]


def _answer(yes):
    def confirm(question, *, abort, err):
        assert "for good?" in question
        if abort and not yes:
            raise click.Abort
        return yes

    return confirm


def test_named_runs_are_deleted_and_unknown_or_pinned_ones_refused(ask, project, runs):
    assert ask("history", "delete", "nope", "--yes")[0] == 2
    assert ask("history", "delete", "--yes")[0] == 2
    assert ask("history", "delete", runs[0], "--flow", "half", "--yes")[0] == 2
    project.history.pin(runs[0])
    code, _, err = ask("history", "delete", runs[0], "--yes")
    assert (code, "pinned" in err) == (2, True)
    told = json.loads(ask("history", "delete", runs[1], runs[1], "--yes", "--json")[1])
    assert (told["count"], told["runs"]) == (1, [runs[1]])


def test_the_audit_is_listed_paged_narrowed_and_exported(ask, project, runs, tmp_path):
    for run in runs:
        ask("history", "pin", run)
    page = json.loads(ask("history", "audit", "--limit", "1", "--action", "pinned", "--json")[1])
    rest = json.loads(
        ask("history", "audit", "--action", "PINNED", "--cursor", page["next"], "--json")[1]
    )
    assert [entry["run_id"] for entry in page["entries"] + rest["entries"]] == [*reversed(runs)]
    out = ask("history", "audit", "--run", runs[0])[1]
    assert runs[0] in out
    assert "source=cli" in out
    assert "no such entries" in ask("history", "audit", "--actor", "nobody", "--flow", "x")[2]
    assert ask("history", "audit", "--run", runs[0], "--since", "1h", "--action", "PINNED",
               "--export", "audit.csv")[0] == 0  # fmt: skip
    (row,) = csv.DictReader((tmp_path / "audit.csv").read_text().splitlines())
    assert (row["run_id"], row["action"], list(row)) == (runs[0], "PINNED", list(VIEWS["audit"]))
    assert ask("history", "audit", "--export", "audit.csv")[0] == 2
    assert ask("history", "audit", "--export", "audit.csv", "--overwrite")[0] == 0
    assert "EXPORTED" in (tmp_path / "audit.csv").read_text()


def test_the_events_of_a_run_are_listed_in_pages(ask, project, runs):
    code, out, err = ask("history", "events", runs[1], "--limit", "2")
    assert (code, "RUN_CREATED" in out) == (0, True)
    assert err == f"more: flowbook history events {runs[1]} --after 1\n"
    told = json.loads(ask("history", "events", runs[1], "--after", "1", "--json")[1])
    assert (told["events"][0]["seq"], told["next"]) == (2, None)
    assert "division by zero" in ask("history", "events", runs[1])[1]
    assert ask("history", "events", "nope")[0] == 2


def test_the_help_of_sql_names_every_view(ask):
    _, out, _ = ask("history", "sql", "--help")
    assert f"There are {', '.join(VIEWS)}." in " ".join(out.split())


def test_times_are_dates_moments_or_so_long_ago():
    def read(text):
        return Moment().convert(text, None, None)

    assert read("2026-05-01T12:00+02:00") == datetime.fromisoformat("2026-05-01T12:00+02:00")
    assert read("2026-05-01") == datetime(2026, 5, 1).astimezone()
    before = datetime.now().astimezone()
    assert before <= read("7d") + timedelta(days=7) <= datetime.now().astimezone()
    with pytest.raises(click.BadParameter, match="'lately' is no time"):
        read("lately")
