"""What every peer shares: commands come as lines of JSON, and each is answered by a line (bench/side.js).

{"seconds": s} or {"steps": n} goes on for so long; {"matMul": n} measures the product of two n by n matrices.
"""
import json
import resource
import sys
import time

import torch


def serve(work, info):
    """`work` is an endless iterator that does a step and yields (requests, samples)."""
    say({"torch": torch.__version__, "threads": torch.get_num_threads(), **info})
    for line in sys.stdin:
        command = json.loads(line)
        say(mat_mul(command["matMul"]) if "matMul" in command else go(work, **command))


def go(work, seconds=float("inf"), steps=float("inf")):
    start, cpu = time.perf_counter(), time.process_time()
    done = requests = samples = 0
    while done < steps and time.perf_counter() - start < seconds:
        r, s = next(work)
        done, requests, samples = done + 1, requests + r, samples + s
    elapsed = time.perf_counter() - start
    cpu = time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return dict(steps=done, seconds=elapsed, cpuSeconds=cpu, requests=requests, samples=samples, peakRssBytes=peak)


def mat_mul(n):
    """GFLOP/s of the best of ten products, after one that is not counted."""
    a, b = torch.rand(n, n), torch.rand(n, n)
    best = float("inf")
    for run in range(11):
        start = time.perf_counter()
        torch.mm(a, b)
        if run > 0:
            best = min(best, time.perf_counter() - start)
    return dict(gflops=2 * n**3 / best / 1e9)


def say(answer):
    print(json.dumps(answer), flush=True)
