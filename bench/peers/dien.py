"""The DIEN of deepctr-torch as its users train it: a row for each sample, its own features, losses and optimiser.

    python dien.py --prepared FOLDER --sizes JSON --threads N

It has no fields with several values within a history, and no properties of events: both are left out. The auxiliary loss is off.
"""
import argparse
import json

import numpy as np
import torch
from deepctr_torch.inputs import SparseFeat, VarLenSparseFeat, get_feature_names
from deepctr_torch.models import DIEN

from prepared import Prepared
from slices import serve

BATCH = 256


def columns(data, sizes):
    fields = [f for f in data.item if f not in data.item_offsets]
    found = [SparseFeat(f, n, embedding_dim=sizes["user"]) for f, n in data.user_rows.items()]
    for field in fields:
        rows, size = data.item_rows[field], sizes["item"][field]
        found.append(SparseFeat(field, rows, embedding_dim=size))
        history = SparseFeat("hist_" + field, rows, embedding_dim=size, embedding_name=field)
        found.append(VarLenSparseFeat(history, sizes["maxEvents"], length_name="length"))
    return fields, found


def inputs(data, fields, names, length):
    """All training samples, as the tool kit wants them: one array for each feature."""
    requests = data.parts["training"]
    counts = np.diff(data.sample_offsets)[requests]
    owner = np.repeat(requests, counts)
    samples = slice(data.sample_offsets[requests[0]], data.sample_offsets[requests[-1] + 1])
    starts = data.offsets[data.request_user[owner]]
    lengths = np.minimum(data.request_end[owner], length)
    step = np.arange(length)
    valid = step[None] < lengths[:, None]
    at = np.where(valid, (starts + data.request_end[owner] - lengths)[:, None] + step[None], 0)
    history = data.event_item[at]
    given = {"length": lengths}
    for field in fields:
        given[field] = data.item[field][data.candidate[samples]]
        given["hist_" + field] = np.where(valid, data.item[field][history], 0)
    for field, values in data.user.items():
        given[field] = values[owner]
    arrays = [given[name].reshape(len(owner), -1).astype(np.float32) for name in names]
    return torch.from_numpy(np.concatenate(arrays, 1)), torch.from_numpy(data.label[samples])


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--prepared", required=True)
    options.add_argument("--task", default="ctr")
    options.add_argument("--sizes", type=json.loads, required=True)
    options.add_argument("--threads", type=int, required=True)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    data = Prepared(given.prepared, given.task)
    fields, features = columns(data, given.sizes)
    model = DIEN(features, fields, gru_type="AUGRU", dnn_hidden_units=tuple(given.sizes["layers"]), dnn_dropout=0.2)
    model.compile("adam", "binary_crossentropy")
    x, y = inputs(data, fields, get_feature_names(features), given.sizes["maxEvents"])

    def train():
        model.train()
        while True:
            for chosen in torch.randperm(len(y)).split(BATCH):
                # The body of its fit().
                predicted = model(x[chosen]).squeeze()
                model.optim.zero_grad()
                loss = model.loss_func(predicted, y[chosen], reduction="sum")
                (loss + model.get_regularization_loss() + model.aux_loss).sum().backward()
                model.optim.step()
                yield 0, len(chosen)

    serve(train(), dict(mode="deepctr-torch DIEN"))


if __name__ == "__main__":
    main()
