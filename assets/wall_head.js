// The head of the wall: which lab, what time, and how it is known that what is shown is so now.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});

  wall.head = () => {
    const { el } = cw.words;
    const fact = () => el("span", { class: "fact" });
    const parts = { lab: el("a", { href: "/", "data-nav": true, class: "wall-lab" }), link: fact(), newest: fact(), answered: fact(), monitor: fact(), power: fact(), factor: fact(), clock: el("span", { class: "wall-clock" }) };
    const { lab, link, newest, answered, monitor, power, factor, clock } = parts;
    const element = el("header", { class: "wall-head" }, el("h1", {}, lab), el("div", { class: "facts-line" }, link, newest, answered, monitor, power, factor), clock);
    return { element, tick: (now) => draw(parts, now) };
  };

  function draw(parts, now) {
    const { put, mark, age, clock, plural } = cw.words;
    const monitorAge = cw.live.monitorAge();
    const { answered, expected } = cw.model;
    const n = answered(now);
    put(parts.lab, cw.model.lab.name || "Lab");
    put(parts.link, cw.past.shown() ? "not live" : cw.live.linkState());
    put(parts.newest, cw.model.newest ? `newest reading ${age(now - cw.model.newest)} old` : "no reading yet");
    put(parts.answered, `${n} of ${plural(expected(), "channel", "channels")} answered`);
    mark(parts.answered, "data-all", n === expected());
    put(parts.monitor, cw.live.monitorState() === "dead" ? "not watched" : monitorAge === null ? "monitor has not answered yet" : `monitor answered ${age(monitorAge)} ago`);
    const power = powerWords(now);
    put(parts.power, power.text);
    mark(parts.power, "data-cut", power.cut);
    const factor = cw.model.lab.time_factor;
    put(parts.factor, factor && factor !== 1 ? `Demo × ${Number(factor)}` : "");
    put(parts.clock, cw.painted.yet() ? clock(now) : cw.words.MISSING);
  }

  // A circuit is called on only when a channel on it has answered; it is cut when an open alert says so.
  function powerWords(now) {
    const circuits = new Map();
    for (const cycler of cw.model.lab.cyclers || []) if (cycler.power_circuit) circuits.set(cycler.power_circuit, false);
    const circuitOf = new Map((cw.model.lab.cyclers || []).map((cycler) => [cycler.id, cycler.power_circuit]));
    for (const channel of cw.model.channels.values()) {
      const circuit = circuitOf.get(channel.cycler);
      if (circuit && !circuits.get(circuit) && cw.model.stateOf(channel, now) !== "silent") circuits.set(circuit, true);
    }
    const cuts = [];
    for (const alert of cw.model.alerts.values()) {
      if (alert.kind !== "power-outage" || !cw.model.isOpen(alert)) continue;
      const [kind, ...rest] = alert.scope.split(":");
      const since = `since ${cw.words.shortClock(alert.opened_at)}`;
      if (kind === "power_circuit") {
        circuits.delete(rest.join(":"));
        cuts.push(`circuit ${rest.join(":")} ${since}`);
      } else if (kind === "lab") cuts.push(`whole lab ${since}`);
    }
    const named = (word, names) => (names.length ? [`${names.length === 1 ? "circuit" : "circuits"} ${names.join(" ")} ${word}`] : []);
    const on = [...circuits].filter(([, answers]) => answers).map(([name]) => name);
    const unknown = [...circuits].filter(([, answers]) => !answers).map(([name]) => name);
    const cut = cuts.length ? [`power cut: ${cuts.join(", ")}`] : [];
    return { text: [...cut, ...named("on", on), ...named("not known", unknown)].join(" · "), cut: cuts.length > 0 };
  }
})();
