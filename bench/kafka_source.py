# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# CPU per record of the Kafka source: four JSON fields into columns and into blackhole, against librdkafka's batch consumer that
# decodes nothing, in alternating runs on one real broker; 333-byte records, uncompressed.     kafka_source.py [RECORDS [ROUNDS]]
import re
import shutil
import socket
import subprocess
import sys

import measure

SERVICE = measure.ROOT / "tests/services/kafka.sh"
RIVAL = measure.BUILD / "bench/baselines/bench_rdkafka"
PARTITIONS = 2
SCRIPT = """SET 'pipeline.name' = 'bench';
SET 'execution.checkpointing.dir' = '{dir}/checkpoints';
CREATE TABLE purchases (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2)) WITH ('connector' = 'kafka', 'topic' = 'bench',
  'properties.bootstrap.servers' = '{bootstrap}', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json');
"""
SINKS = {
    "blackhole": "CREATE TABLE out (purchase_id BIGINT, user_id INT, item STRING, amount DECIMAL(10,2)) WITH ('connector' = 'blackhole');\n"
                 "INSERT INTO out SELECT purchase_id, user_id, item, amount FROM purchases;\n",
    "print": "CREATE TABLE out (n BIGINT, ids BIGINT) WITH ('connector' = 'print');\nINSERT INTO out SELECT COUNT(*), SUM(purchase_id) FROM purchases;\n",
}


def semel(folder, bootstrap, sink):
    shutil.rmtree(f"{folder}/checkpoints", ignore_errors=True)
    path = f"{folder}/{sink}.sql"
    with open(path, "w") as out:
        out.write(SCRIPT.format(dir=folder, bootstrap=bootstrap) + SINKS[sink])
    return measure.run(measure.SEMEL, "run", "--quiet", "--workers", 1, path)


def main():
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    records, rounds = (numbers + [4_000_000, 5][len(numbers):])[:2]
    folder = measure.folder()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bootstrap = measure.run(SERVICE, "start", f"{folder}/kafka", port).output.strip()
    try:
        measure.run(SERVICE, "tool", "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", bootstrap, "--create", "--topic", "bench", "--partitions", PARTITIONS)
        measure.run(RIVAL, "fill", bootstrap, "bench", PARTITIONS, records, 333)
        counted = re.findall(r"\+[IU]\[(\d+), (\d+)\]", semel(folder, bootstrap, "print").output)
        measure.check(f"{records} records, every id once", counted[-1] == (str(records), str(records * (records - 1) // 2)))
        mine, theirs = [], []
        for _ in range(rounds):
            mine.append(semel(folder, bootstrap, "blackhole"))
            theirs.append(measure.run(RIVAL, "drain", bootstrap, "bench", PARTITIONS, records))
            measure.check(f"rival: {theirs[-1].output.strip()}", theirs[-1].output.startswith(f"{records} records {records * 333} bytes"))
    finally:
        subprocess.run([SERVICE, "stop", f"{folder}/kafka"], check=True)
    print(f"CPU a record: Semel {measure.spread([r.cpu / records * 1e9 for r in mine], ' ns')}, librdkafka {measure.spread([r.cpu / records * 1e9 for r in theirs], ' ns')}")
    measure.ratio("CPU per record, Kafka source / librdkafka batches", [r.cpu for r in mine], [r.cpu for r in theirs], 1.3)
    measure.finish()


main()
