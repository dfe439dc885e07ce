"""What is wrong with the archive, in one sentence: what, where, and what to do.

delta-rs, Arrow and DuckDB say it in their own words, over many lines and with classes that differ from case to
case. Whatever they raise becomes StoreAway here, so that no process ends of it and every page can show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError

from data_access import diagnosis
from data_access.errors import Fenced, Misconfigured, StoreAway, Vanished
from data_access.object_store import is_remote

# What the three libraries raise. delta-rs also hands on bare Exception, and a panic of Rust as a BaseException.
THEIRS = (DeltaError, duckdb.Error, pa.ArrowException, OSError, ValueError, RuntimeError, ArithmeticError, MemoryError)
WAITS = "Until then new readings stay in Redis, and nothing is lost."
RIVAL = "concurrent|already exists|conflict|changed since last commit"  # how delta-rs says that another was first
LONGEST = 200  # characters of somebody else's words

CREDENTIALS = (
    "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and that they may read, write and list there"
)
NEWER = (
    "Another program has changed it: install the version of Cellwatch that reads it, or bring back the table of before"
)


class Saying(NamedTuple):
    """What is said, as a pattern; what that means; what to do; whether only other settings can help."""

    pattern: str
    what: str
    act: str
    settings: bool = False


# The first that fits counts.
SAYINGS = (
    Saying(
        r"NoSuchBucket|NO_SUCH_BUCKET",
        "there is no such bucket",
        "Make the bucket, or check CELLWATCH_ARCHIVE_URL and AWS_ENDPOINT_URL",
        settings=True,
    ),
    Saying(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|AccessDenied|ACCESS_DENIED|"
        r"INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|INVALID_CLIENT_TOKEN_ID|"
        r"40[13] (Forbidden|Unauthorized)|HTTP status 403",
        "the store refuses the credentials",
        CREDENTIALS,
        settings=True,
    ),
    Saying(
        r"InvalidCredentials|no credentials|CredentialsNotLoaded|credential provider|security-credentials|api/token",
        "there are no credentials for the store",
        CREDENTIALS,
        settings=True,
    ),
    Saying(
        r"URL scheme is not allowed",
        "its address begins with http://, which is not allowed by itself",
        "Set AWS_ALLOW_HTTP=true, or use https:// in AWS_ENDPOINT_URL",
        settings=True,
    ),
    Saying(
        r"timed out|Timeout was reached|Operation too slow",
        "the store does not answer in time",
        "See whether it runs and the network is there; on a slow line set AWS_TIMEOUT, such as 30s",
    ),
    Saying(
        r"\(Connect\)|NETWORK_CONNECTION|dns error|Connection re(fused|set)|error sending request",
        "the store cannot be reached",
        "See whether it runs, and check AWS_ENDPOINT_URL",
    ),
    Saying(
        r"No space left|os error 28\b|Disk quota|os error 122|File too large|os error 27\b|QuotaExceeded|StorageFull",
        "there is no space left",
        "Make room on its disk",
    ),
    Saying(
        r"Permission denied|os error 13\b|Read-only file system|os error 30\b|Operation not permitted",
        "this user may not write or read there",
        "Give the user that runs Cellwatch the folder with all that is in it",
    ),
    Saying(
        r"Input/output error|os error 5\b|Stale file handle|os error 116",
        "its disk fails",
        "Look at the disk and its cable or network; the files may need their backup",
    ),
    Saying(
        r"Out of Memory Error",
        "the answer needs more memory than it may take",
        "Ask for a shorter time or for fewer channels",
    ),
    Saying(
        r"older than the existing snapshot",
        "its newest versions are missing",
        "Bring the newest files of its _delta_log back if they are missed; what Redis still has is committed again",
    ),
    Saying(
        r"minimum (reader|writer) version|Unsupported table features|Feature '.*' is not supported|UnsupportedFeature",
        "it is written in a newer form of Delta than this version knows",
        "Another program has changed it: install a Cellwatch that knows it, or bring back the table of before",
    ),
)


def is_rival(error: BaseException) -> bool:
    """Whether a commit failed because another one came first, and not because it cannot be written at all."""
    return _known(error) is None and re.search(RIVAL, str(error), re.I) is not None


def is_theirs(error: BaseException) -> bool:
    """Whether a library says so of the archive, and not our own code of itself."""
    if isinstance(error, StoreAway | Fenced):
        return False
    return isinstance(error, THEIRS) or type(error) is Exception or type(error).__name__ == "PanicException"


@contextmanager
def reaching_table(url: str) -> Iterator[None]:
    """Turns every way in which a table can be away or damaged into StoreAway."""
    try:
        yield
    except BaseException as error:
        if not is_theirs(error):
            raise
        raise _kind(error)(sentence(url, error)) from error


@contextmanager
def reaching_files(files: Sequence[str]) -> Iterator[None]:
    """The same while data files are read: names the file that is damaged, or raises Vanished when it is missing."""
    try:
        yield
    except BaseException as error:
        if not is_theirs(error):
            raise
        raise _of_files(files, error) from error


def sentence(url: str, error: BaseException) -> str:
    """What is wrong with a table, or with the archive as a whole, and what to do."""
    where, said, found = f"The archive {url}", plainly(error), _known(error)
    if found is not None:
        return f"{where} cannot be used: {found.what} ({said}). {found.act}. {WAITS}"
    damage = diagnosis.of_log(url)
    if damage is not None:
        return f"{where} is damaged: {damage.what}. {damage.act}. {WAITS}"
    check = "its bucket and its credentials" if is_remote(url) else "that its folder exists, is writable and has space"
    return f"{where} cannot be reached: {said}. Check {check} (CELLWATCH_ARCHIVE_URL). {WAITS}"


def plainly(error: BaseException) -> str:
    """Somebody else's words on one line: without colours, backtrace and XML, and shortened."""
    lines = []
    for line in re.sub(r"\x1b\[[0-9;]*m|↳", "", str(error) or type(error).__name__).splitlines():
        if re.match(r"\s*\d+: ", line):  # a backtrace begins
            break
        lines.append(line.strip())
    code = re.search(r"<Code>(\w+)</Code>", " ".join(lines))
    text = re.sub(r"<\?xml.*", code[1] if code else "", " ".join(lines)).strip()
    return (text if len(text) <= LONGEST else text[: LONGEST // 3] + " … " + text[-LONGEST * 2 // 3 :]).rstrip(". ")


def _known(error: BaseException) -> Saying | None:
    return next((saying for saying in SAYINGS if re.search(saying.pattern, str(error))), None)


def _kind(error: BaseException) -> type[StoreAway]:
    found = _known(error)
    return Misconfigured if found is not None and found.settings else StoreAway


def _of_files(files: Sequence[str], error: BaseException) -> StoreAway:
    said, found = plainly(error), _known(error)
    if found is not None:
        return _kind(error)(f"The archive's files cannot be read: {found.what} ({said}). {found.act}.")
    damage = diagnosis.of_files(files, str(error))
    if damage is None:
        return StoreAway(f"One of {len(files)} files of the archive cannot be read: {said}.")
    kind = Vanished if damage.gone else StoreAway
    return kind(f"{damage.what}, so no answer can be complete. {damage.act}.")
