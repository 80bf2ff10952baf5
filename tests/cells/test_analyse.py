"""Names read before they are bound, in the order in which Python runs the text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from tests.cells import programs

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
    "augmented assignment of what is bound reads nothing": ("n = 0\nn += k", "k", "n"),
    "augmented items and attributes read": ("d[k] += v\nbox.x -= w", "d k v box w", ""),
    "a value is read before its target is bound": ("x = x", "x", "x"),
    "one value for several names": ("a = b = c", "c", "a b"),
    "starred items": ("xs = [*a, *b]; d = {**e}; f(*args, **kw)", "a b e f args kw", "xs d"),
    "starred targets": ("first, *rest = rows\n[x, y] = first", "rows", "first rest x y"),
    "dict items in their order": ("d = {(k := a): k, b: (n := c), n: 1}", "a b c", "k n d"),
    "set and dict comprehensions": (
        "s = {f(x) for x in xs}; d = {k: w[k] for k, v in ys if v}",
        "f xs w ys",
        "s d",
    ),
    "only the first iterable is read outside of a comprehension": (
        "ys = [x for x in x]",
        "x",
        "ys",
    ),
    "later iterables see the loops before them": ("ys = [b for a in r for b in a]", "r", "ys"),
    "a generator is a comprehension": ("t = sum(x * w for x in xs)", "w xs", "t"),
    "async comprehension": ("ys = [y async for y in ys(url) if await ok(y)]", "ys url ok", "ys"),
    "comprehension in a comprehension": ("m = [[f(c) for c in r] for r in rows]", "f rows", "m"),
    "walrus in a nested comprehension": (
        "m = [[(last := c) for c in r] for r in rows]; n = last",
        "rows",
        "last m n",
    ),
    "walrus in a lambda stays there": ("f = lambda: (q := raw)\ny = q", "raw q", "f y"),
    "walrus in a call": ("f(n := raw, n)", "f raw", "n"),
    "lambda arguments are its own": ("f = lambda a, *b, c=d, **e: (a, b, c, e, g)", "d g", "f"),
    "a closure reads what is bound after it": ("f = lambda: n\nn = 1", "", "f n"),
    "a closure in a comprehension": ("fs = [lambda: (x, raw) for x in xs]", "raw xs", "fs"),
    "recursion": ("def fact(n):\n    return n and n * fact(n - 1)", "", ""),
    "locals of a function hide names, wherever bound": (
        "def f():\n    print(n)\n    n = 1\n    return n",
        "",
        "",
    ),
    "a deleted local is still one": ("def f():\n    n = 1\n    del n\n    return n", "", ""),
    "nonlocal names of the cell": ("n = 0\ndef f():\n    nonlocal n\n    n += 1", "", "n"),
    "a nonlocal name may be an input": ("def f():\n    nonlocal n\n    n = 1\nf()", "n", ""),
    "nested decorators and factories": (
        "@app.route(path)\n@cached\ndef f(): pass",
        "app path cached",
        "",
    ),
    "decorated classes, bases and keywords": (
        "@register(key)\nclass A(Base, metaclass=Meta): pass",
        "register key Base Meta",
        "",
    ),
    "a class body reads before it binds": ("class A:\n    x = x\n    y = x", "x", ""),
    "annotations in a class are evaluated": ("class A:\n    x: T\n    y: U = v", "T v U", ""),
    "comprehensions do not see class names": (
        "class A:\n    lim = 1\n    ys = [x for x in xs if x > lim]",
        "xs lim",
        "",
    ),
    "keyword-only defaults and star annotations": (
        "def f(*args: T, k: U = d, **kw: V): pass",
        "d T U V",
        "",
    ),
    "async functions": ("async def f(s):\n    return await s.get(url)", "url", ""),
    "async with several targets": (
        "async with a() as x, b(x) as (y, z):\n    pass",
        "a b",
        "x y z",
    ),
    "async for": ("async for row in rows():\n    last = row", "rows", "row last"),
    "await at the top": ("page = await client.get(url)", "client url", "page"),
    "a generator reads what it sends": ("got = yield raw\nyield from more(got)", "raw more", "got"),
    "with without a name": ("with lock:\n    x = f()", "lock f", "x"),
    "with into an attribute": ("with op() as box.file:\n    pass", "op box", ""),
    "for into an item": ("for d[k] in xs:\n    pass", "xs d k", ""),
    "the loop's else binds what a break had bound": (
        "for x in xs:\n    if x > k:\n        hit = x\n        break\nelse:\n    hit = 0\ny = hit",
        "xs k",
        "x hit y",
    ),
    "an endless loop is left by its break": (
        "while True:\n    try:\n        x = f()\n        break\n    except E:\n        pass\ny = x",
        "f E",
        "x y",
    ),
    "names in except clauses": ("try:\n    x = 1\nexcept (E, m.F):\n    x = 2", "E m", "x"),
    "a handler that leaves": (
        "try:\n    x = f()\nexcept OSError:\n    raise Wrong(k)\ny = x",
        "f Wrong k",
        "x y",
    ),
    "a body that leaves": ("try:\n    return f()\nexcept E:\n    x = 1\ny = x", "f E", "x y"),
    "try with else and finally": (
        "try:\n    x = f()\nexcept E:\n    raise\nelse:\n    y = x\nfinally:\n    g(z)\nw = y",
        "f E g z",
        "x y w",
    ),
    "the name of an exception group goes, too": (
        "try:\n    a = f()\nexcept* OSError as e:\n    a = e\nb = e",
        "f e",
        "a b",
    ),
    "all branches of nested conditions": (
        "if a:\n    if b:\n        return 1\n    raise E\nelse:\n    x = 1\ny = x",
        "a b E",
        "x y",
    ),
    "deleted on one path": ("x = 1\nif c:\n    del x", "c", "x"),
    "deleted items and attributes": ("del d[k], box.x", "d k box", ""),
    "del of several": ("a, b = raw\ndel (a, b)", "raw", ""),
    "match on values and classes": (
        "match cmd:\n    case m.RED | 3: x = 1\n    case P(a, y=Q(z=b)): x = a\n    case _: x = w",
        "cmd m P Q w",
        "x a b",
    ),
    "match on sequences": ("match rows:\n    case [h, *_, (t, u)]: n = h + t", "rows", "h t u n"),
    "guards see the captures": ("match v:\n    case n if n > lim and ok: m = n", "v lim ok", "n m"),
    "an irrefutable alternative": (
        "match v:\n    case 1:\n        x = 1\n    case (2 | _) as w:\n        x = w\ny = x",
        "v",
        "x w y",
    ),
    "nested f-strings": ("t = f'{f\"{a}\"}{b:{c}.{d}}{e=}'", "a b c d e", "t"),
    "conditional expressions": ("x = a if c else b", "c a b", "x"),
    "chained comparisons and slices": ("x = a < b <= c; y = d[i:j, k]", "a b c d i j k", "x y"),
    "assert": ("assert ok(raw), text", "ok raw text", ""),
    "imports under another name": ("import a.b as c\nfrom d import e as f\nx = c, f, a", "a", "x"),
    "names of a package": ("import a.b\nx = a", "", "x"),
    "a function of its own name": ("def f(x=f): return x", "f", ""),
    "type comments are comments": ("x = []  # type: list[T]", "", "x"),
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
        ("if TYPE_CHECKING:\n    from a import limit\ndef f(x: limit): pass", True),
        ("try:\n    import limit\nexcept ImportError:\n    limit = None\nx = limit", None),
        ("limit = 1\nif cold:\n    del limit\nx = limit", True),
        ("for one in rows:\n    limit = one\n    break\nx = limit", True),
        ("for one in rows:\n    limit = one\n    break\nelse:\n    raise E\nx = limit", None),
        ("while True:\n    limit = 1\n    if go():\n        break\nx = limit", None),
        ("class A:\n    if cold:\n        limit = 1\n    x = limit", True),
        ("return 1\nx = limit", True),
        ("if cold:\n    limit = 1\nf = lambda: limit", True),
        ("for limit in xs:\n    g(lambda: limit)", None),
        ("for one in rows:\n    continue\n    x = limit", True),
    ],
)
def test_a_name_bound_on_some_paths_only_is_read_softly(body, soft):
    found = {one.root: one.soft for one in analyse(body).reads}
    assert found.get("limit") is soft


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('t = f"""\n{a}\n{raw!r:>{w}}\n"""', 3),
        ("t = f(\n  a,\n  k=raw)", 3),
        ("@f\n@raw\ndef g(): pass", 2),
        ("def f(\n    a=1,\n    b=raw): pass", 3),
        ("def f():\n    x = 1\n    return raw", 3),
        ("class A:\n    def m(self):\n        return raw", 3),
        ("xs = [\n  x\n  for x in ys\n  if raw]", 4),
        ("match a:\n    case raw.X:\n        pass", 2),
        ("if a:\n    raw = 1\nelse:\n    b = 2\nx = raw\ndel raw\ny = raw", 7),
    ],
)
def test_a_reading_has_its_own_line(body, line):
    assert [one.line for one in analyse(body).reads if one.root == "raw"] == [line]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs.straight)
@pytest.mark.filterwarnings("ignore")
def test_exactly_what_python_misses_is_read(program):
    hard = {one.root for one in analyse(program).reads if not one.soft}
    assert hard - BUILTINS - {"it", "keep"} == programs.asked(program)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs.forked)
@pytest.mark.filterwarnings("ignore")
def test_nothing_that_python_misses_on_any_path_is_overlooked(program):
    assert programs.asked(program) <= {one.root for one in analyse(program).reads}


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
