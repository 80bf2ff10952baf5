import pytest

from flowbook.graph.nesting import frame_names, is_container, own_outputs
from flowbook.graph.spec import NodeSpec
from flowbook.graph.versions import name_of, split_kind, versioned
from flowbook.ids import NodeId


@pytest.mark.parametrize("version", [1, 2, 41])
def test_a_version_reads_back(version):
    assert split_kind(versioned("http", version)) == ("http", version)


@pytest.mark.parametrize("kind", ["http", "http.", "http.v", "http.v0", "http.v01", "http.1", "v1"])
def test_what_names_no_version_is_a_name(kind):
    assert split_kind(kind) == (kind, None)
    assert name_of(kind) == kind


def test_what_a_kind_is_known_for_holds_for_its_versions():
    each = NodeSpec(NodeId("each"), kind="map.v1")
    assert is_container(each)
    assert frame_names(each) == ("item", "index")
    assert own_outputs(each.id, each.kind) == ("each", "each_values", "each_summary")
