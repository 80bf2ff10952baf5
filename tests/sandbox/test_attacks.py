"""What hostile JavaScript can do: nothing but end its own evaluation, soon.

Each attack is followed by an evaluation that works, and none learns a planted secret.
"""

from __future__ import annotations

import os
import socket
import time

import pytest

from flowbook.errors import ExpressionError
from flowbook.sandbox.javascript import evaluate
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.supervisor import here

pytestmark = pytest.mark.js

LIMITS = Limits()
SLACK_S = 20
"""A machine that does other things: what is looked for is an evaluation that never ends."""
SECRET = "planted-5f1d"


def outcome(source, limits=LIMITS, **names):
    """The value of `source`, or the code of why it has none; never too late."""
    began = time.monotonic()
    try:
        found, told = evaluate(source, names, limits), ""
    except ExpressionError as error:
        found, told = str(error.code), error.message
    assert time.monotonic() - began < limits.wall_s + limits.grace_s + SLACK_S
    assert "wasm" not in told
    assert "site-packages" not in told
    assert evaluate("21 * 2", {}) == 42
    return found


ENDLESS = {
    "a loop": "(() => { while (1); })()",
    "a loop that catches": "(() => { for (;;) { try { while (1); } catch {} } })()",
    "a loop in finally": "(() => { try { throw 1 } finally { for (;;); } })()",
    "a sort that never says": "[3, 2, 1].sort(() => { while (1); })",
    "a big sort": "Array.from({length: 3e6}, () => Math.random()).sort().length",
    "a getter": "({ get a() { for (;;); } })",
    "toJSON": "({ toJSON() { for (;;); } })",
    "toString": "`${{ toString() { for (;;); } }}`",
    "valueOf": "+{ valueOf() { for (;;); } }",
    "toPrimitive": "`${{ [Symbol.toPrimitive]() { for (;;); } }}`",
    "an error without end": "(() => { throw { toString() { for (;;); } } })()",
    "an error's message": "(() => { throw Object.assign(new Error(), { get message() {} }) })(),"
    "(() => { const e = new Error(); Object.defineProperty(e, 'message',"
    " { get() { for (;;); } }); throw e })()",
    "a regular expression": "/(a+)+$/.test('a'.repeat(60) + 'b')",
    "nested stars": f"/{'(a*)*' * 50}b/.test('a'.repeat(60))",
    "a generator": "[...(function* () { for (;;) yield 1 })()].length",
    "an iterator": "Array.from({ [Symbol.iterator]: () => ({ next: () => ({ value: 1 }) }) })",
    "huge whole numbers": "(() => { let n = 3n; for (;;) n *= n; })()",
    "a text that doubles": "(() => { let s = 'x'; for (;;) s += s; })()",
    "a list that doubles": "(() => { let s = [1]; for (;;) s = s.concat(s); })()",
    "objects": "(() => { const all = []; for (;;) all.push({ all }); })()",
    "buffers": "(() => { const all = []; for (;;) all.push(new Uint8Array(1e6)); })()",
    "symbols": "(() => { for (let i = 0; ; i++) Symbol.for('s' + i); })()",
    "a replacement": "'a'.repeat(1e6).replaceAll('a', 'a'.repeat(1e6)).length",
    "padding": "'x'.padStart(2 ** 30).length",
    "a repetition": "'x'.repeat(2 ** 29).length",
    "a long list": "new Array(2 ** 32 - 2).fill(0)",
    "a big buffer": "new ArrayBuffer(2 ** 32).byteLength",
    "a power": "(2n ** (2n ** 40n)).toString()",
    "a shift": "(1n << (1n << 40n)).toString()",
    "a join": "new Array(2 ** 28).join('xxxxxxxx').length",
    "recursion": "(function f() { return f() + 1 })()",
    "recursion by getter": "(() => { const o = { get a() { return this.a } }; return o.a })()",
    "a proxy of itself": "(() => { const h = {}; const p = new Proxy({}, h); h.get = (t, k, r) =>"
    " r[k]; return p.x })()",
    "prototypes in a ring of proxies": "(() => { const p = new Proxy({}, { getPrototypeOf: () => p,"
    " get: (t, k) => p[k] }); return p.y })()",
    "nested lists": "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a })()",
    "JSON's nesting": "JSON.parse('['.repeat(1e6))",
    "brackets": "eval('('.repeat(1e5))",
    "a long chain": "eval('a' + '.a'.repeat(1e6))",
    "a ring": "(() => { const a = {}; a.a = a; return a })()",
    "a flood of text": "'x'.repeat(5e6)",
    "a flood of items": "Array.from({ length: 3e6 }, (_, i) => i)",
    "an array with a hole of billions": "(() => { const a = []; a[2 ** 32 - 2] = 1; return a })()",
}


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_what_would_never_end_or_fit_is_ended(source):
    assert outcome(source) in {"budget", "too_large", "script"}


