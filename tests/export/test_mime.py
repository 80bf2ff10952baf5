"""What a value looks like in a notebook, without IPython."""

from __future__ import annotations

import base64
import subprocess
import sys

import pandas as pd
import pytest
from matplotlib.figure import Figure

from flowbook.export.mime import LIMIT, TEXT_LIMIT, mime_bundle


def test_a_frame_is_text_and_html():
    bundle = mime_bundle(pd.DataFrame({"city": ["Oslo"]}))
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<table" in bundle["text/html"]
    assert "Oslo" in bundle["text/plain"]


def test_a_figure_is_a_picture_though_ipython_is_not_there():
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    bundle = mime_bundle(figure)
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_text_is_shown_as_it_is():
    assert mime_bundle("a\nb") == {"text/plain": "a\nb"}


def test_long_text_is_cut_and_says_how_long_it_was():
    text = mime_bundle("x" * (TEXT_LIMIT + 10))["text/plain"]
    assert text.endswith(f"({TEXT_LIMIT + 10:,} characters)")


def test_a_bundle_of_its_own_wins():
    class Chart:
        def _repr_mimebundle_(self, include=None, exclude=None):
            return {"application/vnd.x+json": {"a": 1}, "text/plain": "chart"}, {"meta": 1}

        def _repr_html_(self):
            raise AssertionError("not asked when there is a bundle")

    assert mime_bundle(Chart()) == {
        "text/plain": "chart",
        "application/vnd.x+json": {"a": 1},
    }


@pytest.mark.parametrize("method", ["__repr__", "_repr_html_", "_repr_png_", "_repr_mimebundle_"])
def test_a_representation_that_raises_spoils_nothing(method):
    def broken(self, *_, **__):
        raise ZeroDivisionError

    value = type("Bad", (), {method: broken})()
    bundle = mime_bundle(value)
    assert set(bundle) == {"text/plain"}
    assert ("ZeroDivisionError" in bundle["text/plain"]) == (method == "__repr__")


def test_what_is_too_big_for_a_browser_is_left_out():
    big = type("Big", (), {"_repr_html_": lambda self: "x" * (LIMIT + 1)})()
    assert set(mime_bundle(big)) == {"text/plain"}


def test_a_class_is_not_asked_as_if_it_were_a_value():
    assert set(mime_bundle(pd.DataFrame)) == {"text/plain"}


def test_nothing_heavy_is_imported():
    code = (
        "import sys, flowbook.export.mime as m; m.mime_bundle({'a': 1});"
        "print([n for n in ('IPython', 'matplotlib', 'pandas', 'nbformat') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
