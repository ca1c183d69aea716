"""DUPN by its equations, in float64: one behaviour of one user at a time, no batches, no padding, no library layers.

Reads {world, cases} as JSON from stdin and writes {case: {logits, representation, attention, ..., gradients}} to stdout.
It is what dupn is compared with, so it shares no code, no layout of batches and no kernel with it; only the names and
shapes of the weights are common to both. An LSTM weight holds the blocks i, f, c, o side by side.
"""
import json
import math
import sys

import torch
from torch import cat, sigmoid, stack, tanh

DTYPE = torch.float64


class Dupn:
    def __init__(self, world, case):
        self.world, self.shape, self.max_events = world, case["shape"], case["maxEvents"]
        self.weights = {name: torch.tensor(value, dtype=DTYPE, requires_grad=True) for name, value in case["weights"].items()}
        self.rows_read = set()

    def embed(self, field, value):
        """The embedding of one value, or the pooled one of a list of values."""
        table = self.weights[field["table"]]
        values = value if isinstance(value, list) else [value]
        self.rows_read.update((field["table"], row) for row in values)
        if not isinstance(value, list):
            return table[value]
        if not values:
            return torch.zeros(field["size"], dtype=DTYPE)
        total = sum(table[row] for row in values)
        return total / len(values) if field["pooling"] == "mean" else total

    def item(self, row):
        """e of an item row: the embeddings of its fields, then its numbers."""
        embedded = [self.embed(field, self.world["items"][field["name"]][row]) for field in self.shape["itemFields"]]
        return cat(embedded + [self.number("item", number, row) for number in self.shape["itemNumbers"]])

    def candidate(self, name, row):
        """The fields and numbers of a candidate, an item or an entity, side by side."""
        if name == "item":
            return self.item(row)
        shape, values = self.shape["entities"][name], self.world["entities"][name]
        embedded = [self.embed(field, values[field["name"]][row]) for field in shape["fields"]]
        return cat(embedded + [self.number(name, number, row) for number in shape["numbers"]])

    def number(self, name, number, row):
        """One unit, a constant."""
        known = self.world["numbers"][name]
        return torch.tensor([known["rows"][row][known["names"].index(number["name"])]], dtype=DTYPE)

    def properties(self, code):
        """p of a property code: a number with one digit for each field, the first field's digit the lowest."""
        parts = []
        for field in self.shape["propertyFields"]:
            code, digit = divmod(code, field["rows"])
            parts.append(self.embed(field, digit))
        return cat(parts)

    def user(self, request):
        """u = relu(W x + b), x the user fields at the request."""
        z = self.weights["user/bias"]
        if self.shape["userFields"]:
            x = cat([self.embed(field, request["fields"][field["name"]]) for field in self.shape["userFields"]])
            z = x @ self.weights["user/kernel"] + z
        return z.clamp(min=0)

    def history(self, request):
        """e and p of the latest events strictly before the request, oldest first."""
        known = self.shape["variant"] != "nobp" and self.shape["propertyFields"]
        return [(self.item(event["item"]), self.properties(event["code"]) if known else None) for event in self.events(request)]

    def events(self, request):
        events = [event for segment in self.world["segments"] for event in user_of(segment, request["user"])]
        return events[: request["end"]][-self.max_events :]

    def latest(self, history):
        """The mean of [e; p] over the latest n behaviours, for each n."""
        x = [e if p is None else cat([e, p]) for e, p in history]
        units = sum(field["size"] for field in self.shape["itemFields"]) + len(self.shape["itemNumbers"])
        units += sum(field["size"] for field in self.shape["propertyFields"]) if self.shape["variant"] != "nobp" else 0
        means = [sum(x[-n:]) / len(x[-n:]) if x else torch.zeros(units, dtype=DTYPE) for n in self.shape.get("latest", [])]
        return cat(means) if means else torch.zeros(0, dtype=DTYPE)

    def matches(self, request, settings, row):
        """Of each field: log(1 + n), n / length and 1 / (1 + behaviours since), of the n behaviours with the candidate's value."""
        name = settings["candidate"]
        fields = self.world["items"] if name == "item" else self.world["entities"][name]
        events = self.events(request)
        numbers = []
        for match in settings.get("matches", []):
            value = fields[match["field"]][row]
            same = [self.world["items"][match["itemField"]][event["item"]] == value for event in events]
            n = sum(same) if value != 0 else 0
            since = same[::-1].index(True) if n > 0 else None
            numbers += [math.log(1 + n), n / len(events), 1 / (1 + since)] if n > 0 else [0, 0, 0]
        return torch.tensor(numbers, dtype=DTYPE)

    def query(self, request):
        """q of the search query: its pooled words, a learned vector without any."""
        field = self.shape["queryField"]
        return self.embed(field, request["query"]) if request["query"] else self.weights["query/missing"]

    def states(self, history):
        """h_t of the property gated LSTM."""
        units = self.shape["units"]
        block = lambda name: dict(zip("ifco", self.weights[f"lstm/{name}"].split(units, dim=-1)))
        W_e, W_h, b = block("item"), block("recurrent"), block("bias")
        gated = self.shape["variant"] in ("all", "bplstm") and self.shape["propertyFields"]
        W_p = block("property") if gated else None
        h = c = torch.zeros(units, dtype=DTYPE)
        see = dict(zip("ifo", self.weights["lstm/peephole"])) if self.shape["peepholes"] else None
        states = []
        for e, p in history:
            gate = lambda k, cell: sigmoid(
                e @ W_e[k] + h @ W_h[k] + (p @ W_p[k] if gated else 0) + b[k] + (see[k] * cell if see else 0)
            )
            i, f = gate("i", c), gate("f", c)
            c = f * c + i * tanh(e @ W_e["c"] + h @ W_h["c"] + b["c"])
            o = gate("o", c)
            h = o * tanh(c)
            states.append(h)
        return states

    def attend(self, history, states, u, kind, q):
        """a_t = softmax_t(v . tanh(W_h h_t + W_p p_t + W_u u + W_q q + b)), and sum_t a_t h_t; W_q by the kind of q."""
        w = lambda name: self.weights[f"attention/{name}"]
        if not states:
            return [], self.weights["representation/empty"]
        asked = u @ w("user") + w("bias") + (q @ w(kind) if q is not None else 0)
        sees = self.shape["variant"] in ("all", "bpatt") and self.shape["propertyFields"]
        scores = [
            (tanh(h @ w("state") + (p @ w("property") if sees else 0) + asked) @ w("score")).squeeze(0)
            for h, (_, p) in zip(states, history)
        ]
        exponentials = stack(scores).exp()
        weights = exponentials / exponentials.sum()
        return weights, sum(a * h for a, h in zip(weights, states))

    def mean(self, history):
        """The baseline without recurrence: the mean of [e; p]."""
        if not history:
            return [], self.weights["representation/empty"]
        gated = self.shape["variant"] in ("all", "bplstm") and self.shape["propertyFields"]
        x = [cat([e, p]) if gated else e for e, p in history]
        return torch.full([len(x)], 1 / len(x), dtype=DTYPE), sum(x) / len(x)

    def tower(self, task, inputs, training):
        """The outputs for the inputs of all samples of a task; a batch norm layer of training sees all of them."""
        settings = self.shape["tasks"][task]
        layers = len(settings["layers"])
        x = stack(inputs)
        for layer in range(layers + 1):
            w = lambda name: self.weights[f"tasks/{task}/{layer}/{name}"]
            x = x @ w("kernel") + w("bias")
            if layer < layers:
                if settings["batchNormalisation"]:
                    mean, variance = w("mean").detach().clone(), w("variance").detach().clone()
                    x = torch.nn.functional.batch_norm(x, mean, variance, w("gamma"), w("beta"), training, 0.0, 1e-3)
                x = x.clamp(min=0)
        return list(x)

    def run(self, training):
        """Every output for every request and sample of the world."""
        tasks = self.shape["tasks"]
        inputs, features = {t: [] for t in tasks}, {t: [] for t in tasks}
        self.read = {t: [] for t in tasks}  # the representations that each tower reads
        out = {"logits": {t: [] for t in tasks}, "representation": [], "attention": [], "candidateAttention": {t: [] for t in tasks}}
        for request in self.world["requests"]:
            u, history = self.user(request), self.history(request)
            fixed = cat([self.latest(history), u])
            recurrent = self.shape["encoder"] == "lstm"
            states = self.states(history) if recurrent else None
            read = lambda kind, q: self.attend(history, states, u, kind, q) if recurrent else self.mean(history)
            weights, rep_s = read(None, None)
            by_text = cat([read("query", self.query(request))[1], fixed]) if self.shape["queryField"] else None
            out["attention"].append(weights)
            unasked = cat([rep_s, fixed])
            out["representation"].append(unasked)
            for task, settings in tasks.items():
                rep = by_text if settings["query"] == "text" else unasked
                if settings["query"] != "candidate":
                    self.read[task].append(rep)
                for sample in request["samples"][task]:
                    if settings["kind"] == "rank":
                        features[task].append(torch.tensor(sample["features"], dtype=DTYPE))
                    if settings["candidate"] is None:
                        inputs[task].append(rep)
                        continue
                    name = settings["candidate"]
                    e = self.candidate(name, sample["item"])
                    asks = settings["query"] == "candidate"
                    sample_weights, sample_rep = read("candidate", e) if asks else (weights, rep_s)
                    sample_rep = cat([sample_rep, fixed]) if asks else rep
                    candidate = e @ self.weights[f"candidate/{name}/kernel"] + self.weights[f"candidate/{name}/bias"]
                    parts = [sample_rep, candidate, self.matches(request, settings, sample["item"])]
                    if settings["kind"] == "binary" and settings["features"]:
                        parts.append(torch.tensor(sample["features"], dtype=DTYPE))
                    inputs[task].append(cat(parts))
                    if asks:
                        self.read[task].append(sample_rep)
                        out["candidateAttention"][task].append(sample_weights)
        for task, settings in tasks.items():
            outputs = self.tower(task, inputs[task], training)
            # s = weight(rep)^T r
            ranks = settings["kind"] == "rank"
            out["logits"][task] = [(w * r).sum().reshape(1) for w, r in zip(outputs, features[task])] if ranks else outputs
        return out

    def losses(self, logits, task_weights, class_weights, l2):
        """Each task's weighted mean of -log p(label), and their weighted sum with the L2 penalty."""
        by_task = {}

        def probability(kind, z, label):
            if kind != "multiclass":
                return sigmoid(z[0] if label == 1 else -z[0])
            return z[label].exp() / z.exp().sum()

        for task, settings in self.shape["tasks"].items():
            samples = [sample for request in self.world["requests"] for sample in request["samples"][task]]
            factor = lambda sample: class_weights[task][sample["label"]] if task in class_weights else 1
            weights = [sample["weight"] * factor(sample) for sample in samples]
            terms = [
                weight * -torch.log(probability(settings["kind"], z, sample["label"]))
                for weight, sample, z in zip(weights, samples, logits[task])
            ]
            by_task[task] = sum(terms) / sum(weights)
        if self.shape["taskWeighting"] == "uncertainty":
            # sigma^2 = exp(s): L / sigma^2 + log sigma
            sigma = lambda task: torch.exp(self.weights[f"uncertainty/{task}"][0]) ** 0.5
            share = lambda task, loss: loss / sigma(task) ** 2 + torch.log(sigma(task))
        else:
            share = lambda task, loss: loss
        shares = {task: task_weights[task] * share(task, loss) for task, loss in by_task.items()}
        gradients = lambda task: torch.autograd.grad(shares[task], self.read[task], retain_graph=True, allow_unused=True)
        norms = {task: sum((g**2).sum() for g in gradients(task) if g is not None) ** 0.5 for task in shares}
        total = sum(shares.values())
        if l2 > 0:
            tables = {name for name, _ in self.rows_read}
            left_out = lambda name: name in tables or name.startswith("uncertainty/") or name.endswith(("/mean", "/variance"))
            dense = sum((w**2).sum() for name, w in self.weights.items() if not left_out(name))
            rows = sum((self.weights[name][row] ** 2).sum() for name, row in self.rows_read)
            total = total + l2 / 2 * (dense + rows)
        return by_task, norms, total


def user_of(segment, user):
    return segment[user] if user < len(segment) else []


def plain(value):
    """Tensors as numbers of 9 digits."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(f"{value:.9g}")


def expected(world, case):
    model = Dupn(world, case)
    out = model.run(training=False)
    trained = model.run(training=True)["logits"]
    by_task, norms, total = model.losses(trained, case["taskWeights"], case["classWeights"], case["l2"])
    total.backward()
    gradients = {name: torch.zeros_like(w) if w.grad is None else w.grad for name, w in model.weights.items()}
    return plain({**out, "lossByTask": by_task, "normByTask": norms, "loss": total, "gradients": gradients})


def main():
    given = json.load(sys.stdin)
    json.dump({name: expected(given["world"], case) for name, case in given["cases"].items()}, sys.stdout)


if __name__ == "__main__":
    main()
