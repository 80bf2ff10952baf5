"""Cells read as a flow: inputs, outputs, captured names, and everything wrong at its place."""

from __future__ import annotations

import time

import pytest

from flowbook.cells.source import read
from flowbook.graph.problem import Severity
from flowbook.graph.spec import InputSpec, ParamSpec, Place, Position, Wire
from flowbook.ids import NodeId, PortName
from flowbook.plan.check import check


def node(parsed, name):
    return parsed.spec.node(NodeId(name))


def inputs(parsed, name):
    return {one.name: str(one.wire) if one.wire else None for one in node(parsed, name).inputs}


# ---------------------------------------------------------------- what is inferred


def test_names_are_the_wiring(reading, edges):
    parsed = reading(
        "%%flow raw\nload()", "%%flow setup\nload = list",
        "%%flow clean\ndf = raw[1:]; n = len(df)",
        "%%flow report\nreturn df, n",
    )  # fmt: skip
    assert parsed.problems == ()
    assert edges(parsed.spec) == {
        "raw.raw > clean.raw",
        "clean.df > report.df",
        "clean.n > report.n",
    }
    assert node(parsed, "clean").outputs == ("df", "n")
    assert node(parsed, "report").outputs == ("report",)


def test_a_node_says_where_it_is_written(reading):
    parsed = reading("import os", "%%flow a\n#| pure: true\n\nx = 1")
    assert node(parsed, "a").place == Place("c1", 1)
    assert (node(parsed, "a").body, node(parsed, "a").body_line) == ("\nx = 1", 3)
    assert node(parsed, "a").options.pure


def test_a_header_says_it_all_when_it_lists_inputs(reading):
    parsed = reading(
        "%%flow a -> x, y\nx = y = 1", "%%flow b(left=a.x, top: int = 3) -> z\nz = left + top"
    )
    assert parsed.problems == ()
    assert node(parsed, "b").inputs == (
        InputSpec(PortName("left"), Wire(NodeId("a"), PortName("x"))),
        InputSpec(PortName("top"), default=3, annotation="int"),
    )
    assert node(parsed, "b").outputs == ("z",)


def test_what_a_cell_rebinds_it_takes_from_another(reading, edges):
    parsed = reading("%%flow raw\ndf = 1", "%%flow clean\ndf = df + 1")
    assert edges(parsed.spec) == {"raw.df > clean.df"}


def test_functions_leave_a_cell_only_when_somebody_asks(reading, edges):
    parsed = reading(
        "%%flow tools\ndef shout(x): return x\ndef whisper(x): return x", "%%flow a\nshout('x')"
    )
    assert node(parsed, "tools").outputs == ("shout",)
    assert edges(parsed.spec) == {"tools.shout > a.shout"}


def test_a_soft_read_is_an_input_only_from_further_up(reading, edges):
    loop = "for one in range(3):\n    last = one\nend = last"
    parsed = reading(f"%%flow a\n{loop}", f"%%flow b\n{loop.replace('end', 'stop')}")
    assert parsed.problems == ()
    assert edges(parsed.spec) == {"a.last > b.last"}


def test_a_parameter_may_be_overridden_on_one_path(reading):
    parsed = reading("#:parameters\nlimit = 9", "%%flow a\nif True:\n    limit = 1\nlimit + 1")
    assert list(inputs(parsed, "a")) == ["limit"]


def test_sql_reads_nodes_ports_and_parameters(reading, edges):
    parsed = reading(
        "#:parameters\ntop: int = 3", "%%flow clean\ndf = 1; n = 2", "%%flow raw\n1",
        "%%flow sql agg\nSELECT * FROM clean.df JOIN raw USING (k) WHERE t > $top",
        "%%flow sql few(low=10)\nFROM raw WHERE t < $low",
    )  # fmt: skip
    assert parsed.problems == ()
    assert edges(parsed.spec) == {
        "clean.df > agg.clean.df",
        "raw.raw > agg.raw",
        "raw.raw > few.raw",
    }
    assert list(inputs(parsed, "few")) == ["low", "raw"]


