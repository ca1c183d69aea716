"""Prepares the log of the benchmark as dupn does, with pandas: the same arrays, byte for byte (docs/prepared-format.md).

    python preprocess_pandas.py --log FOLDER --format csv|parquet --out FOLDER --evaluation-from DAY --min-count N
"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

ITEM_FIELDS = ("item", "shop", "brand", "category", "tags")
USER_FIELDS = ("age", "gender", "city")
PARTS_OF_DAY = np.array(["night", "morning", "afternoon", "evening"])
OUT_OF_VOCABULARY = 1


def vocabulary(counts, min_count, path):
    """`counts` is a series value -> n; indexes go by falling count, then by value."""
    counted = counts[counts > 0].rename("n").rename_axis("value").reset_index()
    counted = counted.sort_values(["n", "value"], ascending=[False, True], ignore_index=True)
    counted["index"] = np.where(counted.n >= min_count, counted.index + OUT_OF_VOCABULARY + 1, -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    counted.to_parquet(path, compression="zstd")
    return pd.Index(counted.value[counted.n >= min_count])


def look_up(values, words):
    place = words.get_indexer(values)
    return np.where(place < 0, OUT_OF_VOCABULARY, place + OUT_OF_VOCABULARY + 1)


def write(out, path, values, dtype):
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    np.ascontiguousarray(values, dtype=dtype).tofile(out / path)


def offsets(owners, n):
    return np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=n))])


def require(condition, what):
    if not condition:
        raise SystemExit(f"cannot prepare the log: {what}")


def describe_files(out):
    """Size and checksum of every file, as the manifest has them."""
    paths = sorted(path for path in out.rglob("*") if path.is_file())
    described = {}
    for path in paths:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        described[str(path.relative_to(out))] = dict(bytes=path.stat().st_size, sha256=sha256)
    (out / "manifest.json").write_text(json.dumps(described))


def epoch(times):
    return times.to_numpy().astype("datetime64[s]").astype(np.int64)


def main():
    options = argparse.ArgumentParser()
    for name in ("--log", "--format", "--out", "--evaluation-from"):
        options.add_argument(name, required=True)
    options.add_argument("--min-count", type=int, required=True)
    given = options.parse_args()
    log, out = Path(given.log), Path(given.out)
    evaluation = pd.Timestamp(given.evaluation_from)

    def read(name):
        path = log / f"{name}.{given.format}"
        if given.format == "parquet":
            return pd.read_parquet(path)
        times = ["time"] if name in ("events", "impressions") else None
        return pd.read_csv(path, engine="pyarrow", parse_dates=times)

    events, impressions, items, profiles = (read(name) for name in ("events", "impressions", "items", "users"))
    for table in (events, impressions, items.item_id, profiles.user_id):
        require(not table.isna().to_numpy().any(), "a value is missing")
    require(impressions.label.isin((0, 1)).all(), "a label is neither 0 nor 1")
    users = pd.Index(np.unique(np.concatenate([t.user_id.unique() for t in (events, impressions, profiles)])))
    met = np.unique(np.concatenate([t.item_id.unique() for t in (events, impressions, items)]))
    rows = items.drop_duplicates("item_id").set_index("item_id").reindex(met)

    events["user"] = users.get_indexer(events.user_id).astype(np.int32)
    events["item"] = rows.index.get_indexer(events.item_id).astype(np.int32)
    events = events.drop(columns=["user_id", "item_id"])
    events = events.sort_values(["user", "time"], kind="stable", ignore_index=True)
    early = events.time < evaluation

    # Requests, in order of part, time, user and id, and the samples of each.
    asked = impressions.drop_duplicates("request_id")[["request_id", "user_id", "time"]].copy()
    asked["user"] = users.get_indexer(asked.user_id)
    asked["split"] = np.select([asked.time >= evaluation, asked.time >= evaluation - pd.Timedelta(days=1)], [2, 1], 0)
    asked = asked.sort_values(["split", "time", "user", "request_id"], ignore_index=True)
    samples = impressions[["item_id", "label"]].copy()
    samples["request"] = pd.Index(asked.request_id).get_indexer(impressions.request_id)
    of_request = asked.iloc[samples.request]
    same = (impressions.user_id.array == of_request.user_id.array) & (impressions.time.array == of_request.time.array)
    require(same.all(), "a request has two users or times")
    samples["item"] = rows.index.get_indexer(samples.item_id)
    samples = samples.sort_values("request", kind="stable", ignore_index=True)

    # Vocabularies: counted in the events before the evaluation, or in the samples where no event shows a value.
    shown = np.bincount(events.item[early], minlength=len(rows))
    judged = np.bincount(samples.item[asked.split.to_numpy()[samples.request] < 2], minlength=len(rows))
    for field in ITEM_FIELDS:
        values = pd.DataFrame(
            dict(item=np.arange(len(rows)), value=rows.index if field == "item" else rows[field].to_numpy(), shown=shown, judged=judged)
        )
        if field == "tags":
            values["value"] = values.value.str.split("|")
            values = values.explode("value", ignore_index=True).drop_duplicates(["item", "value"], ignore_index=True)
            write(out, "items/tags.offsets.i32", offsets(values.item, len(rows)), np.int32)
        n = values.groupby("value")[["shown", "judged"]].sum()
        counts = n.shown.where(n.shown > 0, n.judged)
        words = vocabulary(counts, given.min_count if field == "item" else 1, out / f"vocabulary/item/{field}.parquet")
        write(out, f"items/{field}.i32", look_up(values.value, words), np.int32)
    rows.to_parquet(out / "items/items.parquet", compression="zstd")

    code = np.zeros(len(events), np.int64)
    stride = 1
    properties = {
        "behavior": events.behavior.astype("category"),
        "scenario": events.scenario.astype("category"),
        "partOfDay": pd.Series(pd.Categorical.from_codes(events.time.dt.hour // 6, PARTS_OF_DAY)),
        "weekend": pd.Series(pd.Categorical.from_codes((events.time.dt.day_of_week >= 5).astype(int), ["weekday", "weekend"])),
    }
    for field, values in properties.items():
        n = values[early].value_counts()
        words = vocabulary(pd.Series(n.to_numpy(), index=n.index.astype(object)), 1, out / f"vocabulary/properties/{field}.parquet")
        code += look_up(values.cat.categories, words)[values.cat.codes] * stride
        stride *= len(words) + OUT_OF_VOCABULARY + 1

    seconds = epoch(events.time)
    user = events.user.to_numpy()
    pd.DataFrame(dict(user_id=users)).to_parquet(out / "users.parquet", compression="zstd")
    starts = offsets(user, len(users))
    write(out, "streams/0000/offsets.i32", starts, np.int32)
    write(out, "streams/0000/item.i32", events.item, np.int32)
    write(out, "streams/0000/property.u16", code, np.uint16)
    write(out, "streams/0000/time.u32", seconds, np.uint32)

    # How many events of the user lie strictly before the request.
    asked_user, asked_at = asked.user.to_numpy().astype(np.int64), epoch(asked.time)
    keys = user.astype(np.int64) << 33 | seconds
    end = np.searchsorted(keys, asked_user << 33 | asked_at, "left") - starts[asked_user]
    write(out, "requests/user.i32", asked_user, np.int32)
    write(out, "requests/time.u32", asked_at, np.uint32)
    write(out, "requests/end.i32", end, np.int32)
    write(out, "requests/split.u8", asked.split, np.uint8)
    split = pd.Categorical.from_codes(asked.split, ["training", "validation", "evaluation"]).astype(str)
    columns = dict(request=np.arange(len(asked), dtype=np.int32), request_id=asked.request_id, user_id=asked.user_id)
    requests = pd.DataFrame(columns | dict(time=asked.time, split=split, end=end.astype(np.int32)))
    requests.to_parquet(out / "requests/requests.parquet", compression="zstd", index=False)
    known = np.union1d(events.user[early].unique(), asked.user[asked.split < 2].unique())
    profiles = profiles.drop_duplicates("user_id").set_index("user_id").reindex(users)
    for field in USER_FIELDS:
        n = profiles[field].iloc[known].value_counts()
        words = vocabulary(n, 1, out / f"vocabulary/user/{field}.parquet")
        indexes = look_up(profiles[field], words)
        write(out, f"streams/user-{field}.i32", indexes, np.int32)
        write(out, f"requests/user-{field}.i32", indexes[asked_user], np.int32)

    write(out, "samples/ctr/offsets.i32", offsets(samples.request, len(asked)), np.int32)
    write(out, "samples/ctr/candidate.i32", samples.item, np.int32)
    write(out, "samples/ctr/label.f32", samples.label, np.float32)
    weight = np.ones(len(samples))
    write(out, "samples/ctr/weight.f32", weight, np.float32)
    columns = dict(sample=np.arange(len(samples), dtype=np.int32), request=samples.request.astype(np.int32))
    told = columns | dict(candidate=samples.item_id, label=samples.label.astype(float), weight=weight)
    pd.DataFrame(told).to_parquet(out / "samples/ctr/samples.parquet", compression="zstd", index=False)
    describe_files(out)


if __name__ == "__main__":
    main()
