# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# The torture on a followed folder of four files: random kills, every label, zombies, then --until-end. The truth is kept by this
# script alone (truth.csv); judge.py compares.
import os
import sys
import threading
import time

import torture

ZOMBIE_PLACES = ["checkpoint.manifest.put.before", "checkpoint.manifest.put.after", "checkpoint.decided.after", "commit.sink.look.before", "commit.sink.try.before",
                 "commit.iceberg.swap.before", "commit.iceberg.swap.after", "commit.receipt.put.before", "prepare.iceberg.data_file.before", "runtime.barrier.inject.before"]
# Where the engine dies, and where the start dies that finds an attempt decided but not committed, or one that will never be.
CHAINS = [("checkpoint.decided.after", "recovery.attempt.resolve.before"), ("commit.iceberg.swap.before", "recovery.attempt.resolve.before"),
          ("commit.iceberg.swap.after", "recovery.attempt.resolve.before"), ("commit.receipt.put.before", "recovery.attempt.resolve.before"),
          ("prepare.iceberg.data_file.after", "recovery.void.discard.before"), ("checkpoint.manifest.put.before", "recovery.void.discard.before")]


class FileProducer(threading.Thread):
    """Appends purchases to four files, which advance together, until told to stop."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self.files = [open(f"{folder}/{i}.json", "a") for i in range(4)]
        self.purchases, self.ending = torture.Purchases(users=500), threading.Event()

    def run(self):
        while not self.ending.is_set():
            for _ in range(60):
                user, text = self.purchases.one()
                self.files[user % 4].write(text + "\n")
            for f in self.files:
                f.flush()
            time.sleep(0.02)

    def finish(self):
        self.ending.set()
        self.join()
        for f in self.files:
            f.close()


def main(binary, folder):
    os.makedirs(f"{folder}/in")
    producer = FileProducer(f"{folder}/in")
    producer.start()
    engine = torture.Engine(binary, folder, "100 ms", f"'connector' = 'filesystem', 'path' = '{folder}/in'")
    try:
        torture.random_kills(engine, 40, 0.6)
        reached = torture.labelled_crashes(engine, torture.labels(), (1, 3), 1.5, least=20)
        reached |= torture.chained_crashes(engine, CHAINS, 10)
        engine.write_script("1 ms")  # a thousand receipts are folded into one file
        reached |= torture.labelled_crashes(engine, ["commit.receipt.fold.before"], (1,), 300, least=1)
        engine.write_script("100 ms")
        if reached != set(torture.labels()):
            torture.fail(f"no crash at {set(torture.labels()) - reached}")
        print(f"ok      a crash at each of the {len(reached)} labels")
        torture.zombies(engine, 20, ZOMBIE_PLACES)
        producer.finish()
        engine.finish()
    except SystemExit:
        engine.show_log()
        raise
    producer.purchases.write_truth(f"{folder}/truth.csv")
    print(f"ok      {producer.purchases.produced} purchases, finished with --until-end")


main(os.path.abspath(sys.argv[1]), sys.argv[2])
