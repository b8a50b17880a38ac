#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# A cluster of three real Kafka nodes whose leaders change while an engine reads, and logs that lose records.   kafka_cluster.sh BINARY
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap '"$here/../services/kafka.sh" stop-cluster "$work/kafka"; rm -rf "$work"' EXIT
python=$("$here/../readers/venv.sh")
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1] // 8 * 8)')
bootstrap=$("$here/../services/kafka.sh" start-cluster "$work/kafka" "$port")
"$python" -u "$here/kafka_cluster.py" "$1" "$work" "$bootstrap"
"$python" "$here/../readers/judge.py" "$work/run"
"$1" verify "$work/run/pipeline.sql"
