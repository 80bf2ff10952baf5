"""Notebook and module of a flow: the same spec, the same bytes where nothing changed."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.cells.function_form import as_function, meaning_of
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.errors import FlowSyntaxError, InvalidFlow, UsageError
from flowbook.graph.flow import set_default_host
from flowbook.ids import CellId, FlowId
from flowbook.session.kinds import installed_kinds
from flowbook.session.modules import base_of, in_step
from flowbook.session.project import Project
from flowbook.session.project import project as default_project

KINDS = installed_kinds()
TOUR = FlowId("tour")


def notebook_of(*cells):
    made = []
    for at, one in enumerate(cells):
        if isinstance(one, Cell):
            made.append(one)
        elif one.startswith("# "):
            made.append(Cell.markdown(CellId(f"c{at}"), one))
        else:
            made.append(Cell.code(CellId(f"c{at}"), one))
    return Notebook.of(tuple(made))


def parameters(source):
    return Cell.code(CellId("params"), source, {"tags": ["parameters"]})


def meant(notebook):
    """What a notebook's flow means: all of it but where it is written and how it is laid out."""
    parsed = read(notebook, KINDS, TOUR)
    assert not parsed.problems
    spec = parsed.spec
    nodes = [node_meant(node) for node in spec.nodes]
    return nodes, spec.params, [one.body.strip("\n") for one in spec.setup], spec.options


def node_meant(node):
    body = KINDS[node.kind].meaning(node)
    if KINDS[node.kind].body == "python":
        form = as_function(node.body, [one.name for one in node.inputs], node.outputs)
        body = (meaning_of(form.text), form.is_async)
    return (
        node.id, node.kind, node.inputs, node.outputs, body, dict(node.config), node.options,
        node.captures, dict(node.returns),
    )  # fmt: skip


TOUR_CELLS = (
    "# The tour\n\nof the *town*",
    "%load_ext flowbook",
    parameters("city: str = 'Oslo'  # where to look\ntop = 3"),
    "%%flow setup\nimport math\n# %% not a cell\n\ndef twice(x):\n    return 2 * x",
    "%%flow fetch --retries 3\n#| tags: io\n# get it\n"
    "rows = [{'n': twice(1), 'city': city}]\nn = 3",
    "rows[:3]",
    "%%flow sql best(k: int = 3) -> best: DataFrame\n--| result: rows\n"
    "select *\nfrom rows limit $k",
    "%%flow log told --timeout 30s\n# why\nmessage: '{{ fetch.n }} rows'  # so\nlevel: info",
    "%%flow map each(items=fetch.rows)",
    "%%flow one\n#| in: each\nlen(item), index",
    "%%flow report(rows=best, *, n=fetch.n, top) -> text: str, size\n"
    "return f'''{n}\n  rows''', top",
)


@pytest.fixture
def tour():
    return notebook_of(*TOUR_CELLS)


def imported(path, tmp_path):
    project = Project(tmp_path)
    set_default_host(lambda: project)
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        yield module.flow
    finally:
        project.close()
        set_default_host(default_project)
        sys.modules.pop(path.stem, None)


