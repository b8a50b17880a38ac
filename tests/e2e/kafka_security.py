# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Who may read a secured topic: TLS with and without a client's certificate, SASL PLAIN and SCRAM, each also with something wrong. No
# password may be found in what Semel printed or wrote.      kafka_security.py BINARY DIR PORT
import os
import pathlib
import re
import subprocess
import sys

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

BINARY, FOLDER, PORT = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3])
SSL, SASL_PLAINTEXT, SASL_SSL = PORT + 2, PORT + 3, PORT + 4
failures, printed = [], []


def check(what, good, shown=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {shown}"))
    if not good:
        failures.append(what)


def semel(name, verb, port, host="127.0.0.1", **options):
    options = {"properties.bootstrap.servers": f"{host}:{port}", "scan.startup.mode": "earliest-offset", "format": "json", "topic": "secured",
               "properties.default.api.timeout.ms": "3000", **{f"properties.{k}": v for k, v in options.items()}}
    with_ = ", ".join(f"'{k}' = '{v}'" for k, v in options.items())
    path = f"{FOLDER}/scripts/{name}.sql"
    pathlib.Path(path).write_text(f"SET 'pipeline.name' = '{name}';\nSET 'execution.checkpointing.dir' = '{FOLDER}/checkpoints';\n"
                                  f"CREATE TABLE t (id BIGINT) WITH ('connector' = 'kafka', {with_});\nCREATE TABLE out (id BIGINT) WITH ('connector' = 'print');\nINSERT INTO out SELECT id FROM t;\n")
    done = subprocess.run([BINARY, verb, *(["--until-end"] if verb == "run" else []), path], capture_output=True, text=True, timeout=60)
    printed.append(done.stdout + done.stderr)
    return done.returncode, re.findall(r"^\+I\[(.*)\]$", done.stdout, re.M), done.stderr


def reads(what, port, **options):
    code, rows, err = semel(re.sub(r"\W+", "-", what), "run", port, **options)
    check(f"{what}: reads", code == 0 and sorted(rows, key=int) == [str(i) for i in range(100)], f"{code} {err}")


def refused(what, code, words, port, **options):
    got, rows, err = semel(re.sub(r"\W+", "-", what), "run", port, **options)
    check(f"{what}: refused by name", got == code and rows == [] and words in err and "hint" in err, f"{got} {err}")


def login(module, user, password):
    return f"org.apache.kafka.common.security.{module} required username=\"{user}\" password=\"{password}\";"


os.makedirs(f"{FOLDER}/scripts")
admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{PORT}"})
admin.create_topics([NewTopic("secured", 2, 1)])["secured"].result()
producer = Producer({"bootstrap.servers": f"127.0.0.1:{PORT}"})
for i in range(100):
    producer.produce("secured", f'{{"id":{i}}}', partition=i % 2)
producer.flush(30)

trust = {"ssl.truststore.type": "PEM", "ssl.truststore.location": f"{FOLDER}/authority.pem"}
mine = {"ssl.keystore.type": "PEM", "ssl.keystore.location": f"{FOLDER}/client.pem"}
plain = {"sasl.mechanism": "PLAIN", "sasl.jaas.config": login("plain.PlainLoginModule", "alice", "canary-of-alice")}
scram = {n: {"sasl.mechanism": f"SCRAM-SHA-{n}", "sasl.jaas.config": login("scram.ScramLoginModule", "bob", "canary-of-bob")} for n in (256, 512)}

reads("TLS with a certificate of ours", SSL, **{"security.protocol": "SSL", **trust, **mine})
reads("SASL PLAIN", SASL_PLAINTEXT, **{"security.protocol": "SASL_PLAINTEXT", **plain})
reads("SASL PLAIN over TLS", SASL_SSL, **{"security.protocol": "SASL_SSL", **plain, **trust})
for n in (256, 512):
    reads(f"SCRAM-SHA-{n}", SASL_PLAINTEXT, **{"security.protocol": "SASL_PLAINTEXT", **scram[n]})
    reads(f"SCRAM-SHA-{n} over TLS", SASL_SSL, **{"security.protocol": "SASL_SSL", **scram[n], **trust})
reads("another name of the host, unchecked", SASL_SSL, host="localhost", **{"security.protocol": "SASL_SSL", **plain, **trust, "ssl.endpoint.identification.algorithm": ""})

wrong = login("scram.ScramLoginModule", "bob", "canary-wrong")
refused("a wrong password (PLAIN)", 77, "refuses user 'alice'", SASL_PLAINTEXT, **{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.jaas.config": login("plain.PlainLoginModule", "alice", "canary-wrong")})
refused("a wrong password (SCRAM)", 77, "refuses user 'bob'", SASL_PLAINTEXT, **{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": wrong})
refused("an unknown authority", 69, "certificate", SASL_SSL, **{"security.protocol": "SASL_SSL", **plain, "ssl.truststore.location": f"{FOLDER}/stranger.pem"})
refused("another name of the host", 69, "certificate", SASL_SSL, host="localhost", **{"security.protocol": "SASL_SSL", **plain, **trust})
refused("no certificate of ours", 69, "hint", SSL, **{"security.protocol": "SSL", **trust})
refused("no TLS where TLS is spoken", 69, "security.protocol", SSL)
refused("no login where one is wanted", 69, "security.protocol", SASL_PLAINTEXT)
refused("a mechanism that is not spoken", 78, "SCRAM-SHA-512", SASL_PLAINTEXT, **{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "GSSAPI"})

for verb in ("check", "explain"):
    code, _, err = semel(f"verb-{verb}", verb, SASL_SSL, **{"security.protocol": "SASL_SSL", **scram[512], **trust})
    check(f"semel {verb} gets in too", code == 0, err)
written = b"".join(p.read_bytes() for p in pathlib.Path(f"{FOLDER}/checkpoints").rglob("*") if p.is_file())
check("no password in what was printed or written", b"canary" not in written and not any("canary" in text for text in printed) and len(written) > 0)
sys.exit(1 if failures else 0)
