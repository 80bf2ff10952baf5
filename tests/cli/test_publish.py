"""`flowbook publish`, `versions` and `rollback`: a notebook's flow, from its draft to the past."""

from __future__ import annotations

import json

import pytest
from tests.cells.conftest import notebook_of

from flowbook.cells.notebook import Notebook
from flowbook.export.notebook import cell_id
from flowbook.graph.spec import Position
from flowbook.session import project as projects
from flowbook.session.project import project

DRAFT = ("%%flow first(n=2)\nn * 10", "%%flow second(first)\nfirst + 1")


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "tour.ipynb"
    (tmp_path / ".flowbook").mkdir()
    write(found, *DRAFT)
    yield found
    opened = projects._PROJECTS.pop(tmp_path.resolve(), None)
    if opened is not None:
        opened.close()


def write(path, *sources):
    path.write_text(notebook_of(*sources).text())


def sources(path):
    return [cell.source for cell in Notebook.parse(path.read_text()).cells]


def test_a_notebook_is_published_and_its_versions_are_listed(ask, path):
    assert ask("versions", "tour.ipynb") == (0, "no versions\n", "")
    code, out, _err = ask("publish", "tour.ipynb", "--note", "the first")
    assert (code, out) == (0, "tour: version 1 is published: the first\n")
    write(path, DRAFT[0], "%%flow second(first)\nfirst + 2")
    code, out, _err = ask("publish", "tour.ipynb", "--json")
    told = json.loads(out)
    assert (code, told["number"], told["published"], told["note"]) == (0, 2, True, "")
    code, out, _err = ask("versions", "tour.ipynb", "--json")
    known = json.loads(out)["versions"]
    assert [(one["number"], one["published"], one["current"]) for one in known] == [
        (1, False, False),
        (2, True, True),
    ]
    _code, out, _err = ask("versions", "tour.ipynb")
    assert "current, published" in out


def test_a_notebook_with_errors_is_not_published(ask, path):
    write(path, "%%flow first(n=nobody.x)\nn")
    code, _out, err = ask("publish", "tour.ipynb")
    assert code == 2
    assert "nobody" in err
    assert ask("versions", "tour.ipynb")[1] == "no versions\n"


def test_what_no_version_can_hold_is_told(ask, path):
    write(path, "frame = open('x').read()", "%%flow size\nlen(frame)")
    code, _out, err = ask("publish", "tour.ipynb")
    assert code == 0
    assert "warning: frame (cell c0) is not in the version" in err


def test_a_rollback_shows_the_cells_that_change_and_how_to_come_back(ask, path):
    ask("publish", "tour.ipynb")
    write(path, DRAFT[0], "%%flow second(first)\nfirst + 2\n# to be told", "plain = 1")
    later = path.read_bytes()
    code, out, err = ask("rollback", "tour.ipynb", "1", "--dry-run")
    assert (code, err) == (0, "Roll back to version 1: 1 cell would change\n")
    assert "+first + 1" in out.splitlines()
    assert path.read_bytes() == later
    code, out, err = ask("rollback", "tour.ipynb", "1")
    assert code == 0
    assert sources(path) == [*DRAFT, "plain = 1"]
    (back,) = (line.split()[-1] for line in err.splitlines() if line.startswith("back to what"))
    assert ask("rollback", "tour.ipynb", back)[0] == 0
    assert "first + 2" in sources(path)[1]
    code, _out, err = ask("rollback", "tour.ipynb", back)
    assert (code, err.splitlines()[0]) == (0, "Roll back to version 2: nothing changes")
    code, _out, err = ask("rollback", "tour.ipynb", "7")
    assert code == 2
    assert "no version '7'" in err


def test_the_published_version_runs_while_the_notebook_goes_on(ask, path):
    ask("publish", "tour.ipynb")
    write(path, DRAFT[0], "%%flow second(first)\nfirst + 2")
    code, out, _err = ask("run", "tour.ipynb", "--route", "published", "--json", "--no-report")
    told = json.loads(out)
    assert (code, told["outputs"]) == (0, {"second": 21})
    assert told["run"]["routed"] == "published: version 1"
    _code, out, _err = ask("run", "tour.ipynb", "--json", "--no-report")
    assert json.loads(out)["outputs"] == {"second": 22}
    code, _out, err = ask("run", "tour.ipynb", "--route", "pinned(5)", "--no-report")
    assert code == 2
    assert "no version '5'" in err


def test_a_job_is_of_the_published_version_whatever_the_notebook_says(ask, path, tmp_path):
    code, _out, err = ask("export", "tour.ipynb", "--to", "jobs")
    assert (code, err.splitlines()[0]) == (
        0,
        "warning: the job is of the notebook as it is: nothing is published",
    )
    write(path, "import math\nOFFSET = 5", "%%flow first(n=2)\nmath.floor(n) + OFFSET", DRAFT[1])
    assert ask("publish", "tour.ipynb")[0] == 0
    assert ask("export", "tour.ipynb", "--to", "jobs")[0] == 0
    job = tmp_path / "jobs" / "tour.ipynb"
    before = job.read_bytes()
    about = json.loads(before)["metadata"]["flowbook"]
    assert about["number"] == 1
    assert "OFFSET = 5" in before.decode()
    write(path, *DRAFT, "%%flow third(second)\nsecond * 2")
    code, out, err = ask("export", "tour.ipynb", "--to", "jobs", "--json")
    assert (code, json.loads(out)["changed"], json.loads(out)["version"]) == (0, False, 1)
    assert "changes that are not published" in err
    assert job.read_bytes() == before
    code, _out, err = ask("export", "tour.ipynb", "--to", "drafts", "--draft")
    assert (code, err.splitlines()[0]) == (0, "warning: the job is of the notebook as it is")
    draft = json.loads((tmp_path / "drafts" / "tour.ipynb").read_text())
    assert "number" not in draft["metadata"]["flowbook"]
    assert ask("publish", "tour.ipynb")[0] == 0
    assert ask("export", "tour.ipynb", "--to", "jobs", "--version", "1")[0] == 0
    assert job.read_bytes() == before
    assert ask("export", "tour.ipynb", "--to", "jobs", "--version", "9")[0] == 2


