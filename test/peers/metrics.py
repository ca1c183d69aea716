"""What metrics come to by scikit-learn, and where it has none by their plain definitions in numpy.

Reads a list of cases as JSON from stdin and writes {case: {metric: value}} to stdout. A case has
  name, kind ("binary" or "multiclass"), k (places that NDCG counts),
  scores (logits: a number for each sample, of several classes a row), labels, weights,
  groups and users (an integer for each sample).
A metric that cannot be measured is null.
"""
import json
import sys
from itertools import permutations
from math import comb

import numpy as np
from scipy.special import expit, softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, ndcg_score, roc_auc_score, roc_curve

BINS = 10


def auc(labels, scores, weights):
    """None where a class has no weight."""
    counted = weights > 0
    labels, scores, weights = labels[counted], scores[counted], weights[counted]
    return roc_auc_score(labels, scores, sample_weight=weights) if len(set(labels)) == 2 else None


def mean(values, weights=None):
    return np.average(values, weights=weights) if len(values) else None


def gauc(labels, scores, weights, groups):
    """The AUC within each group of both classes, averaged by the groups' weights."""
    members = [groups == group for group in np.unique(groups)]
    found = [(auc(labels[m], scores[m], weights[m]), weights[m].sum()) for m in members]
    known = [(value, weight) for value, weight in found if value is not None]
    return mean([value for value, _ in known], [weight for _, weight in known])


def lists_to_rank(labels, scores, weights, groups):
    """(labels, scores) of the groups that have both labels among their samples of weight."""
    for group in np.unique(groups[weights > 0]):
        members = (groups == group) & (weights > 0)
        if len(set(labels[members])) == 2:
            yield labels[members], scores[members]


def reciprocal_rank(labels, scores):
    """The expected 1 / rank of the first positive, samples of one score in random order."""
    best = scores[labels > 0].max()
    above, tied = int((scores > best).sum()), labels[scores == best]
    size, positives = len(tied), int(tied.sum())
    # The first positive of the tied ones stands at place j: the j - 1 before it are negatives.
    chances = [comb(size - j, positives - 1) / comb(size, positives) for j in range(1, size - positives + 2)]
    expected = sum(chance / (above + j) for j, chance in enumerate(chances, start=1))
    if size <= 6:
        each = [1 / (above + 1 + order.index(1)) for order in permutations(tied.tolist())]
        assert np.isclose(expected, np.mean(each), rtol=1e-12)
    return expected


def calibration(predicted, observed, weights):
    """Bins of equal weight by rising prediction: a tie over (a, b] of the weight W is in bin floor(BINS (a + b) / 2 W)."""
    total, below = weights.sum(), 0.0
    bins = [[0.0, 0.0, 0.0] for _ in range(BINS)]
    for value in np.unique(predicted):
        tied = predicted == value
        weight = weights[tied].sum()
        at = min(BINS - 1, int(np.floor(BINS * (below + weight / 2) / total)))
        sums = weight, weight * value, (weights[tied] * observed[tied]).sum()
        bins[at] = [a + b for a, b in zip(bins[at], sums)]
        below += weight
    filled = [bin for bin in bins if bin[0] > 0]
    if len(np.unique(predicted)) == len(predicted) and (weights == 1).all() and len(weights) % BINS == 0:
        shares, means = calibration_curve(observed, predicted, n_bins=BINS, strategy="quantile")
        assert np.allclose(shares, [y / w for w, _, y in filled]) and np.allclose(means, [p / w for w, p, _ in filled])
    return {
        "ece": sum(abs(p - y) for _, p, y in filled) / total,
        "calibration": [{"weight": w, "predicted": p / w, "observed": y / w} for w, p, y in filled],
    }


def roc(labels, scores, weights):
    """[false positive rate, true positive rate] at each threshold, from [0, 0] to [1, 1]."""
    if auc(labels, scores, weights) is None:
        return None
    x, y, _ = roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    return np.stack([x, y], axis=1)


def binary(labels, scores, weights, groups, users, k):
    p = expit(scores)
    total, rate = weights.sum(), np.average(labels, weights=weights)
    loss = log_loss(labels, p, sample_weight=weights, labels=[0, 1])
    entropy = -sum(share * np.log(share) for share in (rate, 1 - rate) if share > 0)
    ranked = list(lists_to_rank(labels, scores, weights, groups))
    return {
        "auc": auc(labels, scores, weights),
        "gauc": gauc(labels, scores, weights, groups),
        "gaucByUser": gauc(labels, scores, weights, users),
        "logLoss": loss,
        "normalisedEntropy": loss / entropy if entropy > 0 else None,
        "predictedOverObserved": (weights * p).sum() / (rate * total) if rate > 0 else None,
        "ndcg": mean([ndcg_score([y], [s], k=k, ignore_ties=False) for y, s in ranked]),
        "mrr": mean([reciprocal_rank(y, s) for y, s in ranked]),
        **calibration(p, labels, weights),
        "roc": [roc(labels, scores, weights)],
    }


def multiclass(labels, scores, weights):
    p = softmax(scores, axis=1)
    classes = range(scores.shape[1])
    predicted = scores.argmax(axis=1)
    one_by_one = [auc((labels == c).astype(int), p[:, c], weights) for c in classes]
    macro = mean([value for value in one_by_one if value is not None])
    if None not in one_by_one:
        macro = roc_auc_score(labels, p, multi_class="ovr", average="macro", sample_weight=weights)
    return {
        "accuracy": accuracy_score(labels, predicted, sample_weight=weights),
        "macroAuc": macro,
        "logLoss": log_loss(labels, p, sample_weight=weights, labels=list(classes)),
        "confusion": confusion_matrix(labels, predicted, labels=list(classes), sample_weight=weights),
        **calibration(p.max(axis=1), (predicted == labels).astype(float), weights),
        "roc": [roc((labels == c).astype(int), p[:, c], weights) for c in classes],
    }


def plain(value):
    """Numbers of 12 digits in plain lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, np.ndarray)):
        return [plain(inner) for inner in value]
    return None if value is None else float(f"{value:.12g}")


def expected(case):
    columns = [np.array(case[name]) for name in ("labels", "scores", "weights")]
    if case["kind"] == "multiclass":
        return plain(multiclass(*columns))
    return plain(binary(*columns, np.array(case["groups"]), np.array(case["users"]), case["k"]))


if __name__ == "__main__":
    json.dump({case["name"]: expected(case) for case in json.load(sys.stdin)}, sys.stdout)
