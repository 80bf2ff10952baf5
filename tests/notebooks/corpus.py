"""The corpus: notebooks that keep the cell grammar honest. `python -m tests.notebooks.corpus`.

`cells/NAME.cells` is what a person writes: cells apart by lines `# %%`, or `# %% [markdown]`,
`# %% [raw]`, `# %% parameters`; what follows `# %% oracle` is plain Python that says what the
nodes give, and is no cell. `NAME.ipynb` is made of it, `NAME.expected.json` is what reading it
gives: look at its diff before it is committed. Those with forms of their own are made below.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.node_pages import own_kinds

from flowbook.cells.notebook import Notebook
from flowbook.cells.source import read
from flowbook.graph.problem import Problem
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Missing
from flowbook.graph.wiring import resolve
from flowbook.ids import FlowId
from flowbook.plan.check import check
from flowbook.plan.compile import version_of

HERE = Path(__file__).parent
CELLS = HERE / "cells"
_MARK = re.compile(r"^# %%(?: (.*))?$\n?", re.MULTILINE)
_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Written:
    """A notebook as it was written down: its cells as words and text, and its oracle."""

    cells: tuple[tuple[str, str], ...]
    oracle: str = ""


def written(name: str) -> Written:
    """What stands in the `.cells` file of that name."""
    text = (CELLS / f"{name}.cells").read_text(encoding="utf-8")
    first, *rest = _MARK.split(text)
    parts = [("", first)] if first.strip() else []
    parts += zip((mark or "" for mark in rest[::2]), rest[1::2], strict=True)
    cells = tuple((mark, body.rstrip("\n")) for mark, body in parts if mark != "oracle")
    return Written(cells, next((body for mark, body in parts if mark == "oracle"), ""))


def oracle(name: str) -> dict[str, Any]:
    """What plain Python says that nodes give, by name; empty for a notebook without an oracle."""
    told: dict[str, Any] = {}
    exec(written(name).oracle if (CELLS / f"{name}.cells").exists() else "", told)
    return told.get("values", {})


# ---------------------------------------------------------------- notebooks as documents


def cell(number: int, mark: str, source: str) -> dict[str, Any]:
    """One cell as nbformat 4.5 has it."""
    metadata = {"tags": ["parameters"]} if mark == "parameters" else {}
    common = {"id": f"c{number}", "metadata": metadata, "source": source.splitlines(keepends=True)}
    if mark in ("[markdown]", "[raw]"):
        return {"cell_type": mark.strip("[]"), **common}
    return {"cell_type": "code", "execution_count": None, **common, "outputs": []}


def document(cells: list[dict[str, Any]], minor: int = 5, **metadata: Any) -> dict[str, Any]:
    """A notebook of them."""
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def as_text(made: dict[str, Any]) -> str:
    """As nbformat writes it."""
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def of_cells(name: str) -> dict[str, Any]:
    cells = [cell(number, *one) for number, one in enumerate(written(name).cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return document(cells, kernelspec=kernel)


def of_sources(*sources: str, **more: Any) -> dict[str, Any]:
    return document([cell(number, "", text) for number, text in enumerate(sources)], **more)


def old_format() -> dict[str, Any]:
    """nbformat 4.4: cells have no ids, `parameters` are in their metadata alone."""
    cells = [
        {key: value for key, value in one.items() if key != "id"}
        for one in of_cells("spend")["cells"]
    ]
    return document(cells, 4, kernelspec={"name": "python3"}, language_info={"name": "python"})


def foreign() -> dict[str, Any]:
    """Metadata of other programs, on the notebook and on cells, with fields nobody knows."""
    made = of_sources("%%flow a\n1", "%%flow b(a)\na + 1", "# plain\ny = 1")
    made["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "vscode": {"interpreter": {"hash": "31f2aee4"}},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
        "flowbook": {"flow": "from_elsewhere", "later": [1, 2]},
        "kernelspec": {"name": "conda-env-x-py", "display_name": "x"},
    }
    first, second, third = made["cells"]
    first["metadata"] = {"id": "Zx9", "colab": {"height": 35}, "flowbook": {"position": [10, 20.5]}}
    second["metadata"] = {"scrolled": False, "slideshow": {"slide_type": "slide"}, "tags": ["x"]}
    second["flowbook_unknown"] = {"kept": True}
    third["metadata"] = {"jupyter": {"source_hidden": True}, "flowbook": "not an object"}
    return {**made, "top_level": {"kept": [1]}}


def pictures() -> dict[str, Any]:
    """Outputs of every sort, which travel along."""
    made = of_sources("%%flow figure\n1", "%%flow table(figure)\nfigure", "%%flow bad\n1")
    shown = {"data": {"image/png": _PIXEL, "text/plain": ["<Figure>"]}, "metadata": {}}
    made["cells"][0] |= {
        "execution_count": 4,
        "outputs": [{"output_type": "display_data", **shown}],
    }
    made["cells"][1]["outputs"] = [
        {"name": "stdout", "output_type": "stream", "text": ["one\n", "two"]},
        {
            "data": {"text/html": ["<b>1</b>"], "application/json": {"a": [1]}},
            "execution_count": 5,
            "metadata": {"application/json": {"expanded": False}},
            "output_type": "execute_result",
        },
    ]
    made["cells"][2]["outputs"] = [
        {"ename": "ValueError", "evalue": "x", "output_type": "error", "traceback": ["\u001b[31mx"]}
    ]
    return made


def same_ids() -> dict[str, Any]:
    """Cells copied in a text editor: two have one id, one has none, one is a number."""
    made = of_sources("%%flow a\n1", "%%flow b(a)\na", "%%flow c(b)\nb", "%%flow d(c)\nc")
    made["cells"][1]["id"] = "c0"
    del made["cells"][2]["id"]
    made["cells"][3]["id"] = 7
    return made


def odd_shapes() -> dict[str, Any]:
    """Sources as one text, empty ones, none at all, and kinds of cells nobody knows."""
    made = of_sources("", "%%flow a\n1", "%%flow b(a)\na\n\n", "%%flow c")
    made["cells"][1]["source"] = "%%flow a\n1"
    del made["cells"][0]["source"]
    made["cells"] += [{"cell_type": "sql", "id": "q", "metadata": {}, "source": "select 1"}]
    made["cells"] += [{"cell_type": "code", "id": "n", "metadata": None, "source": None}]
    return made


def chain(length: int) -> dict[str, Any]:
    """Each node reads the one before it."""
    sources = [f"%%flow n{at}(n{at - 1})\nn{at - 1} + 1" for at in range(1, length)]
    return of_sources("%%flow n0\n0", *sources)


def fan(width: int) -> dict[str, Any]:
    """One node, many that read it, and one that reads them all."""
    middle = [f"%%flow part{at}(start)\nstart * {at}" for at in range(width)]
    names = ", ".join(f"part{at}" for at in range(width))
    return of_sources("%%flow start\n2", *middle, f"%%flow total\nsum([{names}])")


def layers(count: int, width: int) -> dict[str, Any]:
    """Every node of a layer reads every node of the layer before it."""
    sources = [f"%%flow l0_{at}\n1" for at in range(width)]
    for layer in range(1, count):
        before = " + ".join(f"l{layer - 1}_{at}" for at in range(width))
        sources += [f"%%flow l{layer}_{at}\n({before}) / {width}" for at in range(width)]
    return of_sources(*sources)


def texts() -> Iterator[tuple[str, str]]:
    """Every notebook of the corpus, by name, as the text of its file."""
    for path in sorted(CELLS.glob("*.cells")):
        yield path.stem, as_text(of_cells(path.stem))
    forms = (old_format, foreign, pictures, same_ids, odd_shapes)
    yield from ((make.__name__, as_text(make())) for make in forms)
    yield "chain_500", as_text(chain(500))
    yield "fan_120", as_text(fan(120))
    yield "layers_8x8", as_text(layers(8, 8))
    spend = of_cells("spend")
    yield "compact", json.dumps(spend, ensure_ascii=True, separators=(",", ":"))
    yield "tabs", json.dumps(spend, indent="\t", ensure_ascii=True) + "\n\n"
    windows = of_cells("looped")
    for one in windows["cells"]:
        one["source"] = [line.replace("\n", "\r\n") for line in one["source"]]
    yield "windows", as_text(windows).replace("\n", "\r\n")


# ---------------------------------------------------------------- what reading gives


def expectation(name: str, kinds: Registry) -> dict[str, Any]:
    """What the notebook of that name says, and what is wrong with it."""
    parsed = read(Notebook.parse(text_of(name)), kinds, FlowId(name))
    problems = dict.fromkeys((*parsed.problems, *check(parsed.spec, kinds)))
    return {
        "flow": parsed.spec.id,
        "digest": version_of(parsed.spec),
        "nodes": [_node(one) for one in parsed.spec.nodes],
        "edges": _edges(parsed.spec),
        "params": {one.name: _default(one.default) for one in parsed.spec.params},
        "problems": [_problem(one) for one in problems],
    }


def text_of(name: str) -> str:
    """The text of a notebook's file, its line ends as they are."""
    return (HERE / f"{name}.ipynb").read_bytes().decode()


