"""A database that this DuckDB cannot use."""

import re
import struct

import duckdb
import pytest

from flowbook.errors import StoreError, StoreVersion, UsageError
from flowbook.store.store import Store


@pytest.fixture
def database(layout, story):
    store = Store.open(layout.root)
    store.sink.append(story.run()).result(5)
    store.fold()
    with store._resident.cursor() as cursor:  # nothing may lie in a log beside the file
        cursor.execute(f"ATTACH '{layout.database}' AS whole")
        cursor.execute("CHECKPOINT whole")
        cursor.execute("DETACH whole")
    store.close()
    return layout.database


def tries(layout, story):
    """What a reader is told, and a folder; a writer goes on in between."""
    store = Store.open(layout.root)
    try:
        with pytest.raises(StoreError) as read:
            store.history.runs()
        story.minted = 100
        store.sink.append(story.run()).result(5)
        with pytest.raises(StoreError) as folded:
            store.fold()
    finally:
        store.close()
    return read.value, folded.value


def with_checksum(image):
    """The file with the checksum of its header that DuckDB would give it."""
    try:
        with duckdb.connect(str(image)):
            raise AssertionError("the checksum was right")
    except duckdb.Error as error:
        wanted = int(re.search(r"computed checksum (\d+)", str(error))[1])
    data = bytearray(image.read_bytes())
    struct.pack_into("<Q", data, 0, wanted)
    image.write_bytes(data)


def test_a_database_of_a_newer_duckdb_is_left_as_it_is(layout, database, story):
    data = bytearray(database.read_bytes())
    struct.pack_into("<Q", data, 12, 12345)
    database.write_bytes(data)
    with_checksum(database)
    before = database.read_bytes()
    for refused in tries(layout, story):
        assert isinstance(refused, StoreVersion)
        assert (refused.path, refused.found) == (str(database), "12345")
        assert re.fullmatch(r"\d+ and \d+", refused.supported)
        assert duckdb.__version__ in str(refused)
        assert "pip install -U duckdb" in refused.hint
    assert database.read_bytes() == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"no database at all" * 1000,
        lambda data: data[:100],
        lambda data: data[: len(data) // 2],
        lambda data: data[:4096] + bytes(8192) + data[12288:],
    ],
    ids=["empty", "garbage", "a stump", "cut in half", "no headers"],
)
def test_a_damaged_database_is_named_with_the_way_to_mend_it(layout, database, story, spoil):
    spoiled = spoil(database.read_bytes())
    database.write_bytes(spoiled)
    for refused in tries(layout, story):
        assert type(refused) is StoreError
        assert f"{database} is damaged" in str(refused)
        assert "flowbook store verify" in refused.hint
        assert "flowbook store rebuild" in refused.hint
    assert database.read_bytes() == spoiled
    assert len(list(layout.journal.glob("*.tsv"))) == 1


DOORS = {
    "runs": lambda history, run: history.runs(),
    "run": lambda history, run: history.run(run),
    "node_runs": lambda history, run: history.node_runs(run),
    "events": lambda history, run: history.events(run),
    "sql": lambda history, run: history.sql("SELECT id, error FROM runs").to_dict(),
    "table": lambda history, run: history.table("SELECT max(payload), max(node) FROM events"),
    "export": lambda history, run: (
        history.export(history.snapshot.layout.root.parent / "runs.csv", overwrite=True).bytes
    ),
    "export of a query": lambda history, run: (
        history.export(
            history.snapshot.layout.root.parent / "events.jsonl",
            query="SELECT payload FROM events",
            overwrite=True,
        ).bytes
    ),
}


@pytest.fixture
def wide(layout, story):
    """A database of several blocks, and one of its runs."""
    store = Store.open(layout.root)
    runs = [story.run(at=1_700_000_000.0 + n) for n in range(400)]
    store.sink.append([fact for events in runs for fact in events]).result(30)
    store.fold()
    with store._resident.cursor() as cursor:
        cursor.execute(f"ATTACH '{layout.database}' AS whole")
        cursor.execute("CHECKPOINT whole")
        cursor.execute("DETACH whole")
    store.close()
    return runs[7][0].run


