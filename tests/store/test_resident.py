"""A database that this DuckDB cannot use."""

import re
import struct

import duckdb
import pytest

from flowbook.errors import StoreError, StoreVersion
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
        assert "flowbook store rebuild" in refused.hint
    assert database.read_bytes() == spoiled
    assert len(list(layout.journal.glob("*.tsv"))) == 1


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
