"""Cells as they are run in a real kernel: output, progress, names, and what is stale after it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", autouse=True)
def loaded(kernel):
    reply = kernel.run("%load_ext flowbook", cell="load")
    assert reply.error is None
    return reply


def displays(reply):
    """What was displayed, as (text, what it replaced)."""
    found = []
    for message in reply.messages:
        if message["msg_type"] in ("display_data", "update_display_data"):
            data = message["content"]["data"]
            found.append((message["msg_type"], data.get("text/plain", "")))
    return found


def notes(reply):
    return [line for line in reply.text.splitlines() if line.startswith("note: ")]


def nodes(kernel):
    return kernel.run("print(*[node.id for node in flow.spec().nodes])").text.split()


# ---------------------------------------------------------------- what is shown


def test_a_table_is_shown_as_one(kernel):
    kernel.run("import pandas", cell="imports")
    reply = kernel.run("%%flow table\nimport pandas\npandas.DataFrame({'n': [1, 2]})", cell="table")
    (shown,) = [m["content"]["data"] for m in reply.messages if m["msg_type"] == "display_data"]
    assert "<table" in shown["text/html"]


def test_an_object_shows_itself_as_it_wants(kernel):
    source = (
        "%%flow rich\nclass Rich:\n    def _repr_html_(self):\n        return '<b>rich</b>'\nRich()"
    )
    reply = kernel.run(source, cell="rich")
    (shown,) = [m["content"]["data"] for m in reply.messages if m["msg_type"] == "display_data"]
    assert shown["text/html"] == "<b>rich</b>"
    kernel.run("%flow rm rich")


def test_named_outputs_are_shown_each_under_its_name(kernel):
    reply = kernel.run(
        "%%flow parts\nimport pandas\nn = 2\nname = 'x'\ndf = pandas.DataFrame({'a': [1]})",
        cell="parts",
    )
    told = [text for _, text in displays(reply)]
    assert told[:3] == ["n: 2", "name: 'x'", "df:"]
    assert "a" in told[3]


def test_a_semicolon_keeps_a_value_from_being_shown(kernel):
    reply = kernel.run("%%flow quiet\n[1, 2, 3];", cell="quiet")
    assert (reply.error, reply.text) == (None, "")


def test_what_a_cell_displays_itself_is_shown_once(kernel):
    reply = kernel.run("%%flow own\ndisplay('mine')", cell="own")
    assert (reply.error, reply.text.strip()) == (None, "'mine'")


# ---------------------------------------------------------------- what is computed


def test_what_was_missing_or_stale_is_computed_first_and_named(kernel):
    kernel.run("%flow mode define")
    kernel.run("%%flow raw\nraw = [1, 2]", cell="raw")
    kernel.run("%%flow clean\nclean = [x for x in raw if x]", cell="clean")
    kernel.run("%flow mode run")
    reply = kernel.run("%%flow total\ntotal = sum(clean)", cell="total")
    assert notes(reply) == ["note: ran raw, clean first"]
    assert "3" in reply.text
    assert notes(kernel.run("%%flow total\ntotal = sum(clean)", cell="total")) == []


def test_what_became_stale_is_said_once(kernel):
    kernel.run("%%flow report\nreport = f'{total}!'", cell="report")
    reply = kernel.run("%%flow raw\nraw = [1, 2, 4]", cell="raw")
    assert notes(reply) == ["note: clean, total, report are stale now"]
    assert notes(kernel.run("%%flow raw\nraw = [1, 2, 5]", cell="raw")) == []
    assert notes(kernel.run("%%flow report\nreport = f'{total}!'", cell="report")) == [
        "note: ran clean, total first"
    ]


def test_a_cell_that_gives_the_same_value_makes_nothing_stale(kernel):
    assert notes(kernel.run("%%flow raw\nraw = [1, 2] + [5]", cell="raw")) == []


def test_a_plain_cell_that_changes_a_captured_name_says_who_is_stale(kernel):
    kernel.run("factor = 7", cell="factor")
    kernel.run("%%flow scaled\nscaled = 10 * factor", cell="scaled")
    reply = kernel.run("factor = 8", cell="factor")
    assert notes(reply) == ["note: scaled is stale now"]
    assert "captured name factor changed" in kernel.run("flow.stale()['scaled']").text
    assert kernel.run("%%flow scaled\nscaled = 10 * factor", cell="scaled").text.strip() == "80"


def test_a_setup_cell_that_changes_says_who_is_stale(kernel):
    kernel.run("%%flow setup\ndef area(side):\n    return side * side", cell="shared")
    kernel.run("%%flow square\nsquare = area(3)", cell="square")
    source = "%%flow setup\ndef area(side):\n    return side * side * 2"
    assert notes(kernel.run(source, cell="shared")) == ["note: square is stale now"]


# ---------------------------------------------------------------- who a node is


def test_a_copied_cell_gets_a_name_of_its_own_and_its_text_says_so(kernel):
    kernel.run("%%flow twin\ntwin = 1", cell="original")
    sent = kernel.send("%%flow twin\ntwin = 2", cell="copy")
    reply = kernel.collect(sent)
    told = "".join(m["content"].get("text", "") for m in reply)
    assert "twin is the node of another cell; this one is called twin_2" in told
    (payload,) = shell_reply(kernel, sent)["content"]["payload"]
    assert (payload["source"], payload["replace"]) == ("set_next_input", True)
    assert payload["text"] == "%%flow twin_2\ntwin_2 = 2"
    assert {"twin", "twin_2"} <= set(nodes(kernel))


def shell_reply(kernel, msg_id):
    while True:
        message = kernel.client.get_shell_msg(timeout=20)
        if message["parent_header"].get("msg_id") == msg_id:
            return message


def test_a_renamed_cell_keeps_feeding_and_names_the_cells_to_change(kernel):
    kernel.run("%%flow first\nfirst = 5", cell="one")
    kernel.run("%%flow second\nsecond = first + 1", cell="two")
    reply = kernel.run("%%flow start\nstart = 5", cell="one")
    assert "first is now called start" in reply.text
    assert "the cell of second should say: %%flow second(first=start)" in reply.text
    reply = kernel.run("%%flow after\nafter = second + 1", cell="three")
    assert (reply.error, reply.text.strip()) == (None, "7")
    reply = kernel.run("%%flow second\nsecond = first + 1", cell="two")
    assert "first" in reply.error


def test_a_deleted_cell_that_comes_back_is_the_same_node(kernel):
    kernel.run("%%flow gone\ngone = 1", cell="gone")
    assert "gone" not in kernel.run("sorted(flow.spec().by_id)", deleted=["gone"]).text
    reply = kernel.run("%%flow gone\ngone = 1", cell="gone", deleted=["gone"])
    assert (reply.error, reply.text.strip()) == (None, "1")


def test_loading_the_extension_again_changes_nothing(kernel):
    before = nodes(kernel)
    assert kernel.run("%load_ext flowbook\n%reload_ext flowbook", cell="load").error is None
    reply = kernel.run("%%flow gone\ngone = 1", cell="gone")
    assert (reply.error, notes(reply)) == (None, [])
    assert nodes(kernel) == before


def test_a_cell_run_twice_at_once_is_one_node(kernel):
    sent = [
        kernel.send(f"%%flow twice\nimport time\ntime.sleep(0.2)\ntwice = {n}", cell="twice")
        for n in (1, 2)
    ]
    for one in sent:
        kernel.collect(one)
    assert nodes(kernel).count("twice") == 1
    assert kernel.run("flow['twice'].output").text.strip() == "2"


# ---------------------------------------------------------------- while it runs


def test_a_quick_cell_shows_no_progress(kernel):
    assert len(displays(kernel.run("%%flow quick\nquick = 1", cell="quick"))) == 1


def test_a_long_cell_shows_how_far_it_is_and_leaves_nothing_behind(kernel):
    source = (
        "%%flow long\nimport time, flowbook\n"
        "for i in range(10):\n"
        "    print('row', i)\n"
        "    flowbook.context().progress(i, 10)\n"
        "    time.sleep(0.15)\n"
        "'done'"
    )
    found = displays(kernel.run(source, cell="long"))
    kinds = [kind for kind, _ in found]
    assert kinds[0] == "display_data"
    assert kinds.count("update_display_data") >= 3
    drawn = [text for kind, text in found if "nodes" in text]
    assert "0/1 nodes" in drawn[0]
    assert any("long" in text and "/10" in text for text in drawn)
    assert found[-2:] == [("update_display_data", ""), ("display_data", "'done'")]
    assert len(found) < 15, "at most four updates a second"


def test_what_a_cell_yields_is_shown_as_it_comes_and_as_a_list_at_last(kernel):
    source = (
        "%%flow rows\nimport time\nfor i in range(6):\n    time.sleep(0.2)\n    yield {'row': i}"
    )
    found = displays(kernel.run(source, cell="rows"))
    assert any("'row': 2" in text or '"row": 2' in text for _, text in found[:-1])
    assert found[-1] == ("display_data", str([{"row": i} for i in range(6)]))


def test_what_an_async_cell_yields_is_shown_as_it_comes(kernel):
    source = (
        "%%flow later\nimport asyncio\nfor i in range(6):\n"
        "    await asyncio.sleep(0.2)\n    yield i * 11"
    )
    found = displays(kernel.run(source, cell="later"))
    assert any("33" in text for _, text in found[:-1])
    assert found[-1][1] == "[0, 11, 22, 33, 44, 55]"


def test_a_cell_that_fails_late_leaves_no_progress_behind(kernel):
    source = "%%flow late\nimport time\ntime.sleep(1)\n1 / 0"
    reply = kernel.run(source, cell="late")
    assert "ZeroDivisionError" in reply.error
    assert displays(reply)[-1] == ("update_display_data", "")
    kernel.run("%flow rm late")


def test_defining_only_prints_nothing_and_still_refuses_what_is_wrong(kernel):
    kernel.run("%flow mode define")
    reply = kernel.run("%%flow raw\nraw = [9]", cell="raw")
    assert (reply.error, reply.text) == (None, "")
    assert "retires" in kernel.run("%%flow wrong --retires 3\n1", cell="wrong").error
    kernel.run("%flow mode run")
    assert "note: ran raw" in kernel.run("%%flow clean\nclean = [*raw]", cell="clean").text
