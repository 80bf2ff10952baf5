from __future__ import annotations

import base64
import json

import msgspec
import pandas as pd
import pytest
from IPython.display import HTML, Latex, Markdown

from flowbook.widget.preview import MOST_BYTES, MOST_RICH_BYTES, preview
from flowbook.widget.rich import PLOTLY, chart, image, marked
from flowbook.widget.views import ImagePreview, RichPreview, TablePreview, TextPreview, TreePreview

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0" + b"0" * 20
VEGA = "https://vega.github.io/schema/vega-lite/v5.20.1.json"
FIGURE = {"data": [{"type": "bar", "y": [1, 2]}], "layout": {}}


class Figure:
    """What Plotly's figures can do."""

    def to_plotly_json(self):
        return FIGURE

    def to_json(self):
        return json.dumps(FIGURE)

    def _repr_html_(self):
        raise AssertionError("its page of four megabytes is not wanted")


class Bundle:
    def __init__(self, **parts):
        self.parts = {mime.replace("__", "/"): data for mime, data in parts.items()}

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.parts, {}


def test_a_figure_that_knows_its_own_description_is_a_chart():
    assert preview(Figure()) == RichPreview(PLOTLY, FIGURE)


@pytest.mark.parametrize(
    ("schema", "mime"),
    [
        (VEGA, "application/vnd.vegalite.v5+json"),
        ("https://vega.github.io/schema/vega/v5.json", "application/vnd.vega.v5+json"),
        ("https://vega.github.io/schema/vega-lite/v6.1.0.json", "application/vnd.vegalite.v6+json"),
    ],
)
def test_a_description_that_names_the_schema_of_vega_is_a_chart(schema, mime):
    spec = {"$schema": schema, "mark": "bar"}
    assert preview(spec) == RichPreview(mime, spec)


@pytest.mark.parametrize(
    "value", [{"$schema": "https://json-schema.org/draft/2020-12/schema"}, {"$schema": 5}, {}]
)
def test_other_mappings_stay_trees(value):
    assert isinstance(preview(value), TreePreview)


def test_a_chart_brings_the_picture_that_is_in_its_bundle():
    parts = {
        "application/vnd.vegalite.v5+json": {"mark": "bar"},
        "image/png": base64.b64encode(PNG).decode(),
        "text/plain": "a chart",
    }
    shown = preview(Bundle(**parts))
    assert isinstance(shown, RichPreview)
    assert shown.data == {"mark": "bar"}
    assert shown.image == ImagePreview("image/png", base64.b64encode(PNG).decode())
    assert preview(parts) == shown  # as a plain mapping, too


def test_a_mapping_of_paths_is_no_bundle():
    assert isinstance(preview({"data/days.csv": 3, "text/days": 4}), TreePreview)


@pytest.mark.parametrize(
    ("value", "mime", "text"),
    [
        (HTML("<b>hot</b>"), "text/html", "<b>hot</b>"),
        (Markdown("# Hot"), "text/markdown", "# Hot"),
        (Latex("$x^2$"), "text/latex", "$x^2$"),
        (Bundle(text__html="<i>both</i>"), "text/html", "<i>both</i>"),
    ],
)
def test_marked_up_text_is_sent_as_such(value, mime, text):
    assert preview(value) == RichPreview(mime, text)


def test_a_table_stays_a_table_and_a_picture_a_picture():
    assert isinstance(preview(pd.DataFrame({"a": [1]})), TablePreview)

    class Both:
        def _repr_png_(self):
            return PNG

        def _repr_html_(self):
            return "<img>"

    shown = preview(Both())
    assert isinstance(shown, ImagePreview)
    assert (shown.width, shown.height) == (640, 480)


def test_a_type_and_a_plain_text_say_nothing_of_themselves():
    assert chart(Figure) is None
    assert marked(HTML) is None
    assert marked("<b>text</b>") is None


def test_a_chart_that_is_too_large_is_its_picture_or_words():
    spec = {"$schema": VEGA, "data": {"values": ["x" * 100] * 20_000}}
    shown = preview(spec)
    assert isinstance(shown, TextPreview)
    assert "draw fewer points" in shown.text
    mime = "application/vnd.vegalite.v5+json"
    small = preview({mime: spec, "image/png": base64.b64encode(PNG).decode()})
    assert isinstance(small, ImagePreview)


def test_charts_may_be_larger_than_other_previews_and_no_larger_than_that():
    spec = {"$schema": VEGA, "data": {"values": ["x" * 100] * 5_000}}
    size = len(msgspec.json.encode(preview(spec)))
    assert MOST_BYTES < size <= MOST_RICH_BYTES
    assert not isinstance(preview(HTML("x" * 2 * MOST_RICH_BYTES)), RichPreview)


def test_what_is_no_picture_is_none():
    assert image("image/png", b"") is None
    assert image("image/png", 5) is None
    assert image("image/png", b"no png") == ImagePreview(
        "image/png", base64.b64encode(b"no png").decode()
    )
