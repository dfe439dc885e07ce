"""Small figures as plain SVG that reads in light and in dark: panels over one axis, a shaded span, a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from benchmarks.alerts.clean import Numbers

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM, GAP = 720, 110, 62, 14, 34, 36, 16
POINTS = 260  # per line
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600}.n{fill:#666}.l{fill:none;stroke-width:1.5}"
    ".d{stroke:none}.a{stroke:#1769aa;fill:#1769aa}.b{stroke:#b3541e;fill:#b3541e}.c{stroke:#8a8a8a;fill:#8a8a8a}"
    ".l.a,.l.b,.l.c{fill:none}.x{stroke:#bbb;fill:none}.s{fill:#b3541e;opacity:.1}"
    ".m{stroke:#b00020;stroke-width:2}.f{fill:#b00020;font-weight:600}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.n{fill:#aaa}.a{stroke:#6db3f2;fill:#6db3f2}"
    ".b{stroke:#f0a168;fill:#f0a168}.l.a,.l.b,.l.c{fill:none}.x{stroke:#555}.s{fill:#f0a168;opacity:.16}"
    ".m{stroke:#ff6b81}.f{fill:#ff6b81}}"
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """``look`` is a (the quantity), b (beside it) or c (for comparison); ``dots`` draws points instead."""

    x: Numbers
    y: Numbers
    look: str = "a"
    dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    label: str
    lines: tuple[Line, ...]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """``span`` is where the fault lies, ``found`` where the alert opened (None: not found by this version)."""

    title: str
    axis: str
    panels: tuple[Panel, ...]
    span: tuple[float, float] | None
    found: float | None
    span_label: str = "the fault"


def drawn(figure: Figure) -> str:
    """The figure as an SVG document."""
    xs = np.concatenate([line.x for panel in figure.panels for line in panel.lines])
    low, high = float(np.nanmin(xs)), float(np.nanmax(xs))
    height = TOP + len(figure.panels) * (PANEL + GAP) + BOTTOM
    across = _Scale(low, high, LEFT, WIDTH - RIGHT)
    bottom = height - BOTTOM - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(figure.title)}</title><style>{STYLE}</style>",
        f'<text class="t" x="{LEFT}" y="18">{escape(figure.title)}</text>',
    ]
    if figure.span:
        begin, end = (float(np.clip(across.of(x), LEFT, WIDTH - RIGHT)) for x in figure.span)
        wide, tall = f"{max(end - begin, 1):.1f}", f"{bottom - TOP}"
        parts.append(f'<rect class="s" x="{begin:.1f}" y="{TOP}" width="{wide}" height="{tall}"/>')
    for number, panel in enumerate(figure.panels):
        parts += _panel(panel, across, TOP + number * (PANEL + GAP))
    centred = 'text-anchor="middle"'
    for tick in _ticks(low, high, 7):
        parts.append(f'<text class="n" x="{across.of(tick):.1f}" y="{bottom + 16}" {centred}>{tick:g}</text>')
    parts.append(f'<text class="n" x="{(LEFT + WIDTH) / 2}" y="{bottom + 32}" {centred}>{figure.axis}</text>')
    if figure.found is not None:
        x = across.of(figure.found)
        side, by = ("end", -5) if x > WIDTH * 0.75 else ("start", 5)
        parts.append(f'<path class="m" d="M{x:.1f} {TOP}V{bottom}"/>')
        parts.append(f'<text class="f" x="{x + by:.1f}" y="{TOP + 12}" text-anchor="{side}">found</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, across: _Scale, top: float) -> list[str]:
    ys = np.concatenate([line.y for line in panel.lines])
    low = float(np.nanmin(ys)) if panel.low is None else panel.low
    high = float(np.nanmax(ys)) if panel.high is None else panel.high
    room = 0.06 * (high - low) or 0.5
    up = _Scale(low - room, high + room, top + PANEL, top)
    parts = [f'<path class="x" d="M{LEFT} {top}V{top + PANEL}H{WIDTH - RIGHT}"/>']
    for tick in _ticks(low, high, 3):
        parts.append(f'<text class="n" x="{LEFT - 6}" y="{up.of(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    parts.append(f'<text class="n" x="{LEFT + 6}" y="{top + PANEL - 6:.1f}">{escape(panel.label)}</text>')
    for line in panel.lines:
        parts.append(_line(line, across, up))
    return parts


def _line(line: Line, across: _Scale, up: _Scale) -> str:
    keep = np.arange(len(line.y)) if line.dots else _kept(line.y, POINTS)
    x, y = across.all(line.x[keep]), up.all(line.y[keep])
    if line.dots:
        shown = ~np.isnan(y)
        dots = "".join(f"M{a:.0f} {b:.0f}h2" for a, b in zip(x[shown], y[shown], strict=True))
        return f'<path class="l {line.look}" d="{dots}"/>'
    path, pen = [], "M"
    for a, b in zip(x, y, strict=True):
        if np.isnan(b):
            pen = "M"
            continue
        path.append(f"{pen}{a:.0f} {b:.1f}")
        pen = "L"
    return f'<path class="l {line.look}" d="{"".join(path)}"/>'


def _kept(values: Numbers, points: int) -> np.ndarray:
    """The rows to draw: all, or of each piece its lowest and highest, so that no spike is lost."""
    if len(values) <= points:
        return np.arange(len(values))
    keep = []
    for piece in np.array_split(np.arange(len(values)), points // 2):
        filled = np.nan_to_num(values[piece])
        keep += sorted({int(piece[np.argmin(filled)]), int(piece[np.argmax(filled)])})
    return np.array(keep)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    begin: float
    end: float

    def of(self, value: float) -> float:
        return self.begin + (value - self.low) / ((self.high - self.low) or 1) * (self.end - self.begin)

    def all(self, values: Numbers) -> Numbers:
        clipped = np.clip(values, min(self.low, self.high), max(self.low, self.high))
        return np.asarray(self.begin + (clipped - self.low) / ((self.high - self.low) or 1) * (self.end - self.begin))


def _ticks(low: float, high: float, count: int) -> Sequence[float]:
    if high <= low:
        return [low]
    rough = (high - low) / count
    size = 10 ** np.floor(np.log10(rough))
    step = next(float(size * f) for f in (1, 2, 5, 10) if size * f >= rough)
    first = np.ceil(low / step) * step
    return [float(round(tick, 9)) for tick in np.arange(first, high + 1e-9, step)]
