"""The cells of the guide to the magics run, in order, and it tells of every verb."""

from __future__ import annotations

import re
from pathlib import Path

from flowbook.magics.verbs import verbs

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "magics.md"
CELL = re.compile(r"^```python (?:cell|no-run)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_cells_of_the_guide_run(shell):
    given = []
    shell.inner.set_next_input = lambda text, replace=False: given.append(text)
    cells = CELL.findall(PAGE.read_text(encoding="utf-8"))
    assert len(cells) > 10
    for source in cells:
        shell.run(source.rstrip("\n"))
    assert shell.inner.user_ns["run"]["by_city"].output == {"Oslo": 35, "Rome": 12}
    (loaded,) = given
    assert shell.run(loaded) == {"Oslo": 35, "Rome": 12}
    assert Path("jobs/cities.ipynb").is_file()


def test_the_guide_tells_of_every_verb_and_option():
    text = PAGE.read_text(encoding="utf-8")
    missing = [name for name in verbs.commands if f"%flow {name}" not in text]
    for name, command in verbs.commands.items():
        options = [one for one in command.params if one.param_type_name == "option"]
        missing += [
            f"{name} {one.opts[-1]}" for one in options if not any(o in text for o in one.opts)
        ]
    assert missing == []
