"""Prepares the log of the benchmark as dupn does, with polars: the same arrays, byte for byte (docs/prepared-format.md).

    python preprocess_polars.py --log FOLDER --format csv|parquet --out FOLDER --evaluation-from DAY --min-count N
"""
import argparse
import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

ITEM_FIELDS = ("item", "shop", "brand", "category", "tags")
USER_FIELDS = ("age", "gender", "city")
PARTS_OF_DAY = ["night", "morning", "afternoon", "evening"]
OUT_OF_VOCABULARY = 1


def vocabulary(counts, min_count, path):
    """`counts` has value and n; indexes go by falling count, then by value."""
    counted = counts.group_by("value").agg(pl.col("n").sum()).filter(pl.col("n") > 0)
    counted = counted.sort(["n", "value"], descending=[True, False])
    kept = counted.filter(pl.col("n") >= min_count).with_row_index("index", offset=OUT_OF_VOCABULARY + 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    counted.join(kept.select("value", "index"), on="value", how="left", maintain_order="left").write_parquet(path)
    return kept.select("value", pl.col("index").cast(pl.Int32))


def look_up(frame, column, words):
    """The index of each value of a column, in the order of the frame."""
    found = frame.select(value=pl.col(column)).join(words, on="value", how="left", maintain_order="left")
    return found["index"].fill_null(OUT_OF_VOCABULARY)


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


def main():
    options = argparse.ArgumentParser()
    for name in ("--log", "--format", "--out", "--evaluation-from"):
        options.add_argument(name, required=True)
    options.add_argument("--min-count", type=int, required=True)
    given = options.parse_args()
    log, out = Path(given.log), Path(given.out)
    evaluation = datetime.fromisoformat(given.evaluation_from)

    def scan(name):
        path = log / f"{name}.{given.format}"
        return pl.scan_csv(path, try_parse_dates=True) if given.format == "csv" else pl.scan_parquet(path)

    impressions, items, profiles = pl.collect_all([scan("impressions"), scan("items"), scan("users")])
    events = scan("events").collect()
    for table in (events, impressions, items.select("item_id"), profiles.select("user_id")):
        require(sum(table.null_count().row(0)) == 0, "a value is missing")
    require(impressions["label"].is_in([0, 1]).all(), "a label is neither 0 nor 1")
    users = pl.concat([events["user_id"].unique(), impressions["user_id"].unique(), profiles["user_id"].unique()])
    users = users.unique().sort().to_frame().with_row_index("user")
    met = pl.concat([events["item_id"].unique(), impressions["item_id"].unique(), items["item_id"]])
    rows = met.unique().sort().to_frame().join(items, on="item_id", how="left", maintain_order="left")
    rows = rows.with_row_index("item")
    number = rows.select("item_id", "item")

    events = (
        events.lazy()
        .join(users.lazy(), on="user_id", how="left", maintain_order="left")
        .join(number.lazy(), on="item_id", how="left", maintain_order="left")
        .select(
            "user",
            "item",
            "time",
            "behavior",
            "scenario",
            partOfDay=(pl.col("time").dt.hour() // 6).cast(pl.Int8),
            weekend=pl.col("time").dt.weekday() >= 6,
        )
        .sort("user", "time", maintain_order=True)
        .collect()
    )
    early = pl.col("time") < evaluation

    # Requests, in order of part, time, user and id, and the samples of each.
    asked = impressions.unique("request_id", keep="first", maintain_order=True).join(users, on="user_id")
    split = (
        pl.when(~early).then(2).when(pl.col("time") >= evaluation - timedelta(days=1)).then(1).otherwise(0)
    )
    asked = asked.with_columns(split=split).sort("split", "time", "user", "request_id").with_row_index("request")
    of_request = asked.select("request_id", "request", "split", asked_by="user_id", asked_at="time")
    samples = impressions.join(of_request, on="request_id", maintain_order="left")
    torn = (pl.col("user_id") != pl.col("asked_by")) | (pl.col("time") != pl.col("asked_at"))
    require(not samples.select(torn.any()).item(), "a request has two users or times")
    samples = samples.join(number, on="item_id", maintain_order="left").sort("request", maintain_order=True)

    # Vocabularies: counted in the events before the evaluation, or in the samples where no event shows a value.
    shown = events.filter(early).group_by("item").agg(events=pl.len())
    judged = samples.filter(pl.col("split") < 2).group_by("item").agg(samples=pl.len())
    counted = rows.join(shown, on="item", how="left").join(judged, on="item", how="left").fill_null(0)
    for field in ITEM_FIELDS:
        column = "item_id" if field == "item" else field
        values = rows.select("item", value=pl.col(column))
        n = counted.select("events", "samples", value=pl.col(column))
        if field == "tags":
            several = pl.col("value").str.split("|").list.unique(maintain_order=True)
            values = values.with_columns(several).explode("value")
            n = n.with_columns(several).explode("value")
        n = n.group_by("value").agg(pl.col("events").sum(), pl.col("samples").sum())
        n = n.select("value", n=pl.when(pl.col("events") > 0).then("events").otherwise("samples"))
        words = vocabulary(n, given.min_count if field == "item" else 1, out / f"vocabulary/item/{field}.parquet")
        write(out, f"items/{field}.i32", look_up(values, "value", words), np.int32)
        if field == "tags":
            write(out, "items/tags.offsets.i32", offsets(values["item"], len(rows)), np.int32)
    rows.write_parquet(out / "items/items.parquet")

    code = np.zeros(len(events), np.int64)
    stride = 1
    names = {
        "partOfDay": dict(enumerate(PARTS_OF_DAY)),
        "weekend": {False: "weekday", True: "weekend"},
    }
    for field in ("behavior", "scenario", "partOfDay", "weekend"):
        n = events.filter(early).group_by(value=pl.col(field)).agg(n=pl.len())
        if field in names:
            n = n.with_columns(pl.col("value").replace_strict(names[field], return_dtype=pl.String))
        words = vocabulary(n, 1, out / f"vocabulary/properties/{field}.parquet")
        index = dict(words.iter_rows())
        keys = names.get(field) or {value: value for value in index}
        mapping = {key: index.get(value, OUT_OF_VOCABULARY) for key, value in keys.items()}
        indexes = events[field].replace_strict(mapping, default=OUT_OF_VOCABULARY, return_dtype=pl.UInt16)
        code += indexes.to_numpy().astype(np.int64) * stride
        stride *= len(words) + OUT_OF_VOCABULARY + 1

    user = events["user"].to_numpy()
    seconds = events["time"].dt.epoch("s").to_numpy()
    users.write_parquet(out / "users.parquet")
    write(out, "streams/0000/offsets.i32", offsets(user, len(users)), np.int32)
    write(out, "streams/0000/item.i32", events["item"], np.int32)
    write(out, "streams/0000/property.u16", code, np.uint16)
    write(out, "streams/0000/time.u32", seconds, np.uint32)

    # How many events of the user lie strictly before the request.
    asked_user = asked["user"].to_numpy().astype(np.int64)
    asked_at = asked["time"].dt.epoch("s").to_numpy()
    keys = user.astype(np.int64) << 33 | seconds
    starts = offsets(user, len(users))
    end = np.searchsorted(keys, asked_user << 33 | asked_at, "left") - starts[asked_user]
    write(out, "requests/user.i32", asked_user, np.int32)
    write(out, "requests/time.u32", asked_at, np.uint32)
    write(out, "requests/end.i32", end, np.int32)
    write(out, "requests/split.u8", asked["split"], np.uint8)
    split = pl.col("split").replace_strict({0: "training", 1: "validation", 2: "evaluation"}, return_dtype=pl.String)
    requests = asked.select(pl.col("request").cast(pl.Int32), "request_id", "user_id", "time", split)
    requests.with_columns(end=pl.Series(end, dtype=pl.Int32)).write_parquet(out / "requests/requests.parquet")
    known = pl.concat(
        [events.filter(early)["user"].unique(), asked.filter(pl.col("split") < 2)["user"].unique()]
    ).unique()
    profiles = users.join(profiles, on="user_id", how="left", maintain_order="left")
    for field in USER_FIELDS:
        seen = profiles.filter(pl.col("user").is_in(known.implode()))
        n = seen.select(value=pl.col(field)).group_by("value").agg(n=pl.len())
        words = vocabulary(n, 1, out / f"vocabulary/user/{field}.parquet")
        indexes = look_up(profiles, field, words).to_numpy()
        write(out, f"streams/user-{field}.i32", indexes, np.int32)
        write(out, f"requests/user-{field}.i32", indexes[asked_user], np.int32)

    write(out, "samples/ctr/offsets.i32", offsets(samples["request"], len(asked)), np.int32)
    write(out, "samples/ctr/candidate.i32", samples["item"], np.int32)
    write(out, "samples/ctr/label.f32", samples["label"], np.float32)
    write(out, "samples/ctr/weight.f32", np.ones(len(samples)), np.float32)
    told = samples.with_row_index("sample").select(
        pl.col("sample", "request").cast(pl.Int32),
        candidate="item_id",
        label=pl.col("label").cast(pl.Float64),
        weight=pl.lit(1.0),
    )
    told.write_parquet(out / "samples/ctr/samples.parquet")
    describe_files(out)


if __name__ == "__main__":
    main()
