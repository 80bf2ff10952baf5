"""What Tab offers: in `%flow` lines, in heads and option lines, and in bodies of every language."""

from __future__ import annotations

import pytest
from tests.magics.conftest import open_shell

TABLES = """
import pandas as pd
orders = pd.DataFrame({"city": ["Oslo"], "total": [3], "order date": ["today"]})
"""


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """A flow with a table, rows, a node of two outputs, containers and a parameter."""
    with open_shell(tmp_path_factory.mktemp("shell")) as shell:
        shell.load("flowbook")
        define(shell)
        yield shell


def define(shell):
    shell.run("region: str = 'north'")
    shell.run(f"%%flow orders{TABLES}")
    shell.run("%%flow rows\n[{'name': 'Ada', 'age': 36}]")
    shell.run("%%flow split -> low, high\nlow, high = orders, {'limit': 3}")
    shell.flow("mode define")
    shell.run("%%flow map each(items=rows)\n")
    shell.run("%%flow try guard\n")


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%flow hi", ["history"]),
        ("%flowbook hi", ["history"]),
        ("run = %flow ru", ["run"]),
        ("%flow run --fo", ["--force"]),
        ("%flow run or", ["orders"]),
        ("%flow run orders ro", ["rows"]),
        ("%flow run --from ro", ["rows"]),
        ("%flow show spl", ["split"]),
        ("%flow rm ea", ["each"]),
        ("%flow mode d", ["define"]),
        ("%flow history --status fa", ["failed"]),
        ("%flow history --status=fa", ["failed"]),
        ("%flow run -p reg", ["region="]),
        ("%flow options jou", ["journal="]),
        ("%flow options journal=s", ["journal=summary"]),
        ("%flow options au", ["audit"]),
    ],
)
def test_a_line_is_completed_from_its_commands(flow, line, offered):
    assert flow.complete(line) == offered


def test_all_verbs_are_offered_with_nothing_said(shell):
    assert {"run", "status", "show", "history", "check"} <= set(shell.complete("%flow "))


def test_a_node_that_is_named_is_not_offered_again(flow):
    assert "orders" not in flow.complete("%flow rm orders ")


# ---------------------------------------------------------------- heads


@pytest.mark.parametrize(
    ("head", "offered"),
    [
        ("%%flow sq", ["sql"]),
        ("%%flowbook sq", ["sql"]),
        ("%%flow setu", ["setup"]),
        ("%%flow x(or", ["orders"]),
        ("%%flow x(reg", ["region"]),
        ("%%flow x(a=or", ["orders"]),
        ("%%flow x(a=split.", ["split.low", "split.high"]),
        ("%%flow x(a=split.hi", ["split.high"]),
        ("%%flow x(a=orders, b=ro", ["rows"]),
        ("%%flow x --ret", ["--retries"]),
        ("%%flow x(a=orders) -> b --on pro", ["process"]),
        ("%%flow x --on=pro", ["process"]),
        ("%%flow x --cache tr", ["true"]),
        ("%%flow x --in ea", ["each"]),
        ("%%flow x --retries 2 --retr", []),
    ],
)
def test_a_head_is_completed(flow, head, offered):
    assert flow.complete(f"{head}|\nbody") == offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("#| ret", ["retries: "]),
        ("#| in: ea", ["each"]),
        ("#| on: thr", ["thread"]),
        ("#| join: a", ["all", "any"]),
        ("#| losers: le", ["leave"]),
        ("#| cache: f", ["false"]),
        ("#| backoff: exp", ["exponential"]),
        ("#| compensate: ord", ["orders"]),
        ("#| cancels: orders, ro", ["rows"]),
        ("#| completes: ", ["each"]),
    ],
)
def test_an_option_line_is_completed(flow, line, offered):
    assert flow.complete(f"%%flow x\n#| tags: a\n{line}") == offered


def test_an_option_that_is_given_is_not_offered_again(flow):
    assert flow.complete("%%flow x\n#| retries: 3\n#| retr") != ["retries: "]


def test_blocks_of_a_try_are_offered(flow):
    assert flow.complete("%%flow x\n#| in: guard.") == ["guard.catch", "guard.finally"]


# ---------------------------------------------------------------- Python


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ('orders["', ["city", "total", "order date"]),
        ("orders['to", ["total"]),
        ('orders[["city", "to', ["total"]),
        ("split.", ["low", "high"]),
        ('split.low["ci', ["city"]),
        ('low["ci', ["city"]),
        ('high["', ["limit"]),
        ('rows["na', ["name"]),
        ("n = orders.ci", ["city"]),
    ],
)
def test_columns_of_the_last_results_are_offered(flow, code, offered):
    assert flow.complete(f"%%flow x\n{code}") == offered


