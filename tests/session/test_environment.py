"""In what runs are performed: what is found of it, what of it is kept, and what differs by it."""

from __future__ import annotations

import platform
import sys

import pytest

import flowbook
from flowbook.session import environment
from flowbook.session.environment import Here, installed
from flowbook.session.project import Project
from flowbook.session.recorded import RecordedRun
from flowbook.store.environments import Environment


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Installs a distribution for this process, in place of the version that was there."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])

    def install(name, version):
        for old in folder.glob(f"{name}-*"):
            old.rmdir()
        if version is not None:
            (folder / f"{name}-{version}.dist-info").mkdir()

    return install


@pytest.fixture
def flow(project):
    made = flowbook.Flow("rain", host=project)

    @made.node
    def fetch(days: int = 4):
        return list(range(days))

    @made.node
    def total(fetch):
        return sum(fetch) * int(project.environment.now().packages.get("rainlib", "1"))

    return made


def test_names_and_versions_are_read_off_the_folders_that_describe_them(tmp_path):
    for name in (
        "Rain_Lib-1.2.dist-info", "torch-2.1.0+cpu.dist-info", "old-0.3-py3.12.egg-info",
        "bare.egg-info", "rain_lib", "note-info",
    ):  # fmt: skip
        (tmp_path / name).mkdir()
    found = installed([str(tmp_path), str(tmp_path / "gone")])
    assert found == {"rain-lib": "1.2", "torch": "2.1.0+cpu", "old": "0.3"}


def test_of_two_the_one_that_is_imported_counts(tmp_path):
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        (tmp_path / folder / f"rain-{version}.dist-info").mkdir(parents=True)
    assert installed([str(tmp_path / "first"), str(tmp_path / "second")]) == {"rain": "2.0"}


def test_it_is_looked_for_once_and_again_when_something_was_installed(packages, monkeypatch):
    looked = []
    monkeypatch.setattr(environment, "installed", lambda path: looked.append(path) or {})
    here = Here(lambda: pytest.fail("nobody asked the history"))
    assert here.now() is here.now()
    assert (len(looked), here.now().python) == (1, platform.python_version())
    packages("rainlib", "2")
    assert here.digest() == here.now().digest
    assert len(looked) == 2


def test_a_run_knows_what_it_was_performed_in_here_and_from_elsewhere(flow, project):
    run = flow.run()
    assert run.environment == project.environment.now()
    assert run.environment.packages["duckdb"]
    assert RecordedRun(project, run.id).environment == run.environment
    assert project.history.run(run.id).environment == run.environment.digest


def test_equal_environments_are_kept_once(flow, project, packages):
    for _ in range(3):
        flow.run()
    packages("rainlib", "2")
    flow.run()
    project.store.fold()
    other = Project(project.path)
    assert project.history.sql("SELECT count(*) AS n FROM environments").n.tolist() == [2]
    assert project.history.sql("SELECT count(DISTINCT environment) AS n FROM runs").n[0] == 2
    other.environment.record()
    project.store.fold()
    assert project.history.sql("SELECT count(*) AS n FROM environments").n.tolist() == [2]


def test_a_flow_whose_journal_is_off_leaves_no_environment(project):
    made = flowbook.Flow("quiet", host=project, journal="off")
    made.python("one", "1")
    run = made.run()
    assert run.environment is not None
    assert project.history.sql("FROM environments").empty


def test_a_diff_names_the_packages_that_differ(flow, packages):
    packages("rainlib", "1")
    first = flow.run()
    packages("rainlib", "3")
    packages("cloud", "0.1")
    second = flow.run()
    diff = flow.diff(first, second)
    assert [(one.name, one.before, one.after) for one in diff.environment] == [
        ("package cloud", None, "0.1"),
        ("package rainlib", "1", "3"),
    ]
    assert "environment package rainlib: '1' → '3'" in str(diff)
    assert "they part at total (environment package cloud, environment package rainlib)" in str(
        diff
    )


def test_bisecting_names_the_environment_where_this_process_has_that_of_the_bad_run(flow, packages):
    packages("rainlib", "1")
    good = flow.run()
    packages("rainlib", "3")
    bad = flow.run()
    found = flow.bisect(good, bad, output="total")
    assert ("environment", "package rainlib") in [(one.kind, one.name) for one in found.found]
    assert "environment package rainlib: 1 → 3" in found.summary
    assert found.untried == ()
    found.discard()


def test_an_environment_that_is_not_the_cause_is_not_named(flow, packages):
    packages("unread", "1")
    good = flow.run()
    packages("unread", "2")
    found = flow.bisect(good, flow.run(days=6), output="total")
    assert [(one.kind, one.name) for one in found.found] == [("parameter", "days")]


def test_an_environment_that_this_process_has_not_is_not_tried(flow, packages):
    packages("rainlib", "1")
    good = flow.run()
    packages("rainlib", "3")
    bad = flow.run(days=9)
    packages("rainlib", "1")
    found = flow.bisect(good, bad, test=lambda run: run["total"].output == 6)
    assert found.untried == ("environment package rainlib",)
    assert [one.kind for one in found.found] == ["parameter"]


def test_a_digest_says_the_same_for_the_same_and_nothing_else():
    one = Environment("3.12", "Linux", "1", {"a": "1", "b": "2"})
    assert one.digest == Environment("3.12", "Linux", "1", {"b": "2", "a": "1"}).digest
    assert one.digest != Environment("3.12", "Linux", "1", {"a": "1", "b": "3"}).digest
    assert list(one.differences(one)) == []
    assert "2 packages" in repr(one)
    assert "<td>a</td>" in one._repr_html_()
