"""``python -m benchmarks.alerts``: recall, delay and right names per fault, false alarms per channel-month.

    python -m benchmarks.alerts --cells B0005,B0006 --poll 30 --data FOLDER --faults tc_detach,heat --n 20

Without ``--data`` the cells shipped with the project are used, one reading a minute.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.alerts.clean import KEPT_BACK, SHIPPED, TUNED, Trace, trace
from benchmarks.alerts.inject import FAULTS, Fault, Placer
from benchmarks.alerts.score import Outcome, Rate, rates, score
from benchmarks.alerts.stations import Station
from cycling.types import Alert


def main() -> None:
    asked = arguments()
    traces = [trace(cell, poll=asked.poll, data=asked.data, steps=not asked.no_steps) for cell in asked.cells]
    poll = traces[0].poll
    if poll != asked.poll:
        print(f"The shipped cells hold one reading a minute: poll {poll:g} s instead of {asked.poll:g} s.")
    began = time.process_time()
    alone = {each.cell: Station(traces=[each], metadata=not asked.no_metadata) for each in traces}
    for station in alone.values():
        station.run_clean()
    clean = [alert for station in alone.values() for alert in station.clean.values()]
    rows = sum(len(each.batch) for each in traces)
    spent = time.process_time() - began
    months = sum(each.months for each in traces)
    print(f"{len(traces)} cells, {months:.2f} channel-months, {rows} readings every {poll:g} s ", end="")
    print(f"({rows / spent:,.0f} readings/s, {spent / rows * 1e6:.1f} µs each)")
    print_rates(rates(clean, months))
    print_clean(clean, asked.show)
    faults = [FAULTS[name] for name in asked.faults]
    together = chambers(traces, asked.no_metadata) if any(fault.chamber for fault in faults) else {}
    placer = Placer(traces)
    print(f"\n{'fault':28} n  recall  (visible)  delay median / 95 % min (readings)  right name  other kinds")
    for fault in faults:
        for level in fault.levels if asked.level is None else [asked.level]:
            outcomes = repeated(fault, level, asked.n, placer, together if fault.chamber else alone)
            print_score(fault, level, outcomes)
            if asked.show:
                print_misses(fault, outcomes)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts", description=__doc__)
    parser.add_argument("--cells", type=cells, default=cells("tuned"), help="comma-separated, or tuned, kept-back, all")
    parser.add_argument("--poll", type=float, default=30.0, help="seconds between readings")
    parser.add_argument("--data", type=Path, help="folder of <cell>_timeseries.parquet as NASA published them")
    parser.add_argument("--faults", type=lambda text: text.split(","), default=list(FAULTS), help="comma-separated")
    parser.add_argument("--level", type=float, help="one level of each fault instead of all")
    parser.add_argument("--n", type=int, default=20, help="injections per fault and level")
    parser.add_argument("--no-steps", action="store_true", help="leave out steps, cycles and test time")
    parser.add_argument("--no-metadata", action="store_true", help="tell the watch nothing of the tests")
    parser.add_argument("--show", action="store_true", help="say every false alarm and every miss")
    return parser.parse_args()


def cells(text: str) -> list[str]:
    shipped = sorted(path.stem for path in SHIPPED.glob("*.parquet"))
    named = {"tuned": TUNED, "kept-back": [cell for cell in KEPT_BACK if cell in shipped], "all": shipped}
    return list(named.get(text, text.split(",")))


def chambers(traces: Sequence[Trace], no_metadata: bool) -> dict[str, Station]:
    """A station per chamber, under the name of each of its cells."""
    groups: dict[float, list[Trace]] = defaultdict(list)
    for each in traces:
        groups[each.setpoint].append(each)
    stations: dict[str, Station] = {}
    for group in groups.values():
        station = Station(traces=group, metadata=not no_metadata)
        station.run_clean()
        stations |= {each.cell: station for each in group}
    return stations


def repeated(fault: Fault, level: float, count: int, placer: Placer, stations: dict[str, Station]) -> list[Outcome]:
    outcomes = []
    for repetition in range(count):
        drawn = placer.draw(fault, level, repetition)
        if drawn:
            spot, rng = drawn
            outcomes.append(stations[spot.trace.cell].inject(fault, level, spot, rng))
    return outcomes


def print_rates(found: dict[str, Rate]) -> None:
    print("false alarms per channel-month:")
    for kind, rate in found.items():
        print(f"  {kind:26} {rate.per_month:6.2f}  (at most {rate.bound:.2f}; {rate.episodes} seen)")


def print_clean(alerts: Sequence[Alert], show: bool) -> None:
    for alert in sorted(alerts, key=lambda alert: alert.opened_at) if show else ():
        print(f"  {alert.scope} {alert.opened_at:.0f} {alert.severity} {alert.kind}: {alert.message}")


def print_score(fault: Fault, level: float, outcomes: Sequence[Outcome]) -> None:
    figures = score(outcomes)
    others = ", ".join(f"{kind} {count}" for kind, count in figures.wrong.most_common()) or "-"
    if not fault.right:
        print(f"{fault.label(level):28} {figures.count:3}  must raise nothing: {others}", flush=True)
        return
    found = f"{figures.recall:5.2f}  {figures.visible_recall:5.2f} of {figures.visible:3}"
    delay = f"{figures.delay_median:6.1f} / {figures.delay_95:5.1f}  ({figures.readings_95:5.0f})"
    print(f"{fault.label(level):28} {figures.count:3}  {found}  {delay}  {figures.named:9.2f}  {others}", flush=True)


def print_misses(fault: Fault, outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        if fault.right and one.delay is None:
            print(f"    missed{'' if one.visible else ' (not visible)'}: {one.spot}; raised {list(one.kinds)}")


if __name__ == "__main__":
    main()
