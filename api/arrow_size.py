"""How large an Arrow stream becomes when it is unpacked, read from its headers before anything is unpacked.

A few kilobytes of zstd can stand for gigabytes, and pyarrow unpacks a batch in one go. The layout is that of
Arrow's Message.fbs: flatbuffers tables, whose fields are found through a small table of offsets.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from

import pyarrow as pa

HEADER, DATA, BUFFERS, COMPRESSION = 2, 1, 2, 3  # places of the fields in their tables
BUFFER = 16  # bytes of its entry: offset and length
PREFIX = 8  # bytes in a packed buffer that say its unpacked length, -1 when it is not packed after all


def unpacked_size(stream: bytes) -> int:
    """Bytes of all buffers of an IPC stream once they are unpacked."""
    reader = pa.ipc.MessageReader.open_stream(stream)
    size = 0
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return size
        if message.type in ("record batch", "dictionary"):
            size += sum(_sizes(message.metadata.to_pybytes(), message.body, message.type == "dictionary"))


def _sizes(metadata: bytes, body: pa.Buffer, is_dictionary: bool) -> Iterator[int]:
    batch = _table(metadata, _field(metadata, _table(metadata, 0), HEADER))
    if is_dictionary:
        batch = _table(metadata, _field(metadata, batch, DATA))
    buffers = _table(metadata, _field(metadata, batch, BUFFERS))
    packed = _field(metadata, batch, COMPRESSION)
    (count,) = unpack_from("<I", metadata, buffers)
    for place in range(count):
        offset, length = unpack_from("<qq", metadata, buffers + 4 + BUFFER * place)
        said = unpack_from("<q", body, offset)[0] if packed and length >= PREFIX else -1
        yield max(length, said)


def _table(metadata: bytes, place: int) -> int:
    """Where the table or vector begins that is referred to at a place."""
    return int(place + unpack_from("<I", metadata, place)[0])


def _field(metadata: bytes, table: int, number: int) -> int:
    """Where a field of a table lies, 0 when it is left out."""
    fields = table - unpack_from("<i", metadata, table)[0]
    (size,) = unpack_from("<H", metadata, fields)
    entry = 4 + 2 * number
    (offset,) = unpack_from("<H", metadata, fields + entry) if entry < size else (0,)
    return table + offset if offset else 0
