"""A detector that crashes must not take the others along, nor fail in silence: it becomes this alert."""

from __future__ import annotations

KIND = "detector-failed"
