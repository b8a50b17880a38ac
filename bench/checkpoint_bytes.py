# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Bytes of state that a checkpoint writes when 1 % of 1,000,000 keys changed at random since the last one, against the full state.
# Compaction (a full base written again) is included: its bytes are spread over the checkpoints between two bases.
#   checkpoint_bytes.py [KEYS [CHECKPOINTS]]
import pathlib
import random
import subprocess
import sys
import time

import measure

SCRIPT = """SET 'pipeline.name' = 'bytes';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
SET 'execution.checkpointing.interval' = '300 ms';
SET 'semel.filesystem.follow' = 'true';
CREATE TABLE source (k BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/in.json', 'format' = 'json');
CREATE TABLE out (k BIGINT, v BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO out SELECT k, SUM(v) FROM source GROUP BY k;
"""


def segments(folder):
    """Size of every segment in the store, by name."""
    found = {}
    for path in pathlib.Path(f"{folder}/checkpoints").rglob("*"):
        if path.parent.name == "segments":
            try:
                found[path.name] = path.stat().st_size
            except FileNotFoundError:
                pass
    return found


def main():
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    keys, wanted = (numbers + [1_000_000, 60][len(numbers):])[:2]
    folder = measure.folder()
    source = open(f"{folder}/in.json", "w")
    pathlib.Path(f"{folder}/bytes.sql").write_text(SCRIPT.format(dir=folder))
    for k in range(keys):
        source.write(f'{{"k":{k * 7919},"v":1}}\n')
    source.flush()
    engine = subprocess.Popen([str(measure.SEMEL), "run", "--quiet", "--workers", "1", f"{folder}/bytes.sql"], stderr=subprocess.DEVNULL)
    seen, epochs, r = {}, [], random.Random(1)
    try:
        # Until the whole input is in a checkpoint: no new segments for a while.
        quiet = time.monotonic()
        while time.monotonic() - quiet < 2:
            now = segments(folder)
            if set(now) - set(seen):
                seen.update(now)
                quiet = time.monotonic()
            time.sleep(0.05)
            if engine.poll() is not None:
                measure.wrong("the engine ended")
        for _ in range(wanted):
            before = set(seen)
            for k in r.sample(range(keys), keys // 100):
                source.write(f'{{"k":{k * 7919},"v":1}}\n')
            source.flush()
            quiet = time.monotonic()
            while time.monotonic() - quiet < 0.7:  # more than two checkpoints: all of it is written
                seen.update(segments(folder))
                time.sleep(0.05)
            epochs.append(sum(size for name, size in seen.items() if name not in before))
    finally:
        engine.terminate()
        engine.wait()
    full = max(seen.values())
    deltas = [b for b in epochs if b < full / 2]
    compactions = len(epochs) - len(deltas)
    measure.check(f"{compactions} compactions in {len(epochs)} rounds, full state {full} bytes for {keys} keys", full > keys * 4 and compactions >= 1)
    mean = sum(epochs) / len(epochs)
    print(f"a round without compaction writes {measure.spread([100 * b / full for b in deltas], ' %')} of the full state")
    measure.verdict("bytes per checkpoint, 1 % of keys changed, compaction included", 100 * mean / full, f"{100 * mean / full:.2f} %", 5.0)
    measure.finish()


main()
