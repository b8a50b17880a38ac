#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# A real Kafka behind TLS and SASL: who gets in, who does not, and that no password is found anywhere afterwards.   kafka_security.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap '"$here/../services/kafka.sh" stop "$work/kafka"; rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1] // 8 * 8)')

# An authority; a broker's certificate for the address only; a client's; a stranger's authority.
make_authority() { openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null; }
make_certificate() {  # NAME EXTENSION: NAME.pem holds key and certificate
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
  openssl x509 -req -in "$work/$1.csr" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial -days 2 -extfile <(echo "$2") -out "$work/$1.crt" 2>/dev/null
  cat "$work/$1.key" "$work/$1.crt" >"$work/$1.pem"
}
make_authority authority
make_authority stranger
make_certificate broker "subjectAltName=IP:127.0.0.1"
make_certificate client "extendedKeyUsage=clientAuth"

{
  names="PLAINTEXT://127.0.0.1:$port,SSL://127.0.0.1:$((port + 2)),SASL_PLAINTEXT://127.0.0.1:$((port + 3)),SASL_SSL://127.0.0.1:$((port + 4))"
  echo "listeners=$names,CONTROLLER://127.0.0.1:$((port + 1))"
  echo "advertised.listeners=$names,CONTROLLER://127.0.0.1:$((port + 1))"
  echo "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
  echo "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
  for listener in sasl_plaintext sasl_ssl; do
    echo "listener.name.$listener.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice=\"canary-of-alice\";"
    for hash in 256 512; do echo "listener.name.$listener.scram-sha-$hash.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;"; done
  done
  for store in keystore truststore; do echo "ssl.$store.type=PEM"; done
  echo "ssl.keystore.location=$work/broker.pem"
  echo "ssl.truststore.location=$work/authority.pem"
  echo "listener.name.ssl.ssl.client.auth=required"
} >"$work/settings"
users="--add-scram SCRAM-SHA-256=[name=bob,iterations=4096,password=canary-of-bob] --add-scram SCRAM-SHA-512=[name=bob,iterations=8192,password=canary-of-bob]"
SEMEL_KAFKA_SETTINGS=$work/settings SEMEL_KAFKA_FORMAT=$users "$here/../services/kafka.sh" start "$work/kafka" "$port" >/dev/null
"$python" -u "$here/kafka_security.py" "$1" "$work" "$port"
