"""Answers that are made anew every time, packed with gzip as quickly as can be for who takes it."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

SMALLEST = 4_000  # bytes; less goes into three packets either way


def packed(answer: Response) -> Response:
    """The answer, smaller for who takes gzip: what we send is made of words that come again and again."""
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        answer.set_data(gzip.compress(answer.get_data(), compresslevel=1))
        answer.content_encoding = "gzip"
    return answer


def install(server: Flask) -> None:
    """Send the documents of pages packed. They are never kept: one brings along what was known when it was made."""

    @server.after_request
    def pack(response: Response) -> Response:
        if response.mimetype != "text/html" or response.is_streamed or response.content_encoding:
            return response
        response.headers["Cache-Control"] = "no-store"
        return packed(response) if (response.content_length or 0) >= SMALLEST else response
