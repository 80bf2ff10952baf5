"""Names read before they are bound, in the order in which Python runs the text."""

from __future__ import annotations

import pytest

from flowbook.cells.analyse import BUILTINS, analyse, analyse_plain

CASES = {
    "read, then bound": ("df = df.dropna()", "df", "df"),
    "bound, then read": ("df = 1; n = df", "", "df n"),
    "augmented assignment reads": ("total += step", "total step", "total"),
    "attribute and item targets read": ("box.x = v\nd[k] = v", "box v d k", ""),
    "unpacking": ("(a, *b), c = t", "t", "a b c"),
    "comprehensions have names of their own": ("ys = [x for x in xs if x > lim]", "xs lim", "ys"),
    "nested comprehension": ("ys = [y for x in xs for y in x if y in ok]", "xs ok", "ys"),
    "walrus leaves a comprehension": ("ok = any((h := x) for x in xs); z = h", "xs", "h ok z"),
    "walrus in a condition": ("if (n := len(rows)) > 1:\n    out = n", "rows", "n out"),
    "functions read when called": (
        "def f():\n    return helper(raw)\ndef helper(x):\n    return x\nout = f()",
        "raw",
        "out",
    ),
    "lambda with a default": ("f = lambda x, y=d: x + z\nz = 3", "d", "f z"),
    "decorators, defaults, annotations": ("@k\ndef f(a: T = d) -> R: return a", "k d T R", ""),
    "nested functions": (
        "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += raw\n    return g",
        "raw",
        "",
    ),
    "class bodies run on the spot": ("class A(Base):\n    x = raw\n    y = x", "Base raw", ""),
    "methods do not see class names": (
        "class A:\n    x = 1\n    def m(self):\n        return x",
        "x",
        "",
    ),
    "except names end with the handler": (
        "try:\n    a = load()\nexcept OSError as e:\n    a = str(e)\nb = e",
        "load e",
        "a b",
    ),
    "del takes a name away": ("tmp = raw\nout = tmp\ndel tmp", "raw", "out"),
    "del of an input": ("del raw", "raw", ""),
    "with and for bind": ("with op(p) as f:\n    for line in f:\n        pass", "op p", "f line"),
    "a loop reads before its second turn": ("for i in xs:\n    y = z\n    z = i", "xs z", "i y z"),
    "match binds captures": (
        "match cmd:\n    case [a, *rest] if a > lim: pass\n    case {'k': v, **kw}: pass\n"
        "    case Point(x=px): pass\n    case _ as z: pass",
        "cmd lim Point",
        "a rest v kw px z",
    ),
    "imports are no outputs": ("import os.path, numpy as np\nx = np.a + os.sep", "", "x"),
    "a global of a function is no variable": (
        "def f():\n    global n\n    n = 1\nf()\nm = n",
        "",
        "m",
    ),
    "f-strings": ("t = f'{a!r:>{w}}'", "a w", "t"),
    "annotations of variables are not evaluated": ("x: Frame = 1\ny: Frame", "", "x"),
    "await": ("async with op(url) as s:\n    body = await s.get(p)", "op url p", "s body"),
    "the other branch knows nothing of this one": (
        "if a:\n    df = raw\nelse:\n    df = df.dropna()",
        "a raw df",
        "df",
    ),
    "exception groups": ("try:\n    a = f()\nexcept* OSError:\n    a = old", "f old", "a"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
def test_names_are_read_and_bound_as_python_does(case):
    body, reads, binds = CASES[case]
    found = analyse(body)
    assert {one.root for one in found.reads} - BUILTINS == set(reads.split())
    assert found.binds == tuple(binds.split())
    assert not any(one.soft for one in found.reads)


@pytest.mark.parametrize(
    ("body", "soft"),
    [
        ("if cold:\n    limit = 5\nx = limit", True),
        ("if cold:\n    limit = 5\nelse:\n    limit = 6\nx = limit", None),
        ("if cold:\n    limit = 5\nelse:\n    raise ValueError\nx = limit", None),
        ("for one in rows:\n    limit = one\nx = limit", True),
        ("while go():\n    limit = 1\nx = limit", True),
        ("try:\n    limit = f()\nexcept OSError:\n    pass\nx = limit", True),
        ("try:\n    limit = f()\nexcept OSError:\n    limit = 0\nx = limit", None),
        ("try:\n    limit = f()\nfinally:\n    g()\nx = limit", None),
        ("match a:\n    case 1:\n        limit = 1\nx = limit", True),
        (
            "match a:\n    case 1:\n        limit = 1\n    case _:\n        limit = 2\nx = limit",
            None,
        ),
        ("if cold:\n    limit = 5\nx = limit\ndel limit\ny = limit", False),
    ],
)
def test_a_name_bound_on_some_paths_only_is_read_softly(body, soft):
    found = {one.root: one.soft for one in analyse(body).reads}
    assert found.get("limit") is soft


def test_the_first_reading_gives_the_line():
    reads = analyse("a = 1\nb = (a +\n     raw)\nc = raw").reads
    assert [(one.root, one.line) for one in reads] == [("raw", 3)]


@pytest.mark.parametrize(
    ("body", "speaks"),
    [
        ("return raw", True),
        ("raw.head()", True),
        ("for row in rows:\n    yield row", True),
        ("yield from rows", True),
        ("x = raw", False),
        ("def f():\n    return raw", False),
        ("if raw:\n    return\nx = 1", False),
        ("x = raw\nprint(x)", False),
        ("display(raw)", False),
        ("", False),
    ],
)
def test_a_body_speaks_when_it_gives_a_value(body, speaks):
    assert analyse(body).speaks is speaks


def test_private_names_stay_but_are_known():
    found = analyse("_x = 1\ny = _x")
    assert found.public == ("y",)
    assert found.known == {"_x", "y"}


@pytest.mark.parametrize(
    "body", ["x = = 1", "break", "nonlocal x", "def f(a, a): pass", "from os import *"]
)
def test_what_python_will_refuse_is_refused_now(body):
    with pytest.raises(SyntaxError):
        analyse(body)


def test_reading_a_cell_never_warns():
    assert analyse("import re\nx = re.sub('\\d', '', text) is 1").binds == ("x",)


def test_setup_cells_may_import_everything():
    assert analyse("from math import *", shared=True).stars


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("%matplotlib inline\nx = 1", "x"),
        ("run = %flow run\nrun", "run"),
        ("files = !ls *.csv\nfiles", "files"),
        ("df.head?\ny = 2", "y"),
        ("%%time\nx = slow()", "x"),
        ("%%bash\nx=1", ""),
        ("a = (7\n   % 4)", "a"),
        ("not python at all", ""),
        ("def helper(): pass\nimport os", "helper os"),
    ],
)
def test_plain_cells_are_read_past_ipythons_own_syntax(source, known):
    found = analyse_plain(source)
    assert (found.known if found else frozenset()) == set(known.split())
