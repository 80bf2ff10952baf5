from __future__ import annotations

from pathlib import Path

import msgspec.inspect
import pytest

from flowbook.widget import generate

GENERATED = Path(__file__).parents[2] / "js" / "src" / "protocol" / "generated.ts"


def test_the_typescript_is_fresh():
    assert GENERATED.read_text(encoding="utf-8") == generate.typescript(), (
        "run `npm --prefix js run generate`"
    )


def test_every_message_and_event_is_there():
    text = generate.typescript()
    for name in ("Snapshot", "Batch", "StartRun", "NodeRetryScheduled", "TablePreview"):
        assert f"export interface {name} {{" in text
    assert 'readonly kind: "NODE_FAILED";' in text
    assert 'readonly type: "SNAPSHOT";' in text


def test_fields_an_event_leaves_out_are_optional():
    text = generate.typescript()
    assert "readonly outputs?: Readonly<Record<string, ValueRef>>;" in text
    assert "readonly seq: number;" in text


def test_a_type_without_typescript_is_refused():
    with pytest.raises(TypeError, match="add it to generate"):
        generate._text(msgspec.inspect.BytesType())
