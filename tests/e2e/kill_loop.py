# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Drives the real binary through a followed file while killing it:
#   1. kill -9 at random moments   2. a crash at every label of the source tree that this pipeline reaches
#   3. an instance stopped (SIGSTOP) at a label, a second one started, the first continued: it must exit 3 within 2 s
# then finishes with --until-end. The truth is kept by this script alone (truth.csv); judge.py compares.
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

SCRIPT = """SET 'pipeline.name' = 'torture';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '100 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '{dir}/in', 'format' = 'json');
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-impl' = 'org.apache.iceberg.jdbc.JdbcCatalog',
  'uri' = 'jdbc:sqlite:{dir}/catalog.db', 'jdbc.schema-version' = 'V1', 'warehouse' = 'file://{dir}/warehouse');
CREATE DATABASE IF NOT EXISTS lake.shop;
CREATE TABLE IF NOT EXISTS lake.shop.running_sum (purchase_id BIGINT, user_id INT, amount DECIMAL(10,2), ts TIMESTAMP(3), total DECIMAL(38,2));
CREATE TABLE IF NOT EXISTS lake.shop.revenue (user_id INT, window_start TIMESTAMP(3), window_end TIMESTAMP(3), purchases BIGINT, revenue DECIMAL(38,2));
EXECUTE STATEMENT SET BEGIN
  INSERT INTO lake.shop.running_sum SELECT purchase_id, user_id, amount, ts, SUM(amount) OVER (PARTITION BY user_id ORDER BY ts) FROM purchases;
  INSERT INTO lake.shop.revenue SELECT user_id, window_start, window_end, COUNT(*), SUM(amount)
    FROM TABLE(TUMBLE(TABLE purchases, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY user_id, window_start, window_end;
END;
"""
KILLS, ZOMBIES, SEED = 40, 20, 20260101
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Producer(threading.Thread):
    """Appends purchases to four files until told to stop; keeps the truth."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.files = [open(f"{folder}/{i}.json", "a") for i in range(4)]
        self.random = random.Random(SEED)
        self.truth, self.produced, self.ending = {}, 0, threading.Event()

    def run(self):
        while not self.ending.is_set():
            for _ in range(60):
                self.one()
            for f in self.files:
                f.flush()
            time.sleep(0.02)

    def one(self):
        r = self.random
        user, cents = r.randint(1, 500), r.randint(1, 50000)
        # 4 files advance together and rows are at most 1 s out of order: none is late at 5 s of delay.
        ms = self.produced + r.randint(0, 1000)
        ts = f"2026-01-01 {ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
        self.produced += 1
        self.files[user % 4].write(f'{{"purchase_id":{self.produced},"user_id":{user},"item":"x","amount":{cents // 100}.{cents % 100:02},"ts":"{ts}"}}\n')
        count, total = self.truth.get(user, (0, 0))
        self.truth[user] = (count + 1, total + cents)


def labels():
    found = set()
    for path in (ROOT / "src").rglob("*.cc"):
        if not path.name.endswith("_test.cc"):
            found |= set(re.findall(r'SEMEL_POINT\([^;]*?"([a-z_.]+)"\)', path.read_text()))
    return sorted(found)


def start(binary, folder, log, *more):
    return subprocess.Popen([binary, "run", f"{folder}/pipeline.sql", *more], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, "SEMEL_TESTING": "1"})


def fail(what):
    print("FAILED  " + what)
    sys.exit(1)


def random_kills(binary, folder, log):
    r = random.Random(SEED + 1)
    for _ in range(KILLS):
        process = start(binary, folder, log)
        time.sleep(r.uniform(0.03, 0.6))
        if process.poll() is not None:
            fail(f"the engine ended by itself with {process.returncode}; see its log")
        process.kill()
        process.wait()
    print(f"ok      {KILLS} times kill -9 at random")


def labelled_crashes(binary, folder, log):
    reached, missed = [], []
    for label in labels():
        for nth in (1, 3):
            process = start(binary, folder, log, "--inject", f"{label}:{nth}:crash")
            try:
                process.wait(timeout=1.5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                missed.append(f"{label}:{nth}")
                continue
            if process.returncode != -signal.SIGKILL:
                fail(f"{label}:{nth} ended with {process.returncode}")
            reached.append(f"{label}:{nth}")
    print(f"ok      {len(reached)} crashes at labels; not reached in 1.5 s: {', '.join(missed) or 'none'}")
    if len(reached) < 20:
        fail("too few labels were reached")


def zombies(binary, folder, log):
    places = ["checkpoint.manifest.put.before", "checkpoint.manifest.put.after", "checkpoint.decided.after", "commit.sink.look.before", "commit.sink.try.before",
              "commit.iceberg.swap.before", "commit.iceberg.swap.after", "commit.receipt.put.before", "prepare.iceberg.data_file.before", "runtime.barrier.inject.before"]
    for i in range(ZOMBIES):
        label = places[i % len(places)]
        first = start(binary, folder, log, "--inject", f"{label}:{2 + i // len(places)}:stop")
        deadline = time.time() + 10
        while pathlib.Path(f"/proc/{first.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
            if time.time() > deadline or first.poll() is not None:
                fail(f"no stop at {label}")
            time.sleep(0.01)
        second = start(binary, folder, log)
        time.sleep(0.5)
        woken = time.time()
        first.send_signal(signal.SIGCONT)
        try:
            first.wait(timeout=10)
        except subprocess.TimeoutExpired:
            fail(f"a superseded instance goes on after {label}")
        took = time.time() - woken
        second.kill()
        second.wait()
        if first.returncode != 3 or took > 2:
            fail(f"{label}: exit code {first.returncode} after {took:.2f} s")
    print(f"ok      {ZOMBIES} paused instances woke late and exited 3 within 2 s")


def main(binary, folder):
    os.makedirs(f"{folder}/in")
    pathlib.Path(f"{folder}/pipeline.sql").write_text(SCRIPT.format(dir=folder))
    producer = Producer(f"{folder}/in")
    producer.start()
    with open(f"{folder}/engine.log", "w") as log:
        try:
            random_kills(binary, folder, log)
            labelled_crashes(binary, folder, log)
            zombies(binary, folder, log)
            producer.ending.set()
            producer.join()
            for f in producer.files:
                f.close()
            last = start(binary, folder, log, "--until-end")
            if last.wait(timeout=60) != 0:
                fail(f"--until-end ended with {last.returncode}")
        except SystemExit:
            log.flush()
            print("".join(open(f"{folder}/engine.log").readlines()[-15:]))
            raise
    with open(f"{folder}/truth.csv", "w") as out:
        out.write("user_id,count,total\n")
        for user, (count, cents) in sorted(producer.truth.items()):
            out.write(f"{user},{count},{Decimal(cents) / 100}\n")
    print(f"ok      {producer.produced} purchases, finished with --until-end")


main(os.path.abspath(sys.argv[1]), sys.argv[2])
