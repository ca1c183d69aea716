"""DUPN in PyTorch: what a good engineer would write, and what tool kits do.

    python dupn_torch.py train|encode|epoch --prepared FOLDER --mode tuned|plain --sizes JSON --threads N

tuned  one encoding per request, which all its samples share; batches of requests of similar length, padded to a multiple of 8;
       embeddings of the distinct items of a batch; batches built ahead by a thread
plain  a row for each sample, all histories padded to the longest there may be, embeddings looked up event by event
Both: nn.LSTM over [e; p] whose block from p to the candidate is zero, sparse embeddings with Adagrad where a table is large,
Adam (fused) for the rest. `epoch` trains for one epoch, measures the validation part and saves the weights: a whole training.
"""
import argparse
import json
import queue
import threading

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from prepared import Prepared, ragged
from slices import say, serve

SMALL = 5000  # Tables up to this many rows have dense gradients.
POOL = 50  # Batches within which requests are sorted by length.
AHEAD = 4  # Batches that wait.


class Dupn(nn.Module):
    def __init__(self, data, sizes):
        super().__init__()
        embedding = lambda rows, size: nn.Embedding(rows, size, sparse=rows > SMALL)
        bag = lambda rows, size: nn.EmbeddingBag(rows, size, mode="mean", sparse=rows > SMALL)
        self.items = nn.ModuleDict(
            {f: (bag if f in data.item_offsets else embedding)(n, sizes["item"][f]) for f, n in data.item_rows.items()}
        )
        self.properties = nn.ModuleDict(
            {f: embedding(n, sizes["property"]) for f, n in data.property_rows.items()}
        )
        self.users = nn.ModuleDict({f: embedding(n, sizes["user"]) for f, n in data.user_rows.items()})
        self.e = sum(sizes["item"].values())
        self.p = sizes["property"] * len(self.properties)
        h, a, u, c = (sizes[k] for k in ("units", "attentionUnits", "userUnits", "candidateUnits"))
        self.h, self.u = h, u
        self.lstm = nn.LSTM(self.e + self.p, h, batch_first=True)
        # The order of the gates is i, f, g, o: the properties do not reach g. A zero gradient keeps Adam from moving it.
        mask = torch.ones_like(self.lstm.weight_ih_l0)
        mask[2 * h : 3 * h, self.e :] = 0
        with torch.no_grad():
            self.lstm.weight_ih_l0.mul_(mask)
        self.lstm.weight_ih_l0.register_hook(lambda gradient: gradient * mask)
        self.user = nn.Linear(sizes["user"] * len(self.users), u)
        self.attention = nn.Linear(h + self.p, a)
        self.attention_user = nn.Linear(u, a, bias=False)
        self.score = nn.Linear(a, 1, bias=False)
        self.candidate = nn.Linear(self.e, c)
        first, second = sizes["layers"]
        self.first = nn.Linear(h + u + c, first)
        self.rest = nn.Sequential(
            nn.ReLU(), nn.Dropout(0.2), nn.Linear(first, second), nn.ReLU(), nn.Dropout(0.2), nn.Linear(second, 1)
        )

    def item_vectors(self, fields):
        return torch.cat([self.items[f](*indices) for f, indices in fields.items()], -1)

    def property_vectors(self, fields):
        return torch.cat([self.properties[f](indices) for f, indices in fields.items()], -1)

    def represent(self, batch, vectors):
        """rep = [rep_s; u] of each row of the batch."""
        e = F.embedding(batch["history"], vectors)
        p = self.property_vectors(batch["properties"])
        p = F.embedding(batch["codes"], p) if "codes" in batch else p
        valid = torch.arange(e.shape[1])[None] < batch["lengths"][:, None]
        u = F.relu(self.user(torch.cat([self.users[f](x) for f, x in batch["users"].items()], -1)))
        h, _ = self.lstm(torch.cat([e, p], -1))
        z = torch.tanh(self.attention(torch.cat([h, p], -1)) + self.attention_user(u).unsqueeze(1))
        weights = self.score(z).squeeze(-1).masked_fill(~valid, -1e9).softmax(-1)
        return torch.cat([torch.bmm(weights.unsqueeze(1), h).squeeze(1), u], -1)

    def forward(self, batch):
        vectors = self.item_vectors(batch["items"])
        rep = self.represent(batch, vectors)
        # The request's share of the first layer is worked out once for all its samples.
        units = self.h + self.u
        shared = F.linear(rep, self.first.weight[:, :units], self.first.bias)
        candidate = self.candidate(F.embedding(batch["candidates"], vectors))
        x = shared if batch["row"] is None else shared.index_select(0, batch["row"])
        return self.rest(x + F.linear(candidate, self.first.weight[:, units:])).squeeze(-1)