def test_templates_read_ports_else_nodes_else_names(reading, edges):
    parsed = reading(
        "#:parameters\ncity = 'Oslo'",
        "%%flow server -> url\nurl = 1",
        "%%flow http fetch\nurl: '{{ server.url }}/{{ city }}'",
        "%%flow router by\nroute_by: '{{ fetch.status }}'\n"
        "conditions:\n  - {id: ok, expression: '{{ value }} == 200'}",
    )
    assert parsed.problems == ()
    assert inputs(parsed, "fetch") == {"server.url": "server.url", "city": None}
    assert edges(parsed.spec) == {"server.url > fetch.server.url", "fetch.fetch > by.fetch"}
    assert node(parsed, "by").outputs == ("ok", "default")


def test_an_input_of_the_head_stands_before_a_name_in_a_template(reading, edges):
    parsed = reading("%%flow a\n1", "%%flow router by(value=a)\nroute_by: '{{ value.x }}'")
    assert parsed.problems == ()
    assert edges(parsed.spec) == {"a.a > by.value"}


def test_a_join_tolerates_dead_branches(reading):
    parsed = reading("%%flow a\n1", "%%flow b\n2", "%%flow merge both(a, b)")
    assert [one.required for one in node(parsed, "both").inputs] == [False, False]


def test_parameters_belong_to_the_flow(reading):
    parsed = reading("#:parameters\ncity: str = 'Oslo'  # where", "%%flow a\ncity.upper()")
    assert parsed.spec.params == (ParamSpec(PortName("city"), "Oslo", "str", "where"),)
    assert inputs(parsed, "a") == {"city": None}


# ---------------------------------------------------------------- the names cells share


def test_setup_names_are_captured_private_ones_too(reading):
    parsed = reading(
        "%%flow setup\nimport pandas as pd\ndef _f(x): return x", "%%flow a\n_f(pd.Series())"
    )
    assert parsed.problems == ()
    assert set(node(parsed, "a").captures) == {"_f", "pd"}
    assert node(parsed, "a").inputs == ()
    assert [one.place for one in parsed.spec.setup] == [Place("c0", 0)]


def test_a_plain_cell_is_captured_with_a_warning_because_jobs_do_not_run_it(reading):
    (problem,) = reading("limit = 3", "%%flow a\nx = 1\ny = limit").problems
    assert (problem.severity, problem.cell, problem.line) == (Severity.WARNING, "c1", 3)
    assert "%%flow setup" in problem.hint


def test_what_a_kernel_holds_is_captured(reading):
    parsed = reading("%%flow a\nmodel.predict()", ambient={"model"})
    assert parsed.problems == ()
    assert node(parsed, "a").captures == ("model",)


def test_builtins_are_nobodys_business(reading):
    parsed = reading("%%flow a\nlen(str(__name__)) + get_ipython().x")
    assert (parsed.problems, node(parsed, "a").captures) == ((), ())


def test_after_a_star_import_any_name_may_be_there(reading):
    parsed = reading("%%flow setup\nfrom math import *", "%%flow a\nsqrt(2)")
    assert parsed.problems == ()
    assert node(parsed, "a").captures == ("sqrt",)


# ---------------------------------------------------------------- what is wrong


def test_an_unknown_name_is_said_where_it_is_read(reading):
    (problem,) = reading("%%flow clean\ndf = 1", "%%flow a\nx = 1\ny = x + claen").problems
    assert (problem.cell, problem.node, problem.line) == ("c1", "a", 3)
    assert problem.message.startswith("'claen' is read here")
    assert problem.hint == "did you mean 'clean'?"


def test_a_node_of_several_outputs_wants_one_named(reading):
    (problem,) = reading("%%flow clean\ndf = 1; n = 2", "%%flow sql a\nFROM clean").problems
    assert problem.hint == "say which output: clean.df or clean.n"


def test_an_input_missing_from_the_head_is_no_guess(reading):
    (problem,) = reading("%%flow a\n1", "%%flow b(x=3)\nx + a").problems
    assert problem.message == "'a' is not among the inputs this node lists"
    assert (problem.cell, problem.line) == ("c1", 2)


def test_a_join_of_nothing_is_not_silent(reading):
    (problem,) = reading("%%flow hot\n1", "%%flow merge all(hot, wett)").problems
    assert (problem.cell, problem.line) == ("c1", 1)
    assert problem.message.startswith("'wett' is read here")


