"""Scripts and styles packed with gzip: each once while the server runs, known by its content, and for ever after."""

from __future__ import annotations

import gzip
import hashlib
import threading

from flask import Flask, Response, request

FOLDERS = ("/assets/", "/_dash-component-suites/")
TYPES = ("text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json")
SMALLEST = 500  # bytes; less is not worth it
FOREVER = "private, max-age=31536000, immutable"  # an address with ?m= changes with the file


class PackedFiles:
    """What was packed so far, by the digest of the content."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._one = threading.Lock()  # whoever else wants the same waits for it instead of packing it too

    def of(self, content: bytes) -> tuple[str, bytes]:
        """The digest of a file and what it packs to."""
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if digest not in self._packed:
            with self._one:
                if digest not in self._packed:
                    self._packed[digest] = gzip.compress(content, 9, mtime=0)
        return digest, self._packed[digest]


FILES = PackedFiles()


def install(server: Flask) -> None:
    """Send what is in FOLDERS packed to who takes gzip, and let browsers keep what will never change."""

    @server.after_request
    def pack(response: Response) -> Response:
        if not request.path.startswith(FOLDERS) or response.status_code != 200:
            return response
        if request.args.get("m"):  # Dash says so itself of its own
            response.headers["Cache-Control"] = FOREVER
        if response.mimetype not in TYPES or (response.content_length or SMALLEST) < SMALLEST:
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0 and not response.content_encoding:
            response.direct_passthrough = False
            digest, packed = FILES.of(response.get_data())
            response.set_data(packed)
            response.content_encoding = "gzip"
            response.set_etag(f"{digest}-gzip")
            response.make_conditional(request)
        return response