def test_a_module_says_what_its_notebook_says(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    back = in_step(None, module, KINDS, TOUR)
    assert back.module == module
    assert meant(back.notebook) == meant(tour)
    assert in_step(back.notebook, None, KINDS, TOUR).module == module


def test_the_module_can_be_imported_and_run_and_is_the_same_flow(tour, tmp_path):
    path = tmp_path / "tour_flow.py"
    path.write_text(in_step(tour, None, KINDS, TOUR).module)
    for flow in imported(path, tmp_path):
        for node, wanted in zip(flow.spec().nodes, read(tour, KINDS).spec.nodes, strict=True):
            assert node.id == wanted.id
            assert (node.kind, node.inputs, node.outputs) == (
                wanted.kind, wanted.inputs, wanted.outputs)  # fmt: skip
            assert (node.options, dict(node.config)) == (wanted.options, dict(wanted.config))
            assert dict(node.returns) == dict(wanted.returns)
        assert flow.params[:2] == read(tour, KINDS).spec.params
        run = flow.run(city="Rome")
        assert run.status == "succeeded", run
        assert run["best"].output == [{"n": 2, "city": "Rome"}]
        assert run["report"].outputs["text"] == "3\n  rows"
        assert run["each"].outputs["each_values"] == [(2, 0)]


def test_the_module_is_clean_for_ruff(tour, tmp_path):
    import subprocess

    path = tmp_path / "tour_flow.py"
    path.write_text(in_step(tour, None, KINDS, TOUR).module.replace("import math\n", ""))
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", str(path)]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    complaints = [one for one in done.stdout.splitlines() if one[:4].strip("0123456789") in "EFW"]
    assert "F821 Undefined name `DataFrame`" not in done.stdout
    assert done.returncode == 0, complaints or done.stdout


def test_an_edit_of_the_module_changes_that_cell_alone(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    edited = module.replace("n = 3\n", "n = 4\n").replace("{{ fetch.n }} rows", "{{ fetch.n }}!")
    made = in_step(tour, edited, KINDS, TOUR)
    changed = [
        (old.source, new.source)
        for old, new in zip(tour.cells, made.notebook.cells, strict=True)
        if old != new
    ]
    assert [new for _, new in changed] == [
        TOUR_CELLS[4].replace("n = 3", "n = 4"),
        "%%flow log told --timeout 30s\n# why\nmessage: '{{ fetch.n }}!'  # so\nlevel: info",
    ]
    assert in_step(made.notebook, made.module, KINDS, TOUR).changed == ()


def test_an_edit_of_the_notebook_changes_that_node_alone(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    mine = module.replace("def fetch(city):", "def fetch(\n    city,  # mine\n):")
    cells = tuple(
        Cell.code(one.id, one.source.replace("limit $k", "limit 1 + $k")) for one in tour.cells[6:7]
    )
    edited = tour.with_cells((*tour.cells[:6], *cells, *tour.cells[7:]))
    made = in_step(edited, mine, KINDS, TOUR)
    assert made.notebook is edited
    assert base_of(made.module) != base_of(mine)
    wanted = mine.replace("limit $k", "limit 1 + $k")
    assert made.module.split("\n")[2:] == wanted.split("\n")[2:]


def test_nodes_come_go_and_move_and_plain_cells_stay_where_they_are(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    blocks = module.rstrip("\n").split("\n\n\n")
    new = '# %%\n@flow.node\ndef extra(rows=best):\n    """Count."""\n    return len(rows)'
    kept = [one for one in blocks if "def report" not in one]
    made = in_step(tour, "\n\n\n".join([*kept[:2], new, *kept[2:]]) + "\n", KINDS, TOUR)
    sources = [one.source for one in made.notebook.cells]
    assert sources.index('%%flow extra(rows=best)\n"""Count."""\nlen(rows)') == 2
    assert sources.index("rows[:3]") == sources.index(TOUR_CELLS[4]) + 1
    assert not any("report" in one for one in sources)


def test_where_both_have_changed_nothing_is_written(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    cells = tuple(
        Cell.code(one.id, one.source.replace("n = 3", "n = 5")) if one.id == "c4" else one
        for one in tour.cells
    )
    both = tour.with_cells(cells)
    edited = module.replace("n = 3\n", "n = 4\n")
    with pytest.raises(UsageError, match="both have changed since") as refused:
        in_step(both, edited, KINDS, TOUR)
    assert "--prefer" in refused.value.hint
    assert "n = 5\n" in in_step(both, edited, KINDS, TOUR, "notebook").module
    preferred = in_step(both, edited, KINDS, TOUR, "module").notebook
    assert any("n = 4" in one.source for one in preferred.cells)
    with pytest.raises(UsageError, match="never in step"):
        in_step(both, edited.replace("# flowbook sync", "# "), KINDS, TOUR)


def test_laying_the_module_out_anew_is_no_change(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    laid_out = module.replace("top=3", "top = 3").replace("def fetch(city)", "def fetch(city,)")
    laid_out = laid_out.replace("\n\n\n# %%", "\n# %%")
    assert in_step(tour, laid_out, KINDS, TOUR).changed == ()


def test_parameters_setup_markdown_and_flow_options_go_both_ways(tour):
    module = in_step(tour, None, KINDS, TOUR).module
    edited = (
        module.replace('"Oslo"', '"Rome"').replace("2 * x", "3 * x").replace("*town*", "*city*")
    ).replace('Flow("tour")', 'Flow("tour", journal="summary")')
    made = in_step(tour, edited, KINDS, TOUR).notebook
    sources = [one.source for one in made.cells]
    assert "city: str = 'Rome'  # where to look\ntop = 3" in sources
    assert "%flow options journal=summary" in sources
    assert "# The tour\n\nof the *city*" in sources
    assert any("3 * x" in one and "# %% not a cell" in one for one in sources)
    assert made.cells[made.index(CellId("params"))].tags == ("parameters",)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import pandas\n", "line 9: this stands above the first cell"),
        ("# %%\nprint(1)\n", "line 10: this is no part of a flow"),
        ("# %%\ndef f(): ...\n", "the function 'f' is no node"),
        ("# %%\n@flow.node\ndef f(*all): ...\n", "inputs cannot be"),
        ("# %%\n@flow.node\ndef f(x=LIMIT): ...\n", "'LIMIT' is no node"),
        ("# %%\n@flow.node(retires=3)\ndef f(): ...\n", "unknown option 'retires'"),
        ("# %%\nflow.http('get', urll='x')\n", "no setting 'urll'"),
        ("# %%\nflow.htpt('get')\n", "makes no node"),
        ("# %%\n@flow.node\ndef f(): ...\n# %%\n@flow.node\ndef f(): ...\n", "already"),
        ("# %% [markdown]\nx = 1\n", "this is no comment"),
        ("# %%\n@flow.node\ndef f(x=1 + 1): ...\n", "no plain value"),
    ],
)
def test_what_is_not_in_that_form_is_refused_with_its_line(code, told):
    module = in_step(notebook_of(), None, KINDS, TOUR).module
    with pytest.raises(FlowSyntaxError, match=told):
        in_step(None, f"{module}{code}", KINDS, TOUR)


def test_a_notebook_with_errors_is_not_written():
    with pytest.raises(InvalidFlow):
        in_step(notebook_of("%%flow a(\n1"), None, KINDS, TOUR)


def test_a_kind_that_is_not_there_is_told():
    with pytest.raises(UsageError, match="kind acme, which is not there"):
        in_step(notebook_of("%%flow acme a\nx: 1"), None, KINDS, TOUR)


def test_names_of_nodes_do_not_meet_those_of_the_module():
    cells = ["%%flow flow\n1", "%%flow Flow(flow, InputSpec=3)\nflow", "%%flow InputSpec\n2"]
    module = in_step(notebook_of(*cells), None, KINDS, TOUR).module
    assert "flow_ = Flow_(" in module
    assert in_step(None, module, KINDS, TOUR).module == module


def test_text_with_every_sort_of_character_comes_back():
    odd = 'a \\ """ \' \t \x0b é \u2028 x'
    cells = [
        Cell.markdown(CellId("m"), f"{odd}\r\n# %% [markdown]\n\\%% x"),
        f"%%flow log l\n{json.dumps({'message': odd})}",
        "# %% [markdown]\n%% x",
        f"%%flow note n\n{odd}\n'''",
    ]
    book = notebook_of(*cells)
    module = in_step(book, None, KINDS, TOUR).module
    back = in_step(None, module, KINDS, TOUR)
    assert back.module == module
    assert [one.source for one in back.notebook.cells if one.type == "markdown"] == [
        one.source for one in book.cells if one.type == "markdown"
    ]
    assert meant(back.notebook) == meant(book)


# ---------------------------------------------------------------- any flow

NAMES = st.sampled_from(["a", "b", "rows", "x1", "clean", "item"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)
BODIES = st.sampled_from(
    [
        "{0} = 1\n{1} = '''t\n  x'''", "[{0}x for {0}x in range(3)]", "import math\nmath.pi",
        "for {0} in range(2):\n    pass\n{0}", "return 3", "if True:\n    return 1\n2",
        "yield 1\nyield 2", "await thing()\n", "# only this", "", "def {0}(): ...\n{0}()",
        "x = 1  # one\n\n\n# two\nx\n# three", "{0}: int = 2", "raise ValueError('no')",
    ]
)  # fmt: skip
FLAGS = st.sampled_from(
    ["", " --retries 3", " --timeout 30s --pure", " --tags a,b", " --cache 1h", " --on thread",
     " --outputs '{q: int}'", " --priority -2", " --needs cpu=2"]
)  # fmt: skip


@st.composite
def notebooks(draw):
    cells, made = [], []
    for number in range(draw(st.integers(1, 5))):
        name = f"n{number}"
        cells.append(
            draw(st.sampled_from(["# text\n\n- a", "x = 1", "%%flow setup\nthing = print"]))
        )
        inputs = []
        for one in draw(st.lists(NAMES, max_size=2, unique=True)):
            if made and draw(st.booleans()):
                inputs.append(f"{one}={draw(st.sampled_from(made))}")
            else:
                inputs.append(f"{one}: object = {draw(VALUES)!r}")
        head = f"({', '.join(inputs)})" if inputs else ""
        kind = draw(st.sampled_from(["python", "python", "sql", "log"]))
        if kind == "python":
            body = draw(BODIES).format(name, draw(NAMES))
            arrow = draw(st.sampled_from(["", f" -> {name}", f" -> {name}: int"]))
            cells.append(f"%%flow {name}{head}{arrow}{draw(FLAGS)}\n{body}")
        elif kind == "sql":
            cells.append(f"%%flow sql {name}{head}{draw(FLAGS)}\nselect 1 as n")
        else:
            said = draw(st.text(max_size=8)).replace("{", "")
            body = json.dumps({"message": said, "level": "info"})
            cells.append(f"%%flow log {name}{head}{draw(FLAGS)}\n{body}")
        made.append(name)
    return notebook_of(*dict.fromkeys(cells))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(notebooks())
def test_any_notebook_comes_back_as_it_was(notebook):
    if read(notebook, KINDS, TOUR).problems:
        return
    module = in_step(notebook, None, KINDS, TOUR).module
    back = in_step(None, module, KINDS, TOUR)
    assert back.module == module
    assert meant(back.notebook) == meant(notebook)
    assert in_step(back.notebook, None, KINDS, TOUR).module == module
    assert in_step(notebook, module, KINDS, TOUR).changed == ()
    renamed = module.replace("text\n", "words\n")
    made = in_step(notebook, renamed, KINDS, TOUR).notebook
    assert [one.source for one in made.cells] == [
        one.source.replace("text\n", "words\n") for one in notebook.cells
    ]