def test_behind_columns_come_the_attributes_of_the_value(flow):
    found = flow.complete("%%flow x\norders.")
    assert found[:2] == ["city", "total"]
    assert "dropna" in found
    assert "order date" not in found


def test_an_input_of_the_head_stands_for_what_it_is_wired_to(flow):
    assert flow.complete('%%flow x(table=orders)\ntable["ci') == ["city"]
    assert flow.complete('%%flow x(table=split.high)\ntable["li') == ["limit"]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_tables_of_every_library_have_columns(shell, library):
    made = {"polars": "pl.DataFrame", "pyarrow": "pl.table"}[library]
    shell.run(f"%%flow made\nimport {library} as pl\n{made}({{'a': [1], 'b': [2]}})")
    assert shell.complete('%%flow x\nmade["') == ["a", "b"]


def test_names_of_the_flow_are_offered_beside_those_of_the_kernel(flow):
    flow.run("ordinary = 1")
    found = flow.complete("%%flow x(order_limit=3)\nord")
    assert {"orders", "order_limit", "ordinary"} <= set(found)


def test_nothing_is_known_of_what_has_not_run(shell):
    shell.flow("mode define")
    shell.run("%%flow later\n[{'a': 1}]")
    assert "a" not in shell.complete('%%flow x\nlater["')


# ---------------------------------------------------------------- SQL


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("select * from ord", ["orders"]),
        ("select * from orders join ro", ["rows"]),
        ("select * from spl", ["split.low", "split.high"]),
        ("select ci| from orders", ["city"]),
        ("select o.to| from orders as o", ["total"]),
        ("select orders.ci| from orders", ["city"]),
        ("select * from orders where tot", ["total"]),
        ("select * from orders, rows where ag", ["age"]),
        ("select o.| from orders o", ["city", "total", '"order date"']),
        ("select * from orders where city = $reg", ["$region"]),
        ("with big as (select * from orders) select * from bi", ["big"]),
    ],
)
def test_sql_is_completed_with_tables_and_columns(flow, query, offered):
    assert flow.complete(f"%%flow sql x\n{query}") == offered


def test_the_clause_counts_over_several_lines(flow):
    assert flow.complete("%%flow sql x\nselect *\nfrom\n  ord") == ["orders"]


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("body", "offered"),
    [
        ("meth", ["method: "]),
        ("method: PO", ["POST"]),
        ("url: https://x\nme", ["method: "]),
        ("url: https://x/{{ ord", ["orders"]),
        ("url: https://x/{{ region }}/{{ split.lo", ["low"]),
        ("url: https://x/{{ high.li", ["limit"]),
    ],
)
def test_settings_are_completed_from_the_kind(flow, body, offered):
    assert flow.complete(f"%%flow http x\n{body}") == offered


def test_settings_inside_of_settings_are_completed(flow):
    assert flow.complete("%%flow http x\nauth:\n  ty") == ["type: "]
    assert flow.complete("%%flow http x\nauth:\n  type: be") == ["bearer"]


def test_a_kind_that_is_not_there_has_no_settings(flow):
    assert flow.complete("%%flow nothing x\nmeth") == []


# ---------------------------------------------------------------- elsewhere


def test_it_is_silent_outside_of_flow_cells(flow):
    assert "orders" not in flow.complete("ord")
    assert "city" not in flow.complete('orders["')
    assert "retries: " not in flow.complete("#| ret")


def test_nothing_broken_raises_or_writes(flow, capsys):
    for text in ("%%flow", "%%flow (", "%%flow x(a=", "%%flow x(((", "%flow '", "%%flow sql x\n$"):
        flow.complete(text)
    for text in ("%%flow http x\n{{ ", "%%flow x\n[[[", "%%flow x --", "%%flow http x\n- - -"):
        flow.complete(text)
    assert capsys.readouterr().err == ""


def test_nothing_is_stored_by_completing(shell):
    shell.complete("%flow run ")
    shell.complete("%%flow sql x\nselect * from ")
    assert not (shell.folder / ".flowbook").exists()


@pytest.mark.kernel
def test_a_kernel_answers_a_front_end_that_asks(kernel):
    kernel.run("%load_ext flowbook", cell="load")
    kernel.run("%%flow orders\n[{'city': 'Oslo', 'total': 3}]", cell="orders")
    asked = {
        "%flow hist": ["history"],
        '%%flow x\norders["ci': ["city"],
        "%%flow sql x\nselect to from orders": None,
        "%%flow sql x\nselect * from ord": ["orders"],
        "%%flow x\n#| retr": ["retries: "],
    }
    for text, offered in asked.items():
        at = text.index(" from") if offered is None else len(text)
        reply = kernel.client.complete(text, at, reply=True, timeout=60)["content"]
        assert reply["matches"] == (offered or ["total"])
        assert text[: reply["cursor_start"]] + reply["matches"][0]
    kernel.run("%flow load orders", cell="debug")
