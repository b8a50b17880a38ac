# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# CPU per event of whole jobs over four JSON files of purchases (100,000 users), against a bare simdjson loop that decodes the same
# three fields of the same files into columns, built with the same flags, in alternating runs.     cpu_per_event.py [RECORDS [ROUNDS]]
import csv
import re
import shutil
import sys
from decimal import Decimal

import measure

HEAD = """SET 'pipeline.name' = 'bench';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '{interval}';
CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE TABLE out (user_id INT, total DECIMAL(38,2)) WITH ('connector' = '{sink}');
"""
ICEBERG = """CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog',
  'uri' = 'jdbc:sqlite:{dir}/catalog.db', 'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.shop;
CREATE TABLE IF NOT EXISTS lake.shop.sums (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3), total DECIMAL(38,2));
INSERT INTO lake.shop.sums SELECT purchase_id, user_id, item, amount, ts, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;
"""
JOBS = {
    "sum": "INSERT INTO out SELECT user_id, SUM(amount) FROM purchases GROUP BY user_id;",
    "over": "INSERT INTO out SELECT user_id, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;",
    "tumble": "INSERT INTO out SELECT user_id, SUM(amount) FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY user_id, window_start, window_end;",
    "iceberg": ICEBERG,
}


def job(folder, name, workers, interval, sink="blackhole"):
    shutil.rmtree(f"{folder}/checkpoints", ignore_errors=True)
    shutil.rmtree(f"{folder}/warehouse", ignore_errors=True)
    for suffix in ("", "-journal"):
        measure.pathlib.Path(f"{folder}/catalog.db{suffix}").unlink(missing_ok=True)
    path = f"{folder}/{name}.sql"
    with open(path, "w") as out:
        out.write((HEAD + JOBS[name]).format(dir=folder, interval=interval, sink=sink))
    return measure.run(measure.SEMEL, "run", "--quiet", "--workers", workers, path)


def epochs(folder):
    listed = measure.run(measure.SEMEL, "checkpoint", "list", f"{folder}/sum.sql").output
    return max(int(n) for n in re.findall(r"^\s*(\d+)-", listed, re.M))


def gate(folder, truth):
    """The same scripts into print: the sums of every user have to be the generator's."""
    last, counts = {}, {}
    rows = job(folder, "sum", 2, "100 ms", "print").output
    for kind, user, total in re.findall(r"([+-][IUD]{1,2})\[(\d+), ([\d.]+)\]", rows):
        if kind in ("+I", "+U"):
            last[int(user)] = Decimal(total)
    measure.check(f"sum: {len(last)} users as generated", last == {u: t for u, (_, t) in truth.items()})
    rows = job(folder, "over", 2, "100 ms", "print").output
    last = {}
    for user, total in re.findall(r"\+I\[(\d+), ([\d.]+)\]", rows):
        last[int(user)] = max(last.get(int(user), Decimal(0)), Decimal(total))
        counts[int(user)] = counts.get(int(user), 0) + 1
    measure.check("over: counts and last sums as generated", {u: (counts[u], last[u]) for u in last} == truth)
    rows = job(folder, "tumble", 2, "100 ms", "print").output
    last = {}
    for user, total in re.findall(r"\+I\[(\d+), ([\d.]+)\]", rows):
        last[int(user)] = last.get(int(user), Decimal(0)) + Decimal(total)
    measure.check("tumble: sums over all windows as generated", last == {u: t for u, (_, t) in truth.items()})


def main():
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    records, rounds = (numbers + [20_000_000, 5][len(numbers):])[:2]
    small, folder = measure.folder(), measure.folder()
    measure.run(measure.BUILD / "bench/baselines/bench_purchases", small, 4, 300_000, 1000)
    with open(f"{small}/truth.csv") as file:
        gate(small, {int(r["user_id"]): (int(r["count"]), Decimal(r["total"])) for r in csv.DictReader(file)})
    measure.run(measure.BUILD / "bench/baselines/bench_purchases", folder, 4, records, 100_000)
    files = [f"{folder}/in/{i}.json" for i in range(4)]
    bare, one, two, others = [], [], [], {"over": [], "tumble": [], "iceberg": []}
    taken = []
    for _ in range(rounds):
        loop = measure.run(measure.BUILD / "bench/baselines/bench_simdjson_loop", *files)
        measure.check(f"bare loop: {loop.output.strip()}", loop.output.startswith(f"{records} records"))
        bare.append(loop)
        one.append(job(folder, "sum", 1, "500 ms"))
        taken.append(epochs(folder))
        two.append(job(folder, "sum", 2, "500 ms"))
        for name, runs in others.items():
            runs.append(job(folder, name, 1, "500 ms"))
    cpu = lambda runs: [r.cpu for r in runs]
    print(f"{records} records; bare loop {measure.spread([r.cpu / records * 1e9 for r in bare], ' ns')} of CPU a record; checkpoints {min(taken)}–{max(taken)}")
    measure.check("at least 5 checkpoints in every run", min(taken) >= 5)
    measure.ratio("CPU per event, SUM per user, 1 worker / bare loop", cpu(one), cpu(bare), 3.0)
    measure.ratio("wall time, 1 worker / 2 workers", [r.wall for r in one], [r.wall for r in two], 1.7, at_least=True)
    measure.ratio("CPU per event, OVER, 1 worker / bare loop", cpu(others["over"]), cpu(bare), 5.0)
    measure.ratio("CPU per event, TUMBLE, 1 worker / bare loop", cpu(others["tumble"]), cpu(bare), 5.0)
    measure.ratio("CPU per event, OVER into Iceberg, 1 worker / bare loop", cpu(others["iceberg"]), cpu(bare), None)
    measure.finish()


main()
