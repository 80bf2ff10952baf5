"""Keep arrays and tell their hashes: `keep.py ROOT HOW_MANY [STEP]`; die at the first STEP."""

import os
import signal
import sys
from pathlib import Path

import numpy as np

from flowbook.store.disk import Disk
from flowbook.store.layout import Layout
from flowbook.store.values import Objects


class Deadly(Disk):
    """Kills its process before or after the first object has its name."""

    def publish(self, staged, final, durability):
        if STEP == "written":
            os.kill(os.getpid(), signal.SIGKILL)
        super().publish(staged, final, durability)
        if STEP == "published":
            os.kill(os.getpid(), signal.SIGKILL)


STEP = sys.argv[3] if len(sys.argv) > 3 else ""
vault = Objects(Layout(Path(sys.argv[1])), disk=Deadly())
for number in range(int(sys.argv[2])):
    print(vault.put(np.full(5000, number)).hash, flush=True)
