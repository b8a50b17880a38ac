# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# The torture on a real Kafka topic of four partitions, keyed by user: purchases come at a steady pace while the engine is killed at
# random and at every label inside the commit, the broker itself once; then --until-end. judge.py compares with truth.csv.
#   kafka_torture.py BINARY DIR BOOTSTRAP PURCHASES PER_SECOND
import os
import subprocess
import sys
import time

import torture
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

SERVICE = f"{torture.ROOT}/tests/services/kafka.sh"
TOPIC = "purchases"


def produce(folder, bootstrap, total, per_second):
    """Runs as a process of its own. Idempotent, so that the topic holds each purchase once whatever happens to the broker."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "compression.type": "lz4", "queue.buffering.max.messages": 1000000,
                         "message.timeout.ms": 120000, "log_level": 2})
    lost = []

    def delivered(error, _):
        if error is not None:
            lost.append(str(error))

    purchases = torture.Purchases(users=5000)
    begin, tick = time.monotonic(), 0.02
    for n in range(1, int(total / per_second / tick) + 1):
        while purchases.produced < min(total, int(n * per_second * tick)):
            user, text = purchases.one()
            # The partition is the user's, so that the partitions advance together in event time.
            producer.produce(TOPIC, text, key=str(user), partition=user % 4, on_delivery=delivered)
        producer.poll(0)
        time.sleep(max(0, begin + n * tick - time.monotonic()))
    producer.flush(120)
    if lost or len(producer) > 0:
        torture.fail(f"the producer lost {len(lost)} purchases: {lost[:1]}")
    purchases.write_truth(f"{folder}/truth.csv")
    print(f"ok      {purchases.produced} purchases in {time.monotonic() - begin:.0f} s, {purchases.produced / (time.monotonic() - begin):.0f} a second")


def restart_broker(data):
    subprocess.run([SERVICE, "kill", data], check=True)
    subprocess.run([SERVICE, "start", data, "0"], check=True, stdout=subprocess.DEVNULL)
    print("ok      broker killed and started again")


def main(binary, folder, bootstrap, data, total, per_second):
    os.makedirs(folder)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(TOPIC, 4, 1)])[TOPIC].result()
    producer = subprocess.Popen([sys.executable, __file__, "produce", folder, bootstrap, str(total), str(per_second)])
    engine = torture.Engine(binary, folder, "200 ms", f"'connector' = 'kafka', 'topic' = '{TOPIC}', 'properties.bootstrap.servers' = '{bootstrap}', "
                            "'properties.group.id' = 'torture', 'scan.startup.mode' = 'earliest-offset'")
    inside = [label for label in torture.labels() if label.split(".")[0] in ("checkpoint", "commit", "prepare")]
    try:
        torture.random_kills(engine, 15, 2.5)
        torture.labelled_crashes(engine, inside, (2,), 3, least=10)
        restart_broker(data)
        torture.random_kills(engine, 20, 1.5)
        if producer.wait(timeout=300) != 0:
            torture.fail("the producer failed")
        torture.zombies(engine, 2, ["runtime.barrier.inject.before", "checkpoint.manifest.put.before"])
        engine.finish()
    except SystemExit:
        engine.show_log()
        producer.kill()
        raise
    print("ok      finished with --until-end")


if sys.argv[1] == "produce":
    produce(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
else:
    main(os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
