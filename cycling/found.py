"""An alert as the finding of a detector makes it, or says it anew."""

from __future__ import annotations

from cycling.alerts import alert_id
from cycling.announcing import tell_at
from cycling.judge import Finding
from cycling.types import Alert


def alert_found(finding: Finding, scope: str, clock: float) -> Alert:
    """A new alert of a finding that has words; ``clock`` is the watch's time, from which the wait to be told counts."""
    assert finding.words is not None
    return Alert(
        id=alert_id(finding.kind, scope, finding.at),
        kind=finding.kind,
        severity=finding.severity,
        scope=scope,
        channels=finding.channels or ((finding.channel,) if finding.channel else ()),
        test=finding.test or None,
        opened_at=finding.at,
        seen_at=clock,
        tell_at=tell_at(clock, clock, finding.severity),
        message=_message(finding),
        action=finding.words.action,
        evidence=finding.words.evidence,
    )


def as_found_now(alert: Alert, finding: Finding) -> Alert:
    """An open alert with what its detector says of it now; what the book itself noted in the evidence stays."""
    assert finding.words is not None
    noted = {name: alert.evidence[name] for name in ("raised_at", "resuming_since") if name in alert.evidence}
    return alert.but(
        message=_message(finding),
        action=finding.words.action,
        evidence={**finding.words.evidence, **noted},
        channels=tuple(dict.fromkeys([*alert.channels, *finding.channels])),
    )


def _message(finding: Finding) -> str:
    assert finding.words is not None
    return finding.words.message if finding.scope else f"{finding.channel}: {finding.words.message}"
