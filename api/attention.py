"""GET /attention: what a lab should look at besides its alerts, worked out twice a minute, however many ask."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response

from api.answers import answer
from data_access.attention import attention_of
from data_access.caching import cached
from data_access.lab import lab

EVERY = 30  # seconds

attention = Blueprint("attention", __name__)


@attention.get("/attention")
def get_attention() -> Response:
    now = time.time()

    def read() -> dict[str, Any]:
        return attention_of(lab(), now).to_json()

    return answer(cached("attention", now // EVERY, compute=read, seconds=2 * EVERY))
