"""`%%flow` and `%flow` in a real kernel: what a user at the keyboard sees."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", autouse=True)
def loaded(kernel):
    reply = kernel.run("%load_ext flowbook", cell="load")
    assert reply.error is None
    return reply


def test_running_a_cell_defines_its_node_and_shows_its_output(kernel):
    reply = kernel.run("%%flow numbers\nnumbers = [1, 2, 3]", cell="numbers")
    assert reply.error is None
    assert "[1, 2, 3]" in reply.text


def test_a_cell_takes_the_latest_upstream_value(kernel):
    reply = kernel.run("%%flow total\ntotal = sum(numbers)", cell="total")
    assert (reply.error, reply.text.strip()) == (None, "6")


def test_running_a_cell_again_updates_the_node(kernel):
    kernel.run("%%flow numbers\nnumbers = [10, 20]", cell="numbers")
    reply = kernel.run("%%flow total\ntotal = sum(numbers)", cell="total")
    assert reply.text.strip() == "30"


def test_a_renamed_cell_renames_its_node(kernel):
    kernel.run("%%flow first\nfirst = 1", cell="renamed")
    reply = kernel.run("%%flow second\nsecond = 2", cell="renamed")
    assert "first is now called second" in reply.text
    names = kernel.run("sorted(node.id for node in flow.spec().nodes)").text
    assert "first" not in names
    assert "second" in names


def test_a_deleted_cell_takes_its_node_with_it(kernel):
    kernel.run("%%flow doomed\ndoomed = 1", cell="doomed")
    names = kernel.run("sorted(node.id for node in flow.spec().nodes)", deleted=["doomed"]).text
    assert "doomed" not in names


def test_a_failing_node_shows_its_own_cell_and_line_and_no_frame_of_ours(kernel):
    reply = kernel.run("%%flow broken\nx = 1\nbroken = x / 0", cell="broken")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", reply.error)
    assert "ZeroDivisionError" in shown
    assert "broken = x / 0" in shown
    assert "line 3" in shown
    assert "flowbook/run" not in reply.error
    kernel.run("%flow rm broken")


def test_a_bad_cell_names_every_problem_and_defines_nothing(kernel):
    reply = kernel.run("%%flow bad --retires 3 --timeout soon\nbad = 1", cell="bad")
    assert "did you mean 'retries'?" in reply.error
    assert "timeout" in reply.error
    assert "'bad'" not in kernel.run("[node.id for node in flow.spec().nodes]").text


def test_a_cell_that_cannot_run_yet_does_not_keep_others_from_running(kernel):
    reply = kernel.run("%%flow early(late)\nlate + 1", cell="early")
    assert "input 'late' is bound to nothing" in reply.error
    reply = kernel.run("%%flow aside(n=20)\nn + 1", cell="aside")
    assert (reply.error, reply.text.strip()) == (None, "21")
    reply = kernel.run("%flow run aside -p n=4", cell="named")
    assert reply.error is None
    kernel.run("%flow rm early")


def test_a_parameter_is_what_its_cell_says_and_what_a_run_gives(kernel):
    kernel.run("city: str = 'Oslo'  # where", cell="params")
    kernel.run("%%flow hello\nhello = f'hei {city}'", cell="hello")
    assert "hei Oslo" in kernel.run("flow.run()['hello'].output").text
    assert "hei Rome" in kernel.run("flow.run(city='Rome')['hello'].output").text
    assert (
        "hei Bonn" in kernel.run("%flow run -p city=Bonn\nflow['hello'].output").text
        or "hei Bonn" in kernel.run("flow['hello'].output").text
    )


def test_names_of_the_kernel_are_captured(kernel):
    kernel.run("import math\nfactor = 7", cell="plain")
    assert (
        kernel.run("%%flow scaled\nscaled = math.floor(factor * 1.5)", cell="scaled").text.strip()
        == "10"
    )


def test_a_setup_cell_shares_what_it_makes_and_is_no_node(kernel):
    source = "%%flow setup\nimport math\n\ndef area(radius):\n    return round(math.pi * radius**2)"
    assert kernel.run(source, cell="shared").error is None
    reply = kernel.run("%%flow circle\ncircle = area(2)", cell="circle")
    assert (reply.error, reply.text.strip()) == (None, "13")
    assert "setup" not in kernel.run("sorted(node.id for node in flow.spec().nodes)").text


def test_an_async_cell_runs(kernel):
    source = "%%flow later\nimport asyncio\nawait asyncio.sleep(0)\nlater = 'done'"
    assert "done" in kernel.run(source, cell="later").text


def test_line_magics_return_values(kernel):
    assert "succeeded" in kernel.run("run = %flow run\nrun.status").text
    assert "trigger" in kernel.run("%flow history").text
    assert kernel.run("%flow check").text.strip() == "all is well"


def test_an_unknown_verb_says_what_there_is(kernel):
    assert "did you mean 'history'?" in kernel.run("%flow histroy").error


def test_history_counts_cell_runs_as_such(kernel):
    reply = kernel.run(
        "import flowbook\n"
        "sorted(set(flowbook.project().history.sql('select trigger from runs').trigger))"
    )
    assert "cell" in reply.text
    assert "manual" in reply.text


def test_an_interrupt_cancels_the_run_and_leaves_the_engine_usable(kernel):
    source = "%%flow slow\nimport asyncio\nawait asyncio.sleep(30)\nslow = 1"
    sent = kernel.send(source, cell="slow")
    import time

    time.sleep(1.0)
    kernel.manager.interrupt_kernel()
    started = time.monotonic()
    kernel.collect(sent, timeout=20)
    assert time.monotonic() - started < 10
    kernel.run("%flow rm slow")
    assert kernel.run("%%flow quick\nquick = 5", cell="quick").text.strip() == "5"


def test_defining_only_runs_nothing(kernel):
    kernel.run("%flow mode define")
    assert kernel.run("%%flow silent\nsilent = 1", cell="silent").text.strip() == ""
    kernel.run("%flow mode run")


def test_the_static_reading_of_the_same_cells_is_the_same_flow(kernel):
    text = kernel.run("print(sorted(node.id for node in flow.spec().nodes))").text
    assert re.search(r"'hello'.*'numbers'.*'total'", text)


def test_a_cell_on_a_branch_that_was_not_taken_says_so_and_does_not_fail(kernel):
    kernel.run(
        "%%flow router fork(total)\nroute_by: '{{ total }}'\nconditions:\n"
        "  - {id: huge, expression: value > 1000000}",
        cell="fork",
    )
    reply = kernel.run("%%flow cheer(n=fork.huge)\nn", cell="cheer")
    assert reply.error is None
    assert "cheer was skipped: the branch it hangs on was not taken" in reply.text


def test_flow_options_hold_at_once_and_print_nothing(kernel):
    reply = kernel.run("%flow options journal=summary\nstr(flow.options.journal)", cell="recording")
    assert (reply.error, reply.text.strip()) == (None, "'summary'")
    kernel.run("%flow options journal=full sensitive_fields=ssn", cell="recording")
    assert "('ssn',)" in kernel.run("flow.options.sensitive_fields").text
    assert kernel.run("%flow check").text.strip() == "all is well"


def test_flow_options_in_another_cell_take_the_place_of_the_first(kernel):
    reply = kernel.run("%flow options journal=summary", cell="recording2")
    assert "were set in another cell" in reply.text
    assert "()" in kernel.run("flow.options.sensitive_fields").text
    kernel.run("%flow options journal=full", cell="recording2")


def test_wrong_flow_options_are_refused_and_change_nothing(kernel):
    reply = kernel.run("%flow options jurnal=off", cell="recording3")
    assert "did you mean 'journal'?" in reply.error
    assert (
        "write it at the start of a line"
        in kernel.run("get_ipython().run_line_magic('flow', 'options journal=off')").error
    )
    assert "full" in kernel.run("str(flow.options.journal)").text
    assert kernel.run("%flow check").text.strip() == "all is well"


def test_a_setup_cell_may_say_flow_options(kernel):
    source = "%%flow setup\n%flow options retention=30d\nSHARED = 5"
    assert kernel.run(source, cell="setup-options").error is None
    assert "30d 5" in kernel.run("print(flow.options.retention, SHARED)").text


def test_a_node_inside_of_a_container_runs_with_it_and_not_alone(kernel):
    kernel.run("%%flow cities\n['Oslo', 'Rome']", cell="cities")
    reply = kernel.run("%%flow map each(items=cities)", cell="each")
    assert (reply.error, "has nothing inside yet" in reply.text) == (None, True)
    reply = kernel.run("%%flow shout\n#| in: each\nprint(item)\nitem.upper()", cell="shout")
    assert (reply.error, reply.text.strip()) == (None, "shout is in each: %flow run each runs it")
    reply = kernel.run("%%flow loud\neach_values", cell="loud")
    assert (reply.error, "['OSLO', 'ROME']" in reply.text) == (None, True)
    assert kernel.run("%%flow map each(items=cities)", cell="each").error is None
    for cell in ("each", "shout", "loud", "cities"):
        kernel.run(f"%flow rm {cell}")
