# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# How long commits take when a table is young and when it is old: the same pipeline writes one row into an Iceberg table in each of some
# thousand epochs; the times are those of the snapshots themselves.     commit_age.py [EPOCHS]
import json
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import time

import measure

SCRIPT = """SET 'pipeline.name' = 'age';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '1 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE source (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/in.json', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:{dir}/catalog.db',
  'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE IF NOT EXISTS lake.db.t (id BIGINT);
INSERT INTO lake.db.t SELECT id FROM source;
"""


def metadata(folder):
    row = sqlite3.connect(f"{folder}/catalog.db").execute("select metadata_location from iceberg_tables").fetchone()
    return json.loads(pathlib.Path(row[0].replace("file://", "")).read_text())


def main():
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    epochs = (numbers + [5000][len(numbers):])[0]
    folder = measure.folder()
    pathlib.Path(f"{folder}/in.json").touch()
    pathlib.Path(f"{folder}/age.sql").write_text(SCRIPT.format(dir=folder))
    engine = subprocess.Popen([str(measure.SEMEL), "run", "--quiet", "--workers", "1", f"{folder}/age.sql"], stderr=subprocess.DEVNULL)
    times, rows, seen = {}, 0, 0
    try:
        with open(f"{folder}/in.json", "a") as out:
            deadline = time.monotonic() + 900
            while seen < epochs:
                for _ in range(200):  # every epoch finds a row
                    rows += 1
                    out.write(f'{{"id":{rows}}}\n')
                    out.flush()
                    time.sleep(0.0015)
                if time.monotonic() > deadline or engine.poll() is not None:
                    measure.wrong(f"the engine got to {seen} of {epochs} epochs")
                if pathlib.Path(f"{folder}/catalog.db").exists() and sqlite3.connect(f"{folder}/catalog.db").execute("select name from sqlite_master").fetchall():
                    table = metadata(folder)
                    seen = table["last-sequence-number"]
                    for snapshot in table["snapshots"]:
                        times[snapshot["sequence-number"]] = snapshot["timestamp-ms"]
    finally:
        engine.terminate()
        engine.wait()
    measure.run(measure.SEMEL, "run", "--quiet", "--until-end", f"{folder}/age.sql")
    table = metadata(folder)
    total = next(s for s in table["snapshots"] if s["snapshot-id"] == table["current-snapshot-id"])["summary"]["total-records"]
    measure.check(f"{rows} rows in {table['last-sequence-number']} epochs", int(total) == rows)

    def around(epoch):
        gaps = [times[n + 1] - times[n] for n in range(epoch - 90, epoch + 90) if n in times and n + 1 in times]
        measure.check(f"{len(gaps)} commits around epoch {epoch} were seen", len(gaps) >= 100)
        return gaps

    young, old = around(100), around(epochs - 100)
    print(f"from commit to commit: {measure.spread(young, ' ms')} around epoch 100, {measure.spread(old, ' ms')} around epoch {epochs - 100}; means {statistics.mean(young):.2f} and {statistics.mean(old):.2f} ms")
    measure.verdict(f"mean time per commit, epoch {epochs} / epoch 100", statistics.mean(old) / statistics.mean(young), f"{statistics.mean(old) / statistics.mean(young):.2f}x", 3.0)
    measure.finish()


main()
