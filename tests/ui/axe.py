"""What axe-core finds wrong with a page: rules of accessibility that a machine can check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Lines and layers have boxes over nodes they do not cover; axe then gives up on a colour.
LAYERS = (".react-flow__edges", ".react-flow__connectionline", ".react-flow__edgelabel-renderer")
CLEAR = (
    f"{', '.join(LAYERS)}, .react-flow__viewport-portal, .fb-map {{ display: none !important; }}"
)
RUN = """async ([root, rules]) => {
  const found = await axe.run(root, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations;
}"""


def grave_violations(page: Page, root: str = ".fb-root") -> list[str]:
    """A line for every element in `root` that breaks a rule in a way that shuts people out."""
    page.add_script_tag(path=AXE)
    page.add_style_tag(content=CLEAR)
    found: list[dict[str, Any]] = page.evaluate(RUN, [root, RULES])
    return [
        f"{one['id']}: {' '.join(map(str, node['target']))}: {_why(node)}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])
