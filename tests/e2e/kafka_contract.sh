#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# What the Kafka source promises, case by case, against a real broker.   kafka_contract.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap '"$here/../services/kafka.sh" stop "$work/kafka"; rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
bootstrap=$("$here/../services/kafka.sh" start "$work/kafka" "$port")
"$python" -u "$here/kafka_contract.py" "$1" "$work/run" "$bootstrap"
