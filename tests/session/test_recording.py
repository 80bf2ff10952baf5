"""What a flow says about its recording holds for every byte that is written."""

from __future__ import annotations

import os
import subprocess
import sys
from ast import literal_eval

import pandas as pd
import pyarrow.parquet as pq
import pytest

import flowbook
from flowbook.graph.flow_options import FlowOptions
from flowbook.session.project import Project
from flowbook.session.recording import recording_of

SSN, CARD = "078-05-1120", "4929-3813-3266-4295"


def everything(project) -> bytes:
    """Every byte below `.flowbook`, and what its database and its tables hold uncompressed."""
    root = project.path / ".flowbook"
    found = [path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()]
    found += [pq.read_table(path).to_pandas().to_csv().encode() for path in root.rglob("*.parquet")]
    for view in ("runs", "events", "node_runs", "flow_versions"):
        found.append(project.history.sql(f"from {view}").to_csv().encode())
    return b"\n".join(found)


@pytest.fixture
def leaky(project):
    """A flow that says a card's and a person's number in every way there is."""
    flow = flowbook.Flow("leaky", host=project, sensitive_fields=["ssn", "Credit-Card-Number"])

    @flow.node
    def people(ssn: str = SSN, city: str = "Oslo"):
        print("the number is", ssn)
        print(f"{{'credit_card_number': '{CARD}'}}")
        return pd.DataFrame({"SSN": [ssn] * 3, "note": [f"of {ssn}"] * 3, "age": [1, 2, 3]})

    @flow.node
    def card(people=people):
        return {"name": "Ada", "credit card number": CARD, "deep": [{"ssn": people["SSN"][0]}]}

    @flow.node
    def failing(card=card, ssn: str = SSN):
        raise ValueError(f"cannot charge {ssn}: credit_card_number={card['credit card number']}")

    return flow


def test_no_byte_of_the_store_holds_a_sensitive_value(leaky, project):
    run = leaky.run()
    assert run.status == "failed"
    project.store.fold()
    written = everything(project)
    for secret in (SSN, CARD):
        assert secret.encode() not in written
    assert b"[redacted]" in written
    assert b"Oslo" in written
    assert b"cannot charge [redacted]" in written


def test_the_running_flow_sees_the_real_values_and_views_the_redacted_ones(leaky):
    run = leaky.run()
    assert run["people"].output["SSN"][0] == SSN
    assert run["card"].output["credit card number"] == CARD
    assert run.params["ssn"] == SSN
    told = "".join(map(str, run.events()))
    assert SSN not in told
    assert CARD not in told
    assert run["card"].refs["card"].redacted
    assert SSN not in (run["failing"].error.message + run["failing"].error.traceback)


def test_a_secret_of_the_project_is_in_no_run(project):
    project.secrets = lambda: ["hunter2!"]
    flow = flowbook.Flow("login", host=project)

    @flow.node
    def login():
        token = "hunter2" + "!"
        print(f"with {token}")
        return [token, 7]

    run = flow.run()
    project.store.fold()
    assert run["login"].output == ["hunter2!", 7]
    assert b"hunter2!" not in everything(project)
    assert project.store.vault.shown(run["login"].refs["login"]) == ["[redacted]", 7]


def test_a_redacted_output_is_never_taken_for_the_real_one(project):
    flow = flowbook.Flow("cached", host=project, sensitive_fields=["ssn"])
    calls = []

    @flow.node(cache=True)
    def person(n: int = 1):
        calls.append("person")
        return {"ssn": f"{n}-111-222", "name": "Ada"}

    @flow.node(cache=True)
    def digits(person=person):
        calls.append("digits")
        return len(person["ssn"])

    flow.run().raise_for_status()
    again = flow.run().raise_for_status()
    assert calls == ["person", "digits"] * 2
    assert again["person"].output["ssn"] == "1-111-222"


def counting(project, **options):
    flow = flowbook.Flow("counting", host=project, **options)
    tries = []

    @flow.node(retries=1, backoff="0s")
    def first(n: int = 3):
        tries.append(1)
        print("trying")
        if len(tries) == 1:
            raise OSError("not yet")
        return list(range(n))

    @flow.node
    def broken(first=first):
        return 1 / 0

    @flow.node
    def after(broken=broken):
        return broken

    return flow


def test_a_summary_says_how_the_run_and_its_nodes_ended(project):
    run = counting(project, journal="summary").run()
    kinds = [type(event).__name__ for event in project.history.events(run.id)]
    assert kinds == ["RunCreated", "NodeCompleted", "NodeFailed", "NodeSkipped", "RunCompleted"]
    rows = {row.node: row for row in project.history.node_runs(run.id)}
    assert {name: row.status for name, row in rows.items()} == {
        "first": "succeeded",
        "broken": "failed",
        "after": "skipped",
    }
    assert (rows["first"].attempts, rows["broken"].attempts, rows["after"].attempts) == (2, 1, 0)
    assert rows["first"].duration_ms is not None
    assert rows["broken"].error == "ZeroDivisionError: division by zero"
    assert project.history.run(run.id).status == "failed"
    assert not list(project.path.rglob("objects/*/*"))
    assert run["first"].output == [0, 1, 2]
    assert run["first"].logs == "trying\ntrying\n"


