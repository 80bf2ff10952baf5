"""What a script reads, where it ends in a template, and what it is given; nothing here runs one."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.expr.evaluate import evaluate
from flowbook.expr.javascript import MAX_SCRIPT, end_of, reads_of, script_of
from flowbook.expr.parse import parse
from flowbook.expr.template import Template


def reads(script):
    return {".".join(path) for path in reads_of(script)}


def refused(work, *given):
    with pytest.raises(ExpressionError) as caught:
        work(*given)
    return caught.value


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("items.map(i => i.price).reduce((a, b) => a + b, 0)", {"items"}),
        ("value.length > 3", {"value.length"}),
        ("fetch?.['body'].rows.length", {"fetch.body.rows.length"}),
        ("fetch['a' + b]", {"fetch", "b"}),
        ("a ? b : c", {"a", "b", "c"}),
        ("x.y`t` + x.z(1)", {"x"}),
        ("'a.b' + \"c\" /* d */ // e", set()),
        ("/a+b/.test(q) && r / s / t", {"q", "r", "s", "t"}),
        ("/[/}]/g.test(q)", {"q"}),
        ("`x ${y + `${z}`} w`", {"y", "z"}),
        ("`\\${no} $no`", set()),
        (
            "({ a: b, c, d() { return e }, ...f, 'g': h, [i]: j })",
            {"b", "c", "e", "f", "h", "i", "j"},
        ),
        ("(({ a, b: c = d, ...e }) => a + b + c + e)(f)", {"b", "d", "f"}),
        ("(() => { const [p, q] = w, x = y; let z; return p + q + x + z + v })()", {"w", "y", "v"}),
        ("(() => { for (const o of os) { f(o) } })()", {"os", "f"}),
        ("(() => { try { g() } catch (e) { return e } })()", {"g"}),
        ("(function f(n) { return n < 2 ? n : f(n - 1) + m })(k)", {"m", "k"}),
        ("async (x) => await x", set()),
        ("c ? x => x : y", {"c", "y"}),
        ("items.map(items => items.x)", {"items"}),
        ("[1].map(x => ({ x, y }))", {"y"}),
        ("new Date(when).getTime() + Math.max(...ns)", {"when", "ns"}),
        ("typeof a === 'undefined' && b instanceof Array && 'k' in o", {"a", "b", "o"}),
        ("$('get-rows').status + $(\"x y\").z", {"get-rows.status", "x y.z"}),
        ("$env.HOME.length + $vars.flow.n.x + $run.id", {"$env.HOME", "$vars.flow.n", "$run.id"}),
        ("a\n  .b\n  .c()", {"a.b"}),
        ("größe + naïve", {"größe", "naïve"}),
        ("1..toFixed(2) + 0.5.x + .5 + a[0].b", {"a"}),
        ("undefined ?? NaN ?? Infinity ?? globalThis", set()),
    ],
)
def test_the_names_a_script_reads(script, names):
    assert reads(script) == names


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("  ", "empty"),
        ("f(", "a bracket is not closed"),
        ("f)", "a ) without its bracket"),
        ("(a]", "a ] without its bracket"),
        ("'abc", "a quote is not closed"),
        ("'a\nb'", "a quote is not closed"),
        ("`abc ${x}", "a ` is not closed"),
        ("a /* b", "a comment is not closed"),
        ("x" * (MAX_SCRIPT + 1), "longer than"),
        ("+".join("x" * 4000), "more than 4,000 words"),
        ("$json.x", "$json is nothing here"),
        ("$secret.key", "$secret is not given to JavaScript"),
        ("$env[name]", "write out which one of $env"),
        ("$vars.flow", "write out which one of $vars"),
    ],
)
def test_what_is_malformed_is_refused(script, message):
    assert message in refused(reads_of, script).message


@pytest.mark.parametrize(
    "script",
    [
        "a=>" * 5000 + "a",
        "(" * 5000 + ")" * 5000,
        "`${" * 3000,
        "/" * 8000,
        "let a," * 2000,
        "{" * 9000,
    ],
)
def test_reading_takes_no_time_whatever_is_written(script):
    began = time.monotonic()
    with suppress(ExpressionError):
        reads_of(script)
    assert time.monotonic() - began < 10


@given(st.text(alphabet="ab$_.,:;?=>(){}[]`'\"/\\ \n0letfunctioncatch", max_size=60))
def test_any_text_is_read_or_refused(script):
    try:
        found = reads_of(script)
    except ExpressionError:
        return
    assert all(path and all(isinstance(name, str) for name in path) for path in found)


def test_only_what_begins_with_its_prefix_is_javascript():
    assert script_of(" js: a") == " a"
    assert script_of("js") is None
    assert parse("js: a.b").script == " a.b"
    assert parse("a.b").script is None
    assert parse("js: a.b").path is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("{{ js: a }} rest", " rest"),
        ("{{js:{a: {b: 1}}}} rest", " rest"),
        ("{{ js: `${ {a: 1}.a }` + '}}' }} rest", " rest"),
        ("{{ js: /}}/.test(a) }} rest", " rest"),
        ("{{ js: a // }}\n }} rest", " rest"),
        ("{{ js: (() => { return {} })() }}", ""),
    ],
)
def test_a_template_knows_where_a_script_ends(text, rest):
    template = Template.parse(text)
    assert template.expressions[0].script is not None
    assert template.parts[1:] == ((rest,) if rest else ())
    assert end_of(text, text.index("js:") + 3) == len(text) - len(rest) - 2


def test_both_languages_mix_in_one_template():
    template = Template.parse("{{ name.upper() }}: {{ js: rows.length }}{{ js: 1 }}")
    assert template.reads == {("name",), ("rows", "length")}
    asked = []

    def scripts(script, names):
        asked.append((script, dict(names)))
        return [len(asked)]

    text = template.render({"name": "oslo", "rows": [1], "more": object()}, scripts)
    assert text == "OSLO: [1][2]"
    assert asked == [(" rows.length", {"rows": [1]}), (" 1", {})]


def test_a_script_is_given_what_it_reads_and_no_more():
    names = {"a": {"b": 1, "c": object()}, "d": {"e": 2, "f": 3}, "g": 4, "h": {"i": 5}}
    found = evaluate(parse("js: a.b + d[x] + h.i + h.map(f)"), names, lambda _, given: given)
    assert found == {"a": {"b": 1}, "d": {"e": 2, "f": 3}, "h": {"i": 5}}


def test_what_the_project_provides_is_handed_over_by_name():
    names = {"$env": {"HOME": "/x", "KEY": "k"}, "$vars": {"flow": {"n": 1, "m": 2}}}
    found = evaluate(parse("js: $env.HOME + $vars.flow.n"), names, lambda _, given: given)
    assert found == {"$env": {"HOME": "/x"}, "$vars": {"flow": {"n": 1}}}
    error = refused(evaluate, parse("js: $env.OTHER"), names, lambda _, given: given)
    assert "$env.OTHER" in error.message


def test_columns_are_of_the_text_that_is_written():
    assert refused(parse, "js: f('x").column == 7
    assert refused(Template.parse, "see {{ js: f('x }}").column == 14

    def scripts(_script, _names):
        raise ExpressionError("no", code="script", column=2)

    assert refused(evaluate, parse("js: a"), {}, scripts).column == 5


def test_without_whoever_runs_scripts_there_is_no_value():
    assert refused(evaluate, parse("js: 1 + 1"), {}).code == "unavailable"
    assert refused(Template.parse("{{ js: 1 }}").render, {}).code == "unavailable"
