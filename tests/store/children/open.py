"""Record a fact, fork as told, be killed: `open.py ROOT WAY`; says the PID of what outlives it.

WAY is `fork`, `spawn`, `inherit` or `multiprocessing`.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

from flowbook.store.holders import own_run
from flowbook.store.layout import Layout
from flowbook.store.store import Store

root, way = Path(sys.argv[1]), sys.argv[2]
store = Store.open(root)
store.record_flow("tour", "v", "{}").result(10)
owned = own_run(Layout(root), "r")
if way == "fork":
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
elif way == "spawn":
    pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ)
elif way == "inherit":
    pid = subprocess.Popen(["sleep", "60"], close_fds=False).pid
else:
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    process.start()
    pid = process.pid
print(pid, flush=True)
time.sleep(60)
