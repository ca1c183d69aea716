"""Runs a command and writes what it took as JSON to a file: seconds, CPU seconds and the peak memory of it and its children.

    python measure.py FILE COMMAND ...
"""
import json
import os
import resource
import subprocess
import sys
import time

file, *command = sys.argv[1:]
start = time.perf_counter()
code = subprocess.run(command).returncode
seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(file, "w") as out:
    # ru_maxrss is in KiB on Linux and in bytes on macOS.
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    json.dump(dict(seconds=seconds, cpuSeconds=used.ru_utime + used.ru_stime, peakRssBytes=peak), out)
os._exit(code)
