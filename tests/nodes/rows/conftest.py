"""One kind of table after the other."""

from types import SimpleNamespace

import pytest
from tests.nodes.rows.kinds import KINDS, MAKERS


@pytest.fixture(params=list(MAKERS))
def family(request) -> SimpleNamespace:
    """One kind of table: `make(records)`, `type`, `name`."""
    name = request.param
    return SimpleNamespace(name=name, make=MAKERS[name], type=KINDS[name])
