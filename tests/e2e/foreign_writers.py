# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Others change the table between a crash inside Semel's commit and its recovery: pyiceberg appends, rewrites every file (as a compaction
# does), expires snapshots, rolls back. Afterwards the rows are exact, or the start is refused by name.     foreign_writers.py BINARY DIR
import os
import pathlib
import signal
import subprocess
import sys
import time

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

SCRIPT = """SET 'pipeline.name' = 'foreign';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '30 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE source (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/in.json', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:{dir}/catalog.db',
  'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE IF NOT EXISTS lake.db.t (id BIGINT);
INSERT INTO lake.db.t SELECT id FROM source;
"""
LABELS = ["checkpoint.decided.after", "commit.iceberg.swap.before", "commit.iceberg.swap.after", "commit.receipt.put.before"]
SCHEMA = pa.schema([("id", pa.int64())])
failures = []


def check(what, good, shown=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {shown}"))
    if not good:
        failures.append(what)


def nothing(_):
    return []


def append(table):
    table.append(pa.table({"id": [-1, -2]}, schema=SCHEMA))
    return [-1, -2]


def compact(table):
    """One file instead of many: new files in, old files out, no row changed."""
    table.overwrite(table.scan().to_arrow())
    return []


def expire(table):
    ids = [s.snapshot_id for s in table.metadata.snapshots if s.snapshot_id != table.metadata.current_snapshot_id]
    if ids:
        table.maintenance.expire_snapshots().by_ids(ids).commit()
    return []


def roll_back(table):
    parent = table.current_snapshot().parent_snapshot_id
    with table.manage_snapshots() as manage:
        manage.rollback_to_snapshot(parent) if hasattr(manage, "rollback_to_snapshot") else manage.set_current_snapshot(parent)
    return None  # the rows that Semel counted as committed may be gone: it has to notice


def case(binary, root, label, operation):
    name = f"{operation.__name__} after a crash at {label}"
    folder = f"{root}/{operation.__name__}-{label}"
    os.makedirs(folder)
    pathlib.Path(f"{folder}/pipeline.sql").write_text(SCRIPT.format(dir=folder))
    source = open(f"{folder}/in.json", "w")
    written = 0

    def write(n):
        nonlocal written
        for _ in range(n):
            source.write(f'{{"id":{written}}}\n')
            written += 1
        source.flush()

    write(100)
    times = 10 if operation is roll_back else 4  # epochs may be decided ahead of commits: there have to be two to roll back from one to the other
    env = {**os.environ, "SEMEL_TESTING": "1"}
    with open(f"{folder}/log", "w") as log:
        engine = subprocess.Popen([binary, "run", "--inject", f"{label}:{times}:crash", f"{folder}/pipeline.sql"], stdout=log, stderr=log, env=env)
        deadline = time.time() + 20
        while engine.poll() is None and time.time() < deadline:
            write(5)
            time.sleep(0.01)
        if engine.poll() is None:
            engine.kill()
        if engine.wait() != -signal.SIGKILL or time.time() >= deadline:
            return check(name, False, f"no crash: {engine.returncode}")
    table = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse").load_table("db.t")
    extra = operation(table)
    write(50)
    done = subprocess.run([binary, "run", "--quiet", "--until-end", f"{folder}/pipeline.sql"], capture_output=True, text=True, env=env, timeout=60)
    rows = sorted(SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse").load_table("db.t").scan().to_arrow()["id"].to_pylist())
    if extra is None and done.returncode != 0:
        return check(f"{name}: refused by name", done.returncode == 65 and "rolled back" in done.stderr and "hint" in done.stderr, done.stderr)
    check(f"{name}: exact", done.returncode == 0 and rows == sorted(list(range(written)) + (extra or [])), f"{done.returncode} {done.stderr} {len(rows)} of {written}")


binary, root = os.path.abspath(sys.argv[1]), sys.argv[2]
for operation in (nothing, append, compact, expire, roll_back):
    for label in LABELS:
        case(binary, root, label, operation)
sys.exit(1 if failures else 0)
