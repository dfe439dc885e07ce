"""The journal: what people said and did, appended and never changed; and the register of tests it feeds.

It lies in a Redis stream and in a Delta table; either can rebuild the other.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cycling.annotations import KIND, Annotation, of_entry
from cycling.topology import TestFacts, Topology
from data_access import facts, keys
from data_access.archive import Archive
from data_access.connection import Part, at_redis, number, text
from data_access.errors import StoreAway
from data_access.placing import place
from data_access.tests_now import from_json

PEOPLE = ("api", "page")  # a person who says the same again means it; lab.toml is read at every start
MOST_TRIES = 50


class Journal(Part):
    """Append-only; entries are ``{"id", "kind", "who", "at", …}`` with ids 1, 2, 3, …"""

    def __init__(self, client: Any, where: str, archive: Archive) -> None:
        super().__init__(client, where)
        self.archive = archive
        self._lock = threading.Lock()
        self._known: tuple[int, int, dict[int, dict[str, Any]]] = (-2, 0, {})  # version, position, annotations

    @at_redis
    def append(self, kind: str, who: str, at: float, **data: Any) -> str:
        """Adds one entry durably and says its id. Kinds: acknowledge, shelve, unshelve, out-of-service,
        return-to-service, comment, test, annotation."""
        entry = {**data, "kind": kind, "who": who, "at": at}
        return str(self.note(entry, test="", before="", now="")[1])

    @at_redis
    def entries(self, after: str = "0") -> list[dict[str, Any]]:
        """Every entry after one, in order."""
        found = self.since(int(after))
        if (found[0][0] if found else self._last() + 1) != int(after) + 1:  # Redis was emptied: the archive still knows
            missing = self.archived(int(after), found[0][0] if found else None)
            found = missing + found
        return [{**entry, "id": str(n)} for n, entry in found]

    @at_redis
    def annotations(self, channel: str) -> list[Annotation]:
        """What people noted on a channel's time axis, in order of the moments they noted."""
        position, archived = self._noted()
        told = archived | {n: entry for n, entry in self.since(position) if entry["kind"] == KIND}
        found = [of_entry({**entry, "id": n}) for n, entry in told.items() if entry["channel"] == channel]
        return sorted(found, key=lambda note: (note.start, note.at))

    def _noted(self) -> tuple[int, dict[int, dict[str, Any]]]:
        """Every annotation that the archive has, by its number, and the entry up to which it has them; read once for
        each version of its table. The position is looked up first: what is in both is the same."""
        with self._lock:
            version = self.archive.version("journal")
            if version != self._known[0]:
                position = self.archive.output_position("journal")
                rows = facts.to_rows(self.archive.facts("journal", {"kind": [KIND]}))
                told = {row["id"]: {**row["data"], "who": row["who"], "at": row["at"]} for row in rows}
                self._known = version, position, told
            return self._known[1:]

    @at_redis
    def since(self, n: int, most: int | None = None) -> list[tuple[int, dict[str, Any]]]:
        """The entries after ``n`` that Redis has."""
        listed = self.client.xrange(keys.lab("journal"), f"{n + 1}-0", "+", count=most)
        return [(number(one), json.loads(fields[b"b"])) for one, fields in listed]

    def _last(self) -> int:
        """The last entry that Redis knows of, -1 when it knows of none."""
        return int(self.client.hget(keys.lab("counters"), "journal") or -1)

    def archived(self, after: int, before: int | None) -> list[tuple[int, dict[str, Any]]]:
        """The entries between two that the archive has."""
        rows = [
            (row["id"], {**row["data"], "kind": row["kind"], "who": row["who"], "at": row["at"]})
            for row in self.archive.rows("journal")
            if row["id"] > after and (before is None or row["id"] < before)
        ]
        return sorted(rows, key=lambda row: row[0])

    def note(self, entry: Mapping[str, Any], *, test: str, before: str, now: str) -> tuple[str, int]:
        """Adds an entry, and with it the metadata of a test: ("ok", id), or ("moved", 0)."""
        names = [keys.lab(name) for name in ("counters", "journal", "tests")]
        told = [json.dumps(entry, default=str), test, before, now]
        answer = self.script("note")(keys=names, args=["", *told])
        if text(answer[0]) == "start":
            position = self.archive.output_position("journal")
            answer = self.script("note")(keys=names, args=[position, *told])
        return text(answer[0]), int(answer[1]) if len(answer) > 1 else 0


