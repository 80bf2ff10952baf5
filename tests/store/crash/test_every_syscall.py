"""One process that does all a store does, killed before each of its changes to the disk."""

import os

import pytest
from tests.store.crash import tracing
from tests.store.crash.ledger import proceed
from tests.store.crash.tracing import CALLS, watched

pytestmark = pytest.mark.skipif(tracing.missing() is not None, reason=str(tracing.missing()))

EVERY = int(os.environ.get("FLOWBOOK_EVERY", "5"))
"""Kill at every so many calls; `poe kills` does at each."""


def places(nursery, tmp_path):
    """Every change to the disk that the script makes, by thread."""
    found = []
    for thread in ("journal", "main"):
        root = tmp_path / f"plain {thread}" / ".flowbook"
        child, calls, code = watched(nursery, root, thread, "-e", f"trace={','.join(CALLS)}")
        assert (code, child.said("e"), child.said("done")) == (0, [], [""])
        found += [(thread, call) for call in calls if call.changes]
    return found


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_a_kill_before_any_system_call_loses_and_doubles_nothing(nursery, tmp_path):
    found = places(nursery, tmp_path)
    names = {call.name for _thread, call in found}
    assert names >= {"write", "pwrite64", "fdatasync", "fsync", "openat", "mkdir", "rename"}
    assert any(".new" in call.arguments for _thread, call in found)
    tried = found[EVERY // 2 :: EVERY]
    for number, (thread, call) in enumerate(tried):
        root = tmp_path / str(number) / ".flowbook"
        inject = f"inject={call.name}:signal=KILL:when={call.number}"
        dead = []
        for _ in range(2):  # the second one finds what the first one left
            child, calls, code = watched(
                nursery, root, thread, "-e", f"trace={call.name}", "-e", inject
            )
            assert code == -9 or (child.said("done") and dead), calls
            assert child.said("e") == [], calls
            dead.append(child)
        try:
            proceed(root, dead)
        except BaseException as error:
            error.add_note(f"killed on thread {thread} before {call}")
            raise
    print(f"killed twice at each of {len(tried)} of {len(found)} calls")
