# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# The corpus of the comparison with Flink: 2,000 purchases over some three minutes, up to 1 s out of order (none is late at 5 s of delay),
# with equal times (RANGE ties), NULL items and amounts, and negative amounts.      make_corpus.py > purchases.json
import random

r = random.Random(20260101)
for n in range(2000):
    ms = n * 100 + r.randint(0, 1000)
    if r.random() < 0.3:
        ms = ms // 1000 * 1000  # ties
    amount = "null" if r.random() < 0.02 else f"{r.randint(-5000, 50000) / 100:.2f}"
    item = "null" if r.random() < 0.05 else '"' + r.choice(["tea", "coffee", "crème brûlée", "say \\\"hi\\\""]) + '"'
    ts = f"2026-01-01 {ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
    print(f'{{"purchase_id":{n},"user_id":{r.randint(1, 40)},"item":{item},"amount":{amount},"ts":"{ts}"}}')
