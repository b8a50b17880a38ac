# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Tables of many shapes, written over some hundred epochs and read by pyiceberg and DuckDB: every type, NULLs, partitions (own and of
# a table that pyiceberg made: day, bucket, truncate, identity), statistics that readers prune by, manifests merged, snapshots expired, files
# of a target size, and rows that pyiceberg appends between Semel's.      iceberg_tables.py BINARY DIR
import datetime as dt
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from decimal import Decimal

import duckdb
import duckdb_extensions
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, IsNull, LessThan, StartsWith
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType, TimestampType

SCRIPT = """SET 'pipeline.name' = 'tables';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '20 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE source (id BIGINT NOT NULL, b BOOLEAN, i INT, f FLOAT, d DOUBLE, small DECIMAL(9,2), wide DECIMAL(30,4), s STRING, day DATE, t TIME, ts TIMESTAMP(6),
    r ROW<a INT, n ROW<s STRING, amount DECIMAL(9,2)>>)
  WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:{dir}/catalog.db',
  'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE IF NOT EXISTS lake.db.types (id BIGINT NOT NULL, b BOOLEAN, i INT, f FLOAT, d DOUBLE, small DECIMAL(9,2), wide DECIMAL(30,4), s STRING, day DATE, ts TIMESTAMP(6))
  WITH ('commit.manifest.min-count-to-merge' = '5', 'semel.snapshots.keep' = '20', 'write.target-file-size-bytes' = '20000');
CREATE TABLE IF NOT EXISTS lake.db.parts (id BIGINT NOT NULL, i INT, s STRING) PARTITIONED BY (i, s) WITH ('commit.manifest.min-count-to-merge' = '4');
CREATE TABLE IF NOT EXISTS lake.db.nested (id BIGINT NOT NULL, r ROW<a INT, n ROW<s STRING, amount DECIMAL(9,2)>>, made ROW<twice INT, s STRING NOT NULL> NOT NULL);
CREATE TABLE IF NOT EXISTS lake.db.theirs (id BIGINT, i INT, s STRING, ts TIMESTAMP(6));
EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.db.types SELECT id, b, i, f, d, small, wide, s, day, ts FROM source;
  INSERT INTO lake.db.parts SELECT id, MOD(i, 3), s FROM source;
  INSERT INTO lake.db.nested SELECT id, r, ROW(r.a * 2, COALESCE(r.n.s, 'none')) FROM source;
  INSERT INTO lake.db.theirs SELECT id, i, s, ts FROM source;
END;
"""
failures = []


def check(what, good):
    print(("ok      " if good else "FAILED  ") + what)
    if not good:
        failures.append(what)


def row(n):
    """Row n as JSON and as the tables should have it."""
    null = n % 7 == 3
    ts = dt.datetime(2025, 12, 30, 22, 0) + dt.timedelta(minutes=n, microseconds=n * 37)
    values = {"id": n, "b": None if null else n % 2 == 0, "i": None if null else n - 100, "f": None if null else n * 0.5, "d": None if null else -n / 8,
              "small": None if null else Decimal(n) / 4, "wide": None if null else Decimal(10) ** 20 + n, "s": None if null else ["", "a", "äöü" * 9, "zz" * 20][n % 4],
              "day": ts.date(), "ts": ts}
    nested = None if n % 5 == 1 else {"a": None if null else n, "n": None if n % 3 == 0 else {"s": f"s{n}", "amount": Decimal(n) / 100}}
    values["r"] = nested
    text = {k: (str(v) if isinstance(v, (Decimal, dt.date)) else v) for k, v in values.items()}
    text["ts"] = ts.strftime("%Y-%m-%d %H:%M:%S.%f")
    return json.dumps(text, ensure_ascii=False, default=str), values


def foreign_table(catalog, folder):
    catalog.create_namespace("db")
    schema = Schema(NestedField(7, "id", LongType()), NestedField(3, "i", IntegerType()), NestedField(12, "s", StringType()), NestedField(5, "ts", TimestampType()))
    ids = {field.name: field.field_id for field in schema.fields}  # pyiceberg numbers them anew
    spec = PartitionSpec(PartitionField(ids["ts"], 1000, DayTransform(), "ts_day"), PartitionField(ids["id"], 1001, BucketTransform(4), "id_bucket"),
                         PartitionField(ids["s"], 1002, TruncateTransform(2), "s_trunc"),
                         PartitionField(ids["i"], 1003, IdentityTransform(), "i"))
    return catalog.create_table("db.theirs", schema, location=f"file://{folder}/elsewhere", partition_spec=spec)


