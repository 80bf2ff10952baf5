"""Nodes for files, programs and messages in real flows: their examples, the cache, cancelling."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import flowbook
from flowbook import Flow, Project
from flowbook.graph.spec import InputSpec, NodeSpec, Options, Wire
from flowbook.nodes.call import CallNode
from flowbook.nodes.log import LogNode
from flowbook.nodes.note import NoteNode
from flowbook.nodes.notify.node import NotifyNode
from flowbook.nodes.reading import ListFilesNode, ReadFileNode
from flowbook.nodes.shell import ShellNode
from flowbook.nodes.stopping import StopNode
from flowbook.nodes.writing import WriteFileNode

KINDS = (
    CallNode,
    ListFilesNode,
    LogNode,
    NoteNode,
    NotifyNode,
    ReadFileNode,
    ShellNode,
    StopNode,
    WriteFileNode,
)


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    for kind in KINDS:
        made.registry.register(kind)
    yield made
    made.close()


def notebook(tmp_path, text, name="page"):
    """The flow of a text of cells, each of which begins with `%%flow`."""
    cells = [f"%%flow{one}".strip() for one in text.split("%%flow")[1:]]
    told = [
        {"id": f"c{n}", "cell_type": "code", "metadata": {}, "execution_count": None,
         "outputs": [], "source": one}
        for n, one in enumerate(cells)
    ]  # fmt: skip
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": told}
    (tmp_path / f"{name}.ipynb").write_text(json.dumps(made))
    return tmp_path / f"{name}.ipynb"


@pytest.mark.parametrize("kind", [one for one in KINDS if one.example], ids=lambda k: k.kind)
def test_the_example_of_a_kind_runs(project, tmp_path, kind):
    flow = project.read_notebook(notebook(tmp_path, kind.example))
    assert flow.check() == ()
    assert any(node.kind == kind.kind for node in flow.spec().nodes)
    run = flow.run()
    run.wait(30)
    assert run.status == ("failed" if kind is StopNode else "succeeded")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_kind_says_what_it_is(kind):
    assert kind.__doc__
    assert kind.family in ("data", "files", "flow", "state", "services", "code")
    assert all(trait.help for trait in kind.class_traits(config=True).values())
    assert kind.example.startswith("%%flow")


def test_what_a_file_holds_is_never_taken_from_the_cache(project, tmp_path):
    (tmp_path / "a.txt").write_text("one")
    flow = Flow("reading", host=project)
    spec = NodeSpec("text", kind="read_file", options=Options(cache=True))
    flow.add(ReadFileNode(spec, path="a.txt"))
    assert flow.run()["text"].output == "one"
    (tmp_path / "a.txt").write_text("two")
    run = flow.run()
    assert run["text"].output == "two"
    assert "it reads files" in str(run["text"].cache)


def test_a_cell_reads_what_a_cell_wrote(project, tmp_path):
    flow = project.read_notebook(
        notebook(
            tmp_path,
            """%%flow python rows
rows = [{"city": "Oslo", "sun": 5}]

%%flow write_file saved(rows)
path: out/{{ rows[0].city }}.csv
make_folders: true