def test_two_cells_of_one_name_are_both_named(reading):
    parsed = reading("%%flow a\n1", "%%flow a\n2")
    (problem,) = parsed.problems
    assert (problem.cell, problem.message) == ("c1", "node 'a' is written in cell c0 already")
    assert node(parsed, "a").body == "1"


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("%%flow a\n\nx = = 1", 3, "this is not Python: invalid syntax"),
        ("%%flow a\n!ls", 2, "this is not Python: invalid syntax"),
        ("%%flow a\nbreak", 2, "this is not Python: 'break' outside loop"),
        ("%%flow sql a\n#| pure: true\nSELECT\nFROM WHERE", 4, "this is no SQL: "),
        ("%%flow http a\nurl: x\nurl: y", 3, "this is no YAML: "),
        ("%%flow setup\nx = = 1", 2, "this is not Python: invalid syntax"),
        ("%%flow a --retires 3", 1, "unknown option 'retires'"),
        ("#:parameters\nx = f()", 1, "the default of parameter 'x' is no literal: f()"),
    ],
)
def test_what_does_not_parse_is_said_on_its_line(reading, source, line, message):
    (problem,) = reading("%%flow ok\n1", source).problems
    assert (problem.cell, problem.line) == ("c1", line)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    "broken",
    [
        "%%flow fetch(\nrows = 1",
        "%%flow fetch -> rows\nx = = 1",
        "%%flow fetch\nrows = (1\nx = = 2",
        "%%flow pyhton fetch\nrows = 1",
        "%%flow class\nfetch = 1\nrows, n = 2, 3",
    ],
)
def test_a_broken_cell_does_not_drown_those_that_read_it(reading, broken):
    parsed = reading(broken, "%%flow a(r=fetch)\nr", "%%flow b\nrows", "%%flow c\nfetch")
    assert {one.cell for one in parsed.problems} <= {"c0"}
    assert {"a", "b", "c"} <= {one.id for one in parsed.spec.nodes}


def test_every_problem_of_a_notebook_comes_at_once(reading, said):
    parsed = reading(
        "%%flow a --retires 3\nx = = 1",
        "%%flow sql b\nSELECT FROM",
        "%%flow c\nnope",
        "%%flow c\n1",
    )
    assert len(said(parsed.problems)) == 5
    assert {one.cell for one in parsed.problems} == {"c0", "c1", "c2", "c3"}


def test_an_unknown_kind_is_flows_of_check_and_its_body_is_not_guessed_at(reading):
    parsed = reading("%%flow pyton a\nx = raw.y")
    assert parsed.problems == ()
    assert node(parsed, "a").kind == "pyton"


# ---------------------------------------------------------------- the notebook around it


def test_the_notebook_names_the_flow_else_the_caller_does(notebook, registry):
    named = notebook("%%flow a\n1", flowbook={"flow": "weather"})
    assert read(named, registry, "file").spec.id == "weather"
    assert read(notebook("%%flow a\n1"), registry, "file").spec.id == "file"


def test_positions_come_from_the_metadata(notebook, registry):
    found = notebook("%%flow a\n1")
    placed = found.with_cells((found.cells[0].placed(Position(3.0, 4.0)),))
    assert read(placed, registry).spec.nodes[0].position == Position(3.0, 4.0)


def test_markdown_is_no_source(notebook, registry):
    text = notebook("%%flow a\n1").text().replace('"code"', '"markdown"')
    assert read(type(notebook()).parse(text), registry).spec.nodes == ()


def test_a_thousand_cells_read_in_linear_time(notebook, registry):
    def seconds(count):
        cells = (f"%%flow n{i}\nv{i} = v{i - 1} + {i}" for i in range(1, count))
        made = notebook("%%flow n0\nv0 = 0", *cells)
        start = time.thread_time()  # of a processor: others may use it, too
        parsed = read(made, registry)
        assert parsed.problems == ()
        return time.thread_time() - start

    seconds(10)
    small = seconds(250)
    assert min(seconds(1_000) for _ in range(3)) < 12 * small + 0.5


def test_a_parameter_of_another_nodes_head_is_pointed_out(reading):
    parsed = reading("%%flow a(s=30)\ns", "%%flow b\ns * 2")
    (problem,) = parsed.problems
    assert problem.hint == "it is a parameter of a alone: declare it in the parameters cell instead"


