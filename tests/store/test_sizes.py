"""How much each flow takes up."""

import time

from flowbook.events import NodeCompleted, RunCreated, TriggerKind, encode

from .test_garbage import delete, text


def report(store, story, flow, *refs):
    run = story.run_id(time.time())
    events = [
        RunCreated(run=run, seq=0, at=1.0, flow=flow, version="v", trigger=TriggerKind.CLI,
                   nodes=("n",)),
        *(
            NodeCompleted(run=run, seq=1 + at, at=2.0, node=f"n{at}", attempt=1, ms=1.0,
                          outputs={"n": ref})
            for at, ref in enumerate(refs)
        ),
    ]  # fmt: skip
    store.sink.append(events).result(5)
    return run, sum(len(encode(event)) for event in events)


def on_disk(layout, *refs):
    """What the objects and their previews take up."""
    paths = [path for ref in refs for path in layout.objects.rglob(f"{ref.hash}.*")]
    return sum(path.stat().st_size for path in paths)


def test_each_flow_the_largest_first_and_what_belongs_to_none(store, layout, story):
    small, shared, large, orphan = (
        store.vault.put(text(word)) for word in ("s", "shared", "large" * 20, "o")
    )
    _, first = report(store, story, "little", small, shared)
    _, second = report(store, story, "big", large, shared, shared)
    _, third = report(store, story, "big", large)
    store.fold()
    report(store, story, "tail")
    big, little, tail, none = store.sizes()
    assert (big.flow, big.runs, big.events, big.event_bytes) == ("big", 2, 6, second + third)
    assert (big.objects, big.object_bytes) == (2, on_disk(layout, large, shared))
    assert (little.flow, little.event_bytes) == ("little", first)
    assert (little.objects, little.object_bytes) == (2, on_disk(layout, small, shared))
    assert (tail.flow, tail.runs, tail.objects) == ("tail", 1, 0)
    assert (none.flow, none.runs, none.objects, none.object_bytes) == (
        None,
        0,
        1,
        on_disk(layout, orphan),
    )


def test_a_deleted_run_takes_up_nothing_but_its_values_until_they_are_collected(
    store, layout, story
):
    ref = store.vault.put(text("gone"))
    run, _ = report(store, story, "f", ref)
    delete(store, run)
    (none,) = store.sizes()
    assert (none.flow, none.events, none.object_bytes) == (None, 0, on_disk(layout, ref))


def test_previews_count_with_their_objects(store, layout, story):
    ref = store.vault.put(text("seen"))
    layout.object(ref.hash, "preview.json").write_bytes(b"x" * 100)
    report(store, story, "f", ref)
    (one,) = store.sizes()
    assert (one.objects, one.object_bytes) == (1, ref.size + 100)


def test_a_store_that_is_not_there_has_no_sizes(store, layout):
    assert store.sizes() == ()
    assert not layout.root.exists()
