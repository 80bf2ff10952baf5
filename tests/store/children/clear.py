"""Clears what nodes of a name computed, and says how much that was."""

import sys
from pathlib import Path

from flowbook.store.cache import Which
from flowbook.store.store import Store

store = Store.open(Path(sys.argv[1]))
print(store.cache.clear(Which(node=sys.argv[2])).count)
store.close()