def test_a_job_of_a_version_is_that_version_again(ask, path, tmp_path):
    ask("publish", "tour.ipynb")
    ask("export", "tour.ipynb", "--to", "jobs")
    about = json.loads((tmp_path / "jobs" / "tour.ipynb").read_text())["metadata"]["flowbook"]
    (known,) = json.loads(ask("versions", "tour.ipynb", "--json")[1])["versions"]
    assert (about["version"], about["number"]) == (known["version"], 1)
    assert about["source"] == "../tour.ipynb"


def place(path, **places):
    """Move nodes of the notebook, named by their cells."""
    notebook = Notebook.parse(path.read_text())
    cells = [
        one.placed(Position(*places[one.id])) if one.id in places else one for one in notebook.cells
    ]
    path.write_text(notebook.with_cells(tuple(cells)).text())


def stands(job):
    """Where the nodes of a job stand, in the order of its cells."""
    cells = json.loads(job.read_text())["cells"]
    told = [one["metadata"].get("flowbook") for one in cells]
    return [one["position"] for one in told if one]


def test_a_job_has_the_layout_that_its_version_was_published_with(ask, path, tmp_path):
    job = tmp_path / "jobs" / "tour.ipynb"
    assert ask("run", "tour.ipynb", "--no-report")[0] == 0  # the version is known before it is laid
    place(path, c0=(0, 300), c1=(244, -20))
    ask("publish", "tour.ipynb")
    assert ask("export", "tour.ipynb", "--to", "jobs")[0] == 0
    assert stands(job) == [[0.0, 300.0], [244.0, -20.0]]
    before = job.read_bytes()
    place(path, c0=(9, 9))
    code, _out, err = ask("export", "tour.ipynb", "--to", "jobs")
    assert (code, err) == (0, "unchanged\n")  # nor is a node that moved a change of the flow
    assert job.read_bytes() == before
    assert ask("export", "tour.ipynb", "--to", "drafts", "--draft")[0] == 0
    assert stands(tmp_path / "drafts" / "tour.ipynb") == [[9.0, 9.0], [244.0, -20.0]]
    ask("publish", "tour.ipynb")
    assert ask("export", "tour.ipynb", "--to", "jobs")[0] == 0
    assert stands(job) == [[9.0, 9.0], [244.0, -20.0]]
    assert len(json.loads(ask("versions", "tour.ipynb", "--json")[1])["versions"]) == 1


def test_what_a_kernel_drew_is_published_where_no_cell_has_a_place(ask, path, tmp_path):
    layouts = tmp_path / ".flowbook" / "layouts"
    layouts.mkdir()
    (layouts / "tour.json").write_text('{"first": [5, 6], "gone": [7, 8]}')
    ask("publish", "tour.ipynb")
    assert ask("export", "tour.ipynb", "--to", "jobs")[0] == 0
    assert stands(tmp_path / "jobs" / "tour.ipynb") == [[5.0, 6.0]]


def test_a_version_that_was_published_without_its_layout_stands_as_it_first_ran(
    ask, path, tmp_path
):
    place(path, c0=(1, 2))
    assert ask("run", "tour.ipynb", "--no-report")[0] == 0
    home = project(tmp_path)
    home.store.publish("tour", home.versions("tour")[0].version)  # as an earlier flowbook did
    place(path, c0=(3, 4))
    assert ask("export", "tour.ipynb", "--to", "jobs")[0] == 0
    assert stands(tmp_path / "jobs" / "tour.ipynb") == [[1.0, 2.0]]


def test_the_report_of_a_run_shows_the_flow_as_its_author_laid_it_out(ask, path, tmp_path):
    place(path, c0=(0, 300), c1=(244, -20))
    assert ask("run", "tour.ipynb", "--report", "out.ipynb")[0] == 0
    report = json.loads((tmp_path / "out.ipynb").read_text())
    (drawing,) = (one for one in report["cells"] if one["id"] == cell_id("drawing"))
    svg = "".join(drawing["outputs"][0]["data"]["image/svg+xml"])
    assert 'data-status="succeeded"><title>first' in svg
    assert 'x="0" y="300" width="184"' in svg
    assert 'x="244" y="-20" width="184"' in svg


def test_the_report_of_a_run_of_another_version_has_no_drawing_of_this(ask, path, tmp_path):
    ask("publish", "tour.ipynb")
    write(path, *DRAFT, "%%flow third(second)\nsecond * 2")
    words = ("run", "tour.ipynb", "--route", "published", "--report", "out.ipynb")
    code, out, _err = ask(*words)
    assert (code, out) == (0, "second: 21\n")  # and what its ends gave, not those of the draft
    assert "flowbook-drawing" not in (tmp_path / "out.ipynb").read_text()
