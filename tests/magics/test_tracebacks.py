"""What a cell shows when a node fails: its own line with an arrow, and no frame of ours."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.kernel

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
MACHINERY = ("flowbook/run", "flowbook/magics", "run_cell_magic", "asyncio/", "concurrent/futures")


@pytest.fixture(scope="module", autouse=True)
def loaded(kernel):
    assert kernel.run("%load_ext flowbook", cell="load").error is None


def failed(kernel, source, cell):
    """The error a cell shows, without colours; it has no frame of ours."""
    shown = COLOURS.sub("", kernel.run(source, cell=cell).error or "")
    assert shown, f"cell {cell} did not fail"
    assert [one for one in MACHINERY if one in shown] == []
    return shown


def arrow(shown):
    """The lines that IPython points at."""
    return [line.strip() for line in re.findall(r"^-+> (\d+ .*)$", shown, re.MULTILINE)]


@pytest.mark.parametrize("place", ["thread", "inline", "process"])
def test_a_failing_line_is_pointed_at_wherever_it_ran(kernel, place):
    shown = failed(
        kernel, f"%%flow on_{place} --on {place}\nx = 1\n\ny = x / 0\nz = y", f"on-{place}"
    )
    assert arrow(shown) == ["4 y = x / 0"]
    assert re.search(rf"Cell In\[\d+\], line 4, in on_{place}\(\)", shown)
    assert shown.rstrip().endswith(
        f"RunFailed: node 'on_{place}' failed (cell on-{place}, line 4): "
        "ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize("source", ["%%flow counted\n1 / 0", "%%flow setup\n1 / 0"])
def test_a_traceback_has_the_number_of_the_cell(kernel, source):
    reply = kernel.run(source, cell="counted")
    (began,) = (one["content"] for one in reply.messages if one["msg_type"] == "execute_input")
    shown = COLOURS.sub("", reply.error)
    assert re.findall(r"Cell In\[(\d+)\], line 2", shown) == [str(began["execution_count"])]


def test_a_failing_line_is_pointed_at_on_a_cluster(kernel):
    shown = failed(kernel, "%%flow far --on dask\nx = 1\nfar = x / 0", "far")
    assert arrow(shown) == ["3 far = x / 0"]


@pytest.mark.parametrize(
    ("name", "body", "lines"),
    [
        ("later", "import asyncio\nawait asyncio.sleep(0)\nlater = 1 / 0", ["4 later = 1 / 0"]),
        ("yields", "yield 1\nyield 1 / 0", ["3 yield 1 / 0"]),
        (
            "inside",
            "def inner(v):\n    return 1 / v\n\ninside = inner(0)",
            ["5 inside = inner(0)", "3     return 1 / v"],
        ),
        ("options", "#| retries: 0\noptions = 1 / 0", ["3 options = 1 / 0"]),
    ],
)
def test_whatever_a_cell_is_made_of(kernel, name, body, lines):
    assert arrow(failed(kernel, f"%%flow {name}\n{body}", name)) == lines


def test_a_comprehension_is_pointed_at(kernel):
    shown = failed(kernel, "%%flow listed\nlisted = [1 / v for v in (1, 0)]", "listed")
    assert set(arrow(shown)) == {"2 listed = [1 / v for v in (1, 0)]"}


def test_frames_of_libraries_stay(kernel):
    shown = failed(kernel, "%%flow parsed\nimport json\nparsed = json.loads('{x')", "parsed")
    assert "3 parsed = json.loads('{x')" in arrow(shown)
    assert "json/decoder.py" in shown


def test_a_function_of_a_plain_cell_shows_that_cell(kernel):
    kernel.run("def plain(v):\n    return 1 / v", cell="plain")
    shown = failed(kernel, "%%flow uses\nuses = plain(0)", "uses")
    assert arrow(shown) == ["2 uses = plain(0)", "2     return 1 / v"]
    assert len(set(re.findall(r"Cell In\[(\d+)\]", shown))) == 2


def test_a_function_of_a_setup_cell_shows_that_cell_and_its_line(kernel):
    source = "%%flow setup\nimport math\n\ndef rooted(v):\n    return math.sqrt(v)"
    assert kernel.run(source, cell="setup").error is None
    shown = failed(kernel, "%%flow calls\ncalls = rooted(-1)", "calls")
    assert arrow(shown) == ["2 calls = rooted(-1)", "5     return math.sqrt(v)"]


def test_a_setup_cell_that_fails_shows_its_line(kernel):
    shown = failed(kernel, "%%flow setup\nimport math\nboom = 1 / 0", "setup-fails")
    assert arrow(shown) == ["3 boom = 1 / 0"]
    assert shown.startswith("---")


def test_causes_are_shown_with_their_lines(kernel):
    body = "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('bad') from e"
    shown = failed(kernel, f"%%flow caused\n{body}", "caused")
    assert arrow(shown) == ["3     {}['k']", "5     raise ValueError('bad') from e"]
    assert "direct cause" in shown


def test_all_of_a_group_is_shown(kernel):
    body = "raise ExceptionGroup('two', [ValueError('one'), OSError('other')])"
    shown = failed(kernel, f"%%flow grouped\n{body}", "grouped")
    assert re.search(r"Cell In\[\d+\], line 2", shown)
    assert "ValueError: one" in shown
    assert "OSError: other" in shown


def test_an_endless_recursion_is_short(kernel):
    shown = failed(kernel, "%%flow deep\ndef f(n):\n    return f(n + 1)\nf(0)", "deep")
    assert "RecursionError" in shown
    assert len(shown.splitlines()) < 40


@pytest.mark.parametrize("ends", ["raise KeyboardInterrupt", "raise SystemExit(3)"])
def test_a_node_that_ends_python_fails_like_any_other(kernel, ends):
    shown = failed(kernel, f"%%flow ending\nx = 1\n{ends}", "ending")
    assert arrow(shown) == [f"3 {ends}"]
    assert "RunFailed: node 'ending' failed (cell ending, line 3)" in shown


def test_a_cell_that_is_no_python_says_which_line(kernel):
    shown = failed(kernel, "%%flow wrong\n#| retries: 1\nx = 1\ny = = 2", "wrong")
    assert "wrong, cell wrong, line 4: this is not Python" in shown
    assert "look at: y = = 2" in shown


@pytest.mark.parametrize(
    ("query", "line", "marked", "carets"),
    [
        ("select 1 as a,\n  nope\nfrom range(3)", 3, "nope", None),
        ("select 1 as a, nope from range(3)", 2, "select 1 as a, nope", "^^^^"),
        ("select 1 as a,\n  strlen2(range)\nfrom range(3)", 3, "strlen2(range)", "^^^^^^^"),
        ("select cast('x' as int) as a", 2, "select cast('x' as int)", "^^^^"),
    ],
)
def test_sql_is_pointed_at_where_the_database_tells(kernel, query, line, marked, carets):
    shown = failed(kernel, f"%%flow sql asked\n{query}", "asked")
    assert re.search(rf"Cell In\[\d+\], line {line}, in asked\n +{re.escape(marked)}", shown)
    assert carets is None or re.search(rf"\n +{re.escape(carets)}\n", shown)
    assert shown.count("Error: ") == 2  # ours and the database's, each once


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose", "Minimal"])
def test_tracebacks_are_as_detailed_as_the_user_wants_them(kernel, mode):
    kernel.run(f"%xmode {mode}")
    try:
        shown = failed(kernel, "%%flow moody\nx = 41\n\nmoody = x / 0", "moody")
    finally:
        kernel.run("%xmode Context")
    assert ("moody = x / 0" in shown) is (mode != "Minimal")
    assert ("x = 41" in shown) is (mode in ("Context", "Verbose"))
    assert shown.count("RunFailed") == 1


def test_the_debugger_opens_in_the_frame_of_the_cell(kernel):
    failed(kernel, "%%flow looked\nx = 41\nlooked = x / 0", "looked")
    frame = "get_ipython().InteractiveTB.tb.tb_frame"
    assert "41" in kernel.run(f"{frame}.f_locals['x']").text


def test_a_run_that_failed_shows_the_same_when_it_is_asked_later(kernel):
    kernel.run("%%flow asked_later\nx = 1\nasked_later = x / 0", cell="asked-later")
    kernel.run("run = %flow run asked_later")
    for line in ("run.raise_for_status()", "run['asked_later'].output"):
        assert "3 asked_later = x / 0" in arrow(failed(kernel, line, "asks"))


def test_a_run_of_before_shows_its_lines_as_text(kernel):
    kernel.run("%%flow before\nx = 1\nbefore = x / 0", cell="before")
    kernel.run("run = %flow run before")
    for i in range(5):  # newer failures take its place
        kernel.run(f"%%flow newer{i}\n1 / 0", cell=f"newer{i}")
    shown = failed(kernel, "run.raise_for_status()", "asks")
    assert re.search(r"line 3, in before\n +before = x / 0\n +~~\^~~", shown)


def test_a_secret_is_in_no_traceback_however_detailed(kernel):
    kernel.run("import os\nos.environ['FLOWBOOK_SECRET_DOOR'] = 'open sesame'")
    source = (
        "%%flow hides\nimport flowbook\n"
        "word = flowbook.context().services.secret('door')\nhides = 1 / (0 * len(word))"
    )
    kernel.run("%xmode Verbose")
    try:
        shown = failed(kernel, source, "hides")
    finally:
        kernel.run("%xmode Context")
    assert "open sesame" not in shown
    assert "word = '[redacted]'" in shown


def test_a_node_in_a_container_says_in_which_turn_it_failed(kernel):
    kernel.run("%%flow foreach each\nover: [1, 0]", cell="each")
    kernel.run("%%flow share(item)\n#| in: each\nshare = 1 / item", cell="share")
    kernel.run("run = %flow run each")
    shown = failed(kernel, "run.raise_for_status()", "asks-each")
    assert arrow(shown) == ["3 share = 1 / item"]
    assert "node 'each[1].share' failed (cell share, line 3)" in shown
