"""The sound notebooks of the corpus, run: their nodes give what plain Python says."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest
from tests.docs.node_pages import own_kinds
from tests.notebooks.corpus import CELLS, HERE, oracle, text_of

from flowbook.cells.notebook import Notebook
from flowbook.cells.source import read
from flowbook.graph.asserting import with_tests
from flowbook.graph.flow import Flow
from flowbook.ids import FlowId
from flowbook.session.project import Project
from flowbook.session.start import Start
from flowbook.testing.compare import Comparison

ORACLES = sorted(path.stem for path in CELLS.glob("*.cells") if oracle(path.stem))
SAME = {"old_format": "spend", "compact": "spend", "tabs": "spend", "windows": "looped"}
"""Notebooks that are another one in another form."""
SUMS = {"chain_500": ("n499", 499), "fan_120": ("total", 14_280), "layers_8x8": ("l7_0", 1.0)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    opened = Project(tmp_path_factory.mktemp("corpus"))
    opened.registry = own_kinds()
    yield opened
    opened.close()


@pytest.fixture
def run(project, tmp_path, monkeypatch):
    """Run a notebook with its tests, where no file of ours is."""
    monkeypatch.chdir(tmp_path)

    def run(name):
        flow = Flow(name, host=project)
        flow.replace_spec(read(Notebook.parse(text_of(name)), project.registry, FlowId(name)).spec)
        asked = with_tests(flow.spec(), project.registry, None)
        return project.start(flow, {}, Start(targets=asked)).wait().raise_for_status()

    return run


@pytest.mark.parametrize("name", [*ORACLES, *SAME])
def test_a_notebook_gives_what_plain_python_does(run, name):
    wanted = oracle(SAME.get(name, name))
    ran = run(name)
    found = {node: ran[node].output for node in wanted}
    assert Comparison(1e-9).differences(found, wanted) == []


@pytest.mark.parametrize("name", SUMS)
def test_a_large_notebook_gives_its_sum(run, name):
    node, wanted = SUMS[name]
    assert run(name)[node].output == wanted


def test_the_functions_of_hamilton_give_the_same():
    """Hamilton's own engine over plain functions, where it is installed."""
    driver = pytest.importorskip("hamilton.driver")
    pandas = pytest.importorskip("pandas")
    module = ModuleType("spend_functions")
    text = (
        "import pandas as pd\n"
        "def avg_3wk_spend(spend: pd.Series) -> pd.Series:\n    return spend.rolling(3).mean()\n"
        "def spend_per_signup(spend: pd.Series, signups: pd.Series) -> pd.Series:\n"
        "    return spend / signups\n"
        "def spend_mean(spend: pd.Series) -> float:\n    return spend.mean()\n"
        "def spend_zero_mean(spend: pd.Series, spend_mean: float) -> pd.Series:\n"
        "    return spend - spend_mean\n"
        "def spend_std_dev(spend: pd.Series) -> float:\n    return spend.std()\n"
        "def spend_zero_mean_unit_variance(spend_zero_mean: pd.Series, spend_std_dev: float)"
        " -> pd.Series:\n    return spend_zero_mean / spend_std_dev\n"
    )
    exec(text, module.__dict__)
    for made in vars(module).values():
        if callable(made):
            made.__module__ = module.__name__
    sys.modules[module.__name__] = module
    params = json.loads((HERE / "spend.expected.json").read_text())["params"]
    wanted = oracle("spend")
    try:
        given = {name: pandas.Series(values) for name, values in params.items()}
        found = driver.Builder().with_modules(module).build().execute(list(wanted), inputs=given)
    finally:
        del sys.modules[module.__name__]
    series = {name: one for name, one in found.items() if isinstance(one, pandas.Series)}
    plain = {
        **found,
        **{name: [None if x != x else x for x in one.tolist()] for name, one in series.items()},
    }
    assert Comparison(1e-9).differences(plain, wanted) == []
