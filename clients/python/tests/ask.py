# SPDX-License-Identifier: Apache-2.0
"""
python3 ask.py RELAY…: reads questions from standard input, one JSON a line, and prints the answers. With the environment
variable TOKEN_SECRET_FILE, tokens are sealed on the way to the relays.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import Union

from tidemark_client import CombinedAnswer, Token, TokenSeal, WatermarkAnswer, WatermarkClient

secrets = os.environ.get("TOKEN_SECRET_FILE")
seal = TokenSeal.from_file(secrets) if secrets else None

with WatermarkClient(sys.argv[1:], seal=seal) as client:
    for line in sys.stdin:
        question = json.loads(line)
        projections, timeout = question["projections"], question["timeoutMillis"] / 1000
        wanted = Token.parse(question["token"]) if question["token"].startswith("tm1") else question["token"]
        answer: Union[WatermarkAnswer, CombinedAnswer] = (
            client.await_(projections[0], wanted, timeout)
            if len(projections) == 1
            else client.await_all(projections, wanted, timeout)
        )
        print(json.dumps(dataclasses.asdict(answer), default=str), flush=True)
