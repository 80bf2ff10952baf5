"""A request carries one body, and arrives with what was meant."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from email import message_from_bytes
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest

from flowbook.errors import NotGranted, UsageError
from flowbook.nodes.http import HttpNode
from flowbook.nodes.http.body import as_json


@pytest.fixture
def sent(fetch, site):
    """Posts a body and gives the request as it arrived."""
    site.page("/x", {})

    def sent(**config):
        fetch("/x", method="POST", **config)
        return site.asked[-1]

    return sent


def parts(asked):
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + asked.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type() if part["content-type"] else None,
            part.get_payload(decode=True),
        )
        for part in message.get_payload()
    ]


def test_json_is_sent_as_json(sent):
    asked = sent(json={"city": "Ørsta", "n": [1, None]})
    assert asked.body == '{"city":"Ørsta","n":[1,null]}'.encode()
    assert asked.headers["content-type"] == "application/json"


def test_a_content_type_of_ones_own_is_kept(sent):
    asked = sent(json=[1], headers={"Content-Type": "application/vnd.api+json"})
    assert asked.headers["content-type"] == "application/vnd.api+json"


def test_what_nodes_give_has_a_form_as_json():
    given = {
        "frame": pd.DataFrame({"a": [1, 2]}),
        "day": dt.date(2026, 5, 1),
        "number": np.float64(1.5),
        "array": np.array([1, 2]),
        "set": {2, 1},
    }
    assert json.loads(as_json(given)) == {
        "frame": [{"a": 1}, {"a": 2}],
        "day": "2026-05-01",
        "number": 1.5,
        "array": [1, 2],
        "set": [1, 2],
    }


def test_a_table_is_sent_as_rows(sent):
    assert json.loads(sent(json=pd.DataFrame({"a": [1, 2]})).body) == [{"a": 1}, {"a": 2}]
    assert [sent(json=nothing).body for nothing in ({}, [], 0, False)] == [
        b"{}",
        b"[]",
        b"0",
        b"false",
    ]


@pytest.mark.parametrize("value", [float("nan"), object(), Decimal(1)])
def test_what_has_no_form_as_json_is_told(value):
    with pytest.raises(UsageError, match="json cannot be sent"):
        as_json({"a": value})


def test_a_mapping_is_a_form(sent):
    asked = sent(data={"city": ["Oslo", "Rome"], "no": None, "dry": True})
    assert asked.body == b"city=Oslo&city=Rome&dry=true"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode())["city"] == ["Oslo", "Rome"]


def test_text_and_bytes_are_sent_as_they_are(sent):
    assert sent(data="smørbrød").body == "smørbrød".encode()
    assert sent(data=b"\x00\x01").body == b"\x00\x01"
    assert sent(data="").body == b""


def test_parts_are_values_and_files(sent, services):
    (services.folder / "may.csv").write_bytes(b"a\n1\n")
    asked = sent(
        multipart={
            "title": "May",
            "tags": ["dry", "warm"],
            "no": None,
            "table": {"file": "may.csv"},
            "note": {"content": "it rained", "filename": "note.txt", "type": "text/plain"},
            "raw": b"\x00",
        }
    )
    assert parts(asked) == [
        ("title", None, None, b"May"),
        ("tags", None, None, b"dry"),
        ("tags", None, None, b"warm"),
        ("table", "may.csv", "text/csv", b"a\n1\n"),
        ("note", "note.txt", "text/plain", b"it rained"),
        ("raw", "raw", "application/octet-stream", b"\x00"),
    ]


@pytest.mark.parametrize(
    "part", [{"file": "a", "content": "b"}, {"filename": "a"}, {"file": "a", "mode": "b"}]
)
def test_a_part_that_is_neither_value_nor_file_is_told(sent, part):
    with pytest.raises(UsageError, match="multipart: 'p' is neither a value nor a file"):
        sent(multipart={"p": part})


def test_a_file_is_sent_while_it_is_read(sent, services):
    content = bytes(range(256)) * 4096
    (services.folder / "large.bin").write_bytes(content)
    asked = sent(file="large.bin")
    assert asked.body == content
    assert asked.headers["content-length"] == str(len(content))
    assert "transfer-encoding" not in asked.headers


def test_a_file_is_sent_again_where_it_is_redirected(fetch, site, services):
    (services.folder / "may.csv").write_bytes(b"a\n1\n")
    site.page("/x", status=307, location="/y")
    site.page("/y", {})
    fetch("/x", method="PUT", file="may.csv")
    assert [one.body for one in site.asked] == [b"a\n1\n"] * 2
    assert site.asked[0].headers["content-type"] == "text/csv"


def test_a_part_is_sent_again_where_it_is_redirected(fetch, site, services):
    (services.folder / "may.csv").write_bytes(b"a\n1\n")
    site.page("/x", status=307, location="/y")
    site.page("/y", {})
    fetch("/x", method="PUT", multipart={"t": {"file": "may.csv"}})
    assert [parts(one)[0][3] for one in site.asked] == [b"a\n1\n"] * 2


def test_a_file_that_is_not_there_or_not_allowed_is_told(sent, site):
    with pytest.raises(UsageError, match=r"gone\.csv"):
        sent(file="gone.csv")
    with pytest.raises(NotGranted):
        sent(file="../outside.csv")
    assert site.asked == []


def test_two_bodies_are_refused(made):
    with pytest.raises(UsageError, match="has json and data, and a request has one body"):
        made.node(HttpNode, json={"a": 1}, data="b")


def test_a_body_that_is_none_is_refused(made):
    with pytest.raises(UsageError, match="data of http node 'node' is a int"):
        made.node(HttpNode, data=1)
