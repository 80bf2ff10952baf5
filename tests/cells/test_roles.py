"""`#| compensate:` and `#| role:` in cells: which names a body may read there."""

from __future__ import annotations

from flowbook.graph.edits import RenameNode, apply
from flowbook.graph.roles import Roles
from flowbook.graph.wiring import resolve
from flowbook.ids import NodeId

CELLS = (
    "%%flow order -> rows\nrows = [1]",
    "%%flow charge(paid_for=order.rows)\n#| compensate: refund\nlen(paid_for)",
    "%%flow refund\n(charge, paid_for)",
    "%%flow close --role teardown\n(status, error)",
)


def test_what_undoes_reads_what_was_read_and_what_was_given_and_teardown_how_it_went(reading):
    parsed = reading(*CELLS)
    assert parsed.problems == ()
    wiring = resolve(parsed.spec)
    assert wiring.problems == ()
    edges = {f"{one.source}.{one.output} > {one.target}.{one.input}" for one in wiring.edges}
    assert edges == {
        "order.rows > charge.paid_for",
        "order.rows > refund.paid_for",
        "charge.charge > refund.charge",
    }
    assert {(use.param, use.target) for use in wiring.params} == {
        ("run.status", "close"),
        ("run.error", "close"),
    }


def test_elsewhere_these_names_mean_nothing(reading):
    (problem,) = reading(*CELLS[:2], "%%flow refund\n1", "%%flow other\nstatus").problems
    assert "'status'" in problem.message


def test_renaming_what_undoes_follows(reading):
    spec = apply(reading(*CELLS).spec, RenameNode(NodeId("refund"), NodeId("repay")))
    assert spec.node(NodeId("charge")).options.compensate == "repay"
    assert Roles(spec).undone_by(NodeId("repay")).id == "charge"
