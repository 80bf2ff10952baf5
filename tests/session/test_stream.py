"""What nodes stream, wherever they run, as their user and the history have it."""

from __future__ import annotations

import threading

import pytest

import flowbook
from flowbook.errors import UsageError, ValueUnavailable
from flowbook.graph.choices import On
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node, Progress
from flowbook.graph.options import Options
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.run.perform import NodeProgress
from flowbook.run.stream import NodeStream
from flowbook.session.recorded import RecordedRun


class Tell(Node):
    """Streams a little of everything."""

    kind = "tell"
    outputs = (PortName("told"),)

    def run(self, context, inputs):
        for word in ("It ", "rains", "."):
            context.token(word)
        context.emit({"page": 1})
        context.emit([2, 3])
        context.artefact("report.html", "<p>It rains.</p>")
        context.progress(1, 2)
        context.progress(2, 2, "done")
        return "told"


def telling(project, on="thread", **options):
    project.registry.register(Tell)
    flow = Flow("telling", host=project, **options)
    flow.add(Tell(NodeSpec(NodeId("tell"), kind="tell", options=Options(on=On(on)))))
    return flow


@pytest.mark.parametrize("on", ["inline", "thread", "process"])
def test_what_a_node_streamed_is_at_hand_and_in_the_history(project, on):
    run = telling(project, on).run()
    for found in (run["tell"].stream, RecordedRun(project, run.id)["tell"].stream):
        assert (found.text, found.tokens, found.data) == ("It rains.", 3, [{"page": 1}, [2, 3]])
        made = found.artefacts["report.html"]
        assert (made.content, made.media_type) == (b"<p>It rains.</p>", "text/html")
        assert found.progress == Progress(2, 2, "done")


def test_a_decorated_function_streams_through_the_context(project):
    flow = Flow("reading", host=project)

    @flow.node
    def read(count: int = 2):
        for number in range(count):
            flowbook.context().token(f"{number} ")
        return flowbook.context().path

    run = flow.run()
    assert run["read"].stream.text == "0 1 "
    assert run["read"].output == "read"


def test_a_function_in_a_process_has_its_context(project):
    flow = Flow("reading", host=project)

    @flow.node(on="process")
    def read():
        flowbook.context().token("from afar")
        print("printed once")
        return 1

    run = flow.run()
    assert run["read"].stream.text == "from afar"
    assert run["read"].logs == "printed once\n"


def test_outside_of_a_node_there_is_no_context():
    with pytest.raises(UsageError, match="no node runs here"):
        flowbook.context()


def test_listeners_hear_it_before_the_node_is_done(project):
    begin, go_on, heard = threading.Event(), threading.Event(), set()

    class Slow(Tell):
        kind = "slow"

        def run(self, context, inputs):
            assert begin.wait(30)
            super().run(context, inputs)
            assert go_on.wait(30)
            return 1

    def listen(notice):
        if isinstance(notice, NodeStream):
            heard.add((notice.channel, notice.text))
            if len(heard) == 3:
                go_on.set()

    project.registry.register(Slow)
    flow = Flow("slow", host=project)
    flow.add(Slow(NodeSpec(NodeId("slow"), kind="slow")))
    run = flow.start()
    run.subscribe(listen)
    begin.set()
    assert run.wait()["slow"].output == 1
    assert heard == {("token", "It rains."), ("data", "[2, 3]"), ("artefact", "report.html")}


def test_a_flow_keeps_what_it_says(project):
    nothing = telling(project, streams="none").run()["tell"].stream
    assert (nothing.facts, nothing.text) == ((), "It rains.")
    last = telling(project, streams="last").run()["tell"].stream
    assert (last.data, last.text) == ([[2, 3]], "It rains.")


def test_the_history_has_a_view_of_it(project):
    telling(project).run()
    project.store.fold()
    asked = "select channel, chunk_index, chunks, name, text from streams order by all"
    assert project.history.table(asked)[1] == [
        ("artefact", 0, 1, "report.html", None),
        ("data", 0, 1, None, '{"page":1}'),
        ("data", 1, 1, None, "[2,3]"),
        ("progress", 0, 1, None, '{"done":2,"total":2,"text":"done"}'),
        ("token", 0, 3, None, "It rains."),
    ]


