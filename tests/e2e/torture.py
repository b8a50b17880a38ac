# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# What the torture tests share: the purchases pipeline, purchases with their truth, and the ways to hurt a running engine:
#   random_kills      kill -9 at random moments
#   labelled_crashes  a crash at every label of the source tree that this pipeline reaches
#   chained_crashes   a crash at one label, then one in the start that has to deal with it
#   zombies           an instance stopped (SIGSTOP) at a label, a second one started, the first continued: it must exit 3 within 2 s
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal

PIPELINE = """SET 'pipeline.name' = 'torture';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '{interval}';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ({source}, 'format' = 'json');
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
ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 20260101


class Purchases:
    """Purchases by seed, and the truth about them. Rows are at most 1 s out of order: none is late at 5 s of delay."""

    def __init__(self, users):
        self.random = random.Random(SEED)
        self.users, self.truth, self.produced = users, {}, 0

    def one(self):
        """(user, JSON text) of the next purchase."""
        r = self.random.random
        user, cents = 1 + int(r() * self.users), 1 + int(r() * 50000)
        ms = self.produced + int(r() * 1000)
        ts = f"2026-01-{1 + ms // 86400000:02} {ms // 3600000 % 24:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
        self.produced += 1
        count, total = self.truth.get(user, (0, 0))
        self.truth[user] = (count + 1, total + cents)
        return user, f'{{"purchase_id":{self.produced},"user_id":{user},"item":"x","amount":{cents // 100}.{cents % 100:02},"ts":"{ts}"}}'

    def write_truth(self, path):
        with open(path, "w") as out:
            out.write("user_id,count,total\n")
            for user, (count, cents) in sorted(self.truth.items()):
                out.write(f"{user},{count},{Decimal(cents) / 100}\n")


def fail(what):
    print("FAILED  " + what)
    sys.exit(1)


class Engine:
    """Starts the binary on the pipeline in `folder`; its output goes to engine.log there."""

    def __init__(self, binary, folder, interval, source):
        self.binary, self.folder, self.source = binary, folder, source
        self.write_script(interval)
        self.log = open(f"{folder}/engine.log", "w")

    def write_script(self, interval):
        pathlib.Path(f"{self.folder}/pipeline.sql").write_text(PIPELINE.format(dir=self.folder, interval=interval, source=self.source))

    def start(self, *more):
        return subprocess.Popen([self.binary, "run", f"{self.folder}/pipeline.sql", *more], stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                env={**os.environ, "SEMEL_TESTING": "1"})

    def finish(self):
        last = self.start("--until-end")
        if last.wait(timeout=120) != 0:
            fail(f"--until-end ended with {last.returncode}")

    def show_log(self):
        self.log.flush()
        print("".join(open(f"{self.folder}/engine.log").readlines()[-15:]))


def labels():
    found = set()
    for path in (ROOT / "src").rglob("*.cc"):
        if not path.name.endswith("_test.cc"):
            found |= set(re.findall(r'SEMEL_POINT\([^;]*?"([a-z_.]+)"\)', path.read_text()))
    return sorted(found)


def random_kills(engine, kills, longest):
    r = random.Random(SEED + 1)
    for _ in range(kills):
        process = engine.start()
        time.sleep(r.uniform(0.03, longest))
        if process.poll() is not None:
            fail(f"the engine ended by itself with {process.returncode}; see its log")
        process.kill()
        process.wait()
    print(f"ok      {kills} times kill -9 at random")


def labelled_crashes(engine, places, times, patience, least):
    """Crashes at the n-th passing of each label, for n in `times`; returns the labels where that happened."""
    reached, missed = [], []
    for label in places:
        for nth in times:
            process = engine.start("--inject", f"{label}:{nth}:crash")
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                missed.append(f"{label}:{nth}")
                continue
            if process.returncode != -signal.SIGKILL:
                fail(f"{label}:{nth} ended with {process.returncode}")
            reached.append(f"{label}:{nth}")
    print(f"ok      {len(reached)} crashes at labels; not reached in {patience} s: {', '.join(missed) or 'none'}")
    if len(reached) < least:
        fail("too few labels were reached")
    return {place.split(":")[0] for place in reached}


def chained_crashes(engine, pairs, patience):
    """Returns the second labels."""
    for pair in pairs:
        for label, nth in zip(pair, (2, 1)):
            process = engine.start("--inject", f"{label}:{nth}:crash")
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                process.kill()
                fail(f"{label} is not reached after a crash at {pair[0]}")
            if process.returncode != -signal.SIGKILL:
                fail(f"{label}:{nth} ended with {process.returncode}")
    print(f"ok      {len(pairs)} times a crash at a label, then one in the start after it")
    return {second for _, second in pairs}


def zombies(engine, count, places):
    for i in range(count):
        label = places[i % len(places)]
        first = engine.start("--inject", f"{label}:{2 + i // len(places)}:stop")
        deadline = time.time() + 20
        while pathlib.Path(f"/proc/{first.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
            if time.time() > deadline or first.poll() is not None:
                fail(f"no stop at {label}")
            time.sleep(0.01)
        second = engine.start()
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
    print(f"ok      {count} paused instances woke late and exited 3 within 2 s")
