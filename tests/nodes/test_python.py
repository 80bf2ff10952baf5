"""A cell of Python runs as a function of its inputs, and its errors show the cell."""

from __future__ import annotations

import ast
import asyncio
import functools
import linecache
import pickle
import subprocess
import sys
import traceback

import cloudpickle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import FlowSyntaxError
from flowbook.graph.node import Outputs, as_outputs
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId
from flowbook.nodes.python import PythonNode


def run(node, **inputs):
    given = node.run(None, inputs)
    given = asyncio.run(given) if node.is_async else given
    return dict(as_outputs(given, node.ports(node.spec)).ports)


def test_declared_outputs_are_the_names_the_body_binds(spec):
    node = PythonNode(spec("clean", "df = raw[1:]\nn = len(df)\n_tmp = 1", "raw", "df n"))
    assert run(node, raw=[1, 2, 3]) == {"df": [2, 3], "n": 2}


@pytest.mark.parametrize(
    ("body", "outputs", "expected"),
    [
        ("x * 2", "", {"node": 42}),
        ("y = x\ny * 2", "", {"node": 42}),
        ("return x * 2", "", {"node": 42}),
        ("if x > 20:\n    return 'big'\n'small'", "", {"node": "big"}),
        ("return x, 'b'", "a b", {"a": 21, "b": "b"}),
        ("x, 'b'", "a b", {"a": 21, "b": "b"}),
        ("report = x\nprint()", "report", {"report": 21}),
        ("x = x + 1", "x", {"x": 22}),
        ("def f():\n    return x\nf()", "", {"node": 21}),
        ("for i in range(3):\n    yield i * x", "", {"node": [0, 21, 42]}),
        ("if x:\n    pass", "", {"node": None}),
        ("", "", {"node": None}),
        ("'only a string'", "", {"node": "only a string"}),
        ("locals = x\nlocals", "", {"node": 21}),
        ("(i for i in [x]).__next__()", "", {"node": 21}),
    ],
)
def test_what_a_body_gives(spec, body, outputs, expected):
    assert run(PythonNode(spec("node", body, "x", outputs)), x=21) == expected


@pytest.mark.parametrize(
    "body",
    [
        "import asyncio\nawait asyncio.sleep(0)\nx",
        "async def g():\n    yield x\n[v async for v in g()][0]",
        "async def g():\n    yield x\nasync for v in g():\n    y = v\ny",
        "import contextlib\nasync with contextlib.AsyncExitStack():\n    y = x\ny",
    ],
)
def test_a_top_level_await_makes_an_async_node(spec, body):
    node = PythonNode(spec("node", body, "x"))
    assert node.is_async
    assert run(node, x=21) == {"node": 21}


def test_an_await_in_a_default_value_counts(spec):
    body = "import asyncio\ndef f(a=await asyncio.sleep(0, x)):\n    return a\nf()"
    assert run(PythonNode(spec("node", body, "x")), x=21) == {"node": 21}


def test_a_long_expression_is_no_problem(spec):
    assert run(PythonNode(spec("node", "+".join(["x"] * 900), "x")), x=1) == {"node": 900}


def test_an_await_inside_a_function_does_not(spec):
    node = PythonNode(spec("node", "async def f():\n    await g()\n1"))
    assert not node.is_async


def test_an_async_stream_is_a_list(spec):
    body = "import asyncio\nfor i in range(2):\n    await asyncio.sleep(0)\n    yield i"
    assert run(PythonNode(spec("node", body))) == {"node": [0, 1]}


class Heard:
    """A context that keeps what a node puts on its stream."""

    def __init__(self):
        self.values = []

    def emit(self, value):
        self.values.append(value)


def test_what_a_slow_body_yields_is_told_as_it_comes(spec):
    heard = Heard()
    body = "import time\nfor i in range(3):\n    time.sleep(0.15)\n    yield i"
    assert PythonNode(spec("node", body)).run(heard, {}) == [0, 1, 2]
    assert heard.values == [0, 1, 2]


def test_what_came_just_before_a_slow_value_is_told_with_it(spec):
    heard = Heard()
    body = "import time\nyield 'at once'\ntime.sleep(0.15)\nyield 'later'"
    PythonNode(spec("node", body)).run(heard, {})
    assert heard.values == ["at once", "later"]


