"""Small programs by chance, and Python itself saying which names of them come from outside.

A program runs with builtins that make whatever is not there, and tell. What it is made of takes
everything: it can be called, awaited, unpacked, entered, compared. Functions are kept by the
decorator `keep` and called once the program is over, when all it binds is bound.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
from unittest import mock

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "d", "f")


class Thing:
    """Takes everything."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __iter__(self):
        return iter((self, self))

    def __await__(self):
        return self
        yield

    def __aiter__(self):
        self.left = 2
        return self

    async def __anext__(self):
        self.left -= 1
        if self.left < 0:
            raise StopAsyncIteration
        return self

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False

    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return False

    def __add__(self, other):
        return self

    __radd__ = __iadd__ = __getitem__ = __add__

    def __setitem__(self, key, value):
        pass

    def __format__(self, spec):
        return ""


class Outside(dict):
    """Builtins that make what is not there, and tell."""

    def __init__(self):
        super().__init__(vars(builtins))
        self.asked = set()

    def __missing__(self, name):
        self.asked.add(name)
        return Thing()


def asked(program):
    """The names that Python looks for outside of a program when it runs."""
    outside, kept = Outside(), []

    def keep(function):
        kept.append(function)
        return Thing()

    outside |= {"keep": keep, "it": Thing()}
    space = {"__builtins__": outside, "__name__": "program"}
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with mock.patch.dict(sys.modules, {"things": Thing()}):
        _finish(eval(compile(program, "<program>", "exec", flags, dont_inherit=True), space))
        for function in kept:  # which may keep more of them
            _finish(function())
    return outside.asked


def _finish(given):
    if inspect.iscoroutine(given):
        try:
            given.send(None)
        except StopIteration:
            return


# ---------------------------------------------------------------- expressions


names = st.sampled_from(NAMES)


def _joined(template, *parts):
    return st.tuples(*parts).map(lambda found: template.format(*found))


def _wider(inner):
    """What can be made of expressions."""
    return st.one_of(
        _joined("({} + {})", inner, inner),
        _joined("{}.x", inner),
        _joined("{}[{}]", inner, inner),
        _joined("{}({}, k={})", inner, inner, inner),
        _joined('it(f"{{{}!s:>{{{}}}}}")', names, names),
        _joined("it([{} for {} in {} if {}])", inner, names, inner, inner),
        _joined("it({{{}: q for {} in {} for q in {}}})", inner, names, inner, inner),
        _joined("keep(lambda {}={}: {})", names, inner, inner),
        _joined("it({{{}: {}}})", names, inner),
    )


plain = st.recursive(names, _wider, max_leaves=4)
expressions = st.one_of(
    plain,
    _joined("({} := {})", names, plain),
    _joined("it([(w := {}) for {} in {}])", plain, names, plain),
    _joined("it(w, {})", plain),
)


# ---------------------------------------------------------------- statements


def _block(text):
    return textwrap.indent(text, "    ")


targets = st.one_of(
    names,
    _joined("({}, [{}, *tmp])", names, names),
    _joined("{}.x", names),
    _joined("{}[{}]", names, names),
)
simple = st.one_of(
    _joined("{} = {}", targets, expressions),
    _joined("{} += {}", targets.filter(lambda one: not one.startswith("(")), expressions),
    _joined("{}: int = {}", names, expressions),
    expressions,
    _joined("import things as {}", names),
    _joined("tmp = {}\ndel tmp", plain),
    st.just("f = it(err)"),
)
functions = st.one_of(
    _joined(
        "@keep\ndef {}({}={}, *rest) -> {}:\n    own = {}\n    return {}, own",
        *[names] * 2,
        *[plain] * 4,
    ),
    _joined("@keep\nasync def {}({}={}):\n    return await {}", *[names] * 2, *[plain] * 2),
)


def _compound(inner):
    """What can be made of blocks."""
    body = inner.map(_block)
    return st.one_of(
        functions,
        _joined("@it\nclass {}:\n{}", names, _without_walrus(inner).map(_block)),
        _joined("if {}:\n{}", plain, body),
        _joined("for {} in {}:\n{}", targets, plain, body),
        _joined("async for {} in {}:\n{}", names, plain, body),
        _joined("with {} as {}:\n{}", plain, targets, body),
        _joined("async with {}:\n{}", plain, body),
        _joined("try:\n{}\nfinally:\n{}", body, body),
        _joined("try:\n{}\n    raise ValueError\nexcept ValueError as err:\n{}", body, body),
        _joined("try:\n{}\nexcept ValueError:\n    pass\nelse:\n{}", body, body),
        _joined("match {}:\n    case {}:\n{}", plain, names, body.map(_block)),
        _joined("{} = it([{} async for {} in {}])", names, plain, names, plain),
    )


def _without_walrus(blocks):
    return blocks.filter(lambda text: ":=" not in text and "async" not in text)


def _together(statements):
    return st.lists(statements, min_size=1, max_size=4).map("\n".join)


straight = _together(
    st.recursive(_together(simple), lambda inner: _together(_compound(inner)), max_leaves=4)
)
"""Programs all of whose lines run."""
forked = st.recursive(
    straight,
    lambda inner: st.one_of(
        _joined("if {}:\n{}\nelse:\n{}", plain, inner.map(_block), inner.map(_block)),
        _joined("if not {}:\n{}\nelse:\n{}", plain, inner.map(_block), inner.map(_block)),
        _joined(
            "for {} in {}:\n{}\n    break\nelse:\n{}",
            names,
            plain,
            inner.map(_block),
            inner.map(_block),
        ),
        _joined("while True:\n{}\n    if {}:\n        break", inner.map(_block), plain),
        _joined("try:\n{}\nexcept ValueError:\n{}", inner.map(_block), inner.map(_block)),
        _joined(
            "match {}:\n    case 1:\n{}\n    case _:\n{}",
            plain,
            *[inner.map(_block).map(_block)] * 2,
        ),
    ),
    max_leaves=4,
)
"""Programs of which some lines do not run."""
