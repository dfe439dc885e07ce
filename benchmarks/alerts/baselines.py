"""What is usual, on the same readings: limits as a cycler has them, Hampel, EWMA, Isolation Forest.

They judge readings, know no steps and name nothing, so any alarm within the window of a fault counts for them. Each
gives one alarm per reading. Hampel and the forest need two flagged readings in a row, limits and EWMA one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.alerts.inject import I, T, V
from cycling.readings import Batch

Numbers = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LOWEST_VOLT, HIGHEST_VOLT, HOTTEST_CELSIUS = 1.5, 4.25, 60.0
WINDOW, HAMPEL_SIGMA = 21, 6.0
FORGETTING, EWMA_SIGMA = 0.1, 6.0
FLOORS = {V: 0.002, I: 0.005, T: 0.05}  # below this noise nothing is unusual: V, A, K
HISTORY_SHARE, QUANTILE = 0.25, 0.9995  # the forest learns on the first quarter; its threshold
FOREST_READINGS = 20_000

Flags = Callable[[Batch], Bools]


def limits(batch: Batch) -> Bools:
    voltage, surface = batch.numbers(V), batch.numbers(T)
    return np.asarray((voltage < LOWEST_VOLT) | (voltage > HIGHEST_VOLT) | (surface > HOTTEST_CELSIUS))


def hampel(batch: Batch) -> Bools:
    """Further from the median of the last 21 readings than six of their robust spreads."""
    flagged = np.zeros(len(batch), dtype=bool)
    for name, floor in FLOORS.items():
        values = pd.Series(batch.numbers(name))
        middle = values.rolling(WINDOW, min_periods=5).median().shift(1)
        spread = (values - middle).abs().rolling(WINDOW, min_periods=5).median().shift(1)
        flagged |= ((values - middle).abs() > HAMPEL_SIGMA * np.maximum(1.4826 * spread, floor)).to_numpy()
    return _twice(flagged | np.isnan(batch.numbers(T)))


def ewma(batch: Batch) -> Bools:
    """Changes further from their forgetting mean than six forgetting deviations."""
    flagged = np.zeros(len(batch), dtype=bool)
    for name, floor in FLOORS.items():
        change = pd.Series(batch.numbers(name)).diff()
        mean = change.ewm(alpha=FORGETTING).mean().shift(1)
        deviation = change.ewm(alpha=FORGETTING).std().shift(1)
        flagged |= ((change - mean).abs() > EWMA_SIGMA * np.maximum(deviation, floor)).to_numpy()
    return np.asarray(flagged | np.isnan(batch.numbers(T)))


def forest_of(history: Batch, seed: int = 0) -> Flags:
    """An Isolation Forest on V, I, T and their changes, its threshold at 99.95 % of its own history."""
    from sklearn.ensemble import IsolationForest

    features = _features(history)
    few = np.random.default_rng(seed).permutation(len(features))[:FOREST_READINGS]
    forest = IsolationForest(n_estimators=100, random_state=seed).fit(features[few])
    threshold = float(np.quantile(-forest.score_samples(features), QUANTILE))

    def flags(batch: Batch) -> Bools:
        return _twice(-forest.score_samples(_features(batch)) > threshold)

    return flags


def all_of(history: Batch) -> Mapping[str, Flags]:
    """The baselines for one cell; the learning one learns on the first quarter of its clean readings."""
    early = history.take(slice(0, int(HISTORY_SHARE * len(history))))
    return {"limits": limits, "Hampel": hampel, "EWMA": ewma, "Isolation Forest": forest_of(early)}


def onsets(flagged: Bools, unix: Numbers) -> Numbers:
    """UTC seconds at which alarms begin."""
    return np.asarray(unix[flagged & ~np.append(False, flagged[:-1])])


def merged(times: Numbers, seconds: float = 3600.0) -> int:
    """How many episodes: alarms within an hour of the one before are one."""
    return int(len(times) and 1 + (np.diff(times) > seconds).sum())


def _twice(flagged: Bools) -> Bools:
    return np.asarray(flagged & np.append(False, flagged[:-1]))


def _features(batch: Batch) -> Numbers:
    values = np.stack([batch.numbers(name) for name in (V, I, T)], axis=1)
    changes = np.diff(values, axis=0, prepend=values[:1])
    return np.nan_to_num(np.hstack([values, changes]), nan=-1e3, posinf=1e4, neginf=-1e4)
