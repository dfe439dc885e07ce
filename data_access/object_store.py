"""The archive on an S3-compatible object store: how it is reached, and how its files are read.

Who we are there and where it is comes from the environment alone: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL and AWS_ALLOW_HTTP. Left to themselves the clients wait three
minutes for a store that is silent; here nobody waits longer than a few seconds, because everything is tried again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import dataset, fs, parquet

ANSWER_SECONDS = 5  # of one request, what it carries included: a commit of 250 000 rows is 3 MB
CONNECT_SECONDS = 2
STILL_SECONDS = 3  # without a byte, while a file is read
AT_ONCE = 16  # requests


def is_remote(url: str) -> bool:
    """Whether the URL leads to an object store and not to a folder."""
    return "://" in url


def options(url: str) -> dict[str, str] | None:
    """What the Delta client is told of an object store; None for a folder. AWS_TIMEOUT makes it more patient."""
    if not is_remote(url):
        return None
    patience = os.environ.get("AWS_TIMEOUT", f"{ANSWER_SECONDS}s")
    return {
        "timeout": patience,
        "connect_timeout": f"{CONNECT_SECONDS}s",
        "retry_timeout": patience,
        "max_retries": "3",
        "region": region(os.environ),
    }


def region(environ: Mapping[str, str]) -> str:
    """The region of the store; those that know none take any."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def filesystem_of(url: str) -> tuple[Any, str]:
    """The Arrow file system of a folder or ``s3://bucket/folder``, and the path of that folder in it."""
    if not is_remote(url):
        return fs.LocalFileSystem(), url
    parts = urlsplit(url)
    if parts.scheme not in ("s3", "s3a"):
        raise ValueError(f'{url}: expected a folder or s3://bucket/folder, not "{parts.scheme}://".')
    return _s3(os.environ.get("AWS_ENDPOINT_URL"), region(os.environ)), f"{parts.netloc}{parts.path}".rstrip("/")


def files_on(files: Sequence[str], *, alike: bool = False) -> Any:
    """Parquet files ``s3://bucket/…`` as one Arrow dataset with the columns of all of them, null where a file has
    none of a name. Scanned with columns and a filter it asks the store for no more than it needs.

    ``alike``: every file has every column that matters, so only the first is asked for its columns. Raises OSError
    or ArrowInvalid.
    """
    store, _ = filesystem_of(files[0])
    paths = [name.partition("://")[2] for name in files]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        schema = pa.unify_schemas(list(dict.fromkeys(pool.map(_schema, files[:1] if alike else files))))
    return dataset.dataset(paths, schema=schema, filesystem=store, format="parquet")


def put(url: str, content: bytes) -> None:
    """Writes one small object. Raises OSError."""
    store, path = filesystem_of(url)
    with store.open_output_stream(path) as sink:
        sink.write(content)


def read(url: str) -> bytes:
    """The content of one small object or file. Raises FileNotFoundError or another OSError."""
    store, path = filesystem_of(url)
    with store.open_input_stream(path) as source:
        return bytes(source.read())


def names(url: str) -> list[str]:
    """What is right in a folder, files and folders; empty when there is no such folder. Raises OSError."""
    store, path = filesystem_of(url)
    return [PurePosixPath(one.path).name for one in store.get_file_info(fs.FileSelector(path, allow_not_found=True))]


def listed(url: str) -> dict[str, int]:
    """The files right in a folder, with their sizes; empty when there is no such folder. Raises OSError."""
    store, path = filesystem_of(url)
    return _sizes(store.get_file_info(fs.FileSelector(path, allow_not_found=True)))


def sizes(urls: Sequence[str]) -> dict[str, int]:
    """The sizes of those files that are there, under their names without a folder. Raises OSError."""
    found = [filesystem_of(url) for url in urls]
    return _sizes(found[0][0].get_file_info([path for _, path in found])) if found else {}


def _sizes(found: Sequence[Any]) -> dict[str, int]:
    return {PurePosixPath(one.path).name: one.size for one in found if one.type == fs.FileType.File}


@lru_cache(maxsize=20_000)
def _schema(file: str) -> Any:
    """The columns of a data file. Data files are never changed, so each is asked once in the life of a process."""
    store, path = filesystem_of(file)
    return parquet.read_schema(path, filesystem=store)


@cache
def _s3(endpoint: str | None, region: str) -> Any:
    return fs.S3FileSystem(
        endpoint_override=endpoint,
        region=region,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=STILL_SECONDS,
        allow_delayed_open=True,  # a file of some megabytes is one request, not the three of a multipart upload
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=2),
    )
