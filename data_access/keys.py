"""The names of everything in Redis. What belongs to one cycler shares its hash tag, so it shares its slot."""

from __future__ import annotations


def readings(cycler: str) -> str:
    """Stream of readings: one Arrow batch an entry, ids ``1-0``, ``2-0``, … without holes."""
    return f"rd:{{{cycler}}}"


def intake(cycler: str) -> str:
    """Hash: ``n`` last id given, ``run`` the server it was given on, ``born``, ``tests`` version, ``rows``."""
    return f"in:{{{cycler}}}"


def current_tests(cycler: str) -> str:
    """Hash: channel -> the test that runs there."""
    return f"now:{{{cycler}}}"


def seen(cycler: str, minute: int) -> str:
    """String: 16 bytes for every reading accepted of that minute of unix time."""
    return f"seen:{{{cycler}}}:{minute}"


def lab(name: str) -> str:
    """A key of the whole lab: latest, full, frames, alerts, notices, journal, beats, …"""
    return f"{name}:{{lab}}"
