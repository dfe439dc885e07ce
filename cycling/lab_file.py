"""lab.toml: what stands where, and every fault at once, each with its line, value and what was expected."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cycling import lab_keys
from cycling.lab_keys import Key
from cycling.toml_lines import lines_of

Table = dict[str, Any]
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s\"',\]]+")


class LabFile:
    """A lab.toml being read: its tables, and the faults found so far."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._faults: list[tuple[int, str]] = []
        self._lines = lines_of(text)
        try:
            self.content: Table = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self.content = {}
            self._faults.append((0, f"{name}: not readable as TOML: {error}"))

    @property
    def faults(self) -> tuple[str, ...]:
        """Every fault so far, in the order of the file."""
        return tuple(said for _, said in sorted(self._faults, key=lambda fault: fault[0]))

    def fault(self, table: str, place: int, key: str, said: str) -> None:
        """Add a fault about one setting, or about the whole table where ``key`` is empty."""
        line = self._lines.get((table, place, key)) or self._lines.get((table, place, ""))
        value = self._value(table, place, key)
        where = f"{self.name} line {line}" if line else self.name
        self._faults.append((line or 0, f"{where} [{table}]{f' {key}' if key else ''}{value}: {said}"))

    def _value(self, table: str, place: int, key: str) -> str:
        holder: Any = self.content
        for part in table.split("."):
            holder = holder.get(part, {}) if isinstance(holder, dict) else {}
        if isinstance(holder, list):
            holder = holder[place]
        if not key or not isinstance(holder, dict) or key not in holder:
            return ""
        return f" = {as_toml(holder[key])}"

    def check_tables(self, also: Iterable[str]) -> None:
        """Every table must be known and of the right shape; a known one of a wrong shape is left out."""
        known = [*lab_keys.SINGLE, *lab_keys.REPEATED, *also]
        for name, value in list(self.content.items()):
            if name not in known:
                self.fault(name, 0, "", f"no such table{_meant(name, known)}")
            elif name in lab_keys.REPEATED and not _is_tables(value):
                self.fault(name, 0, "", f"expected [[{name}]], in double brackets, for each one")
            elif name not in lab_keys.REPEATED and not isinstance(value, dict):
                self.fault(name, 0, "", f"expected one table [{name}]")
            else:
                continue
            del self.content[name]

    def single(self, name: str) -> Table:
        """The good settings of a table that stands once."""
        return self.check(name, 0, self.content.get(name, {}), lab_keys.SINGLE[name])

    def repeated(self, name: str) -> Iterator[tuple[int, Table]]:
        """The good settings of each table of a name; those that lack what they must have are left out."""
        keys = lab_keys.REPEATED[name]
        for place, given in enumerate(self.content.get(name, ())):
            good = self.check(name, place, given, keys)
            if all(key in good for key, rule in keys.items() if rule.required):
                yield place, good

    def check(self, table: str, place: int, given: Table, keys: Mapping[str, Key]) -> Table:
        """The settings that are good; every other one is a fault."""
        good = {}
        for key, value in given.items():
            if key not in keys:
                self.fault(table, place, key, f'no setting "{key}"{_meant(key, keys)}')
            elif not keys[key].fits(value):
                self.fault(table, place, key, keys[key].expected)
            else:
                good[key] = value
        for key, rule in keys.items():
            if rule.required and key not in given:
                self.fault(table, place, "", f"{key} is missing: {rule.expected}")
        return good

    def known(self, table: str, place: int, key: str, name: str, known: Iterable[str]) -> bool:
        """Whether a name refers to something; a fault when it does not."""
        names = list(known)
        if name in names:
            return True
        self.fault(table, place, key, f'there is no "{name}"{_meant(name, names)}')
        return False


def unique(file: LabFile, table: str, key: str, tables: Iterable[tuple[int, Table]]) -> Iterator[tuple[int, Table]]:
    """The tables whose ``key`` was not used before; a second use is a fault."""
    seen: set[str] = set()
    for place, good in tables:
        if good[key] in seen:
            file.fault(table, place, key, f"used a second time; every {key} of [[{table}]] must be different")
            continue
        seen.add(good[key])
        yield place, good


def as_toml(value: Any) -> str:
    """A value as the file says it, short enough for a message."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, datetime):
        text = value.isoformat().replace("+00:00", "Z")
    elif isinstance(value, str | list | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    text = ADDRESS.sub(r"\1…", text)  # an address that was put here by mistake may hold a secret
    return text if len(text) <= 80 else text[:79] + "…"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _meant(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; known are {', '.join(names)}" if 0 < len(names) <= 20 else ""