HOSTS = """
    require process module exports console fetch WebAssembly std os bjson print load scriptArgs Intl
    setTimeout setInterval Deno Bun window self document XMLHttpRequest WebSocket Worker __dirname
    importScripts navigator read readFile
"""


@pytest.mark.parametrize("name", HOSTS.split())
def test_nothing_of_a_host_is_there(name):
    assert outcome(f"typeof {name}") == "undefined"


@pytest.mark.parametrize(
    "source",
    [
        "Function('return this')().constructor.constructor('return typeof process')()",
        "(() => {}).constructor('return typeof require')()",
        "[].constructor.constructor('return typeof globalThis.process')()",
        "$.constructor('return typeof process')()",
        "Reflect.construct(Function, ['return typeof fetch'])()",
        "(async () => {}).constructor('return 1') && typeof process",
        "(0, eval)('typeof process')",
    ],
)
def test_constructors_lead_to_the_same_empty_place(source):
    assert outcome(source) == "undefined"


@pytest.mark.parametrize(
    "source",
    [
        "import('fs')",
        "import('file:///etc/passwd')",
        "Promise.resolve().then(() => { for (;;); })",
        "(async () => { await null; for (;;); })()",
        "(function again() { return Promise.resolve().then(again) })()",
    ],
)
def test_a_promise_is_no_value_and_nobody_waits_for_it(source):
    assert outcome(source) == "type"


def test_jobs_are_never_run():
    assert outcome("(queueMicrotask(() => { for (;;); }), 7)") == 7


@pytest.mark.parametrize(
    "source",
    [
        "Error.prepareStackTrace = (e, frames) => { for (;;); }, null.x",
        "(Error.prepareStackTrace = (e, frames) => frames, null.x)",
        "(Object.prototype.toJSON = () => 'x', JSON.stringify = () => { for (;;); }, 1)",
        "(Array.prototype[Symbol.iterator] = null, Function.prototype.call = null, [1, 2])",
        "(Object.defineProperty(Object.prototype, 'what', { get() { for (;;); } }), null.x)",
        "(Object.freeze(Object.prototype), String = null, 1)",
        "(() => { throw null })()",
        "(() => { throw undefined })()",
        "(() => { throw Symbol('x') })()",
        "(() => { throw new Proxy({}, { get() { throw 1 } }) })()",
        "(() => { throw '\\ud800' })()",
        "(() => { throw new Error('x'.repeat(1e6)) })()",
    ],
)
def test_what_is_done_to_the_built_ins_stays_with_the_one_who_did_it(source):
    outcome(source)
    assert evaluate("({ a: [1, 'x'] })", {}) == {"a": [1, "x"]}


@pytest.mark.parametrize(
    "leave",
    [
        "globalThis.left = 1",
        "Object.prototype.left = 1",
        "Array.prototype.left = 1",
        "Math.left = 1",
        "(() => { Math.max = () => -1; return 1 })()",
        "eval('var left = 1; 1')",
        "(0, eval)('var left = 1; 1')",
        "Function('left = 1; return 1')()",
    ],
)
def test_nothing_is_left_for_the_next_one(leave):
    outcome(leave)
    seen = "[typeof left, ({}).left, [].left, Math.left, Math.max(1, 2)]"
    assert evaluate(seen, {}) == ["undefined", None, None, None, 2]


