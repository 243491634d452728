"""Runs a command and writes its usage to descriptor 3 as JSON. Node.js cannot measure a single child process."""

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
wall = time.perf_counter() - start
result = {
    "wallMs": wall * 1000,
    "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
    # In bytes on macOS, in kilobytes elsewhere.
    "peakMb": usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3),
}
with open(3, "w") as report:
    json.dump(result, report)
sys.exit(os.waitstatus_to_exitcode(status))
