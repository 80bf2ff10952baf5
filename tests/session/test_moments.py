"""A moment of a run: its objects, its variables, and its code run again on them."""

from __future__ import annotations

import pandas as pd
import pytest

import flowbook
from flowbook.errors import UnknownNode, UsageError
from flowbook.events import NodeCompleted
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.session.project import Project
from flowbook.store.values import Unavailable


class Handle:
    """Something open, which no store keeps."""


@pytest.fixture
def flow(project):
    made = flowbook.Flow("shop", host=project)

    @made.node
    def orders(n: int = 3):
        return pd.DataFrame({"id": range(n), "price": [float(i) for i in range(n)]})

    made.add(
        NodeSpec(
            NodeId("dear"),
            inputs=(InputSpec(PortName("orders")), InputSpec(PortName("least"), default=1.0)),
            outputs=(PortName("dear"),),
            body="limit = least + 0\ndear = orders[orders['price'] >= limit]",
        )
    )

    @made.node
    def total(df=made["dear"]):
        share = df["price"] / len(df)
        return float(share.sum())

    return made


def completed(run, node):
    return next(
        one.seq for one in run.events() if isinstance(one, NodeCompleted) and one.node == node
    )


def test_a_run_at_an_event_has_the_objects_of_then(flow):
    run = flow.run()
    then = run.at(completed(run, "orders"))
    assert then["orders"].output["id"].tolist() == [0, 1, 2]
    assert (then["dear"].outputs, then["total"].status) == ({}, "waiting")
    assert run.at()["total"].output == 1.5
    assert then.params == {"n": 3, "least": 1.0}
    assert flow.state(run.id, at=then.seq) == then


def test_an_event_that_the_run_has_not_is_refused(flow):
    run = flow.run()
    with pytest.raises(UsageError, match="has no event 999"):
        run.at(999)


def test_a_run_of_the_history_has_moments_too(flow, project, tmp_path):
    run = flow.run()
    project.close()
    other = Project(tmp_path)
    assert other.state(run.id, at=completed(run, "orders"))["orders"].output.shape == (3, 2)
    other.close()


def test_what_was_stored_is_had_as_it_was_whatever_became_of_the_object(project):
    made = flowbook.Flow("mutation", host=project)

    @made.node
    def rows():
        return [1, 2]

    @made.node
    def spoil(rows):
        rows.append(3)
        return len(rows)

    run = made.run()
    assert run["rows"].output == [1, 2, 3]
    assert run.at()["rows"].output == [1, 2]


def test_what_was_not_kept_is_had_from_this_process_and_else_is_a_placeholder(project):
    made = flowbook.Flow("open", host=project)

    @made.node
    def handle():
        return Handle()

    run = made.run()
    assert run.at()["handle"].output is run["handle"].output
    gone = project.state(run.id)["handle"].output
    assert isinstance(gone, Unavailable)
    assert ("Handle" in gone.type, "no plain data" in gone.reason) == (True, True)


def test_what_was_redacted_is_never_taken_for_the_object(project, tmp_path):
    made = flowbook.Flow("people", host=project, sensitive_fields=["ssn"])

    @made.node
    def person():
        return {"ssn": "1", "city": "Oslo"}

    run = made.run()
    assert run.at().open()["person"] == {"ssn": "1", "city": "Oslo"}  # in this process
    project.close()
    other = Project(tmp_path)
    moment = other.state(run.id)
    assert moment["person"].output == {"ssn": "[redacted]", "city": "Oslo"}
    assert isinstance(moment.open()["person"], Unavailable)
    assert "redacted" in moment.open().unavailable["person"].reason
    other.close()


def test_the_variables_of_a_run_are_those_of_then(project):
    made = flowbook.Flow("counts", host=project)

    @made.node
    def first():
        flowbook.context().services.variables("run").set("stage", 1)

    @made.node
    def second(first):
        flowbook.context().services.variables("run").set("stage", 2)

    run = made.run()
    run.raise_for_status()
    assert run.at(completed(run, "first")).variables == {"stage": 1}
    assert run.at().variables == {"stage": 2}
    assert run.at(0).variables == {}