def test_a_full_journal_counts_attempts_as_the_summary_does(project):
    run = counting(project).run()
    rows = {row.node: row.attempts for row in project.history.node_runs(run.id)}
    assert rows == {"first": 2, "broken": 1, "after": 0}


def test_a_journal_that_is_off_writes_nothing_at_all(project):
    run = counting(project, journal="off").run()
    assert run["first"].output == [0, 1, 2]
    project.close()
    assert not (project.path / ".flowbook").exists()


def test_inputs_and_outputs_are_left_out_on_request(project):
    flow = counting(project, log_inputs=False, log_outputs=False)
    run = flow.run(n=4)
    assert project.history.run(run.id).params == {"n": "[redacted]"}
    ref = run["first"].refs["first"]
    assert (ref.format, ref.redacted) == ("none", True)
    assert run["first"].output == [0, 1, 2, 3]


def test_an_output_of_a_sensitive_name_is_not_kept(project):
    flow = flowbook.Flow("named", host=project, sensitive_fields=["pin-code"])

    @flow.node
    def pin_code():
        return "-".join(["8471", "2264"])

    @flow.node
    def told(pin_code=pin_code):
        print(pin_code)
        return 1

    run = flow.run().raise_for_status()
    project.store.fold()
    assert run["pin_code"].output == "8471-2264"
    assert b"8471-2264" not in everything(project)


def test_the_recorded_definition_has_no_sensitive_default_or_literal(project):
    flow = flowbook.Flow("defined", host=project, sensitive_fields=["ssn"])

    @flow.node
    def person(ssn: str = "078-05-1120"):
        ssn_of = {"ssn": "111-22-3333"}
        return len(ssn) + len(ssn_of)

    flow.run().raise_for_status()
    written = everything(project)
    assert b"078-05-1120" not in written
    assert b"111-22-3333" not in written
    assert b"return len(ssn) + len(ssn_of)" in written


def test_of_a_flow_that_says_nothing_all_is_written_as_it_is_until_there_is_a_secret(project):
    recording = recording_of(FlowOptions(), project.store, project.secrets)
    assert recording.as_it_is
    assert recording.redactor is None
    project.keychain.learn("hunter2!")
    assert not recording.as_it_is
    assert recording.text("it is hunter2!") == "it is [redacted]"


def test_what_was_known_before_is_redacted_when_it_is_reused(project):
    flow = flowbook.Flow("later", host=project)

    @flow.node(cache=True)
    def person():
        return {"ssn": SSN}

    flow.run().raise_for_status()
    before = everything(project).count(SSN.encode())
    assert before
    from flowbook.graph.edits import SetFlowOptions
    from flowbook.graph.flow_options import parse_flow_options

    flow.apply(SetFlowOptions(parse_flow_options({"sensitive_fields": "ssn"})))
    run = flow.run().raise_for_status()
    assert run["person"].outcome == "reused"
    events = project.history.sql("from events").query("kind == 'NODE_REUSED'").payload
    assert SSN not in str(list(events))


def kept_for(folder):
    """How long another process would keep runs, by flow."""
    script = (
        "import sys; from pathlib import Path; from flowbook.store.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "print({str(k): str(v) for k, v in store.settings.retentions().items()})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / ".flowbook")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return literal_eval(done.stdout)


def test_any_process_knows_how_long_a_flow_keeps_its_runs_and_no_longer_when_it_says_nothing(
    tmp_path,
):
    for option, expected in (("30d", {"None": "forever", "counting": "30d"}),
                             (None, {"None": "forever"})):  # fmt: skip
        opened = Project(tmp_path)
        counting(opened, retention=option).run()
        assert str(opened.store.settings.retentions().get("counting")) == str(option)
        opened.close()
        assert kept_for(tmp_path) == expected


def test_a_flow_that_is_not_journalled_says_nothing_of_its_retention(project):
    counting(project, journal="off", retention="30d").run()
    project.close()
    assert not (project.path / ".flowbook").exists()


def test_the_edges_of_a_flow_are_recorded_and_runs_are_counted_along_them(project):
    flow = flowbook.Flow("branching", host=project)

    @flow.node
    def number(n: int = 1):
        return n

    size = flow.router("size", inputs={"number": number},
                       conditions=[{"id": "large", "expression": "number > 5"}])  # fmt: skip

    @flow.node
    def shown(large=size.large):
        return large

    for n in (1, 9, 10):
        flow.run(n=n).wait()
    query = "SELECT source, output, target, runs, taken FROM edge_frequency ORDER BY source"
    assert project.history.table(query)[1] == [
        ("number", "number", "size", 3, 3),
        ("size", "large", "shown", 3, 2),
    ]