def _node(node: Any) -> str:
    inside = f" in {node.options.inside}" if node.options.inside else ""
    names = ", ".join(one.name for one in node.inputs)
    captured = f" captures {', '.join(node.captures)}" if node.captures else ""
    outputs = ", ".join(node.outputs) or "nothing"
    cell_id = node.place.cell if node.place else "?"
    return f"{cell_id}: {node.kind} {node.id}({names}) -> {outputs}{inside}{captured}"


def _edges(spec: FlowSpec) -> list[str]:
    edges = resolve(spec).edges
    return [f"{one.source}.{one.output} > {one.target}.{one.input}" for one in edges]


def _default(value: Any) -> Any:
    return "(none)" if isinstance(value, Missing) else value


def _problem(one: Problem) -> str:
    place = f"{one.cell or '-'}:{one.line or '-'}"
    return f"{place} {one.severity.value} {one.node or '-'}: {one.message}"


def main() -> int:
    """Write notebooks and expectations anew; say which are others than before."""
    made, kinds = dict(texts()), own_kinds()
    for path in (*HERE.glob("*.ipynb"), *HERE.glob("*.expected.json")):
        if path.name.partition(".")[0] not in made:
            path.unlink()
    for name, text in made.items():
        (HERE / f"{name}.ipynb").write_bytes(text.encode())
        path = HERE / f"{name}.expected.json"
        found = json.dumps(expectation(name, kinds), ensure_ascii=False, indent=1) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != found:
            path.write_text(found, encoding="utf-8")
            print(f"other than before: {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