def test_what_a_quick_body_yields_is_not_told_one_by_one(spec):
    heard = Heard()
    assert len(PythonNode(spec("node", "yield from range(1000)")).run(heard, {})) == 1000
    assert heard.values == []


def test_a_returned_generator_stays_one(spec):
    node = PythonNode(spec("node", "(i for i in range(2))"))
    assert list(run(node)["node"]) == [0, 1]


def test_outputs_say_which_ports_are_live(spec):
    node = PythonNode(
        spec("node", "return Outputs({'a': 1})", outputs="a b", captures=("Outputs",))
    )
    node.bind({"Outputs": Outputs})
    assert run(node) == {"a": 1}


def test_an_output_left_unbound_on_one_path_is_named(spec):
    node = PythonNode(spec("node", "a = 1\nif not x:\n    b = 2", "x", "a b"))
    assert run(node, x=0) == {"a": 1, "b": 2}
    with pytest.raises(NameError, match="'node' ended without binding its output 'b'"):
        run(node, x=1)


def test_an_output_that_is_never_bound_is_refused_at_once(spec):
    with pytest.raises(FlowSyntaxError, match="never binds its output 'total'") as caught:
        PythonNode(spec("node", "totl = 1", outputs="total"))
    assert (caught.value.cell, caught.value.line) == ("cell-1", 1)


def test_only_captured_names_are_seen_and_none_is_written(spec):
    namespace = {"rate": 2, "other": 3}
    node = PythonNode(spec("node", "global rate\nrate = rate + 1\nrate", captures=("rate",)))
    node.bind(namespace)
    assert [run(node), run(node)] == [{"node": 3}, {"node": 3}]
    assert namespace == {"rate": 2, "other": 3}
    blind = PythonNode(spec("node", "other"))
    blind.bind(namespace)
    with pytest.raises(NameError, match="'other'"):
        run(blind)


def test_a_traceback_shows_the_cells_own_line(spec):
    node = PythonNode(spec("clean", "a = 1\n\nb = a / x", "x", line=3))
    with pytest.raises(ZeroDivisionError) as caught:
        run(node, x=0)
    linecache.checkcache()
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.filename, frame.lineno, frame.name) == (node.filename, 5, "clean")
    assert frame.line == "b = a / x"


def test_an_edited_cell_never_shows_the_lines_of_another(spec):
    before = PythonNode(spec("clean", "1 / 0"))
    after = PythonNode(spec("clean", "2 / 0"))
    assert before.filename != after.filename
    assert linecache.getline(before.filename, 1) == "1 / 0\n"
    assert PythonNode(spec("clean", "1 / 0")).filename == before.filename


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("a = 1\nb = (", 4, "never closed"),
        ("a = 1\nbreak", 4, "'break' outside loop"),
        ("a = 1\nb = 2\nnonlocal c", 5, "nonlocal"),
        ("from os import *", 3, "import \\* only allowed"),
        ("return 1\x00", 3, "null bytes"),
    ],
)
def test_a_body_that_does_not_parse_names_its_cell_and_line(spec, body, line, message):
    with pytest.raises(FlowSyntaxError, match=message) as caught:
        PythonNode(spec("clean", body, line=3))
    assert (caught.value.cell, caught.value.line) == ("cell-1", line)
    assert f"cell cell-1, line {line}" in str(caught.value)


def test_a_node_travels_with_what_it_captured_and_nothing_else(spec):
    node = PythonNode(spec("node", "helper(x)", "x", captures=("helper",)))
    scope = {"__name__": "__main__", "unrelated": bytes(1_000_000)}
    exec("def helper(x):\n    return x + 1", scope)
    node.bind(scope)
    packed = cloudpickle.dumps(node.run)
    assert len(packed) < 4_000
    assert pickle.loads(packed)(None, {"x": 1}) == 2


