"""How good alerts are: what was found, how soon, by its right name, and what was raised without a cause.

A fault is found when an alert of a kind that names it opened between its begin and ten minutes after its end; several
count once. No point-adjusted scores: they reward long events. Delays are of what was found, misses are told apart.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cycling.types import Alert

GRACE_SECONDS = 600.0
MERGE_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one injected fault. ``kinds`` are all kinds raised in its window that were not there without it;
    ``delay`` is in seconds from its begin, None where it was not found by its name; ``readings`` counts them from the
    first that meets the rule."""

    spot: str
    visible: bool
    delay: float | None
    readings: float | None
    kinds: tuple[str, ...]
    wrong: tuple[str, ...]  # kinds that neither name it nor are true beside it


@dataclass(frozen=True, kw_only=True)
class Score:
    """Of all repetitions of one fault."""

    count: int
    recall: float
    visible: int
    visible_recall: float
    delay_median: float  # minutes
    delay_95: float
    readings_95: float
    named: float  # share of those with any alert that have the right one
    wrong: Counter[str]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """False alarms of one kind, or of several, on clean traces."""

    episodes: int
    months: float

    @property
    def per_month(self) -> float:
        return self.episodes / self.months

    @property
    def bound(self) -> float:
        """The rate that is exceeded with a probability of 5 % at most: 3 / months where nothing was seen."""
        return poisson_bound(self.episodes) / self.months


def outcome(
    *,
    spot: str,
    t0: float,
    t1: float,
    channels: Iterable[str],
    right: frozenset[str],
    beside: frozenset[str],
    visible: bool,
    alerts: Iterable[Alert],
    met: float | None = None,
    poll: float = 1.0,
) -> Outcome:
    """Match alerts, of which those without the fault have been taken away, with one fault. ``met`` is when the rule was
    first met (UTC seconds; None: at once)."""
    concerned = set(channels)
    matching = [
        alert
        for alert in alerts
        if t0 <= alert.opened_at <= t1 + GRACE_SECONDS and (concerned & set(alert.channels) or not alert.channels)
    ]
    onsets = [alert.opened_at for alert in matching if alert.kind in right]
    kinds = tuple(sorted({alert.kind for alert in matching}))
    return Outcome(
        spot=spot,
        visible=visible,
        delay=min(onsets) - t0 if onsets else None,
        readings=(min(onsets) - (t0 if met is None else met)) / poll if onsets else None,
        kinds=kinds,
        wrong=tuple(sorted({a.kind for a in matching if a.kind not in right | beside and a.suppressed != "incident"})),
    )


def score(outcomes: Sequence[Outcome]) -> Score:
    """The figures of all repetitions."""
    delays = [o.delay / 60 for o in outcomes if o.delay is not None]
    late = [o.readings for o in outcomes if o.readings is not None]
    found = [o for o in outcomes if o.kinds]
    seen = [o for o in outcomes if o.visible]
    return Score(
        count=len(outcomes),
        recall=_share(len(delays), len(outcomes)),
        visible=len(seen),
        visible_recall=_share(sum(o.delay is not None for o in seen), len(seen)),
        delay_median=_quantile(delays, 0.5),
        delay_95=_quantile(delays, 0.95),
        readings_95=_quantile(late, 0.95),
        named=_share(sum(o.delay is not None for o in found), len(found)),
        wrong=Counter(kind for o in outcomes for kind in o.wrong),
    )


def episodes(alerts: Iterable[Alert]) -> list[Alert]:
    """The first alert of each episode: those of a kind and scope within an hour of the one before are one."""
    ends: dict[tuple[str, str], float] = defaultdict(lambda: -math.inf)
    first = []
    for alert in sorted(alerts, key=lambda alert: alert.opened_at):
        key = (alert.kind, alert.scope)
        if alert.opened_at - ends[key] > MERGE_SECONDS:
            first.append(alert)
        ends[key] = max(ends[key], alert.opened_at, alert.closed_at or alert.opened_at)
    return first


def rates(alerts: Iterable[Alert], months: float) -> dict[str, Rate]:
    """False alarms per kind, and of all that calls (P1, P2) and all that is shown (P1 to P3)."""
    counted = episodes(alert for alert in alerts if shown(alert))
    found = {
        "P1+P2": Rate(episodes=sum(alert.severity.rank <= 2 for alert in counted), months=months),
        "P1-P3": Rate(episodes=len(counted), months=months),
    }
    for kind, count in sorted(Counter(alert.kind for alert in counted).items()):
        found[kind] = Rate(episodes=count, months=months)
    return found


def shown(alert: Alert) -> bool:
    """Whether a person would see it: P4 is for the log only, and what is suppressed is told by something else."""
    return alert.severity.rank <= 3 and alert.suppressed is None


def poisson_bound(seen: int) -> float:
    """The mean at which so few are seen in 5 % of all cases."""
    low, high = float(seen), seen + 10 * math.sqrt(seen + 1) + 10
    for _ in range(60):
        middle = (low + high) / 2
        chance = sum(math.exp(k * math.log(middle) - middle - math.lgamma(k + 1)) for k in range(seen + 1))
        low, high = (middle, high) if chance > 0.05 else (low, middle)
    return high


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share, method="higher")) if values else math.nan


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
