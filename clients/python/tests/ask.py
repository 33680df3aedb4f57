# SPDX-License-Identifier: Apache-2.0
"""python3 ask.py RELAY…: reads questions from standard input, one JSON a line, and prints the answers."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Union

from tidemark_client import CombinedAnswer, WatermarkAnswer, WatermarkClient

with WatermarkClient(sys.argv[1:]) as client:
    for line in sys.stdin:
        question = json.loads(line)
        projections, timeout = question["projections"], question["timeoutMillis"] / 1000
        answer: Union[WatermarkAnswer, CombinedAnswer] = (
            client.await_(projections[0], question["token"], timeout)
            if len(projections) == 1
            else client.await_all(projections, question["token"], timeout)
        )
        print(json.dumps(dataclasses.asdict(answer), default=str), flush=True)
