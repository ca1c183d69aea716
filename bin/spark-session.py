"""The Spark side of `preprocess.engine: spark`, which dupn gives to spark-submit (docs/spark.md).

Connects to the socket that is its one argument, opens a session, and answers one request (a line of JSON) after the other with a
line of JSON. When the other end of the socket is gone, it stops the session, jobs included. What it wrote under the staging
folder is removed at the end. Python runs on the driver alone: the work is Spark SQL.
"""

import base64
import json
import os
import re
import socket
import sys
import threading

from pyspark.sql import SparkSession

# What the SQL means must not depend on the defaults of a version, nor on those of a site.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.maxRecordsPerFile": "0",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.compression.codec": "snappy",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    # A column of such times, which is no time to Spark, spoils no other one.
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    # What is longer is never compiled by Java's runtime: Spark then divides it.
    "spark.sql.codegen.hugeMethodLimit": "8000",
}

SECONDS_TO_STOP = 60

# Of each line that tells of an error.
LONGEST_REASON = 1000


class Requests:
    """One method for each kind of request, whose fields are its arguments."""

    def __init__(self, spark):
        self.spark = spark
        self.jvm = spark.sparkContext._jvm
        self.hadoop = spark.sparkContext._jsc.hadoopConfiguration()
        self.folder = None

    def staging(self, folder):
        self.folder = folder

    def list(self, path, glob=None):
        """The one file, those of a folder, or those of a glob where `path` is neither; without those that Spark does not read."""
        file, system = self._path(path)
        if system.exists(file):
            every = system.listStatus(file)
        else:
            every = (glob and system.globStatus(self._path(glob)[0])) or []
        files = [one for one in every if one.isFile() and not is_left_out(one.getPath().getName())]
        return sorted((self._describe(one) for one in files), key=lambda one: one["path"].encode())

    def head(self, path, size):
        """The first bytes, unpacked where the name says that the file is packed; and whether these are all."""
        file, system = self._path(path)
        stream = system.open(file)
        try:
            codec = self.jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(self.hadoop).getCodec(file)
            text = stream if codec is None else codec.createInputStream(stream)
            data = bytes(self.jvm.java.io.DataInputStream(text).readNBytes(size + 1))
        finally:
            stream.close()
        return {"data": base64.b64encode(data[:size]).decode(), "isWhole": len(data) <= size}

    def columns(self, path):
        """Name and type of each column of a Parquet file."""
        return [[one.name, one.dataType.simpleString()] for one in self._reader("parquet").load(literal(path)).schema]

    def read(self, view, format, paths, placed, columns=None):
        """A view of files, with the place of each row: its file, the start of its block in it, and a number that rises in the block.

        Returns what each file may be called there.
        """
        reader = self._reader(format)
        rows = (reader if columns is None else reader.schema(columns)).load([literal(path) for path in paths])
        if placed:
            place = ["_metadata.file_path AS dupn_path", "_metadata.file_block_start AS dupn_block"]
            rows = rows.selectExpr("*", *place, "monotonically_increasing_id() AS dupn_number")
        rows.createOrReplaceTempView(view)
        return [self._names(path) for path in paths]

    def sql(self, text):
        frame = self.spark.sql(text)
        return [list(row) for row in frame.collect()] if frame.columns else []

    def fetch(self, folder, to):
        """The Parquet files of a folder in their order, as local paths: where they lie, or copied to the folder `to`."""
        path, system = self._path(folder)
        parts = sorted(one.getPath().getName() for one in system.listStatus(path))
        parts = [name for name in parts if name.startswith("part-")]
        if system.getScheme() == "file":
            return [os.path.join(path.toUri().getPath(), name) for name in parts]
        os.makedirs(to, exist_ok=True)
        local = [os.path.join(to, name) for name in parts]
        for name, target in zip(parts, local):
            source = self.jvm.org.apache.hadoop.fs.Path(path, name)
            system.copyToLocalFile(False, source, self.jvm.org.apache.hadoop.fs.Path("file:" + target), True)
        return local

    def remove(self, folder):
        path, system = self._path(folder)
        system.delete(path, True)

    def close(self):
        if self.folder is not None:
            self.remove(self.folder)

    def _reader(self, format):
        return self.spark.read.format(format).option("lineSep", "\n")

    def _path(self, text):
        path = self.jvm.org.apache.hadoop.fs.Path(text)
        return path, path.getFileSystem(self.hadoop)

    def _names(self, text):
        # Versions differ in whether they encode, and in how many slashes follow file:.
        path, _ = self._path(text)
        names = {path.toString(), path.toUri().toString()}
        return sorted(names | {re.sub("^file:/+", "file:///", name) for name in names})

    def _describe(self, status):
        path = status.getPath()
        return {
            "path": path.toString(),
            "bytes": status.getLen(),
            "modifiedMs": status.getModificationTime(),
        }


def is_left_out(name):
    """Whether Spark passes over a file of that name without a word."""
    return name[0] == "." or (name[0] == "_" and "=" not in name) or name.endswith("._COPYING_")


def literal(path):
    """The path as a glob that matches it alone: Spark takes every path for one. (Told not to, it reads those that are none twice.)"""
    return re.sub(r"[{}\[\]*?\\]", r"\\\g<0>", path)


def reasons(error):
    """What the exception and its causes say, the first line of each, without what repeats."""
    java = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    said = []
    while java is not None:
        name = java.getClass().getSimpleName()
        message = (java.getMessage() or "").strip().split("\n")[0]
        if not any(message and message in earlier for earlier in said):
            said.append(f"{name}: {message}" if message else name)
        java = java.getCause()
    said = [one[:LONGEST_REASON] for one in said]
    return said or [f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"]


def main():
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(sys.argv[1])
    output = connection.makefile("w", encoding="utf-8")

    def say(answer):
        output.write(json.dumps(answer, default=str) + "\n")
        output.flush()

    requests = None

    def end():
        if requests is None:
            # A cluster may let a session wait for hours: without this process, Spark gives it up.
            os._exit(1)
        timer = threading.Timer(SECONDS_TO_STOP, lambda: os._exit(1))
        timer.daemon = True
        timer.start()
        try:
            requests.spark.sparkContext.cancelAllJobs()
            requests.spark.stop()
            # Nothing writes any more.
            requests.close()
        finally:
            os._exit(0)

    waiting = []
    arrived = threading.Condition()

    def listen():
        for line in connection.makefile("r", encoding="utf-8"):
            with arrived:
                waiting.append(json.loads(line))
                arrived.notify()
        end()

    threading.Thread(target=listen, daemon=True).start()
    try:
        spark = SparkSession.builder.getOrCreate()
        for name, value in SETTINGS.items():
            spark.conf.set(name, value)
    except Exception as error:
        say({"error": reasons(error)})
        sys.exit(1)
    requests = Requests(spark)
    say({"value": {"version": spark.version, "master": spark.sparkContext.master}})
    while True:
        with arrived:
            while not waiting:
                arrived.wait()
            request = waiting.pop(0)
        try:
            answer = {"value": getattr(requests, request.pop("do"))(**request)}
        except Exception as error:
            answer = {"error": reasons(error)}
        try:
            say(answer)
        except OSError:
            # Who asked is gone, which the other thread sees to.
            pass


if __name__ == "__main__":
    main()
