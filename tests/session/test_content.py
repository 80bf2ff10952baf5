"""What a node captures, as a digest: the same wherever it is written, another for other meaning."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets import Float

from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.session.content import Untold, digest_of

BASE = """
LIMIT = 10
def helper(x, step=1):
    return x + step
def main(rows):
    return [helper(row) for row in rows if row < LIMIT]
"""


def defined(text, name="main", above=0):
    """A function of a notebook, whose cell begins so many lines further down."""
    space = {"__name__": "__main__"}
    exec(compile("\n" * above + textwrap.dedent(text), f"<cell {above}>", "exec"), space)
    return space[name]


def test_moving_and_annotating_code_is_harmless():
    moved = BASE.replace("def helper", "# why\n\n\ndef helper").replace("x + step", "x + step  # !")
    assert digest_of({"f": defined(BASE)}) == digest_of({"f": defined(moved, above=40)})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 10", "LIMIT = 11"),
        ("LIMIT = 10", "LIMIT = 10.0"),
        ("x + step", "x - step"),
        ("step=1", "step=2"),
        ("row < LIMIT", "row <= LIMIT"),
        ("helper(row)", "helper(row, 2)"),
    ],
)
def test_whatever_a_function_calls_or_reads_is_part_of_it(before, after):
    changed = BASE.replace(before, after)
    assert changed != BASE
    assert digest_of({"f": defined(BASE)}) != digest_of({"f": defined(changed)})


def test_closures_and_defaults_count():
    def make(factor, add=0):
        def scale(x, add=add):
            return x * factor + add

        return scale

    assert digest_of({"f": make(2)}) == digest_of({"f": make(2)})
    assert len({digest_of({"f": f}) for f in (make(2), make(3), make(2, 1))}) == 3


def test_functions_anywhere_in_a_value_go_by_what_they_do():
    def value(function):
        return {"steps": [functools.partial(function, step=2)]}

    one, moved = defined(BASE, "helper"), defined(BASE, "helper", above=9)
    other = defined(BASE.replace("x + step", "x * step"), "helper")
    assert digest_of(value(one)) == digest_of(value(moved)) != digest_of(value(other))


def test_recursion_ends():
    one = defined("def f(n):\n    return n * f(n - 1) if n else 1\n", "f")
    other = defined("def f(n):\n    return n + f(n - 1) if n else 1\n", "f")
    assert digest_of({"f": one}) != digest_of({"f": other})


def test_classes_of_the_notebook_go_by_their_members():
    text = "class Model:\n    rate = 1\n    def run(self, x):\n        return x * self.rate\n"
    one, moved = defined(text, "Model"), defined(text, "Model", above=3)
    assert digest_of({"m": one}) == digest_of({"m": moved})
    for before, after in (("rate = 1", "rate = 2"), ("x * self", "x + self")):
        assert digest_of({"m": one}) != digest_of(
            {"m": defined(text.replace(before, after), "Model")}
        )
    assert digest_of({"m": one()}) != digest_of({"m": one})


def test_libraries_go_by_name_but_not_what_they_make_on_the_fly():
    assert digest_of({"f": np.mean}) != digest_of({"f": np.median})
    made = [lambda x, by=by: x * by for by in (1, 2)]
    for function in made:
        function.__module__ = "json"
    assert digest_of({"f": made[0]}) != digest_of({"f": made[1]})


@pytest.mark.parametrize("around", [functools.lru_cache, contextlib.contextmanager, staticmethod])
def test_what_is_wrapped_counts(around):
    one, moved = (around(defined(BASE, "helper", above=above)) for above in (0, 5))
    other = around(defined(BASE.replace("x + step", "x * step"), "helper"))
    assert digest_of({"f": one}) == digest_of({"f": moved}) != digest_of({"f": other})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.sets(st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=6,
)


@given(values, values)
def test_equal_digests_are_equal_values(one, other):
    if digest_of({"v": one}) == digest_of({"v": other}):
        assert one == other
    elif repr(one) == repr(other):
        assert isinstance(one, list | dict | tuple)  # one value met twice is written once


def test_what_has_no_order_is_the_same_in_every_process():
    script = (
        "from flowbook.session.content import digest_of\n"
        "names = {f'name {i}' for i in range(50)}\n"
        "def f(x):\n    return x in {'a', 'b', 'c', 'd'}\n"
        "print(digest_of({'names': names, 'f': f}))\n"
    )

    def told(seed):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert told("1") == told("2")


def test_what_cannot_be_told_is_named():
    with pytest.raises(Untold, match="lock cannot be pickled"):
        digest_of({"lock": threading.Lock()})


def test_nodes_stand_for_their_functions():
    def flow_of(factor):
        flow = Flow("f")

        @flow.node
        def scale(x: int = 1):
            return x * factor

        return scale

    assert digest_of({"n": flow_of(2)}) == digest_of({"n": flow_of(2)})
    assert digest_of({"n": flow_of(2)}) != digest_of({"n": flow_of(3)})


def test_a_node_type_of_ones_own_goes_by_its_code_and_traits():
    def kind(default, add):
        class Clip(Node):
            kind = "clip"
            low = Float(default).tag(config=True)

            def run(self, context, inputs):
                return inputs["x"] + add

        return Clip

    assert digest_of({}, kind=kind(1.0, 1)) == digest_of({}, kind=kind(1.0, 1))
    assert len({digest_of({}, kind=kind(*one)) for one in ((1, 1), (2, 1), (1, 2))}) == 3
    assert digest_of({}, kind=Node) == digest_of({})
