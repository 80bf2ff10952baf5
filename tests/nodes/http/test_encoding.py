"""Unpacking goes piece by piece."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.nodes.http.encoding import PIECE, BadEncoding, Unpacker


def bare(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = {
    ("gzip", "plain"): gzip.compress,
    ("x-gzip", "members"): lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),
    ("deflate", "zlib"): zlib.compress,
    ("Deflate", "bare"): bare,
    ("identity", ""): bytes,
    ("", ""): bytes,
}


@pytest.mark.parametrize("packer", PACKERS, ids=str)
@given(data=st.binary(max_size=200), cut=st.integers(1, 50))
def test_what_was_packed_comes_back_however_it_arrives(packer, data, cut):
    packed = PACKERS[packer](data)
    unpack = Unpacker(packer[0])
    found = b"".join(
        piece for at in range(0, len(packed), cut) for piece in unpack.feed(packed[at : at + cut])
    )
    unpack.end()
    assert found == data


def test_no_piece_is_larger_than_it_may_be():
    unpack = Unpacker("gzip")
    pieces = list(unpack.feed(gzip.compress(b"\0" * 10_000_000)))
    assert max(map(len, pieces)) <= PIECE
    assert sum(map(len, pieces)) == 10_000_000


def test_an_end_in_the_middle_is_told():
    unpack = Unpacker("gzip")
    list(unpack.feed(gzip.compress(b"rain")[:-4]))
    with pytest.raises(BadEncoding, match="ends in the middle"):
        unpack.end()


def test_nothing_at_all_is_nothing():
    unpack = Unpacker("gzip")
    assert list(unpack.feed(b"")) == []
    unpack.end()


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
def test_an_encoding_that_was_not_offered_is_refused(encoding):
    with pytest.raises(BadEncoding, match="only gzip, deflate are read"):
        Unpacker(encoding)


def test_what_is_not_packed_is_told():
    with pytest.raises(BadEncoding, match="it is no gzip"):
        list(Unpacker("gzip").feed(b"plain text"))