def test_a_traceback_in_another_process_shows_the_cell(spec, tmp_path):
    packed = tmp_path / "node.pickle"
    packed.write_bytes(cloudpickle.dumps(PythonNode(spec("clean", "1 / x", "x", line=2)).run))
    code = (
        "import pickle, sys, traceback\n"
        "try: pickle.load(open(sys.argv[1], 'rb'))(None, {'x': 0})\n"
        "except ZeroDivisionError: traceback.print_exc(file=sys.stdout)\n"
    )
    asked = [sys.executable, "-c", code, str(packed)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "line 2, in clean\n    1 / x" in told


def test_a_class_defined_in_a_cell_comes_back_from_a_pickle(spec):
    node = PythonNode(spec("node", "class Point:\n    x = 3\nPoint()"))
    assert pickle.loads(cloudpickle.dumps(run(node)["node"])).x == 3


def test_defining_a_node_again_compiles_nothing(spec):
    def defined():
        return PythonNode(spec("node", "x = 1\ny = [a for a in range(x)]", outputs="x y"))

    assert defined()._cell() is defined()._cell()


def test_a_function_gets_the_inputs_it_names(spec):
    def score(rows, threshold=0.5):
        return [row for row in rows if row > threshold]

    node = PythonNode.from_function(spec("score", inputs="rows threshold extra"), score)
    assert run(node, rows=[0.2, 0.9], threshold=0.5, extra=1) == {"score": [0.9]}
    assert node.filename == __file__
    assert not node.is_async


def test_functions_of_every_shape(spec):
    async def fetch(x):
        return x + 1

    async def stream(x):
        yield x

    def count(x):
        yield from range(x)

    def only(x, /, **rest):
        return x, rest

    class Caller:
        async def __call__(self, x):
            return x

    made = functools.partial(PythonNode.from_function, spec("f", inputs="x y"))
    assert run(made(fetch), x=1) == {"f": 2}
    assert run(made(stream), x=1) == {"f": [1]}
    assert run(made(count), x=2) == {"f": [0, 1]}
    assert run(made(only), x=2, y=3) == {"f": (2, {"y": 3})}
    assert run(made(functools.partial(fetch, 3))) == {"f": 4}
    assert run(made(Caller()), x=5) == {"f": 5}
    assert made(len).filename is None


# ---------------------------------------------------------------- what a body means


def meaning(body):
    return PythonNode.meaning(NodeSpec(NodeId("a"), body=body))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = f(1)", "x = f( 1 )  # one"),
        ("x = 1\ny = 2", "\n\n# both\nx = 1\n\n\ny = 2\n"),
        ("f(a, b)", "f(\n    a,\n    b,\n)"),
        ("x = 'a'", 'x = "a"'),
        ("x = (1 + 2)", "x = 1 + 2"),
    ],
)
def test_layout_means_nothing(one, other):
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 'a'", "x = 'a '"),
        ("x = 'a'", "x = b'a'"),
        ("x = a + b", "x = a - b"),
        ("x = a < b", "x = a <= b"),
        ("x = a", "y = a"),
        ("x = a", "x = b"),
        ("x = a[1:]", "x = a[:1]"),
        ("if a:\n    b\nc", "if a:\n    b\n    c"),
        ("'says so'\nx", "'says  so'\nx"),
        ("x = f'{a}'", "x = f'{a!r}'"),
    ],
)
def test_everything_else_does(one, other):
    assert meaning(one) != meaning(other)


def test_a_body_that_is_no_python_stands_for_itself():
    assert meaning("x = (") == meaning("x = (") != meaning("x =  (")


names = st.sampled_from(["a", "b", "c"])
expressions = st.recursive(
    names | st.integers(0, 9).map(str) | st.text("xy", max_size=2).map(repr),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/<"), inner).map(
        lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
    ),
    max_leaves=5,
)
lines = st.lists(st.tuples(names, expressions), min_size=1, max_size=4)
gaps = st.sampled_from(["\n", "\n\n", "\n# said\n", "  # why\n", " \n\t\n"])


@given(lines, st.lists(gaps, min_size=4, max_size=4))
def test_a_body_laid_out_anew_means_the_same(said, between):
    plain = "\n".join(f"{name} = {value}" for name, value in said)
    loose = "".join(
        f"{name}  =  {value.replace(' ', '  ')}{gap}"
        for (name, value), gap in zip(said, between, strict=False)
    )
    assert meaning(plain) == meaning(loose)


@given(lines, lines)
def test_equal_meanings_are_equal_trees(one, other):
    texts = ["\n".join(f"{name} = {value}" for name, value in said) for said in (one, other)]
    trees = [ast.unparse(ast.parse(text)) for text in texts]
    assert (meaning(texts[0]) == meaning(texts[1])) is (trees[0] == trees[1])
