"""How cycles, alerts, tests and the journal lie in the archive: a flat row each, for any Delta reader."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake import WriterProperties

CYCLES = pa.schema(
    [
        *((name, pa.string()) for name in ("channel", "test")),
        ("cycle_count", pa.int32()),
        ("cycler_cycle_count", pa.float64()),
        ("kind", pa.string()),
        *(
            (name, pa.float64())
            for name in (
                "start_unix_time_second",
                "end_unix_time_second",
                "charging_capacity_ah",
                "discharging_capacity_ah",
                "coulombic_efficiency",
                "charging_energy_wh",
                "discharging_energy_wh",
                "energy_efficiency",
                "internal_resistance_ohm",
                "surface_temperature_celsius_min",
                "surface_temperature_celsius_mean",
                "surface_temperature_celsius_max",
                "ambient_temperature_celsius_mean",
                "charge_duration_second",
                "discharge_duration_second",
                "state_of_health",
            )
        ),
    ]
)
ALERTS = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "kind", "severity", "scope", "channels", "test")),
        *((name, pa.float64()) for name in ("opened_at", "closed_at")),
        *((name, pa.string()) for name in ("message", "action", "evidence", "incident", "suppressed")),
        ("members", pa.string()),
        ("announced_at", pa.float64()),
        ("cleared_at", pa.float64()),
        ("raised", pa.int64()),
        ("acknowledged_at", pa.float64()),
        ("acknowledged_by", pa.string()),
        ("shelved_until", pa.float64()),
        ("out_of_service_at", pa.float64()),
        ("comments", pa.string()),
        ("state", pa.string()),
        *((name, pa.float64()) for name in ("seen_at", "tell_at", "settle_at")),
        ("was", pa.string()),
    ]
)
TESTS = pa.schema(
    [
        *((name, pa.string()) for name in ("test", "channel", "cell", "batch", "protocol", "chemistry", "owner")),
        *(
            (name, pa.float64())
            for name in (
                "nominal_capacity_ah",
                "voltage_min_volt",
                "voltage_max_volt",
                "temperature_max_celsius",
                "end_of_life_fraction",
            )
        ),
        ("end_of_life_reference", pa.string()),
        ("extra", pa.string()),
        ("stated_at", pa.float64()),
        ("stated_by", pa.string()),
        ("source", pa.string()),
    ]
)
JOURNAL = pa.schema(
    [
        ("id", pa.int64()),
        ("at", pa.float64()),
        *((name, pa.string()) for name in ("kind", "who", "data")),
    ]
)
AS_JSON = ("channels", "evidence", "members", "comments", "was", "extra", "data")
PACKED = WriterProperties(compression="ZSTD", compression_level=1)


def to_table(schema: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as an Arrow table; lists and mappings become JSON text, NaN becomes null."""
    columns = {field.name: [_cell(field.name, row.get(field.name)) for row in rows] for field in schema}
    return pa.table(columns, schema=schema)


def to_rows(table: Any) -> list[dict[str, Any]]:
    """The rows that ``to_table`` wrote."""
    return [
        {name: json.loads(value) if name in AS_JSON and value is not None else value for name, value in row.items()}
        for row in table.to_pylist()
    ]


def _cell(name: str, value: Any) -> Any:
    if name in AS_JSON:
        return None if value is None else json.dumps(value, default=str)
    return None if isinstance(value, float) and math.isnan(value) else value
