"""What a person on duty can bear: the figures of alerts beside the targets and limits of ISA-18.2 and EEMUA 191."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

GOOD, ABOVE, OVER, TOO_FEW = "good", "above the target", "over the limit", "too few to say"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number beside what it should be. ``below``: the target itself is already too much. A share is 0 to 1."""

    key: str
    name: str
    unit: str = ""  # a day | in 10 min | share | second | "" for a plain count
    target: float | None = None
    limit: float | None = None
    below: bool = False
    value: float | None = None  # None: too little to say it from

    @property
    def verdict(self) -> str:
        """A word on the number; "" where there is nothing to hold it against."""
        if self.target is None:
            return ""
        if self.value is None:
            return TOO_FEW
        if self._keeps(self.value, self.target):
            return GOOD
        return ABOVE if self.limit is None or self._keeps(self.value, self.limit) else OVER

    def _keeps(self, value: float, bound: float) -> bool:
        return value < bound if self.below else value <= bound

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}


def _share(key: str, name: str, bound: float, limit: float | None = None, *, below: bool = False) -> Figure:
    return Figure(key=key, name=name, unit="share", target=bound, limit=limit, below=below)


def _count(key: str, name: str, bound: float, *, below: bool = False) -> Figure:
    return Figure(key=key, name=name, target=bound, limit=bound, below=below)


ALL = (
    Figure(key="a-day", name="Alerts a day, on average", unit="a day", target=150, limit=300),
    Figure(key="worst-day", name="Alerts on the worst day", unit="a day", target=150, limit=300),
    Figure(key="ten-minutes", name="Alerts in 10 minutes, on average", unit="in 10 min", target=1, limit=2),
    Figure(key="worst-ten-minutes", name="Alerts in the worst 10 minutes", unit="in 10 min", target=10, limit=10),
    _share("crowded-ten-minutes", "10-minute periods with more than 10 alerts", 0.01, 0.01, below=True),
    _share("crowded-hours", "Hours with more than 30 alerts", 0.01, 0.01, below=True),
    _share("in-flood", "Time in floods: more alerts than anyone can answer", 0.01, 0.01, below=True),
    _share("top-ten", "Part of all alerts that the ten busiest sources make", 0.05, 0.05),
    _count("chattering", "Sources that come 3 times in a minute", 0),
    _count("fleeting", "Alerts that were gone within a minute", 0),
    _count("stale", "Alerts open for more than a day, now", 5, below=True),
    _count("stale-worst-day", "Alerts open for more than a day, on the worst day", 5, below=True),
    _count("standing", "Alerts open now", 10, below=True),
    _count("shelved", "Alerts shelved now", 30, below=True),
    Figure(key="out-of-service", name="Alerts out of service now"),
    _share("danger", "Part of the alerts that is danger (P1)", 0.05),
    _share("call", "Part of the alerts that is a test being lost (P2)", 0.15),
    Figure(key="acknowledged-half", name="Half were acknowledged within", unit="second"),
    Figure(key="acknowledged-most", name="95 % were acknowledged within", unit="second"),
)


def figures(values: Mapping[str, float | None]) -> tuple[Figure, ...]:
    """Every figure with its value, in the order in which they are shown."""
    return tuple(Figure(**{**asdict(figure), "value": values[figure.key]}) for figure in ALL)