def answers(layout, run):
    """What every door says; for what is refused, the error."""
    store = Store.open(layout.root)
    said = {}
    for name, door in DOORS.items():
        try:
            said[name] = door(store.history, run)
        except Exception as error:
            said[name] = error
    assert store.query("SELECT 1 AS one", {})["one"].tolist() == [1]
    store.close()
    return said


def test_damage_anywhere_is_said_at_every_door_that_comes_upon_it(layout, wide):
    sound, whole = answers(layout, wide), layout.database.read_bytes()
    assert not [error for error in sound.values() if isinstance(error, Exception)]
    stumbled = set()
    for block in range(12288, len(whole), 262144):  # one byte in the middle of each
        data = bytearray(whole)
        data[min(block + 60_000, len(data) - 1)] ^= 0xFF
        layout.database.write_bytes(data)
        for door, said in answers(layout, wide).items():
            if said != sound[door]:
                told_what_to_do(said, layout.database)
                stumbled.add(door)
    assert stumbled == set(DOORS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: bytes([data[0] ^ 0xFF]) + data[1:],
        lambda data: data[:8] + bytes(4) + data[12:],
        lambda data: data[:4096] + b"\xff" * 8192 + data[12288:],
        lambda data: data[: len(data) // 4],
        lambda data: data[:12288],
    ],
    ids=["checksum", "magic bytes", "headers", "truncated", "only headers"],
)
def test_damage_of_the_whole_file_is_said_at_every_door(layout, wide, spoil):
    layout.database.write_bytes(spoil(layout.database.read_bytes()))
    for said in answers(layout, wide).values():
        told_what_to_do(said, layout.database)


def told_what_to_do(error, database):
    assert type(error) is StoreError, error
    assert f"{database} is damaged" in str(error)
    assert "flowbook store verify" in error.hint
    assert "flowbook store rebuild" in error.hint


@pytest.mark.parametrize("at", [100, 2000])
def test_a_damaged_log_is_said_at_every_door(layout, story, at):
    store = Store.open(layout.root)
    for _ in range(3):
        events = story.run()
        store.sink.append(events).result(5)
        store.fold()
    store.close()
    data = bytearray(layout.wal.read_bytes())
    data[at] ^= 0xFF
    layout.wal.write_bytes(data)
    for said in answers(layout, events[0].run).values():
        told_what_to_do(said, layout.database)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 'Corrupt database file' FROM FROM", "LINE 1"),
        ("SELECT error('Corrupt database file') FROM runs", "Corrupt database file"),
        ("FROM read_csv('none.csv')", "No files found"),
        ("SELECT nope FROM runs", '"nope"'),
        ("SELECT 'x'::INTEGER FROM runs", "Could not convert string 'x'"),
    ],
)
def test_a_wrong_query_is_no_damage(layout, database, query, said):
    store = Store.open(layout.root)
    for ask in (
        store.history.table,
        store.history.sql,
        lambda query: store.history.export(layout.root.parent / "x.parquet", query=query),
    ):
        with pytest.raises((UsageError, StoreError)) as refused:
            ask(query)
        assert said in str(refused.value)
        assert "damaged" not in str(refused.value)
        if ask == store.history.table:
            assert type(refused.value) is UsageError
    store.close()


def test_damage_that_shows_while_reading_is_said_and_spoils_nothing_else(layout, database):
    data = bytearray(database.read_bytes())
    for at in range(12288 + 1000, len(data), 4096):
        data[at] ^= 0xFF
    database.write_bytes(data)
    store = Store.open(layout.root)
    with pytest.raises(StoreError, match="is damaged"):
        store.history.runs()
    assert store.query("SELECT 1 AS one", {})["one"].tolist() == [1]
    store.close()


def test_what_cannot_be_opened_for_another_reason_is_said_too(layout, database):
    database.unlink()
    database.mkdir()
    store = Store.open(layout.root)
    with pytest.raises(StoreError, match=r"store\.duckdb cannot be opened: .*directory"):
        store.history.runs()
    store.close()