def wait_for_commit(catalog, before):
    """Until the table `types` has another version; returns it. However slow the disk is, some hundred epochs come together."""
    end = time.time() + 30
    while time.time() < end:
        try:
            now = catalog.load_table("db.types").metadata_location
            if now != before:
                return now
        except NoSuchTableError:
            pass
        time.sleep(0.01)
    check("a commit comes within 30 s", False)
    sys.exit(1)


def write_all(binary, folder, catalog, rows, between):
    """Feeds the rows while the engine runs, the first 2,000 commit by commit; `between` is called in the middle. Then finishes."""
    log = open(f"{folder}/engine.log", "w")
    engine = subprocess.Popen([binary, "run", f"{folder}/tables.sql"], stdout=log, stderr=subprocess.STDOUT)
    version = None
    try:
        with open(f"{folder}/in/0.json", "a") as out:
            for begin in range(0, len(rows), 20):
                out.write("".join(text + "\n" for text, _ in rows[begin:begin + 20]))
                out.flush()
                if begin < 2000:
                    version = wait_for_commit(catalog, version)
                if begin == len(rows) // 2 // 20 * 20:
                    between()
        time.sleep(0.3)
    finally:
        engine.send_signal(signal.SIGTERM)
    check("the engine stops cleanly", engine.wait(timeout=60) == 0)
    done = subprocess.run([binary, "run", "--until-end", f"{folder}/tables.sql"], stdout=log, stderr=subprocess.STDOUT).returncode
    check("… and finishes", done == 0)
    if failures:
        print("".join(open(f"{folder}/engine.log").readlines()[-15:]))
        sys.exit(1)


def in_order(rows):
    return sorted(rows, key=lambda r: r[0])  # ids are unique


def as_rows(table, columns):
    return in_order(tuple(r[c] for c in columns) for r in table.to_pylist())


def judge(catalog, folder, rows, name, columns, want):
    table = catalog.load_table(f"db.{name}")
    check(f"pyiceberg: {name} has its {len(want)} rows", as_rows(table.scan().to_arrow(), columns) == want)
    con = duckdb.connect()
    for extension in ("avro", "iceberg"):
        duckdb_extensions.import_extension(extension, con=con)
        con.execute(f"LOAD {extension}")
    got = con.execute(f"select {', '.join(columns)} from iceberg_scan('{table.metadata_location.replace('file://', '')}')").fetchall()
    check(f"DuckDB: {name} has the same rows", in_order(got) == want)
    return table


def prunes(table, name, expression, matches, columns, want):
    """The rows are those that match, and the statistics let the reader leave out files."""
    plan = list(table.scan(row_filter=expression).plan_files())
    every = len(list(table.scan().plan_files()))
    got = as_rows(table.scan(row_filter=expression).to_arrow(), columns)
    check(f"{name}: {expression} finds {len(got)} rows in {len(plan)} of {every} files", got == [r for r in want if matches(dict(zip(columns, r)))] and len(plan) < every)


def listed_files(table):
    """Manifests and lists that a snapshot names."""
    return {m.manifest_path for s in table.metadata.snapshots for m in s.manifests(table.io)} | {s.manifest_list for s in table.metadata.snapshots}