class Tests(Part):
    """What is known of every test besides its readings. The newest statement wins, each is journalled."""

    __test__ = False  # not a test class for pytest

    def __init__(self, client: Any, where: str, journal: Journal, topology: Topology) -> None:
        super().__init__(client, where)
        self.journal, self.topology = journal, topology

    @at_redis
    def all(self) -> list[dict[str, Any]]:
        """Every test that has readings or metadata, in order of name."""
        found = self.client.hgetall(keys.lab("tests"))
        return [_told(text(test), json.loads(facts)) for test, facts in sorted(found.items())]

    @at_redis
    def get(self, test: str) -> dict[str, Any] | None:
        """What is known of one test, None when nobody ever named it."""
        facts = self.client.hget(keys.lab("tests"), test)
        return None if facts is None else _told(test, json.loads(facts))

    @at_redis
    def put(self, test: str, facts: Mapping[str, Any], who: str, at: float, source: str) -> dict[str, Any]:
        """States facts of a test; what is not named stays, None takes a fact back. Says what is known now.

        ``source`` is api, page, lab.toml or a feed's name. A source that is read again and again and states
        what it stated before says nothing new, and so does not undo what people said meanwhile. A test that is
        put on a channel where it was not before is that channel's current one from now on.
        """
        said = {name: value for name, value in facts.items() if name not in ("test", "statements")}
        for _ in range(MOST_TRIES):
            before = text(self.client.hget(keys.lab("tests"), test) or b"")
            known = json.loads(before) if before else {}
            statements = known.get("statements", {})
            if source not in PEOPLE and statements.get(source) == said:
                return _told(test, known)
            now = {
                **{name: value for name, value in {**known, **said}.items() if value is not None},
                **{"stated_at": at, "stated_by": who, "source": source},
                "statements": statements if source in PEOPLE else {**statements, source: said},
            }
            if said.get("channel") not in (None, known.get("channel")):
                place(self, self.journal.archive, self.topology, said["channel"], test, now.get("cell"))
            entry = {"kind": "test", "who": who, "at": at, "source": source, "test": test, "facts": said}
            answer, _n = self.journal.note(entry, test=test, before=before, now=json.dumps(now))
            if answer == "ok":
                return _told(test, now)
        raise StoreAway(f"Redis at {self.where}: the metadata of test {test!r} changes all the time. Try again.")

    def state(self, facts: TestFacts, who: str, at: float, source: str) -> dict[str, Any]:
        """``put`` for the facts as lab.toml has them; only what it says is stated."""
        blank = asdict(TestFacts(test=facts.test))
        said = {name: value for name, value in asdict(facts).items() if value != blank[name]}
        extra = said.pop("extra", {})
        return self.put(facts.test, {**extra, **said}, who, at, source)

    @at_redis
    def current(self, channel: str) -> str | None:
        """The test that runs on a channel."""
        cycler = self.topology.place(channel).cycler
        found = self.client.hget(keys.current_tests(cycler), channel)
        return None if found is None else from_json(found).test

    @at_redis
    def began(self, tests: Mapping[str, Mapping[str, str]]) -> None:
        """Readings name these tests: they are known from now on, with their channel and cell."""
        with self.client.pipeline(transaction=False) as pipe:
            for test, facts in tests.items():
                pipe.hsetnx(keys.lab("tests"), test, json.dumps(facts))
            pipe.execute()

    @at_redis
    def give_back(self, rows: list[dict[str, Any]]) -> None:
        """Puts metadata back that an emptied Redis forgot, and tests that only readings name; what it has stays."""
        for row in rows:
            facts = {**(row.get("extra") or {}), **{k: v for k, v in row.items() if k != "extra"}}
            known = {name: value for name, value in facts.items() if value is not None and name != "test"}
            self.client.hsetnx(keys.lab("tests"), row["test"], json.dumps(known))
        if not self.client.exists(keys.lab("tests-given-back")):  # once in the life of this Redis: it reads every file
            self.began(self.journal.archive.tests_with_readings())
            self.client.set(keys.lab("tests-given-back"), 1)


def _told(test: str, known: Mapping[str, Any]) -> dict[str, Any]:
    return {"test": test, **{name: value for name, value in known.items() if name != "statements"}}
