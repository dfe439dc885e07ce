"""Answers of the API: plain JSON without NaN, and refusals that say in one sentence what is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from flask import Response


class Refused(Exception):
    """A request that cannot be served: the status, and the sentence the client gets."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, dict(headers or {})


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The content as a JSON response."""
    return Response(to_json(content), status, dict(headers or {}), mimetype="application/json")


def refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Why a request is not served, as every route of the API says it."""
    return answer({"error": sentence}, status, headers)


def to_json(content: Any) -> str:
    """The content as JSON; a missing number is null."""
    try:
        return json.dumps(content, separators=(",", ":"), allow_nan=False, default=_of_other_types)
    except ValueError:
        return json.dumps(plain(content), separators=(",", ":"), allow_nan=False, default=_of_other_types)


def plain(value: Any) -> Any:
    """The value with null for every number that JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def _of_other_types(value: Any) -> Any:
    return plain(value.item()) if hasattr(value, "item") else str(value)
