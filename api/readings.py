"""POST /readings: rows come in, good ones are durable before the answer, bad ones are named and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, Response, request

from api.answers import Refused, answer
from api.bodies import body
from api.sent_rows import SentRows, of_arrow, of_csv, of_json
from cycling.types import Rejection
from cycling.validation import Validated, validate
from data_access.lab import lab

readings = Blueprint("readings", __name__)

READERS: Mapping[str, Callable[[bytes], SentRows]] = {
    "application/json": of_json,
    "text/csv": of_csv,
    "application/vnd.apache.arrow.stream": of_arrow,
}


@readings.post("/readings")
def post_readings() -> Response:
    reader = READERS.get(request.mimetype)
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if reader is None or charset not in ("utf-8", "utf8", "us-ascii"):
        said = request.headers.get("Content-Type", "")
        raise Refused(415, f'Unknown Content-Type "{said}"; expected one of {", ".join(READERS)}, in UTF-8.')
    sent = body()
    if not sent.strip():
        raise Refused(400, "The body is empty; expected readings.")
    accepted, rejected = take(reader(sent), received=time.time(), source=f"http {request.remote_addr}")
    return answer({"accepted": accepted, "rejected": [asdict(one) for one in rejected]}, 202)


def take(rows: SentRows, *, received: float, source: str) -> tuple[int, list[Rejection]]:
    """Store the good rows durably and keep the others in quarantine."""
    checked = validate(rows.columns, received=received, text_numbers=rows.text_numbers)
    index = [rows.index[row] for row in checked.index.tolist()]
    of_checked = (replace(rejection, index=rows.index[rejection.index]) for rejection in checked.rejected)
    known_bad = _in_order([*rows.rejected, *of_checked])
    accepted = 0
    refused: tuple[Rejection, ...] = ()
    if len(checked.batch):
        raw = None if rows.raw is None else _Picked(rows.raw, index)
        stored = lab().live.ingest(checked.batch, received=received, source=source, raw=raw, index=index)
        accepted, refused = stored.accepted, stored.rejected
    if known_bad:
        lab().live.quarantine(source, received, known_bad, _raw(rows, checked, known_bad))
    return accepted, _in_order([*known_bad, *refused])


def _in_order(rejected: Sequence[Rejection]) -> list[Rejection]:
    return sorted(rejected, key=lambda rejection: rejection.index)


def _raw(rows: SentRows, checked: Validated, rejected: Sequence[Rejection]) -> dict[int, Any]:
    """The rejected rows as they were sent, by input row."""
    if rows.raw is not None:
        return {rejection.index: rows.raw[rejection.index] for rejection in rejected}
    return {
        rows.index[one.index]: {name: _plain(values[one.index]) for name, values in rows.columns.items()}
        for one in checked.rejected
    }


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


class _Picked(Sequence[Any]):
    """Some items of a list, without copying them."""

    def __init__(self, items: Sequence[Any], index: Sequence[int]) -> None:
        self.items, self.places = items, index

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: Any) -> Any:
        return self.items[self.places[place]]