def test_nothing_is_left_behind_a_trap():
    assert outcome("(globalThis.left = 1, eval('('.repeat(1e5)))") == "budget"
    assert evaluate("typeof left", {}) == "undefined"


def test_a_key_called_proto_is_a_key():
    given = {"__proto__": {"polluted": 1}, "constructor": 2}
    assert evaluate("[x.polluted, ({}).polluted, x]", {"x": given}) == [None, None, given]


@pytest.mark.parametrize("name", ["it's", 'say "x"', "a`b", "a\\", "${x}", "a\nb", "a);b(", "'"])
def test_a_name_with_quotes_is_only_a_name(name):
    assert evaluate("$(n) + 1", {name: 1, "n": name}) == 2


@pytest.mark.parametrize(
    "source",
    [
        "1) }, function () { return (globalThis.left = 2",
        "1); globalThis.left = (2",
        "1\n)}, globalThis.left = 3, function(){return (\n1",
    ],
)
def test_source_that_closes_its_function_stays_in_its_isolate(source):
    outcome(source)
    assert evaluate("typeof left", {}) == "undefined"


def test_lone_surrogates_and_nul_pass():
    assert evaluate("[x.length, x]", {"x": "a\x00\ud800é"}) == [4, "a\x00\ud800é"]


# ---------------------------------------------------------------- what must not be seen


def test_secrets_of_the_host_are_not_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("PLANTED", SECRET)
    (tmp_path / "secret").write_text(SECRET)
    everything = """(() => {
      const seen = new Set(), texts = [];
      const look = (value, depth) => {
        if (depth > 6 || value === null || !['object', 'function'].includes(typeof value)) {
          texts.push(String(value)); return;
        }
        if (seen.has(value)) return;
        seen.add(value);
        for (const key of Reflect.ownKeys(value)) {
          texts.push(String(key));
          try { look(value[key], depth + 1) } catch {}
        }
      };
      look(globalThis, 0);
      look(new Error('x').stack, 0);
      return texts.join('\\n');
    })()"""
    found = evaluate(everything, {})
    assert len(found) > 1000, "it has looked at something"
    for private in (SECRET, "PLANTED", str(tmp_path), os.getcwd(), "/home", "/root", "python"):
        assert private not in found


def test_the_worker_has_no_environment_and_no_file_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("PLANTED", SECRET)
    here().close()
    with (tmp_path / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        assert evaluate("1", {}) == 1
    pid = here().pid
    environment = f"/proc/{pid}/environ"
    if not os.path.exists(environment):
        pytest.skip("this system shows no process's environment")
    with open(environment, "rb") as file:
        assert file.read().strip(b"\0") == b""
    links = [os.readlink(f"/proc/{pid}/fd/{one}") for one in os.listdir(f"/proc/{pid}/fd")]
    assert not any(str(tmp_path) in link for link in links)
    assert not any(link.startswith("socket:") for link in links)


def test_nobody_calls_a_listening_socket():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        assert outcome(f"import('{url}')") == "type"
        assert outcome(f"fetch('{url}')") == "script"
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_memory_of_the_worker_stays_bounded():
    evaluate("1", {})
    if not os.path.exists(f"/proc/{here().pid}/status"):
        pytest.skip("this system shows no process's memory")
    for source in ("new Array(2 ** 32 - 2).fill(0)", "(() => { let s = 'x'; for (;;) s += s; })()"):
        for _ in range(8):
            outcome(source)
    with open(f"/proc/{here().pid}/status") as file:
        status = dict(line.split(":", 1) for line in file if ":" in line)
    assert int(status["VmHWM"].split()[0]) < 400 << 10
