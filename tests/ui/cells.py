"""Cells of the notebook the canvas tests click through: a small flow of plain functions."""

from __future__ import annotations

FLOW_CELLS = [
    "import time\nimport flowbook\nimport pandas as pd\nflow = flowbook.Flow('weather')",
    """\
@flow.node
def days(city: str = "Seattle", count: int = 120):
    time.sleep(0.3)
    return pd.DataFrame({"day": range(count), "rain": [i % 7 * 1.5 for i in range(count)]})


@flow.node
def wet(days):
    print("looking for rain")
    return days[days.rain > 4]


@flow.node
def chart(days):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3))
    figure.add_subplot().plot(days.day, days.rain)
    return figure


@flow.node
def slow(wet, seconds: float = 0.5):
    for _ in range(int(seconds * 20)):
        time.sleep(0.05)
    return len(wet)


@flow.node
def fragile(wet, breaks: bool = False):
    if breaks:
        raise KeyError("precipitation")
    return "whole"
""",
    "canvas = flow.canvas()\ncanvas",
    "time.sleep(6)",
]

MANY_CELLS = [
    """\
import flowbook

flow = flowbook.Flow("many")
source = "def n0():\\n    return 0\\n" + "".join(
    f"def n{i}(n{(i - 1) // 2}):\\n    return {i}\\n" for i in range(1, 300)
)
exec(source)
for i in range(300):
    flow.node(globals()[f"n{i}"])
""",
    "flow.canvas()",
]
