"""The prepared folder of dupn as numpy arrays (docs/prepared-format.md), so that a peer trains on the very same requests."""
import json
from pathlib import Path

import numpy as np

TYPES = dict(u8=np.uint8, u16=np.uint16, i32=np.int32, u32=np.uint32, f32=np.float32)
SPLITS = ("training", "validation", "evaluation")


class Prepared:
    def __init__(self, folder, task):
        self.folder = Path(folder)
        manifest = json.loads((self.folder / "manifest.json").read_text())
        fields = manifest["fields"]
        self.item_rows = {f["name"]: f["rows"] for f in fields["item"]}
        self.property_rows = {f["name"]: f["rows"] for f in fields["properties"]}
        self.property_strides = {f["name"]: f["stride"] for f in fields["properties"]}
        self.user_rows = {f["name"]: f["rows"] for f in fields["user"]}
        # Item row -> index in the table of each field; of a multi-valued field offsets and values.
        self.item = {f["name"]: self.read(f"items/{f['name']}.i32") for f in fields["item"]}
        self.item_offsets = {
            f["name"]: self.read(f"items/{f['name']}.offsets.i32") for f in fields["item"] if f["multiValued"]
        }
        segment = manifest["segments"][0]
        self.offsets = self.read(f"streams/{segment}/offsets.i32").astype(np.int64)
        self.event_item = self.read(f"streams/{segment}/item.i32")
        self.event_code = self.read(f"streams/{segment}/property.u16")
        self.request_user = self.read("requests/user.i32")
        self.request_end = self.read("requests/end.i32")
        self.user = {f["name"]: self.read(f"requests/user-{f['name']}.i32") for f in fields["user"]}
        self.sample_offsets = self.read(f"samples/{task}/offsets.i32")
        self.candidate = self.read(f"samples/{task}/candidate.i32")
        self.label = self.read(f"samples/{task}/label.f32")
        # Requests are stored by part of the split.
        self.parts, start = {}, 0
        for split in SPLITS:
            end = start + manifest["requestsBySplit"][split]
            self.parts[split] = np.arange(start, end)
            start = end

    def read(self, path):
        return np.fromfile(self.folder / path, TYPES[path.rsplit(".", 1)[1]])


def ragged(offsets, values, rows):
    """The values of some rows one after the other, and where those of each begin."""
    counts = offsets[rows + 1] - offsets[rows]
    starts = np.cumsum(counts) - counts
    at = np.arange(counts.sum()) - np.repeat(starts, counts) + np.repeat(offsets[rows], counts)
    return values[at], starts
