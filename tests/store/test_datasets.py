"""Named values with versions and tags."""

import pandas as pd
import pytest

from flowbook.errors import UsageError
from flowbook.store.store import Store


@pytest.mark.parametrize("folded", [False, True])
def test_versions_are_numbered_and_newest_first(store, folded):
    first = store.datasets.publish("cities", [{"city": "Oslo"}], tags=("golden",))
    if folded:
        store.fold()
    frame = pd.DataFrame({"city": ["Rome", "Oslo"]})
    second = store.datasets.publish("cities", frame, parent=first, made_by=("run", "clean"))
    newest, oldest = store.datasets.versions("cities")
    assert (newest.version, newest.number, newest.parent) == (second, 2, first)
    assert (newest.type, newest.rows, newest.run_id, newest.node) == (
        "pandas.DataFrame", 2, "run", "clean",
    )  # fmt: skip
    assert (oldest.version, oldest.number, oldest.tags) == (first, 1, ("golden",))
    pd.testing.assert_frame_equal(store.datasets.get("cities"), frame)
    assert store.datasets.get("cities", 1) == [{"city": "Oslo"}]
    assert store.datasets.get("cities", first) == [{"city": "Oslo"}]


def test_a_tag_moves_and_can_be_taken_away(store):
    store.datasets.publish("cities", {"n": 1}, tags=("golden", "first"))
    store.datasets.publish("cities", {"n": 2})
    store.datasets.tag("cities", "golden")
    assert store.datasets.get("cities", "golden") == {"n": 2}
    store.fold()
    store.datasets.untag("cities", "golden")
    assert [one.tags for one in store.datasets.versions("cities")] == [(), ("first",)]
    with pytest.raises(UsageError, match="golden"):
        store.datasets.get("cities", "golden")


def test_equal_content_is_kept_once_and_another_process_sees_it(store, layout):
    frame = pd.DataFrame({"n": range(2000)})
    store.datasets.publish("a", frame)
    store.datasets.publish("b", frame)
    store.fold()
    _names, rows = store.history.table("SELECT count(*), count(DISTINCT hash) FROM datasets")
    assert rows == [(2, 1)]
    other = Store(layout.root, store.sink._durability, store.sink._disk)
    assert other.datasets.names() == ["a", "b"]
    pd.testing.assert_frame_equal(other.datasets.get("a"), frame)


def test_what_cannot_be_kept_or_found_is_refused(store):
    with pytest.raises(UsageError, match="cannot be a dataset"):
        store.datasets.publish("open", object())
    with pytest.raises(UsageError, match="there are none yet"):
        store.datasets.get("open")
    with pytest.raises(UsageError, match="taken for a number"):
        store.datasets.publish("cities", {}, tags=("2",))
    assert store.datasets.names() == []
