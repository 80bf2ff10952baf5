"""Containers as cells: `#| in: name`, names by home, and edits as changed lines."""

from __future__ import annotations

import pytest

from flowbook.cells.patches import apply_patches, patch, write
from flowbook.cells.source import read
from flowbook.graph.codec import canonical
from flowbook.graph.edits import RemoveNode, RenameNode, SetConfig, apply
from flowbook.graph.nesting import Nesting
from flowbook.graph.registry import Registry
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId
from flowbook.nodes.containers import (
    BreakNode,
    ForeachNode,
    GroupNode,
    MapNode,
    TryNode,
    WhileNode,
)

from .conftest import Code, Fetch, Query, Route

CELLS = (
    "#:parameters\nlimit = 10",
    "%%flow fetch -> rows\nrows = [1, 2]",
    "%%flow map each(items=fetch.rows)\nmax_concurrent: 5",
    "%%flow half\n#| in: each\nitem / 2",
    "%%flow told --in each\nf'{index} of {len(rows)}: {half}'",
    "%%flow total\nlen(each_values)",
)


@pytest.fixture
def registry():
    kinds = [MapNode, ForeachNode, WhileNode, TryNode, GroupNode, BreakNode]
    return Registry([Code, Query, Fetch, Route, *kinds])


@pytest.fixture
def wires(reading):
    """The edges and frame names of cells; there must be no problem."""

    def wires(*sources):
        parsed = reading(*sources)
        assert parsed.problems == ()
        found = resolve(parsed.spec)
        assert found.problems == ()
        edges = {f"{e.source}.{e.output} > {e.target}.{e.input}" for e in found.edges}
        frames = {f"{u.frame}:{u.param} > {u.target}.{u.input}" for u in found.params if u.frame}
        return edges | frames

    return wires


def test_names_inside_are_those_of_the_home_the_turn_and_the_homes_around(wires):
    assert wires(*CELLS) == {
        "fetch.rows > each.items",
        "each:item > half.item",
        "each:index > told.index",
        "fetch.rows > told.rows",
        "half.half > told.half",
        "each.each_values > total.each_values",
    }


def test_an_option_line_and_a_flag_say_the_same(reading):
    nesting = Nesting(reading(*CELLS).spec)
    assert [nesting.home("half"), nesting.home("told")] == ["each", "each"]


def test_templates_and_queries_inside_read_the_turn(wires):
    found = wires(
        CELLS[1],
        "%%flow foreach walk(items=fetch.rows)\nitem: city\nindex: at",
        "%%flow http get --in walk\nurl: 'http://x/{{ city.name }}?page={{ walk.at }}'",
        "%%flow sql top --in walk\nSELECT * FROM get WHERE n > $at",
    )
    assert found == {
        "fetch.rows > walk.items",
        "walk:city > get.city",
        "walk:at > get.walk.at",
        "get.get > top.get",
        "walk:at > top.at",
    }


def test_a_template_says_what_a_container_goes_over(wires):
    found = wires(CELLS[1], "%%flow map each\nover: '{{ fetch.rows }}'", CELLS[3])
    assert "fetch.rows > each.fetch.rows" in found


def test_a_turns_name_stands_before_a_node_of_that_name_further_out(wires):
    found = wires(CELLS[1], "%%flow item -> a, b\na = b = 1", CELLS[2], CELLS[3])
    assert "each:item > half.item" in found


def test_a_condition_reads_what_its_turns_bring_and_what_is_around(reading):
    parsed = reading(
        "%%flow limit\n10",
        "%%flow while grow\ncondition: last < limit and index < 9 and more < 3\ninitial: 1",
        "%%flow more --in grow\nlast + 1",
    )
    assert parsed.problems == ()
    assert [one.name for one in parsed.spec.node("grow").inputs] == ["limit"]


def test_what_is_made_inside_is_not_known_outside(reading, said):
    parsed = reading(*CELLS[:5], "%%flow thief\nhalf + 1")
    assert said(parsed.problems) == [
        "c5:2 'half' is read here, and no node, parameter or setup cell makes it"
    ]
    assert "read an output of each" in parsed.problems[0].hint


def test_what_a_turn_brings_is_not_known_outside(reading, said):
    assert said(reading(*CELLS[:5], "%%flow thief\nitem").problems) == [
        "c5:2 'item' is read here, and no node, parameter or setup cell makes it"
    ]


def test_the_error_is_known_in_catch_alone(reading, said):
    cells = (
        "%%flow try guard",
        "%%flow a --in guard\n1",
        "%%flow b --in guard.catch\nerror['type']",
        "%%flow c --in guard\nerror",
    )
    assert said(reading(*cells).problems) == [
        "c3:2 'error' is read here, and no node, parameter or setup cell makes it"
    ]


def test_a_block_there_is_not_is_told_at_its_line(reading, said):
    (problem,) = said(reading("%%flow try guard", "%%flow a\n#| in: guard.except\n1").problems)
    assert problem == "c1:2 option 'in' cannot be 'guard.except'"


# ---------------------------------------------------------------- there and back


def edited(notebook, registry, edit):
    book = notebook(*CELLS)
    return apply_patches(book, patch(book, edit, registry))


def sources(book):
    return [cell.source for cell in book.cells]


def test_a_flow_with_containers_is_written_and_reads_the_same(notebook, registry):
    spec = read(notebook(*CELLS), registry).spec
    assert canonical(read(write(spec, registry), registry).spec) == canonical(spec)


def test_renaming_a_container_changes_its_cell_and_those_inside(notebook, registry):
    edit = RenameNode(NodeId("each"), NodeId("every"))
    after = edited(notebook, registry, edit)
    wanted = apply(read(notebook(*CELLS), registry).spec, edit)
    assert canonical(read(after, registry).spec) == canonical(wanted)
    assert sources(after)[2:] == [
        "%%flow map every(items=fetch.rows)\nmax_concurrent: 5",
        "%%flow half\n#| in: every\nitem / 2",
        "%%flow told --in every\nf'{index} of {len(rows)}: {half}'",
        "%%flow total(each_values=every.every_values)\nlen(each_values)",
    ]


def test_removing_a_container_leaves_the_cells_inside(notebook, registry):
    after = edited(notebook, registry, RemoveNode(NodeId("each")))
    assert sources(after)[2:4] == [
        "%%flow half\nitem / 2",
        "%%flow told\nf'{index} of {len(rows)}: {half}'",
    ]


def test_a_setting_is_one_changed_line(notebook, registry):
    edit = SetConfig(NodeId("each"), {"max_concurrent": 2})
    assert (
        sources(edited(notebook, registry, edit))[2]
        == "%%flow map each(items=fetch.rows)\nmax_concurrent: 2"
    )
