"""Bodies of requests: how large they may be, unpacked where they are packed, and read as JSON."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any, NoReturn

from flask import request

from api.answers import Refused

MOST_BYTES = 16 * 1024 * 1024  # packed and unpacked
MOST_DRAINED = 64 * 1024 * 1024
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')
TOO_LARGE = f"The body is over {MOST_BYTES // 1024**2} MiB, packed or unpacked; send it in parts."


class Repeated(dict[str, Any]):
    """A JSON object that says one key twice, so that nobody can know what was meant."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.key = next(name for place, name in enumerate(names) if name in names[:place])


def body() -> bytes:
    """The body of the request, unpacked."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise Refused(415, f'Unknown Content-Encoding "{encoding}"; expected gzip or none.')
    if (request.content_length or 0) > MOST_BYTES:
        _drain()
        raise Refused(413, TOO_LARGE)
    sent = request.stream.read(MOST_BYTES + 1)
    if len(sent) > MOST_BYTES:
        raise Refused(413, TOO_LARGE)
    return _unpacked(sent) if encoding.endswith("gzip") else sent


def _drain() -> None:
    """Reads on past the limit: a client that is cut off while it sends never sees why."""
    left = MOST_DRAINED
    while left > 0 and (part := request.stream.read(1 << 20)):
        left -= len(part)


def _unpacked(packed: bytes) -> bytes:
    parts: list[bytes] = []
    room = MOST_BYTES + 1
    while packed:
        member = zlib.decompressobj(wbits=31)
        try:
            parts.append(member.decompress(packed, room))
        except zlib.error as error:
            raise Refused(400, f"The body is not gzip, as Content-Encoding says: {error}.") from error
        room -= len(parts[-1])
        if room <= 0:
            raise Refused(413, TOO_LARGE)
        if not member.eof:
            raise Refused(400, "The gzip body ends before its end; it was cut off on the way.")
        packed = member.unused_data
    return b"".join(parts)


def json_object() -> dict[str, Any]:
    """The JSON object a small request carries; an empty body is an empty one."""
    sent = body()
    if not sent.strip():
        return {}
    if request.mimetype != "application/json":
        raise Refused(415, f'Unknown Content-Type "{request.mimetype}"; expected application/json.')
    content = parse_json(sent)
    if not isinstance(content, dict):
        raise Refused(400, "Expected a JSON object.")
    if isinstance(content, Repeated):
        raise Refused(400, f'The JSON object has the key "{content.key}" twice.')
    return content


def parse_json(sent: bytes) -> Any:
    """The JSON content; what is not JSON is refused with the place where it stops being that."""
    text = to_text(sent)
    try:
        return _read(text)
    except _Literal as literal:
        raise Refused(400, _where_the_literal_is(text, str(literal))) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno} (char {error.pos})"
        raise Refused(400, f"Malformed JSON at {where}: {error.msg}.") from error
    except RecursionError as error:
        raise Refused(400, "Malformed JSON: nested too deeply.") from error


def _read(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_to_object, parse_constant=_no_literal)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more digits than Python reads: its row is rejected, not all
        return json.loads(text, object_pairs_hook=_to_object, parse_constant=_no_literal, parse_int=_to_integer)


def to_text(sent: bytes) -> str:
    """The body as text, which is always UTF-8."""
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(400, f"The body is not UTF-8 at byte {error.start}: {error.reason}.") from error


class _Literal(Exception):
    """NaN or Infinity, which Python would read but JSON does not have."""


def _no_literal(word: str) -> NoReturn:
    raise _Literal(word)


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Repeated(pairs)


def _to_integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 400 else float("-inf" if digits.startswith("-") else "inf")


def _where_the_literal_is(text: str, word: str) -> str:
    place = next(found.start() for found in LITERAL.finditer(text) if found[0] == word)
    line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    return f"Malformed JSON at line {line} column {column} (char {place}): JSON has no {word}; a missing value is null."
