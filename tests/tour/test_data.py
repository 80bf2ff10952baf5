"""The shipped data are the data that SOURCE.md describes."""

from __future__ import annotations

import hashlib
from importlib import resources

DATA = resources.files("flowbook.tour").joinpath("data")


def test_the_data_are_what_was_checked():
    digest = hashlib.sha256(DATA.joinpath("weather.csv").read_bytes()).hexdigest()
    assert digest == "27219f1ca8dbd94c9b6f4b9f4f52ab2f1eb33dfdcf719cd9fc6481ed50b74549"


def test_every_column_is_described_with_its_origin_and_licence():
    text = DATA.joinpath("SOURCE.md").read_text("utf-8")
    header = DATA.joinpath("weather.csv").read_text("utf-8").splitlines()[0]
    for column in header.split(","):
        assert f"| `{column}` |" in text
    assert "public domain" in text
    assert "National Oceanic and\nAtmospheric Administration" in text
