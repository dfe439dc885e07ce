"""`python -m monitor record | watch | compact | notify | replay | reprocess | dry-run`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import settings as configuration
from monitor import replay


def main(arguments: list[str] | None = None) -> int:
    """Run one process of the monitor, or a replay; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m monitor", description="The processes that watch the lab.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (
        ("record", "move readings from Redis to the archive"),
        ("watch", "find cycles and alerts in the readings"),
        ("compact", "make few sorted files of the archive's many small ones"),
    ):
        commands.add_parser(name, help=does)
    notifying = commands.add_parser("notify", help="bring the notices of the outbox to people")
    notifying.add_argument("--test", action="store_true", help="send a sample to every configured target, and end")
    replaying = commands.add_parser("replay", help="run the monitor over recorded readings")
    replaying.add_argument("--lab", type=Path, required=True, help="lab.toml of the lab the readings come from")
    replaying.add_argument("--out", type=Path, required=True, help="folder for alerts.json, cycles.parquet, …")
    replaying.add_argument("files", type=Path, nargs="+", metavar="FILE", help="Parquet or CSV with BDF columns")
    _add_arguments_of_reprocess(commands.add_parser("reprocess", help="cycles and alerts of the whole archive anew"))
    _add_arguments_of_dry_run(
        commands.add_parser("dry-run", help="what other limits would have told, from the archive")
    )
    given = parser.parse_args(arguments)
    try:
        if given.command == "replay":
            topology, detectors = configuration.read_lab(given.lab)
            counts = replay.replay(topology, detectors, given.files, given.out)
            sys.stdout.write(
                f"Replayed {counts['rows']} readings ({counts['rejected']} rejected): "
                f"{counts['alerts']} alerts, {counts['cycles']} cycles, written to {given.out}.\n"
            )
            return 0
        if given.command == "dry-run":
            from monitor import dry_run_command

            return dry_run_command.run(given, configuration.load(os.environ))
        if given.command == "reprocess":
            from monitor import reprocess_command

            return reprocess_command.run(given, configuration.load(os.environ))
        if given.command == "notify" and given.test:
            from monitor import sample

            return sample.run(configuration.load(os.environ), sys.stdout.write)
        from monitor.process import run_process  # the stores: a replay needs none, and starts without them

        return run_process(given.command, configuration.load(os.environ))
    except configuration.SettingsError as error:
        sys.stderr.write("".join(f"{fault}\n" for fault in error.faults))
        return 2
    except (replay.Unreadable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _add_arguments_of_reprocess(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="folder for alerts.json, cycles.parquet, …")
    _add_time_and_place(parser)
    _add_limits(parser, required=False)


def _add_arguments_of_dry_run(parser: argparse.ArgumentParser) -> None:
    _add_limits(parser, required=True)
    _add_time_and_place(parser)
    parser.add_argument("--kind", action="append", default=[], help="tell of this kind of alert only; may be repeated")
    parser.add_argument("--channel", action="append", default=[], help="look at this channel only; may be repeated")
    parser.add_argument("--out", type=Path, help="also write everything to this file, as JSON")


def _add_time_and_place(parser: argparse.ArgumentParser) -> None:
    time = "unix seconds, a time such as 2026-11-22T12:00:00Z, or how long ago such as 30d or 12h"
    parser.add_argument(
        "--dask", metavar="SCHEDULER", help="let the workers of a Dask scheduler do it, tcp://host:port"
    )
    parser.add_argument("--since", metavar="T", help=f"leave out earlier readings: {time}")
    parser.add_argument("--until", metavar="T", help="leave out later readings")


def _add_limits(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--set",
        metavar="detectors.KIND.FIELD=VALUE",
        action="append",
        required=required,
        default=None if required else [],
        help="try this limit of a detector in place of lab.toml's; may be given more than once",
    )


if __name__ == "__main__":
    raise SystemExit(main())
