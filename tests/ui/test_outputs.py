"""What nodes gave, and what is laid over a flow, on the page that has no Jupyter around it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.ui.axe import grave_violations

Open = Callable[..., Page]
Output = Callable[..., Locator]
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def scene(harness: str, page: Page) -> Open:
    def opened(name: str, *, theme: str = "light", **query: str) -> Page:
        more = "".join(f"&{key}={value}" for key, value in query.items())
        page.goto(f"{harness}?scene={name}&theme={theme}&width=1380{more}")
        page.wait_for_selector("body[data-stands]")
        return page

    return opened


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{name}"]')


# ---------------------------------------------------------------- over the flow


def test_a_router_says_which_way_it_took_and_so_do_its_wires(scene: Open) -> None:
    page = scene("succeeded")
    expect(node(page, "season")).to_contain_text("Took hot, wet")
    expect(node(page, "season")).to_have_attribute("aria-label", re.compile("took hot, wet"))
    said = page.locator(".fb-edge-volume").all_text_contents()
    assert said.count("taken") == 2
    assert said.count("not taken") == 1


def test_the_way_a_run_took_stands_out_and_all_else_stands_back(scene: Open) -> None:
    page = scene("path")
    expect(page.get_by_text("The way this run took")).to_be_visible()
    left = node(page, "dry_days").locator(".fb-node")
    expect(left).to_have_css("opacity", "0.4")
    expect(node(page, "hot_days").locator(".fb-node")).to_have_css("opacity", "1")
    page.get_by_role("button", name="Show the flow alone").click()
    expect(left).to_have_css("opacity", "1")


def test_how_often_a_way_was_taken_is_a_number_and_a_width(scene: Open) -> None:
    page = scene("frequency")
    expect(page.get_by_text("How often each way was taken in 120 runs")).to_be_visible()
    labels = page.locator(".fb-edge-aside")
    assert set(labels.all_text_contents()) == {"120", "31", "87", "never"}

    def width(text: str) -> float:
        path = labels.filter(has_text=re.compile(rf"^{text}$")).first.locator("xpath=../*[1]")
        return float(path.evaluate("(one) => parseFloat(getComputedStyle(one).strokeWidth)"))

    assert width("120") > width("87") > width("31")
    expect(node(page, "dry_days")).to_have_attribute("aria-label", re.compile("never reached"))


def test_where_runs_differ_is_told_by_sign_and_word(scene: Open) -> None:
    page = scene("divergence")
    expect(page.get_by_text("≠ 1 diverges here")).to_be_visible()
    expect(node(page, "clean").locator(".fb-aside")).to_have_text("≠ diverges here")
    expect(node(page, "dry_days").locator(".fb-aside")).to_have_text(f"{MINUS} gone")
    expect(page.locator(".fb-edge-aside", has_text=f"+12 {MINUS}3 Δ48")).to_be_visible()
    expect(node(page, "monthly")).to_have_attribute("aria-label", re.compile("changed"))


def test_what_takes_long_is_a_bar_and_a_text(scene: Open) -> None:
    page = scene("heat")
    expect(node(page, "chart").locator(".fb-aside")).to_have_text("p95 1.2 s")
    bars = [
        node(page, name).locator(".fb-aside-bar > i").bounding_box()
        for name in ("chart", "station", "clean")
    ]
    widths = [box["width"] for box in bars if box is not None]
    assert widths == sorted(widths, reverse=True)
    assert len(widths) == 3


# ---------------------------------------------------------------- what nodes gave


@pytest.fixture
def output(scene: Open, page: Page) -> Output:
    """What a node gave, in its details."""

    def opened(name: str, *, of: str = "outputs", tab: str = "Output") -> Locator:
        scene(of, select=name)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        panel = page.get_by_role("complementary", name=f"Details of {name}")
        panel.get_by_role("tab", name=tab).click()
        return panel

    return opened


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def scale(panel: Locator) -> float:
    frame = panel.locator(".fb-frame > img")
    return float(frame.evaluate("(one) => new DOMMatrix(getComputedStyle(one).transform).a"))


def test_a_picture_is_seen_whole_and_at_its_own_size_and_says_how_large_it_is(
    output: Output,
) -> None:
    panel = output("chart")
    expect(panel.get_by_text("1,600 \N{MULTIPLICATION SIGN} 900 pixels")).to_be_visible()
    expect(panel.get_by_role("img", name="Rain by month")).to_be_visible()
    expect(panel.get_by_role("button", name="Fit")).to_have_attribute("aria-pressed", "true")
    assert scale(panel) < 0.5
    panel.get_by_role("button", name="100 %").click()
    assert scale(panel) == 1
    panel.get_by_role("button", name="Smaller").click()
    assert scale(panel) == pytest.approx(0.8)


def test_a_picture_is_zoomed_and_moved_by_keys_wheel_and_dragging(
    output: Output, page: Page
) -> None:
    panel = output("chart")
    frame = panel.locator(".fb-frame")
    box = frame.bounding_box()
    assert box is not None
    small = scale(panel)
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.wheel(0, -100)
    assert scale(panel) == small  # the wheel scrolls the panel until one looks at the picture
    frame.focus()
    page.mouse.wheel(0, -100)
    expect(frame).to_have_attribute("aria-label", re.compile("shown at 29 %"))
    page.keyboard.press("1")
    assert scale(panel) == 1

    def left() -> float:
        place = frame.locator("img").evaluate(
            "(one) => new DOMMatrix(getComputedStyle(one).transform).e"
        )
        return float(place)

    before = left()
    page.keyboard.press("ArrowRight")
    assert left() == before - 40
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 50)
    page.mouse.up()
    assert left() == before - 70
    page.keyboard.press("0")
    assert scale(panel) == small
    expect(page.get_by_role("dialog")).to_have_count(0)  # its keys are no commands of the page


def test_a_text_is_wrapped_copied_and_read_to_its_end(output: Output, page: Page) -> None:
    panel = output("server")
    text = panel.locator("pre")
    expect(text).to_have_css("white-space", "pre")
    panel.get_by_label("Wrap").check()
    expect(text).to_have_css("white-space", "pre-wrap")
    expect(panel.get_by_text(re.compile("The first 20,000 of"))).to_be_visible()
    panel.get_by_role("button", name="Show all").click()
    expect(text).to_contain_text("5999 station")
    expect(panel.get_by_text(re.compile("The first"))).to_have_count(0)
    panel.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied the text")).to_be_attached()
    assert clipboard(page).startswith("0000 station")
    assert clipboard(page).rstrip().splitlines()[-1].startswith("5999 station")
    again = output("server")  # the page was loaded anew
    expect(again.get_by_label("Wrap")).to_be_checked()


def test_data_is_a_tree_that_keys_go_through_and_copy_from(output: Output, page: Page) -> None:
    panel = output("climate")
    tree = panel.get_by_role("tree")
    tree.focus()
    page.keyboard.press("Home")
    for _ in range(7):  # city, days, hottest, its two, unit price, items
        page.keyboard.press("ArrowDown")
    expect(panel.locator(".fb-path")).to_have_text("climate.items")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(panel.locator(".fb-path")).to_have_text("climate.items[0].price")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("Copied climate.items[0].price")).to_be_attached()
    assert clipboard(page) == "climate.items[0].price"
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied the value")).to_be_attached()
    assert clipboard(page) == "10"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(tree.get_by_role("treeitem", selected=True)).to_have_attribute("aria-expanded", "false")
    expect(tree.get_by_role("treeitem", selected=True)).to_have_attribute("aria-level", "3")


def test_data_is_filtered_by_what_is_in_it(output: Output, page: Page) -> None:
    panel = output("climate")
    field = panel.get_by_role("searchbox")
    field.fill("lisb")
    expect(panel.get_by_role("treeitem")).to_have_count(4)
    expect(panel.locator("[data-hit]")).to_have_text(re.compile("Lisbon"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(panel.locator(".fb-path")).to_have_text("climate.items[2].name")
    field.fill("atlantis")
    expect(panel.get_by_text("Nothing here has “atlantis”.")).to_be_visible()
    field.press("Escape")
    expect(panel.get_by_role("tree")).to_be_visible()


def test_an_array_and_a_series_show_how_their_values_are_spread(output: Output) -> None:
    panel = output("hot_days")
    expect(panel.get_by_role("img", name=re.compile("How the values are spread"))).to_be_visible()
    expect(panel.get_by_text("median", exact=True)).to_be_visible()
    expect(panel.get_by_text(re.compile("are of 100,000 values that lie evenly"))).to_be_visible()
    panel = output("report")
    expect(panel.get_by_role("img", name=re.compile("How the values are spread"))).to_be_visible()
    expect(panel.get_by_role("grid")).to_be_visible()


def test_a_chart_that_nothing_draws_is_its_picture_or_its_data_with_words_why(
    output: Output,
) -> None:
    panel = output("monthly")
    expect(panel.get_by_role("img", name="Rain by month")).to_be_visible()
    expect(panel.get_by_text(re.compile("nothing in this page draws charts"))).to_be_visible()
    panel = output("wet_days")
    expect(panel.get_by_role("tree")).to_be_visible()
    expect(panel.get_by_text(re.compile("draws charts of Plotly"))).to_be_visible()


def test_a_page_with_renderers_draws_charts_and_tells_of_those_that_fail(output: Output) -> None:
    panel = output("monthly", of="hosted")
    expect(panel.locator(".hosted")).to_contain_text("drawn by the host")
    panel = output("wet_days", of="hosted")
    expect(panel.get_by_text("It could not be drawn: its renderer is broken")).to_be_visible()
    expect(panel.get_by_role("tree")).to_be_visible()
    panel = output("daily", of="hosted")
    expect(panel.locator(".hosted")).to_contain_text("frac")


def test_html_stands_in_a_frame_that_runs_nothing(output: Output) -> None:
    panel = output("highlights")
    frame = panel.frame_locator("iframe")
    expect(frame.get_by_role("cell", name="Lisbon")).to_be_visible()
    expect(panel.get_by_text(re.compile("scripts, which are not run"))).to_be_visible()
    expect(panel.locator("iframe")).to_have_attribute("sandbox", "")


def test_markdown_and_latex_are_shown_without_a_host_too(output: Output) -> None:
    panel = output("station")
    expect(panel.get_by_role("heading", name="Station", exact=True)).to_be_visible()
    panel = output("daily")
    expect(panel.get_by_text(re.compile("frac"))).to_be_visible()
    expect(panel.get_by_text(re.compile("This is LaTeX"))).to_be_visible()


def test_logs_are_narrowed_by_level_and_text_and_say_when(output: Output, page: Page) -> None:
    panel = output("season", tab="Logs")
    lines = panel.locator(".fb-logs time")
    expect(lines).to_have_count(64)
    expect(panel.locator(".fb-logs pre").last).to_be_in_viewport()  # it follows the end
    panel.get_by_label("How grave").select_option("warning")
    expect(lines).to_have_count(2)
    expect(panel.get_by_text("2 of 64 lines")).to_be_visible()
    panel.get_by_label("How grave").select_option("debug")
    panel.get_by_label("Search in the lines").fill("day 5")
    expect(panel.locator("mark")).to_have_count(11)
    expect(lines.first).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
    panel.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied the lines")).to_be_attached()
    assert clipboard(page).splitlines()[0] == "checked day 5 of 60"


@pytest.mark.parametrize("name", ["chart", "server", "climate", "hot_days", "highlights"])
def test_outputs_keep_the_rules_of_accessibility(output: Output, page: Page, name: str) -> None:
    panel = output(name)
    expect(panel.get_by_role("tabpanel")).to_be_visible()
    assert grave_violations(page, ".fb-side") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["path", "frequency", "divergence", "heat"])
def test_overlays_can_be_read_in_both_themes(scene: Open, name: str, theme: str) -> None:
    page = scene(name, theme=theme)
    expect(page.get_by_role("button", name="Show the flow alone")).to_be_visible()
    assert grave_violations(page) == []
