"""A program runs when it may, is told nothing it was not given, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.nodes.jail import JailedServices
from traitlets import TraitError

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.services import Grant
from flowbook.nodes.shell import ShellNode


@pytest.fixture
def shell(made, context, tmp_path):
    context.services = JailedServices(tmp_path, grants=[Grant.SHELL], env={"LISTED": "yes"})
    context.tokens = []
    context.token = context.tokens.append

    def run(**config):
        return made.node(ShellNode, "ran", **config).run(context, {}).ports

    run.context, run.folder = context, tmp_path
    return run


def python(code, *words):
    return [sys.executable, "-c", code, *words]


def wait_for(there, seconds=10.0):
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_gives_output_errors_and_code(shell):
    given = shell(command=python("import sys; print('out'); print('err', file=sys.stderr)"))
    assert given == {"stdout": "out\n", "stderr": "err\n", "code": 0}


def test_without_the_grant_nothing_runs(shell):
    shell.context.services.grants.clear()
    with pytest.raises(NotGranted, match="run touch") as refused:
        shell(command=["touch", "made"])
    assert refused.value.grant == Grant.SHELL
    assert not (shell.folder / "made").exists()


def test_a_test_run_runs_nothing(shell):
    shell.context.services.effects = False
    with pytest.raises(NotGranted, match="runs nothing in a test run"):
        shell(command=["touch", "made"])
    assert not (shell.folder / "made").exists()


def test_a_code_that_is_no_failure_may_be_named(shell):
    with pytest.raises(UsageError, match="ended with code 3: broken"):
        shell(command=python("import sys; print('broken', file=sys.stderr); sys.exit(3)"))
    assert shell(command=python("import sys; sys.exit(3)"), ok=[0, 3])["code"] == 3
    with pytest.raises(UsageError, match="was killed by SIGKILL"):
        shell(command=python("import os; os.kill(os.getpid(), 9)"))


def test_its_environment_has_only_what_it_was_given(shell, monkeypatch):
    monkeypatch.setenv("FLOWBOOK_TEST_SECRET", "s3cr3t")
    told = shell(command=["env"], env={"A": 1, "B": "x y"}, pass_env=["LISTED"])["stdout"]
    names = {line.partition("=")[0] for line in told.splitlines()}
    assert names == {"PATH", "A", "B", "LISTED"}
    with pytest.raises(NotGranted, match="HOME is not listed"):
        shell(command=["env"], pass_env=["HOME"])


def test_it_runs_in_the_project(shell):
    (shell.folder / "sub").mkdir()
    assert shell(command=["pwd"], cwd="sub")["stdout"].strip() == str(shell.folder / "sub")
    with pytest.raises(NotGranted, match="outside"):
        shell(command=["pwd"], cwd="..")
    with pytest.raises(UsageError, match="there is no folder 'nowhere'"):
        shell(command=["pwd"], cwd="nowhere")


def test_a_program_that_is_not_there_is_named(shell):
    with pytest.raises(UsageError, match="there is no program 'no-such-program'"):
        shell(command=["no-such-program"])


def test_it_reads_what_it_is_given(shell):
    assert shell(command=["cat"], stdin="æ")["stdout"] == "æ"
    assert shell(command=["cat"], stdin=[1, {"a": None}])["stdout"] == '[1, {"a": null}]'
    big = "x" * 5_000_000
    assert shell(command=["cat"], stdin=big)["stdout"] == big
    assert shell(command=["true"], stdin=big)["code"] == 0


def test_output_is_read_as_it_is_asked_for(shell):
    assert shell(command=["printf", "a\nb\n"], parse="lines")["stdout"] == ["a", "b"]
    assert shell(command=["printf", '{"a": 1}'], parse="json")["stdout"] == {"a": 1}
    assert shell(command=["printf", "\\377"], parse="bytes")["stdout"] == b"\xff"
    with pytest.raises(UsageError, match="gave no JSON"):
        shell(command=["printf", "{"], parse="json")


def test_a_script_needs_to_be_asked_for(shell):
    with pytest.raises(UsageError, match="shell: true"):
        shell(script="echo hi")
    assert shell(script="echo hi; exit 0", shell=True)["stdout"] == "hi\n"
    with pytest.raises(UsageError, match="has neither"):
        shell()
    with pytest.raises(UsageError, match="has both"):
        shell(script="true", command=["true"], shell=True)


def test_a_template_in_a_script_is_refused(shell):
    with pytest.raises(TraitError, match="a shell would read the value as code"):
        shell(script="echo {{ name }}", shell=True)
    with pytest.raises(TraitError, match="the program of command is a template"):
        shell(command=["{{ program }}", "x"])
    with pytest.raises(TraitError, match="a list of words"):
        shell(command="ls -l")


SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@SLOW
@given(
    WORDS | st.sampled_from(["$(touch made)", "; touch made", "`touch made`", "' && touch made"])
)
def test_no_value_is_ever_read_by_a_shell(shell, value):
    told = shell(script='printf %s "$1"', shell=True, args=[value])
    assert told["stdout"] == value
    assert shell(script='printf %s "$A"', shell=True, env={"A": value})["stdout"] == value
    assert shell(command=["printf", "%s", value])["stdout"] == value
    assert list(shell.folder.iterdir()) == []


def test_a_word_with_a_nul_is_refused(shell):
    with pytest.raises(UsageError, match="NUL"):
        shell(command=["echo", "a\0b"])


def test_lines_are_told_while_it_runs(shell):
    hold = shell.folder / "go"
    code = (
        "import os, sys, time; print('first', flush=True)\n"
        "print('warn', file=sys.stderr, flush=True)\n"
        f"while not os.path.exists({str(hold)!r}): time.sleep(0.01)\n"
        "print('second')"
    )
    running = threading.Thread(target=lambda: shell(command=python(code)))
    running.start()
    wait_for(lambda: shell.context.tokens == ["first\n"] and shell.context.logged == ["warn"])
    hold.touch()
    running.join(10)
    assert shell.context.tokens == ["first\n", "second\n"]


def test_too_much_output_ends_it(shell):
    with pytest.raises(UsageError, match="more than 1000000 bytes: it was ended"):
        shell(command=["yes"], max_output=1_000_000)


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) > 2:
    subprocess.Popen([sys.executable, __file__, sys.argv[1]])
open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
while True:
    time.sleep(60)
"""


