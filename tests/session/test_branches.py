"""Branches and what expressions read, from cells to outcomes."""

from __future__ import annotations

import json

import pytest

from flowbook.errors import InvalidFlow
from flowbook.graph.flow import Flow
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName


@pytest.fixture
def run_of(project, tmp_path):
    """The run of a notebook of these cells."""

    def run_of(*cells, **params):
        made = [
            {"id": f"c{number}", "cell_type": "code", "metadata": {}, "execution_count": None,
             "outputs": [], "source": source}
            for number, source in enumerate(cells)
        ]  # fmt: skip
        text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})
        (tmp_path / "page.ipynb").write_text(text, encoding="utf-8")
        return project.read_notebook(tmp_path / "page.ipynb").run(**params).raise_for_status()

    return run_of


def outcomes(run, *nodes):
    return [str(run[node].outcome) for node in nodes]


@pytest.mark.parametrize(("total", "taken"), [(120, "big"), (80, "small")])
def test_if_takes_one_branch_and_skips_the_other(run_of, total, taken):
    run = run_of(
        f"%%flow order\n{{'id': 7, 'total': {total}}}",
        "%%flow limit\n100",
        "%%flow if is_big(order)\ncondition: value.total > limit",
        "%%flow big(it=is_big.true)\nit['id']",
        "%%flow small(it=is_big.false)\nit['id']",
    )
    other = {"big": "small", "small": "big"}[taken]
    assert outcomes(run, taken, other) == ["succeeded", "skipped"]
    assert run[taken].output == 7


def test_switch_inside_of_if_is_a_condition_in_a_condition(run_of):
    run = run_of(
        "%%flow order\n{'id': 7, 'total': 120, 'country': 'SE'}",
        "%%flow if is_big(order)\ncondition: value.total > 100 and not is_empty(order.country)",
        "%%flow switch way(it=is_big.true)\nvalue: '{{ it.country }}'\n"
        "cases: {near: 'NO', nordic: [SE, DK]}",
        "%%flow train(it=way.nordic)\nit['id']",
        "%%flow van(it=way.near)\nit['id']",
        "%%flow post(it=way.default)\nit['id']",
    )
    assert outcomes(run, "train", "van", "post") == ["succeeded", "skipped", "skipped"]


def test_previous_is_what_the_one_node_before_gave(run_of):
    run = run_of(
        "%%flow order\n{'id': 7, 'total': 120}",
        "%%flow switch way(order)\nvalue: '{{ previous.total + 0 }}'\ncases: {a: 1, b: 120}",
        "%%flow taken(it=way.b)\nit['id']",
    )
    assert run["taken"].output == 7


def test_previous_is_nothing_that_a_node_passes_on(run_of):
    run = run_of(
        "%%flow order\n{'id': 7, 'wait': 0, 'total': 120}",
        '%%flow delay later(order)\nseconds: "{{ previous.wait }}"',
        "%%flow router way(later)\nconditions:\n- {id: a, expression: previous.total > value.id}",
        '%%flow router on(it=way.a)\nroute_by: "{{ previous.id }}"\n'
        "conditions: [{id: b, expression: value == 7}]",
        "%%flow last(it=on.b)\nit",
    )
    assert run["later"].output == {"id": 7, "wait": 0, "total": 120}
    assert run["last"].output == 7


def test_previous_works_in_nodes_made_in_python(project):
    flow = Flow("previous", host=project)

    @flow.node
    def order():
        return {"id": 7, "total": 120}

    spec = NodeSpec(
        NodeId("way"),
        "switch",
        inputs=(InputSpec(PortName("it"), Wire(NodeId("order"))),),
        outputs=(PortName("b"), PortName("default")),
        config={"value": "{{ previous.total }}", "cases": {"b": 120}},
    )
    flow.add(spec)
    assert flow.check() == ()
    run = flow.run().raise_for_status()
    assert dict(run["way"].outputs) == {"b": {"id": 7, "total": 120}}


def test_a_flow_whose_expression_reads_past_its_wires_does_not_start_until_it_is_mended(project):
    flow = Flow("wires", host=project)

    @flow.node
    def order():
        return {"total": 120}

    flow.add(NodeSpec("way", "switch", outputs=("b", "default"),
                      config={"value": "{{ order.total }}", "cases": {"b": 120}}))  # fmt: skip
    with pytest.raises(InvalidFlow) as refused:
        flow.run()
    (problem,) = refused.value.problems
    assert "there is no wire from order.order to 'way'" in problem.message
    flow.apply(problem.fix)
    # A node without inputs has got its only one by the wire, and passes that on.
    assert dict(flow.run().raise_for_status()["way"].outputs) == {"b": {"total": 120}}


def test_a_router_that_is_cached_answers_from_the_cache(project, run_of):
    cells = (
        "%%flow total\n120",
        "%%flow router size(total)\n#| cache: true\nconditions:\n"
        "- {id: big, expression: value > 9}",
        "%%flow big(it=size.big)\nit",
    )
    assert outcomes(run_of(*cells), "size") == ["succeeded"]
    again = run_of(*cells)
    assert outcomes(again, "size", "big") == ["reused", "succeeded"]


@pytest.mark.parametrize("variable", ["$vars.global.limit", "vars.global.limit"])
def test_conditions_and_templates_read_what_the_project_provides(run_of, variable):
    run = run_of(
        "%%flow limit_is_set\nimport flowbook\n"
        "flowbook.context().services.variables(flowbook.Scope.GLOBAL).set('limit', 100)\n120",
        f"%%flow if is_big(limit_is_set)\ncondition: value > {variable} and $run.attempt == 1",
        "%%flow switch way(it=is_big.true)\n"
        f'value: "{{{{ {variable} + it }}}}"\ncases: {{sum: 220}}',
        "%%flow taken(it=way.sum)\nit",
    )
    assert run["taken"].output == 120


def test_the_environment_is_read_where_the_project_lists_its_name(project, run_of, monkeypatch):
    monkeypatch.setenv("REGION", "eu")
    project.store.settings.set("env", "REGION")
    run = run_of(
        "%%flow total\n1",
        "%%flow if here(total)\ncondition: $env.REGION == 'eu'",
        "%%flow yes(it=here.true)\nit",
    )
    assert outcomes(run, "yes") == ["succeeded"]


def test_a_cached_node_that_reads_a_variable_says_why_it_is_not_taken(project, run_of):
    cells = (
        "%%flow total\n1",
        "%%flow switch way(total)\n#| cache: true\n"
        "value: \"{{ default(vars.global.nothing, 'none') }}\"\ncases: {none: none}",
    )
    run_of(*cells)
    assert outcomes(run_of(*cells), "way") == ["succeeded"]
