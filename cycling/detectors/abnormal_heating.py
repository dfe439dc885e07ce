"""C3 abnormal heating: the cell is warmer than its own past and its heat balance can explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cycling.detectors.base import Check, Words
from cycling.sight import Sight
from cycling.types import Severity


@dataclass(frozen=True, kw_only=True)
class AbnormalHeating:
    """Fires when the temperature is above what the last three runs of the step say by ``above_history_kelvin``,
    above the heat balance by ``above_model_kelvin``, and above the surroundings by ``above_chamber_kelvin``. P1
    beyond ``danger_kelvin`` of both; ends when both are below ``well_kelvin``. Where nothing tells the surroundings
    it stays silent: a chamber that warms cannot be told from a cell that
    does. A temperature that stands where a jump of more than 10 K put it is a sensor's, never heat."""

    kind: ClassVar[str] = "abnormal-heating"
    severity: ClassVar[Severity] = Severity.P2
    enabled: bool = True
    above_history_kelvin: float = 4.5
    above_model_kelvin: float = 4.0
    above_chamber_kelvin: float = 4.5
    danger_kelvin: float = 10.0
    well_kelvin: float = 2.0
    samples: int = 2
    delay_seconds: float = 180.0
    clear_samples: int = 3

    def check(self, sight: Sight) -> Check:
        thermal = sight.thermal
        history, model = thermal.r_history, thermal.r_model
        on = (
            (history > self.above_history_kelvin)
            & (model > self.above_model_kelvin)
            & (thermal.rise > self.above_chamber_kelvin)
            & thermal.surroundings.known
            & ~sight.warming.jumped
        )
        danger = np.minimum(history, model) > self.danger_kelvin
        return Check(
            on=on,
            off=(history < self.well_kelvin) & (model < self.well_kelvin),
            rank=np.where(danger, float(Severity.P1.rank), float(Severity.P2.rank)),
        )

    def words(self, sight: Sight, row: int) -> Words:
        thermal, rows = sight.thermal, sight.rows
        surface, around = float(rows.surface[row]), float(thermal.surroundings.temperature[row])
        history, model = float(thermal.r_history[row]), float(thermal.r_model[row])
        return Words(
            message=f"Abnormal heating: cell at {surface:.1f} °C, {surface - around:.1f} K over the {around:.1f} °C "
            f"around it; that is {history:.1f} K more than in its last runs of this step, and {model:.1f} K more than "
            f"{abs(rows.current[row]):.2f} A explain.",
            action="Stop the channel unless the cause is known, and keep watching the cell until it has cooled.",
            evidence={
                "surface_temperature_celsius": surface,
                "surroundings_celsius": around,
                "above_history_kelvin": history,
                "above_model_kelvin": model,
                "excess": min(history / self.above_history_kelvin, model / self.above_model_kelvin),
            },
        )
