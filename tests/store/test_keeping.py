"""Retentions as people write them."""

import pytest

from flowbook.errors import UsageError
from flowbook.store.keeping import PRESETS, Keep


@pytest.mark.parametrize("text", [*PRESETS, "7d", "last:1", "last:1000"])
def test_a_retention_reads_back_as_it_is_written(text):
    assert str(Keep.parse(text)) == text
    assert Keep.parse(text).forever == (text == "forever")


def test_case_and_spaces_do_not_matter():
    assert Keep.parse(" 30D ") == Keep(days=30)


@pytest.mark.parametrize("text", ["", "30", "0d", "last:0", "-3d", "1.5d", "last:", "never", None])
def test_what_is_no_retention_is_refused_with_what_would_be(text):
    with pytest.raises(UsageError, match="30d, 90d, 180d, 365d, forever"):
        Keep.parse(text)
