"""Every kind says what it is for, explains each setting, and has a page that is fresh."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator
from tests.docs.node_pages import FAMILIES, ROOT, own_kinds, shown

from flowbook.graph.node_schema import help_of, settings_of, summary_of
from flowbook.session.examples import cells_of

KINDS = own_kinds()
EVERY = pytest.mark.parametrize("kind", sorted(KINDS))


@EVERY
def test_a_kind_has_a_family_a_sentence_and_an_example(kind):
    node_type = KINDS[kind]
    assert node_type.family in FAMILIES
    assert summary_of(node_type).endswith((".", "!")), help_of(node_type)
    assert cells_of(node_type.example)
    assert any(f"%%flow {node_type.kind}" in cell for cell in cells_of(node_type.example)) or (
        kind == "python"
    )


@EVERY
def test_every_setting_of_a_kind_is_explained(kind):
    """In at least one sentence."""
    silent = [one.name for one in settings_of(KINDS[kind]) if not one.help.endswith((".", "!"))]
    assert silent == []


@EVERY
def test_the_schema_of_a_kind_is_one_and_takes_its_examples_and_defaults(kind):
    schema = KINDS[kind].schema()
    Draft202012Validator.check_schema(schema)
    checked = {**schema, "required": []}
    for name, one in schema["properties"].items():
        for value in (*one.get("examples", ()), *([one["default"]] if "default" in one else [])):
            wrong = list(Draft202012Validator(checked).iter_errors({name: value}))
            assert value == "" or not wrong, f"{kind}.{name}: {value!r}: {wrong}"


def test_the_pages_are_what_the_kinds_say_and_their_examples_give():
    """`poe nodes` writes them. Examples have a process of their own: they open what they like."""
    look = [sys.executable, "-m", "tests.docs.node_pages", "--check"]
    done = subprocess.run(look, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.split(), done.returncode) == ([], 0), done.stderr


def test_what_differs_from_run_to_run_is_left_out():
    told = shown(
        {
            "run": "01a2006d-bd62-7a1c-b2b7-504227e823be",
            "at": datetime.now(UTC).isoformat(),
            "then": "2012-01-01T09:00:00+00:00",
            "where": "at http://127.0.0.1:43111/x",
            "duration_ms": 8.9,
            "reason": {"message": "no", "traceback": "…"},
            "kept": [1, "text"],
        },
        ("one",),
    )
    assert told == (
        "{'run': …,\n 'at': …,\n 'then': '2012-01-01T09:00:00+00:00',\n"
        " 'where': 'at http://127.0.0.1:…/x',\n 'duration_ms': …,\n"
        " 'reason': {'message': 'no'},\n 'kept': [1, 'text']}"
    )
