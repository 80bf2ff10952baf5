"""Of a deleted run no byte is left, once the values are collected and the database is compacted."""

import gzip
import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import flowbook

SECRET = "sesame-4711-opens-nothing"


@pytest.fixture(params=["archived", "not archived"])
def archiving(request, project):
    if request.param == "archived":
        project.store.settings.set("archive", True)
    return request.param == "archived"


def spoken(project, **options):
    """A flow that says what it is told in every way there is."""
    flow = flowbook.Flow("spoken", host=project, **options)

    @flow.node
    def inline(word: str = ""):
        print("heard", word)
        return {"word": word}

    @flow.node
    def listed(word: str = ""):
        return [word] * 400  # too long to be inline

    @flow.node
    def text(word: str = ""):
        return word * 1000

    @flow.node
    def table(word: str = ""):
        return pd.DataFrame({"word": [word] * 5000, "n": range(5000)})

    @flow.node(cache=True)
    def nested(table=table):
        return {"in": table, "more": [1, 2, 3]}

    @flow.node(retries=1, backoff="0s")
    def failing(word: str = ""):
        raise ValueError(f"cannot say {word}")

    @flow.node
    def after(failing=failing):
        return failing

    return flow


def rows_of(database):
    """All that a database says, whatever way its blocks are compressed; read from a copy."""
    with TemporaryDirectory() as aside:
        copy = shutil.copy(database, Path(aside) / "copy.duckdb")
        with duckdb.connect(copy) as view:
            tables = view.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            return str([view.execute(f'FROM "{name}"').fetchall() for (name,) in tables]).encode()


def bytes_below(folder):
    """Every file with all that is in it: as it is, unpacked, and as a table."""
    found = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        if path.suffix == ".gz":
            data += gzip.decompress(data)
        if path.suffix == ".parquet":
            data += pq.read_table(path).to_pandas().to_csv().encode()
        if ".duckdb" in path.suffixes and path.suffix != ".wal":
            data += rows_of(path)
        found[path.relative_to(folder).as_posix()] = data + path.name.encode()
    return found


def holding(project, word):
    """The files that have the word in them."""
    spelt = {word.encode(), word.encode("utf-16-le"), hashlib.sha256(word.encode()).digest()}
    root = project.path / ".flowbook"
    return [name for name, data in bytes_below(root).items() if any(one in data for one in spelt)]


def forget(project, run):
    project.history.delete(run.id, reason="asked for")
    project.store.gc(grace_seconds=0)
    project.store.fold()
    project.store.compact()


@pytest.mark.parametrize("folded", [True, False])
def test_of_a_deleted_run_nothing_is_left_anywhere(project, archiving, folded):
    run = spoken(project).run(word=SECRET)
    assert run.status == "failed"
    hashes = [ref.hash for node in ("listed", "text", "table", "nested") for ref in
              run[node].refs.values()]  # fmt: skip
    if folded:
        project.store.fold()
    assert holding(project, SECRET)
    forget(project, run)
    assert holding(project, SECRET) == []
    left = "\n".join(bytes_below(project.path / ".flowbook"))
    assert [one for one in hashes if one in left] == []
    told = str([entry.to_json() for entry in project.store.audit.search().entries])
    assert run.id in told
    assert SECRET not in told
    assert project.store.verify(deep=True).ok
    if archiving:
        assert list((project.path / ".flowbook" / "archive").glob("*.gz"))


def test_another_run_of_the_flow_keeps_all_of_its_own(project, archiving):
    flow = spoken(project)
    gone, stays = flow.run(word=SECRET), flow.run(word="something else")
    forget(project, gone)
    assert holding(project, SECRET) == []
    assert project.store.vault.get(stays["listed"].refs["listed"]) == ["something else"] * 400
    assert holding(project, "something else")


def test_what_an_audited_flow_keeps_back_is_not_in_the_audit_either(project, archiving):
    run = spoken(project, audit=True, sensitive_fields=["word"]).run(word=SECRET)
    assert [one.action for one in project.store.audit.search(run=run.id).entries] == [
        "FAILED", "STARTED",
    ]  # fmt: skip
    forget(project, run)
    assert holding(project, SECRET) == []
    assert len(project.store.audit.search(run=run.id).entries) == 3


def test_a_rebuild_from_the_archive_brings_nothing_back(project):
    project.store.settings.set("archive", True)
    run = spoken(project).run(word=SECRET)
    project.store.fold()
    forget(project, run)
    project.store.rebuild(partial=True)
    assert holding(project, SECRET) == []
    assert project.history.runs().runs == ()