def test_everything_of_a_moment_in_a_namespace(flow):
    run = flow.run()
    here = run.at(completed(run, "dear")).open()
    assert set(here) == {"orders", "dear", "n", "least"}
    assert here["dear"]["id"].tolist() == [1, 2]
    assert "pandas.DataFrame, 3 rows" in repr(here)
    assert "total" not in here
    with pytest.raises(UsageError, match="no node was named"):
        here.run()


def test_values_are_loaded_when_they_are_read(flow, project, monkeypatch):
    run = flow.run()
    here = run.at().open("dear")
    looked = []
    real = type(project.store.vault).get
    monkeypatch.setattr(
        type(project.store.vault), "get", lambda self, ref: looked.append(ref) or real(self, ref)
    )
    repr(here)
    assert looked == []
    assert here["orders"] is here["orders"]
    assert len(looked) == 1


def test_the_code_of_a_node_runs_as_it_stands_on_what_it_read(flow):
    run = flow.run()
    here = run.at(completed(run, "orders")).open("dear")
    assert here.run()["id"].tolist() == [1, 2]
    assert here["limit"] == 1.0
    here["least"] = 2.0
    assert here.run()["id"].tolist() == [2]
    assert here.run("dear = orders.head(1)")["id"].tolist() == [0]
    assert run["dear"].output["id"].tolist() == [1, 2]  # nothing of it reaches the run
    assert flow.last_run() is run


def test_a_function_runs_too_and_leaves_its_names_when_it_raises(flow):
    run = flow.run()
    here = run.at().open("total")
    assert here.run() == 1.5
    here["df"] = here["df"].assign(price="a")
    with pytest.raises(TypeError):
        here.run()
    assert here["df"]["price"].tolist() == ["a", "a"]


def test_the_names_that_failing_code_had_bound_are_there(project):
    made = flowbook.Flow("broken", host=project)
    made.python("numbers", "numbers = [1, 2, 0]")
    made.python("shares", "least = min(numbers)\nshares = [1 / n for n in numbers]")
    run = made.run()
    here = run.at().open("shares")
    with pytest.raises(ZeroDivisionError):
        here.run()
    assert here["least"] == 0
    here["numbers"] = [1, 2]
    assert here.run()["shares"] == [1.0, 0.5]


def test_setup_cells_and_captured_names_are_there(project):
    made = flowbook.Flow("captures", host=project)
    made.setup("import math\ndef half(x):\n    return x / 2")
    made.python("root", "[half(math.sqrt(n)) for n in range(5)][4]")
    assert made.run().at().open("root").run() == 1.0


def test_code_that_waits_and_code_that_yields(project):
    made = flowbook.Flow("ways", host=project)
    made.python("waits", "import asyncio\nawait asyncio.sleep(0)\n7")
    made.python("yields", "for i in range(3):\n    yield i")
    run = made.run()
    assert run.at().open("waits").run() == 7
    assert run.at().open("yields").run() == [0, 1, 2]


def test_a_node_without_python_of_its_own_is_run_as_a_test(flow):
    flow.sql("many", "select count(*) as n from orders", result="rows")
    run = flow.run()
    here = run.at().open("many")
    here["orders"] = here["orders"].head(2)
    assert here.run() == [{"n": 2}]


def test_what_had_not_been_given_yet_is_a_placeholder_and_no_input(flow):
    run = flow.run()
    here = run.at(0).open("dear")
    assert "it was waiting" in here["orders"].reason
    with pytest.raises(UsageError, match="reads 'orders', which cannot be had"):
        here.run()
    here["orders"] = pd.DataFrame({"price": [5.0]})
    assert len(here.run()) == 1


def test_a_node_inside_of_a_container(project):
    made = flowbook.Flow("turns", host=project)
    with made.map("each", [1, 2]):
        made.python("times", "item * 10")
    run = made.run()
    here = run.at().open("each[1].times")
    assert (here["item"], here.run()) == (2, 20)
    with pytest.raises(UnknownNode):
        run.at().open("each[7].times")