def test_a_large_artefact_outlives_a_collection_and_goes_with_its_run(project):
    class Big(Node):
        kind = "big"
        outputs = (PortName("big"),)

        def run(self, context, inputs):
            context.artefact("big.bin", bytes(100_000))
            return 1

    project.registry.register(Big)
    flow = Flow("big", host=project)
    flow.add(Big(NodeSpec(NodeId("big"), kind="big")))
    run = flow.run()
    assert project.store.gc(0.0).objects == 0
    assert len(run["big"].stream.artefacts["big.bin"].content) == 100_000
    assert project.store.verify(deep=True).ok
    assert [one.objects for one in project.store.sizes() if one.flow == "big"] == [1]
    project.history.delete(run.id)
    assert project.store.gc(0.0).objects == 1


def test_every_attempt_has_its_own_stream(project):
    class Twice(Node):
        kind = "twice"
        outputs = (PortName("twice"),)

        def run(self, context, inputs):
            context.token(f"attempt {context.attempt}")
            if context.attempt == 1:
                raise ConnectionError("busy")
            return 1

    project.registry.register(Twice)
    flow = Flow("twice", host=project)
    options = Options(retries=1, on=On.INLINE)
    flow.add(Twice(NodeSpec(NodeId("twice"), kind="twice", options=options)))
    run = flow.run()
    assert run["twice"].stream.text == "attempt 2"
    assert project.history.table("select attempt, text from streams order by attempt")[1] == [
        (1, "attempt 1"),
        (2, "attempt 2"),
    ]


def test_what_streamed_before_a_timeout_is_kept(project):
    class Hangs(Node):
        kind = "hangs"
        outputs = (PortName("hangs"),)

        def run(self, context, inputs):
            context.token("so far")
            while not context.cancelled():
                pass

    project.registry.register(Hangs)
    flow = Flow("hangs", host=project)
    options = Options(timeout=0.2)
    flow.add(Hangs(NodeSpec(NodeId("hangs"), kind="hangs", options=options)))
    run = flow.start().wait()
    assert run["hangs"].error.name == "TimeoutError"
    assert project.history.table("select text from streams")[1] == [("so far",)]


def test_secrets_are_neither_shown_nor_kept(project):
    heard = []

    class Leaks(Node):
        kind = "leaks"
        outputs = (PortName("leaks"),)

        def run(self, context, inputs):
            for part in ("the pass", "word is hun", "ter2", "!\n", "bye"):
                context.token(part)
            context.emit({"ssn": "078-05-1120", "key": inputs["key"]})
            context.artefact("hunter2.txt", "hunter2")
            return 1

    project.registry.register(Leaks)
    flow = Flow("leaks", host=project, sensitive_fields="ssn,key")
    inputs = (InputSpec(PortName("key"), default="hunter2"),)
    flow.add(Leaks(NodeSpec(NodeId("leaks"), kind="leaks", inputs=inputs)))
    run = flow.start()
    run.subscribe(heard.append)
    run.wait()
    stream = run["leaks"].stream
    assert stream.text == "the password is [redacted]!\nbye"
    with pytest.raises(ValueUnavailable, match="redacted"):
        stream.data  # noqa: B018 - asking is the test
    told = repr(heard) + repr(run.events()) + stream.end
    assert "hunter2" not in told
    assert "078-05-1120" not in told


def test_progress_is_shown_live_as_before(project):
    heard = []
    flow = Flow("going", host=project)

    @flow.node
    def go():
        for number in range(1_000):
            flowbook.context().progress(number, 1_000)
        return 1

    run = flow.start()
    run.subscribe(heard.append)
    run.wait()
    told = [one for one in heard if isinstance(one, NodeProgress)]
    assert len(told) < 100
    assert run["go"].stream.progress == Progress(999, 1_000)