%%flow read_file again(saved)
path: "{{ saved.path }}"
""",
        )
    )
    run = flow.run()
    assert run["saved"].output["path"] == "out/Oslo.csv"
    assert run["again"].output.city.tolist() == ["Oslo"]
    assert (tmp_path / "out" / "Oslo.csv").exists()


def test_a_path_out_of_the_project_fails_the_node(project, tmp_path):
    flow = Flow("reading", host=project)
    flow.add(ReadFileNode(NodeSpec("text", kind="read_file"), path="/etc/hostname"))
    run = flow.run()
    assert run.status == "failed"
    assert "allow_paths" in str(run["text"].error)


def shelled(project, words, **config):
    flow = Flow("running", host=project)
    options = config.pop("options", Options())
    flow.add(ShellNode(NodeSpec("ran", kind="shell", options=options), command=words, **config))
    return flow


def test_a_program_needs_the_grant_of_the_project(project):
    flow = shelled(project, ["echo", "hi"])
    assert "grants shell" in str(flow.run()["ran"].error)
    project.store.settings.set("grants", "shell")
    assert flow.run()["ran"].output["stdout"] == "hi\n"


@pytest.mark.kill
@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_ending_a_node_ends_its_program(project, tmp_path, how):
    project.store.settings.set("grants", "shell")
    script = 'trap "" TERM; echo $$ > pid; while true; do sleep 0.1; done'
    options = Options(timeout=1.0) if how == "timeout" else Options()
    flow = Flow("running", host=project)
    spec = NodeSpec("ran", kind="shell", options=options)
    flow.add(ShellNode(spec, script=script, shell=True, stop_after=0.2))
    run = flow.start() if hasattr(flow, "start") else flow.run(wait=False)
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    if how == "cancel":
        run.cancel()
    run.wait(20)
    assert run.status == ("cancelled" if how == "cancel" else "failed")
    pid = int((tmp_path / "pid").read_text())
    until(lambda: gone(pid))


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until(there, seconds=15.0):
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_a_template_in_a_script_is_a_problem_before_a_run(project):
    flow = Flow("running", host=project)
    flow.add(NodeSpec("ran", kind="shell", config={"script": "echo {{ x }}", "shell": True}))
    (problem,) = flow.check()
    assert "a shell would read the value as code" in problem.message
    flow = Flow("running2", host=project)
    flow.add(
        NodeSpec(
            "ran",
            kind="shell",
            config={"command": ["{{ x }}", "a"]},
            inputs=(InputSpec("x", default="ls"),),
        )
    )
    assert any("is a template" in one.message for one in flow.check())


def test_a_message_tells_the_flow_and_the_run(project):
    got = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Inbox) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        flow = Flow("daily", host=project)

        @flow.node
        def error():
            return "no answer"

        url = f"http://127.0.0.1:{server.server_port}"
        flow.add(
            NodeSpec(
                "told",
                kind="notify",
                inputs=(InputSpec("error", wire=Wire("error")),),
                config={"url": url, "event": "run_failed", "message": "{{ error }}"},
            )
        )
        run = flow.run()
        assert run.status == "succeeded", run["told"].error
    (told,) = got
    assert (told["workflow_name"], told["run_id"], told["error"]) == ("daily", run.id, "no answer")


@pytest.mark.parametrize("config", [{"url": "{{ $secret.hook }}"}, {"secret": "hook"}])
def test_an_address_stands_nowhere_in_the_project(project, tmp_path, monkeypatch, config):
    """Not in the run, its events or its values, whether it was delivered or not."""
    address = "http://127.0.0.1:1/hooks/s3cr3t-part"
    monkeypatch.setenv("FLOWBOOK_SECRET_HOOK", address)
    flow = Flow("daily", host=project)
    flow.add(NodeSpec("told", kind="notify", config={"channel": "slack", "message": "x", **config}))
    run = flow.run()
    assert "slack gave no answer: ConnectError" in str(run["told"].error)
    project.close()
    kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert b"slack gave no answer" in kept
    assert b"s3cr3t-part" not in kept


def test_a_note_in_a_container_is_no_step_of_it(project, tmp_path):
    flow = project.read_notebook(
        notebook(
            tmp_path,
            """%%flow map each
over: [1, 2]

%%flow note why
#| in: each
Twice is *enough*.

%%flow python twice(item)
#| in: each
twice = item * 2
""",
        )
    )
    run = flow.run()
    assert run.status == "succeeded"
    assert [turn["value"] for turn in run["each"].output["each"]] == [2, 4]


def test_a_stop_with_an_error_has_a_message_that_is_filled_in(project, tmp_path):
    flow = project.read_notebook(
        notebook(
            tmp_path,
            """%%flow python order
order = {"id": 7, "pieces": 0}

%%flow stop sold_out(order)
status: failed
message: "order {{ order.id }}: {{ order.pieces }} left"
""",
        )
    )
    run = flow.run()
    assert run.status == "failed"
    with pytest.raises(flowbook.RunFailed, match="order 7: 0 left"):
        run.raise_for_status()
