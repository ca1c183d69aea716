"""The scalars of event files as TensorBoard's own reader gives them.

Reads a folder as JSON from stdin and writes {tag: [[step, value], ...]} to stdout.
"""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# 0: all points, not a sample of them. Points of repeated steps stay, so that they can be seen.
events = EventAccumulator(json.load(sys.stdin), size_guidance={"scalars": 0}, purge_orphaned_data=False)
events.Reload()
tags = events.Tags()["scalars"]
json.dump({tag: [[point.step, point.value] for point in events.Scalars(tag)] for tag in tags}, sys.stdout)
