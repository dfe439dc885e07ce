"""Which part of the lab explains several alerts at once: lab, power circuit, cycler, board; chamber; logger.

Alerts of one symptom that begin together have one cause. The cause sits at the lowest node of the topology that
explains nearly all of them; it counts only when enough of what hangs on the node shows the symptom, because chance
brings three independent alerts together far too often in a large lab.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from cycling.topology import UNLISTED, Place
from cycling.types import Alert

LAB = "lab"


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """Kinds that show the same thing, and where their common cause may sit (lowest first)."""

    kinds: frozenset[str]
    nodes: tuple[str, ...]
    least: int = 3  # channels of a node
    share: float = 0.5  # of the channels of a node that are watched
    within_seconds: float = 120.0  # between their beginnings, beside two cadences
    becomes: str | None = None  # the kind of the incident; None: the kind that most of them are
    waits_seconds: float = 0.0  # for the others before people are told: as long as channels of a node are polled apart
    needs: str | None = None  # the column without which a channel cannot show it, and does not count
    design: bool = False  # a channel's alert is only a vote; the node is what people are told of


ELECTRIC = ("board", "cycler", "power_circuit", LAB)
CHAMBER = "chamber-off-setpoint"
SYMPTOMS: tuple[Symptom, ...] = (
    Symptom(
        kinds=frozenset({"contact-lost", "contact-intermittent", "current-off-setpoint", "stalled", "under-voltage"}),
        nodes=ELECTRIC,
    ),
    Symptom(kinds=frozenset({"frozen"}), nodes=ELECTRIC, within_seconds=600.0),
    Symptom(kinds=frozenset({"counters-reset"}), nodes=("cycler", "power_circuit", LAB), within_seconds=600.0),
    Symptom(
        kinds=frozenset({"clock-shift"}),
        nodes=("cycler", "power_circuit", LAB),
        within_seconds=600.0,
        waits_seconds=240.0,
    ),
    Symptom(
        kinds=frozenset({"thermocouple-open"}), nodes=("logger", "cycler", LAB), becomes="thermocouple-logger-fault"
    ),
    Symptom(
        kinds=frozenset({"thermocouple-detached", "abnormal-heating"}),
        nodes=("chamber", "logger", LAB),
        within_seconds=600.0,
    ),
    Symptom(
        kinds=frozenset({CHAMBER}),
        nodes=("chamber",),
        least=1,
        within_seconds=7200.0,
        needs="ambient_temperature_celsius",
        design=True,
    ),
)
# While one of these is open, what else is wrong with its channels is its consequence.
ROOTS: Mapping[str, frozenset[str] | None] = {  # None: everything
    "power-outage": None,
    "network-outage": None,
    "cycler-silent": None,
    CHAMBER: frozenset({"thermocouple-detached", "abnormal-heating", CHAMBER, "resistance-rise", "capacity-drop"}),
    "thermocouple-logger-fault": frozenset({"thermocouple-open", "thermocouple-detached", "frozen"}),
}

# The same of a single alert: what else is said of its own channels follows from it. It ends by its own detector.
EXPLAINS: Mapping[str, frozenset[str]] = {
    "thermal-runaway": frozenset({"abnormal-heating"}),
    "frozen": frozenset({"thermocouple-detached", "abnormal-heating"}),
    "thermocouples-swapped": frozenset({"thermocouple-detached", "abnormal-heating"}),
    "current-off-setpoint": frozenset({"capacity-drop", "efficiency-out-of-band"}),
}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A part of the lab and the watched channels that hang on it."""

    kind: str  # lab | power_circuit | cycler | board | chamber | logger
    name: str
    channels: frozenset[str]

    @property
    def scope(self) -> str:
        return LAB if self.kind == LAB else f"{self.kind}:{self.name}"


def symptom_of(kind: str) -> Symptom | None:
    return next((symptom for symptom in SYMPTOMS if kind in symptom.kinds), None)


def shows(alert: Alert, incident: Alert) -> bool:
    """Whether an alert shows what the incident is, rather than what follows from it."""
    symptom = symptom_of(alert.kind)
    return alert.kind == incident.kind or (symptom is not None and incident.kind in (symptom.kinds | {symptom.becomes}))


def node_of(place: Place, kind: str) -> str | None:
    """The name of the node of a kind that a channel hangs on; None where it hangs on none."""
    if place.cycler == UNLISTED:
        return place.chamber if kind == "chamber" else None
    if kind == LAB:
        return LAB
    name: str | None = getattr(place, kind)
    return f"{place.cycler}/{name}" if name and kind == "board" else name


class Nodes:
    """The nodes of the channels that are watched."""

    def __init__(self, place_of: Callable[[str], Place], reports: Callable[[str, str], bool]) -> None:
        self._place_of, self._reports = place_of, reports
        self._known: dict[str, Place] = {}
        self._nodes: dict[tuple[str, str], set[str]] = {}

    def see(self, channels: Iterable[str]) -> None:
        """Channels that are watched from now on."""
        for channel in channels:
            if channel not in self._known:
                place = self._known[channel] = self._place_of(channel)
                for kind in (LAB, "power_circuit", "cycler", "board", "chamber", "logger"):
                    name = node_of(place, kind)
                    if name is not None:
                        self._nodes.setdefault((kind, name), set()).add(channel)

    def node(self, kind: str, name: str) -> Node:
        return Node(kind=kind, name=name, channels=frozenset(self._nodes.get((kind, name), ())))

    def of_scope(self, scope: str) -> Node:
        kind, _, name = scope.partition(":")
        return self.node(kind, name or LAB)

    def place(self, channel: str) -> Place:
        return self._known.get(channel) or self._place_of(channel)

    def watched(self, node: Node, needs: str | None) -> int:
        """How many channels of a node can show a symptom that needs a column."""
        return len(node.channels) if needs is None else sum(self._reports(channel, needs) for channel in node.channels)

    def touched(self, channels: Iterable[str], kind: str) -> list[Node]:
        """The nodes of a kind that some of the channels hang on."""
        names = {node_of(self.place(channel), kind) for channel in channels}
        return [self.node(kind, name) for name in sorted(name for name in names if name is not None)]


MOST_OF_THEM = 0.8


def causes(symptom: Symptom, alarming: Collection[str], nodes: Nodes) -> list[tuple[Node, frozenset[str]]]:
    """The nodes that explain channels which show the symptom together, each with the channels it explains.

    The lowest node that explains at least 80 % of them, else every node that qualifies by itself.
    """
    left, found = set(alarming), list[tuple[Node, frozenset[str]]]()
    for everything in (True, False):
        for kind in symptom.nodes:
            for node in nodes.touched(left, kind):
                explained = node.channels & left
                least = max(float(symptom.least), symptom.share * nodes.watched(node, symptom.needs))
                enough = len(explained) >= least
                if enough and (not everything or len(explained) >= MOST_OF_THEM * len(left)):
                    found.append((node, frozenset(explained)))
                    left -= explained
            if everything and found:
                return found
    return found
