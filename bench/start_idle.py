# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# From the start of the process to the first row in print, and the memory of an idle pipeline that writes into Iceberg.  start_idle.py [RUNS]
import pathlib
import shutil
import subprocess
import sys
import time

import measure

START = """SET 'pipeline.name' = 'start';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
CREATE TABLE source (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/in.json', 'format' = 'json');
CREATE TABLE out (id BIGINT) WITH ('connector' = 'print');
INSERT INTO out SELECT id FROM source;
"""
IDLE = """SET 'pipeline.name' = 'idle';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '200 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE source (id BIGINT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '{dir}/in.json', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog', 'uri' = 'jdbc:sqlite:{dir}/catalog.db',
  'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE IF NOT EXISTS lake.db.t (id BIGINT, total BIGINT);
INSERT INTO lake.db.t SELECT id, SUM(v) OVER (PARTITION BY id ORDER BY ts) FROM source;
"""


def main():
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    runs = (numbers + [15][len(numbers):])[0]
    folder = measure.folder()
    pathlib.Path(f"{folder}/in.json").write_text('{"id":42,"v":1,"ts":"2026-01-01 00:00:00"}\n')
    pathlib.Path(f"{folder}/start.sql").write_text(START.format(dir=folder))
    pathlib.Path(f"{folder}/idle.sql").write_text(IDLE.format(dir=folder))
    times = []
    for _ in range(runs):
        shutil.rmtree(f"{folder}/checkpoints", ignore_errors=True)
        begin = time.monotonic()
        process = subprocess.Popen([str(measure.SEMEL), "run", "--quiet", f"{folder}/start.sql"], stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        times.append((time.monotonic() - begin) * 1000)
        process.stdout.read()
        if process.wait() != 0 or line.strip() != "+I[42]":
            measure.wrong(f"printed {line!r}")
    measure.check("every run printed its row", True)
    measure.verdict("start to first row", sorted(times)[len(times) // 2], measure.spread(times, " ms"), 150)
    shutil.rmtree(f"{folder}/checkpoints", ignore_errors=True)
    engine = subprocess.Popen([str(measure.SEMEL), "run", "--quiet", f"{folder}/idle.sql"], stderr=subprocess.DEVNULL)
    time.sleep(5)
    if engine.poll() is not None:
        measure.wrong("the idle pipeline ended")
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{engine.pid}/status").read_text().splitlines())
    engine.terminate()
    measure.check("the idle pipeline stops cleanly", engine.wait() == 0)
    resident = int(status["VmRSS"].split()[0]) / 1024
    measure.verdict("resident memory of an idle pipeline", resident, f"{resident:.0f} MB", 80)
    measure.finish()


main()
