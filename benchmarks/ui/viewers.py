"""Many viewers of one stream, in a process of their own: ``python -m benchmarks.ui.viewers PORT COUNT SECONDS``.

Writes how long after the watcher had published it the frames came: the id of a frame is that moment in Redis.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time

ASK = "GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nAccept: text/event-stream\r\n\r\n"
FRAME = re.compile(rb"id: (\d+)-\d+\nevent: frame\n")
SETTLE_SECONDS = 3.0  # the full frame to begin with


def main(port: int, count: int, seconds: float) -> None:
    chosen = selectors.DefaultSelector()
    for _ in range(count):
        line = socket.create_connection(("127.0.0.1", port), timeout=30)
        line.sendall(ASK.format(port).encode())
        chosen.register(line, selectors.EVENT_READ)
    begin = time.monotonic() + SETTLE_SECONDS
    late: list[float] = []
    size = 0
    while time.monotonic() < begin + seconds:
        for key, _ in chosen.select(timeout=0.5):
            read = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]
            now = time.time()
            if not read:
                chosen.unregister(key.fileobj)
            elif time.monotonic() > begin:
                size += len(read)
                late += [1000 * now - int(found) for found in FRAME.findall(read)]
    told = {"late_ms": sorted(late), "bytes": size, "still": len(chosen.get_map())}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
