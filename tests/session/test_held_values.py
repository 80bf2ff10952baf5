"""What is about to be named again is not collected, however long ago it was made."""

import os
import time

import pytest

import flowbook
from flowbook.errors import ValueUnavailable
from flowbook.events import NodeReused
from flowbook.run.recall import Key, bring_back, held
from flowbook.session.start import Start, mint_run_id

LONG = 7200.0


def listing(project, **options):
    flow = flowbook.Flow("listing", host=project)

    @flow.node(**options)
    def numbers(n: int = 3000):
        return list(range(n))

    @flow.node
    def total(numbers=numbers):
        return sum(numbers)

    return flow


def grown_old(project):
    for path in (project.path / ".flowbook" / "objects").rglob("*.*"):
        os.utime(path, (time.time() - LONG,) * 2)


def key_of(project):
    (key,) = project.history.sql("select cache_key from events where cache_key is not null")[
        "cache_key"
    ]
    return Key(key, {})


def asked(project, flow, memoir):
    """What the cache gives for the flow's first node, as an attempt of it would ask."""
    plan = project.plan(flow)
    vault, key = project.store.vault, key_of(project)
    return bring_back(memoir, vault, plan.step("numbers"), plan.flow, key, time.time())


def test_what_the_cache_gives_outlives_its_run_until_it_is_reported(project):
    flow = listing(project, cache=True)
    first = flow.run().raise_for_status()
    grown_old(project)
    recalled = asked(project, flow, project.store.cache)
    project.history.delete(first.id)
    assert project.store.gc().objects == 0  # nothing names it now, but it was just asked for
    run = mint_run_id()
    fact = NodeReused(
        run=run, seq=0, at=time.time(), node="numbers", outputs=recalled.event.outputs
    )
    project.store.sink.append([fact]).result(5)
    grown_old(project)
    assert project.store.gc().objects == 0
    (ref,) = recalled.event.outputs.values()
    assert project.store.vault.get(ref) == list(range(3000))


def test_what_was_collected_is_not_taken_from_the_cache(project):
    flow = listing(project, cache=True)
    first = flow.run().raise_for_status()
    known = project.store.cache.recall(key_of(project).digest, flow.name, "numbers")

    class Late:
        """Asked before the run was deleted, it answers after."""

        def recall(self, *_asked):
            if project.history.runs().runs:
                project.history.delete(first.id)
                project.store.gc(grace_seconds=0)
            return known

    answer = asked(project, flow, Late())
    assert (answer.event, answer.why) == (None, "value gone: it is not there")
    with pytest.raises(ValueUnavailable, match="it is not there"):
        held(project.store.vault, known.done)


def test_a_fresh_result_whose_object_was_collected_is_kept_again(project):
    flow = listing(project)
    first = flow.run().raise_for_status()
    project.history.delete(first.id)
    assert project.store.gc(grace_seconds=0).objects == 1
    again = project.start(flow, {}, Start(rerun=["total"])).wait().raise_for_status()
    assert again["numbers"].outcome == "reused"
    assert project.store.vault.get(again["numbers"].refs["numbers"]) == list(range(3000))
    assert project.store.verify(deep=True).ok


def test_a_value_is_touched_with_all_its_parts(project):
    import pandas as pd

    vault = project.store.vault
    ref = vault.put({"one": pd.DataFrame({"a": range(2000)}), "two": list(range(3000))})
    assert ref.parts
    grown_old(project)
    assert vault.touch(ref)
    assert project.store.gc().objects == 0
    (part,) = (project.path / ".flowbook" / "objects").rglob(f"{ref.parts[0]}.parquet")
    part.unlink()
    assert not vault.touch(ref)
    assert vault.touch(vault.put(1))
    assert vault.touch(vault.put(object()))
