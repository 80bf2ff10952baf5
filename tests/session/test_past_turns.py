"""Inside of a container the inputs of each turn can be looked at when the run is long over."""

from __future__ import annotations

import pytest

import flowbook
from flowbook.session.run_desk import RunDesks
from flowbook.store.values import Unavailable


@pytest.fixture
def project(tmp_path):
    made = flowbook.project(tmp_path)
    yield made
    made.close()


@pytest.fixture
def read(project, tmp_path):
    """What a node read in a turn of a run, as another project on the same folder tells it."""

    def read(run, key):
        project.close()
        other = flowbook.project(tmp_path)
        try:
            held = RunDesks(other).of(run.id).current_run()[key].held_inputs
            vault = other.store.vault
            return {
                str(name): vault.get(one) if hasattr(one, "hash") else one
                for name, one in held.items()
            }
        finally:
            other.close()

    return read


def test_an_item_and_its_number_are_those_of_the_turn(project, read):
    flow = flowbook.Flow("mapped", host=project)

    @flow.node
    def load():
        return [{"n": n} for n in range(3)]

    with flow.map("each", load):

        @flow.node
        def double(item, index):
            return item["n"] * 2

    run = flow.run()
    assert read(run, "each[2].double") == {"item": {"n": 2}, "index": 2}


def test_a_turn_inside_of_a_turn_reads_both(project, read):
    flow = flowbook.Flow("nested", host=project)

    @flow.node
    def load():
        return [[1, 2], [3, 4]]

    with flow.map("outer", load, item="row"), flow.map("inner", "row", item="cell"):

        @flow.node
        def add(row, cell):
            return sum(row) + cell

    run = flow.run()
    assert read(run, "outer[1].inner[0].add") == {"row": [3, 4], "cell": 3}


def test_a_loop_reads_what_the_turn_before_gave(project, read):
    flow = flowbook.Flow("looped", host=project)

    with flow.while_("grow", "index < 3", initial=1):

        @flow.node
        def twice(last):
            return last * 2

    run = flow.run()
    assert read(run, "grow[0].twice") == {"last": 1}
    assert read(run, "grow[2].twice") == {"last": 4}


def test_a_foreach_over_a_list_of_its_settings_reads_item_and_last(project, read):
    flow = flowbook.Flow("listed", host=project)

    with flow.foreach("each", ["a", "b"]):

        @flow.node
        def joined(item, last, index):
            return f"{last}{item}{index}"

    run = flow.run()
    assert read(run, "each[0].joined") == {"item": "a", "last": None, "index": 0}
    assert read(run, "each[1].joined") == {"item": "b", "last": "Nonea0", "index": 1}


def test_what_catches_a_failure_reads_it(project, read):
    flow = flowbook.Flow("guarded", host=project)

    with flow.try_("safe") as safe:

        @flow.node
        def breaks():
            raise KeyError("rain")

        with safe.catch:

            @flow.node
            def told(error):
                return error["type"]

    run = flow.run()
    held = read(run, "safe.catch.told")
    assert held["error"]["type"] == "KeyError"
    assert held["error"]["node"] == "safe.breaks"


def test_the_containers_own_inputs_are_read_inside_of_it(project, read):
    flow = flowbook.Flow("grouped", host=project)

    @flow.node
    def limit():
        return 5

    with flow.map("each", [1, 2]):

        @flow.node
        def capped(item, limit):
            return min(item, limit)

    run = flow.run()
    assert read(run, "each[1].capped") == {"item": 2, "limit": 5}


def test_an_item_whose_list_is_gone_says_why(project, read, tmp_path):
    flow = flowbook.Flow("gone", host=project)

    @flow.node
    def load():
        return ["x" * 5_000] * 20

    with flow.map("each", load):

        @flow.node
        def size(item):
            return len(item)

    run = flow.run()
    for file in (project.store.root / "objects").rglob("*"):
        if file.is_file():
            file.unlink()
    (item,) = read(run, "each[3].size").values()
    assert isinstance(item, Unavailable)
    assert "cannot be worked out" in item.reason
