"""Which refusals another attempt can help with."""

from __future__ import annotations

import pytest

from flowbook.errors import HttpFailed


@pytest.mark.parametrize(
    ("status", "final"),
    [(None, False), (404, True), (401, True), (408, False), (429, False), (503, False)],
)
def test_only_a_refusal_that_stands_is_final(status, final):
    assert HttpFailed("no", url="u", status=status, retry_after=None).final is final