def test_what_conditions_read_is_wired_but_for_the_value_they_test(reading):
    parsed = reading(
        "#:parameters\nlimit: int = 3",
        "%%flow value\n1", "%%flow total\n2", "%%flow city\n'Oslo'",
        "%%flow router size(total)\nconditions:\n- {id: a, expression: value > city.x + limit}\n"
        "- {id: b, expression: '{{ total > nobody }}'}",
    )  # fmt: skip
    assert parsed.problems == ()
    assert list(inputs(parsed, "size")) == ["total", "city", "limit"]


def test_previous_is_no_name_that_has_to_be_made(reading):
    parsed = reading("%%flow city\n'Oslo'", '%%flow http get(city)\nurl: "{{ previous }}"')
    assert parsed.problems == ()
    assert inputs(parsed, "get") == {"city": None}


def test_what_the_project_provides_is_no_input(reading):
    parsed = reading(
        "%%flow city\n'Oslo'",
        '%%flow http get\nurl: "{{ $env.BASE }}/{{ city }}?key={{ $secret.weather }}"\n'
        'headers: {city: "{{ vars.global.city }}"}',
        '%%flow while again\ncondition: "last < $vars.flow.most"',
        "%%flow step\n#| in: again\n1",
    )
    assert parsed.problems == ()
    assert inputs(parsed, "get") == {"city": None}
    assert inputs(parsed, "again") == {}


def test_two_producers_are_told_where_the_name_is_read(reading, registry, said):
    parsed = reading("%%flow a\ndf = 1", "%%flow b\ndf = 2", "%%flow c\n\nn = 1\nn + df")
    assert parsed.problems == ()
    found = check(parsed.spec, registry)
    assert said(found) == ["c2:4 input 'df' has 2 producers: a (cell c0), b (cell c1)"]
    assert found[0].hint == "say which one in the header: df=a.df or df=b.df"


def test_a_copied_cell_takes_no_readers_away(reading, registry, edges):
    parsed = reading("%%flow clean\nclean = 1", "%%flow clean_2\nclean = 1", "%%flow c\nclean + 1")
    assert edges(parsed.spec) == {"clean.clean > c.clean"}
    assert check(parsed.spec, registry) == ()


def test_a_cycle_is_told_at_the_line_that_closes_it(reading, registry):
    parsed = reading("%%flow a\n\nx = z", "%%flow b\ny = x", "%%flow c\nz = y")
    (problem,) = check(parsed.spec, registry)
    assert (problem.cell, problem.line) == ("c0", 3)
    assert problem.message == "these nodes wait for each other: a → b → c → a"
    assert "c.z is read here as z" in problem.hint


def test_a_cycle_of_sql_and_settings_has_its_line_too(reading, registry):
    parsed = reading(
        "%%flow sql a\nselect *\nfrom b",
        '%%flow http b\nurl: x\nparams:\n  q: "{{ a }}"',
    )
    (problem,) = check(parsed.spec, registry)
    assert (problem.cell, problem.line) == ("c0", 3)
    assert [one.line for one in parsed.spec.node("b").inputs] == [4]


def test_a_body_that_is_a_template_reads_what_it_names(reading, registry, edges):
    letter = "%%flow letter mail\nDear {{ who }},\n\n{{ clean.n }} rows {{ $env.USER }}"
    parsed = reading("#:parameters\nwho = 'you'", "%%flow clean\ndf = n = 1", letter)
    assert parsed.problems == ()
    assert edges(parsed.spec) == {"clean.n > mail.clean.n"}
    assert {str(one.name): one.line for one in node(parsed, "mail").inputs} == {
        "who": 2,
        "clean.n": 4,
    }
    assert check(parsed.spec, registry) == ()


def test_a_broken_template_of_a_body_is_told_on_its_line(reading, registry, said):
    parsed = reading("%%flow letter mail\nDear {{ 1 + 1 }},\n\nit is {{ 1 + }}")
    assert said(check(parsed.spec, registry))[0].startswith("c0:4 ")


def test_an_unknown_name_of_a_text_is_told_on_its_line(reading):
    (problem,) = reading("%%flow letter mail\nDear you,\nbye {{ nobody }}").problems
    assert (problem.line, problem.cell) == (3, "c0")
