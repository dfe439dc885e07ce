"""Events of a stream packed with gzip: each once for all viewers who take it.

A gzip stream may be cut into blocks that lean on nothing before them and end at a byte. So an event that was packed
by itself can be sent to any viewer at any place of his stream; only the head of the stream is his own.
"""

from __future__ import annotations

import zlib

HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # gzip, deflate, no name, no time, of an unknown system
LEVEL = 4


def packed_event(event: bytes) -> bytes:
    """An event as a piece of a gzip stream, to be sent after HEAD and other pieces."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(event) + packer.flush(zlib.Z_FULL_FLUSH)