def main(binary, folder):
    os.makedirs(f"{folder}/in")
    pathlib.Path(f"{folder}/in/0.json").touch()
    pathlib.Path(f"{folder}/tables.sql").write_text(SCRIPT.format(dir=folder))
    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    foreign_table(catalog, folder)
    rows = [row(n) for n in range(4000)]
    extra = {"id": 1_000_000, "i": 5, "s": "foreign", "ts": dt.datetime(2026, 1, 1)}

    def append_from_outside():
        table = catalog.load_table("db.theirs")
        schema = pa.schema([("id", pa.int64()), ("i", pa.int32()), ("s", pa.string()), ("ts", pa.timestamp("us"))])
        for _ in range(20):  # compare-and-swap: both writers try until they win
            try:
                table.append(pa.Table.from_pylist([extra], schema=schema))
                return
            except Exception as error:  # pyiceberg's CommitFailedException: the engine was first
                if "CommitFailed" not in type(error).__name__:
                    raise
                table = catalog.load_table("db.theirs")
        check("pyiceberg got its append in", False)

    write_all(binary, folder, catalog, rows, append_from_outside)

    def key(r):
        return tuple(r)

    columns = ["id", "b", "i", "f", "d", "small", "wide", "s", "day", "ts"]
    want = sorted((tuple(v[c] for c in columns) for _, v in rows), key=key)
    types = judge(catalog, folder, rows, "types", columns, want)
    prunes(types, "types", And(GreaterThanOrEqual("id", 100), LessThan("id", 140)), lambda r: 100 <= r["id"] < 140, columns, want)
    prunes(types, "types", GreaterThanOrEqual("wide", Decimal("100000000000000003990.0000")), lambda r: r["wide"] is not None and r["wide"] >= Decimal(10) ** 20 + 3990, columns, want)
    prunes(types, "types", LessThan("ts", dt.datetime(2025, 12, 30, 22, 30).isoformat()), lambda r: r["ts"] < dt.datetime(2025, 12, 30, 22, 30), columns, want)
    prunes(types, "types", LessThan("d", -498.0), lambda r: r["d"] is not None and r["d"] < -498.0, columns, want)
    check(f"types: {len(types.metadata.snapshots)} snapshots are kept of {types.metadata.last_sequence_number}", 20 <= len(types.metadata.snapshots) <= 22 < types.metadata.last_sequence_number)
    manifests = len(types.current_snapshot().manifests(types.io))
    check(f"types: {manifests} manifests after {types.metadata.last_sequence_number} commits", manifests < 30)
    listed = listed_files(types)
    there = {"file://" + str(p) for p in pathlib.Path(f"{folder}/warehouse/db/types/metadata").glob("*.avro")}
    check("types: no manifest and no list is left that no snapshot names", there == listed)

    columns = ["id", "i", "s"]
    want = sorted((v["id"], None if v["i"] is None else int(abs(v["i"]) % 3 * (1 if v["i"] >= 0 else -1)), v["s"]) for _, v in rows)
    parts = judge(catalog, folder, rows, "parts", columns, want)
    prunes(parts, "parts", EqualTo("i", 1), lambda r: r["i"] == 1, columns, want)
    prunes(parts, "parts", IsNull("s"), lambda r: r["s"] is None, columns, want)

    columns = ["id", "r", "made"]

    def made(r):
        return {"twice": None if r is None or r["a"] is None else r["a"] * 2, "s": "none" if r is None or r["n"] is None else r["n"]["s"]}

    want = [(v["id"], v["r"], made(v["r"])) for _, v in rows]
    nested = judge(catalog, folder, rows, "nested", columns, want)
    prunes(nested, "nested", GreaterThanOrEqual("r.a", 3950), lambda r: r["r"] is not None and r["r"]["a"] is not None and r["r"]["a"] >= 3950, columns, want)
    prunes(nested, "nested", LessThan("r.n.amount", Decimal("0.30")), lambda r: r["r"] is not None and r["r"]["n"] is not None and r["r"]["n"]["amount"] < Decimal("0.30"), columns, want)

    columns = ["id", "i", "s", "ts"]
    want = sorted([tuple(v[c] for c in columns) for _, v in rows] + [tuple(extra[c] for c in columns)])
    theirs = judge(catalog, folder, rows, "theirs", columns, want)
    prunes(theirs, "theirs", And(GreaterThanOrEqual("ts", "2026-01-01T00:00:00"), LessThan("ts", "2026-01-01T02:00:00")),
           lambda r: dt.datetime(2026, 1, 1) <= r["ts"] < dt.datetime(2026, 1, 1, 2), columns, want)
    prunes(theirs, "theirs", EqualTo("id", 77), lambda r: r["id"] == 77, columns, want)
    prunes(theirs, "theirs", StartsWith("s", "zz"), lambda r: r["s"] is not None and r["s"].startswith("zz"), columns, want)
    check("theirs: every file is where its location says", not pathlib.Path(f"{folder}/warehouse/db/theirs").exists() and any(pathlib.Path(f"{folder}/elsewhere/data").glob("semel-*.parquet"))
          and any(pathlib.Path(f"{folder}/elsewhere/metadata").glob("*semel-*")))
    ours = {"file://" + str(p) for p in pathlib.Path(f"{folder}/elsewhere/metadata").glob("*semel-*.avro")}
    check(f"theirs: no file of a commit that lost to pyiceberg's is left among {len(ours)}", ours <= listed_files(theirs))
    theirs.append(pa.Table.from_pylist([{**extra, "id": 1_000_001}], schema=pa.schema([("id", pa.int64()), ("i", pa.int32()), ("s", pa.string()), ("ts", pa.timestamp("us"))])))
    check("pyiceberg appends on top of Semel's commits", len(catalog.load_table("db.theirs").scan().to_arrow()) == len(want) + 1)
    sys.exit(1 if failures else 0)


main(os.path.abspath(sys.argv[1]), sys.argv[2])