class Batches:
    """Batches of the requests (tuned) or samples (plain) of a part of the split."""

    def __init__(self, data, mode, length, size, seed=1):
        self.data, self.mode, self.length, self.size = data, mode, length, size
        self.random = np.random.default_rng(seed)
        codes = np.arange(np.prod(list(data.property_rows.values())))
        self.code_fields = self.decode(codes)

    def decode(self, codes):
        rows, strides = self.data.property_rows, self.data.property_strides
        return {f: tensor(codes // strides[f] % rows[f]) for f in rows}

    def epoch(self, split, shuffle):
        if self.mode == "plain":
            offsets, requests = self.data.sample_offsets, self.data.parts[split]
            samples = np.arange(offsets[requests[0]], offsets[requests[-1] + 1])
            owner = np.repeat(requests, np.diff(offsets)[requests])
            order = self.random.permutation(len(samples)) if shuffle else np.arange(len(samples))
            for start in range(0, len(order), self.size):
                chosen = order[start : start + self.size]
                yield self.build(owner[chosen], samples[chosen], None)
            return
        for requests in self.by_length(self.data.parts[split], shuffle):
            first = self.data.sample_offsets[requests]
            counts = self.data.sample_offsets[requests + 1] - first
            row = np.repeat(np.arange(len(requests)), counts)
            samples = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
            yield self.build(requests, samples, row)

    def by_length(self, requests, shuffle):
        lengths = np.minimum(self.data.request_end[requests], self.length)
        order = self.random.permutation(len(requests)) if shuffle else np.arange(len(requests))
        chunks = []
        for start in range(0, len(order), self.size * POOL):
            pool = order[start : start + self.size * POOL]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            chunks += [pool[at : at + self.size] for at in range(0, len(pool), self.size)]
        for at in self.random.permutation(len(chunks)) if shuffle else range(len(chunks)):
            yield requests[chunks[at]]

    def build(self, requests, samples, row):
        data, plain = self.data, self.mode == "plain"
        start = data.offsets[data.request_user[requests]]
        lengths = np.minimum(data.request_end[requests], self.length)
        width = self.length if plain else min(self.length, max(8, -(-int(lengths.max()) // 8) * 8))
        step = np.arange(width)
        valid = step[None] < lengths[:, None]
        at = np.where(valid, (start + data.request_end[requests] - lengths)[:, None] + step[None], start[:, None])
        history, candidates = data.event_item[at], data.candidate[samples]
        codes = data.event_code[at].astype(np.int64)
        rows = np.concatenate([history.ravel(), candidates])
        if plain:
            slots = np.arange(len(rows))
            properties = dict(properties=self.decode(codes))
        else:
            rows, slots = np.unique(rows, return_inverse=True)
            properties = dict(properties=self.code_fields, codes=tensor(codes))
        fields = {}
        for field, values in data.item.items():
            if field in data.item_offsets:
                fields[field] = tuple(tensor(x) for x in ragged(data.item_offsets[field], values, rows))
            else:
                fields[field] = (tensor(values[rows]),)
        return dict(
            items=fields,
            history=tensor(slots[: history.size].reshape(history.shape)),
            candidates=tensor(slots[history.size :]),
            lengths=tensor(np.maximum(lengths, 1)),
            users={f: tensor(values[requests]) for f, values in data.user.items()},
            row=None if row is None else tensor(row),
            labels=torch.from_numpy(data.label[samples]),
            requests=len(requests),
            **properties,
        )


def tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int64))


def ahead(batches):
    """The same batches, built by a thread."""
    waiting = queue.Queue(AHEAD)
    end = object()

    def fill():
        for batch in batches:
            waiting.put(batch)
        waiting.put(end)

    threading.Thread(target=fill, daemon=True).start()
    while (batch := waiting.get()) is not end:
        yield batch


class Trainer:
    def __init__(self, net):
        self.net = net
        sparse = {id(m.weight) for m in net.modules() if getattr(m, "sparse", False)}
        dense = [p for p in net.parameters() if id(p) not in sparse]
        large = [p for p in net.parameters() if id(p) in sparse]
        self.optimizers = [torch.optim.Adam(dense, lr=1e-3, fused=True)]
        if large:
            self.optimizers.append(torch.optim.Adagrad(large, lr=0.03, initial_accumulator_value=1e-10))

    def step(self, batch):
        loss = F.binary_cross_entropy_with_logits(self.net(batch), batch["labels"])
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return float(loss.detach())


def auc(labels, scores):
    """Ties do not matter here: scores are floats of a network."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    positives = labels.sum()
    return (ranks[labels > 0].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=["train", "encode", "epoch"])
    options.add_argument("--prepared", required=True)
    options.add_argument("--task", default="ctr")
    options.add_argument("--mode", choices=["tuned", "plain"], default="tuned")
    options.add_argument("--sizes", type=json.loads, required=True)
    options.add_argument("--batch", type=int, default=256)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--save")
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    data = Prepared(given.prepared, given.task)
    net = Dupn(data, given.sizes)
    batches = Batches(data, given.mode, given.sizes["maxEvents"], given.batch)
    built = ahead if given.mode == "tuned" else iter

    def train():
        trainer = Trainer(net)
        net.train()
        while True:
            for batch in built(batches.epoch("training", True)):
                trainer.step(batch)
                yield batch["requests"] if given.mode == "tuned" else 0, len(batch["labels"])

    def encode():
        net.eval()
        with torch.inference_mode():
            while True:
                for batch in built(batches.epoch("training", False)):
                    net.represent(batch, net.item_vectors(batch["items"])).numpy()
                    yield batch["requests"], len(batch["labels"])

    def epoch():
        trainer = Trainer(net)
        net.train()
        losses = [trainer.step(batch) for batch in built(batches.epoch("training", True))]
        net.eval()
        with torch.inference_mode():
            scored = [(b["labels"].numpy(), net(b).numpy()) for b in built(batches.epoch("validation", False))]
        labels, scores = (np.concatenate(column) for column in zip(*scored))
        torch.save(net.state_dict(), given.save)
        say(dict(steps=len(losses), loss=float(np.mean(losses)), auc=float(auc(labels, scores))))

    if given.what == "epoch":
        epoch()
    else:
        serve(train() if given.what == "train" else encode(), dict(mode=given.mode))


if __name__ == "__main__":
    main()