@pytest.fixture
def stubborn(shell):
    """Words of a program that ignores SIGTERM and begins another that does; `pids()` of both."""
    (shell.folder / "pids").mkdir()
    (shell.folder / "stubborn.py").write_text(STUBBORN)

    def pids():
        return [int(one.name) for one in (shell.folder / "pids").iterdir()]

    yield [sys.executable, "stubborn.py", "pids", "two"], pids
    for pid in pids():
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.kill
def test_a_timeout_ends_its_whole_group(shell, stubborn):
    words, pids = stubborn
    with pytest.raises(TimeoutError, match=r"was not over within 1\.5 s"):
        shell(command=words, timeout=1.5, stop_after=0.2)
    assert len(pids()) == 2
    wait_for(lambda: not any(map(alive, pids())))


@pytest.mark.kill
def test_cancelling_ends_its_whole_group(shell, stubborn):
    words, pids = stubborn
    stop = threading.Event()
    shell.context.cancelled = stop.is_set
    raised = []

    def run():
        try:
            shell(command=words, stop_after=0.2)
        except InterruptedError as error:
            raised.append(error)

    running = threading.Thread(target=run)
    running.start()
    wait_for(lambda: len(pids()) == 2)
    stop.set()
    running.join(10)
    assert raised
    wait_for(lambda: not any(map(alive, pids())))


def test_a_program_that_heeds_is_not_killed(shell):
    code = (
        "import signal, sys, time\n"
        "def over(*_): print('tidied'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, over); print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    shell.context.cancelled = lambda: bool(shell.context.tokens)
    with pytest.raises(InterruptedError):
        shell(command=python(code), stop_after=8.0)


@pytest.mark.kill
def test_what_it_left_behind_is_ended_with_it(shell):
    told = shell(script="sleep 60 & echo $!", shell=True)["stdout"]
    wait_for(lambda: not alive(int(told)))


@pytest.mark.kill
def test_one_that_closes_its_output_is_still_waited_for(shell):
    code = "import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(5)"
    assert shell(command=python(code), ok=[5])["code"] == 5
