"""``python -m benchmarks.alerts``: recall, delay and right names per fault, false alarms per channel-month.

    python -m benchmarks.alerts --parts readings --cells B0005,B0006 --poll 30 --data FOLDER --faults heat --n 20
    python -m benchmarks.alerts --parts all --summaries TABLE.parquet --out docs/alerts-benchmark.md

Without ``--data`` the cells shipped with the project are used, one reading a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.alerts import benign, lives, report
from benchmarks.alerts.clean import KEPT_BACK, SHIPPED, TUNED, trace
from benchmarks.alerts.groups import run_groups
from benchmarks.alerts.inject import FAULTS, Fault
from benchmarks.alerts.notes import run_notes
from benchmarks.alerts.reading_level import Bench, run_baselines
from benchmarks.alerts.report import Report
from benchmarks.alerts.score import Outcome, score

PARTS = ("readings", "baselines", "benign", "notes", "groups", "cycles")
USUAL = ["readings", "baselines", "benign", "notes"]  # a few minutes


def main() -> None:
    asked, said = arguments(), Report()
    traces = [trace(cell, poll=asked.poll, data=asked.data, steps=not asked.no_steps) for cell in asked.cells]
    if traces[0].poll != asked.poll:
        print(f"The shipped cells hold one reading a minute: poll {traces[0].poll:g} s instead of {asked.poll:g} s.")
    bench = Bench(traces=traces, metadata=not asked.no_metadata)
    bench.run_clean()
    report.cells(said, bench)
    if "readings" in asked.parts:
        readings(said, bench, asked)
    if "baselines" in asked.parts:
        report.usual(said, list(run_baselines(bench, [FAULTS[name] for name in asked.faults], asked.n)))
    if "benign" in asked.parts:
        report.ordinary(said, benign.run_benign(traces[0].poll))
    if "notes" in asked.parts:
        report.notes(said, *run_notes(traces))
    if "groups" in asked.parts:
        report.group_heading(said)
        for play in run_groups(traces, asked.cyclers):
            report.group_row(said, play)
    if "cycles" in asked.parts and asked.summaries:
        cycles(said, asked)
    if asked.out:
        said.write(asked.out)


def readings(said: Report, bench: Bench, asked: argparse.Namespace) -> None:
    report.false_alarms(said, bench.rates(), bench.clean, asked.show)
    report.fault_heading(said)
    for fault in (FAULTS[name] for name in asked.faults):
        for level in fault.levels if asked.level is None else [asked.level]:
            outcomes = bench.outcomes(fault, level, asked.n)
            if outcomes:
                report.fault_row(said, fault, level, score(outcomes))
            if asked.show:
                print_misses(fault, outcomes)


def cycles(said: Report, asked: argparse.Namespace) -> None:
    found = lives.lives(asked.summaries, kept_back=asked.kept_back_lives)
    alarms, count = lives.false_alarms(found)
    report.cycle_heading(said)
    for each in lives.run_cycles(found, asked.n):
        report.cycle_row(said, each)
    said.say()
    said.say(f"{len(found)} lives before their onset, {count} cycles: {1000 * len(alarms) / count:.2f} false per 1000.")
    for kind in sorted({alarm.kind for alarm in alarms}):
        said.say(f"- {kind}: {sum(alarm.kind == kind for alarm in alarms)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts", description=__doc__)
    parser.add_argument("--cells", type=cells, default=cells("tuned"), help="comma-separated, or tuned, kept-back, all")
    parser.add_argument("--poll", type=float, default=30.0, help="seconds between readings")
    parser.add_argument("--data", type=Path, help="folder of <cell>_timeseries.parquet as NASA published them")
    parser.add_argument("--faults", type=lambda text: text.split(","), default=list(FAULTS), help="comma-separated")
    parser.add_argument("--level", type=float, help="one level of each fault instead of all")
    parser.add_argument("--n", type=int, default=20, help="injections per fault and level")
    parser.add_argument("--parts", type=parts, default=USUAL, help=f"all, or of {', '.join(PARTS)}")
    parser.add_argument("--cyclers", type=int, default=20, help="of 50 channels each in the large lab; 0 leaves it out")
    parser.add_argument(
        "--summaries", type=Path, help="a table of cycles (dataset, cell, capacity) for the part cycles"
    )
    parser.add_argument("--kept-back-lives", action="store_true", help="the half of its cells that decides")
    parser.add_argument("--no-steps", action="store_true", help="leave out steps, cycles and test time")
    parser.add_argument("--no-metadata", action="store_true", help="tell the watch nothing of the tests")
    parser.add_argument("--show", action="store_true", help="say every false alarm and every miss")
    parser.add_argument("--out", type=Path, help="write the tables to this file as well")
    return parser.parse_args()


def cells(text: str) -> list[str]:
    shipped = sorted(path.stem for path in SHIPPED.glob("*.parquet"))
    named = {"tuned": TUNED, "kept-back": [cell for cell in KEPT_BACK if cell in shipped], "all": shipped}
    return list(named.get(text, text.split(",")))


def parts(text: str) -> list[str]:
    return list(PARTS) if text == "all" else text.split(",")


def print_misses(fault: Fault, outcomes: list[Outcome]) -> None:
    for one in outcomes:
        if fault.right and one.delay is None:
            print(f"    missed{'' if one.visible else ' (not visible)'}: {one.spot}; raised {list(one.kinds)}")


if __name__ == "__main__":
    main()
