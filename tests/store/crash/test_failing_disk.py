"""System calls that fail, one at a time and for good, in a real process."""

import pytest
from tests.store.crash import tracing
from tests.store.crash.ledger import proceed
from tests.store.crash.tracing import CALLS, watched

pytestmark = pytest.mark.skipif(tracing.missing() is not None, reason=str(tracing.missing()))


def failing(nursery, root, thread, name, what, when):
    child, calls, code = watched(
        nursery, root, thread, "-e", f"trace={','.join(CALLS)}",
        "-e", f"inject={name}:{what}:when={when}",
    )  # fmt: skip
    assert code == 0, child.lines
    assert child.said("done") == [""]
    assert child.said("!") == []
    failed = [at for at, call in enumerate(calls) if call.result.endswith("(INJECTED)")]
    assert failed, f"{name} was not called so often"
    return child, calls, failed


@pytest.mark.parametrize(
    ("name", "what", "when"),
    [
        *(("fdatasync", "error=EIO", when) for when in (2, 4, 9)),
        *(("fsync", "error=EIO", when) for when in (2, 4)),
        *(("write", "error=EIO", when) for when in (2, 4, 9)),
        *(("write", "error=ENOSPC", when) for when in (2, 4, 9)),
        *(("write", "retval=10", when) for when in (4, 9)),  # short
    ],
)
def test_a_journal_call_that_fails_once_costs_nobody_anything(nursery, tmp_path, name, what, when):
    root = tmp_path / ".flowbook"
    child, calls, (failed,) = failing(nursery, root, "journal", name, what, when)
    assert child.said("e") == []
    path = calls[failed].path
    if path.endswith(".tsv"):
        again = [call for call in calls[failed + 1 :] if call.path == path]
        assert again == [], "a descriptor that had failed was used again"
    assert proceed(root, [child]) == len(child.acknowledged)


@pytest.mark.parametrize(
    ("name", "what", "words"),
    [
        ("fdatasync", "error=EIO", "Input/output error"),
        ("write", "error=ENOSPC", "No space left on device"),
    ],
)
def test_a_disk_that_fails_for_good_says_so_and_keeps_what_it_acknowledged(
    nursery, tmp_path, name, what, words
):
    root = tmp_path / ".flowbook"
    child, calls, failed = failing(nursery, root, "journal", name, what, "8+")
    errors = child.said("e")
    assert all("flowbook.errors.StoreError" in error for error in errors)
    assert all(words in error for error in errors)
    assert len(errors) >= 3
    assert len(child.acknowledged) >= 3
    paths = [calls[at].path for at in failed]
    assert len(set(paths)) == len(paths), "a descriptor that had failed was used again"
    proceed(root, [child])


@pytest.mark.parametrize(
    ("name", "what", "when"),
    [
        *(("fdatasync", "error=EIO", when) for when in (1, 3, 6, 10)),
        *(("pwrite64", "error=ENOSPC", when) for when in (1, 3, 6, 10)),
        *(("write", "error=ENOSPC", when) for when in (6, 8, 10)),
        *(("rename", "error=EIO", when) for when in (1, 2)),
        *(("fsync", "error=EIO", when) for when in (1, 2, 3, 6)),
        *(("openat", "error=ENOSPC", when) for when in (2, 3, 4)),
        *(("unlink", "error=EIO", when) for when in (1, 3, 6, 10)),
    ],
)
def test_a_fold_whose_call_fails_loses_nothing_and_the_next_one_works(
    nursery, tmp_path, name, what, when
):
    root = tmp_path / ".flowbook"
    child, calls, (failed,) = failing(nursery, root, "main", name, what, when)
    print(calls[failed])
    assert len(child.said("e")) <= 1, "the failure outlived its fold"
    proceed(root, [child])
