"""Everything a reading-level detector is given: the rows, and what was judged of them once for all detectors."""

from __future__ import annotations

from dataclasses import dataclass

from cycling.climate import Climate, climate_of
from cycling.clocks import Clocks, clocks_of
from cycling.context import Rows, rows_of
from cycling.ending import Ending, ending_of
from cycling.flutter import Flutter, flutter_of
from cycling.levels import Levels, levels_of
from cycling.limits import Limits
from cycling.memory import Turn
from cycling.plausibility import Plausibility, plausibility_of
from cycling.progress import Progress, progress_of
from cycling.readings import Batch
from cycling.resistance import Resistance, resistance_of
from cycling.restarts import Restarts, restarts_of
from cycling.resting import Resting, resting_of
from cycling.rows import Floats
from cycling.series_jump import SeriesJump, series_jump_of
from cycling.spikes import Spikes, spikes_of
from cycling.stillness import Stillness, stillness_of
from cycling.supply import Supply, supply_of
from cycling.taper import Taper, taper_of
from cycling.taper_cut import TaperCut, taper_cut_of
from cycling.thermal import Thermal, thermal_of
from cycling.thermometry import Thermometry, thermometry_of
from cycling.warming import Warming, warming_of


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One pass of readings in context."""

    rows: Rows
    supply: Supply
    thermometry: Thermometry
    stillness: Stillness
    plausibility: Plausibility
    climate: Climate
    restarts: Restarts
    clocks: Clocks
    ending: Ending
    thermal: Thermal
    flutter: Flutter
    warming: Warming
    spikes: Spikes
    levels: Levels
    resistance: Resistance
    series_jump: SeriesJump
    progress: Progress
    resting: Resting
    taper: Taper
    taper_cut: TaperCut

    def per_row(self, per_run: Floats) -> Floats:
        """A limit that stands per run, spread over the rows."""
        return per_run[self.rows.runs.of_row]


def sight_of(turn: Turn, batch: Batch, limits: Limits, time_factor: float) -> Sight:
    """The sight of a batch whose rows stand sorted by channel."""
    rows = rows_of(turn, batch, limits, time_factor)
    thermometry = thermometry_of(turn, rows)
    thermal = thermal_of(turn, rows, thermometry)
    stillness = stillness_of(turn, rows)
    climate = climate_of(turn, rows)
    spikes = spikes_of(turn, rows, stillness)
    taper = taper_of(turn, rows, climate, thermometry)
    return Sight(
        rows=rows,
        supply=supply_of(turn, rows),
        thermometry=thermometry,
        stillness=stillness,
        plausibility=plausibility_of(turn, rows),
        climate=climate,
        restarts=restarts_of(turn, batch, rows),
        clocks=clocks_of(turn, batch, rows, time_factor),
        ending=ending_of(turn, batch, rows),
        thermal=thermal,
        flutter=flutter_of(turn, rows, stillness, thermal.surroundings, thermal.rise),
        warming=warming_of(turn, rows, thermometry, thermal.as_expected),
        spikes=spikes,
        levels=levels_of(turn, rows, stillness),
        resistance=resistance_of(turn, rows),
        series_jump=series_jump_of(turn, rows, stillness, spikes),
        progress=progress_of(turn, rows),
        resting=resting_of(turn, rows, climate, thermometry),
        taper=taper,
        taper_cut=taper_cut_of(turn, rows, taper),
    )
