// The head of a channel's page: what it is doing now, each number with its unit, every reading with its age.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  const MOST_PAST = 5;
  const FACTS = [
    ["Voltage", (c) => cw.words.number(c.voltage_volt, 4, "V")],
    ["Current (+ charging)", (c) => cw.words.number(c.current_ampere, 3, "A", true)],
    ["Cell temperature", (c) => cw.words.number(c.surface_temperature_celsius, 1, "°C")],
    ["Chamber", chamber],
    ["Cycle", (c) => (c.cycle_count === null ? "–" : String(c.cycle_count))],
    ["State of health", (c) => cw.words.number(c.state_of_health === null ? null : 100 * c.state_of_health, 1, "%")],
    ["Open alerts", (c) => (c.alerts ? `${c.alerts}, worst ${c.severity}` : "none")],
    ["Test time", (c) => cw.words.age(c.test_time_second)],
  ];
  // What is not known of a test is left out.
  const ABOUT = [
    ["Test", (c) => c.test],
    ["Cell", (c) => c.cell],
    ["Batch", (c) => c.batch],
    ["Protocol", (_c, test) => test.protocol],
    ["Chemistry", (_c, test) => test.chemistry],
    ["Nominal capacity", (_c, test) => test.nominal_capacity_ah && cw.words.number(test.nominal_capacity_ah, 2, "Ah")],
    ["Owner", (_c, test) => test.owner],
    ["Chamber", (c) => c.chamber],
  ];

  // What people said of the test that runs here, asked for once.
  const tests = (cw.testFacts = new Map());
  function factsOf(test) {
    if (!test) return {};
    if (!tests.has(test)) {
      tests.set(test, {});
      fetch(`/api/v1/tests/${encodeURIComponent(test)}`)
        .then((answer) => (answer.ok ? answer.json() : {}))
        .then((told) => tests.set(test, told), () => tests.delete(test)); // asked again when the server answers
    }
    return tests.get(test);
  }

  // The chamber of a recorded cell stands in another lab, long ago: what is shown for it here is simulated.
  function chamber(c) {
    const { number } = cw.words;
    const said = c.source === "recorded" ? " (simulated)" : "";
    return `${number(c.ambient_temperature_celsius, 1, "°C")}${said}, set ${number(c.setpoint_celsius, 1, "°C")}`;
  }

  // Facts as a list of names and values; patch() says them anew and hides what is not known.
  function list(facts, classes) {
    const { el, put } = cw.words;
    const values = facts.map(() => el("dd", { dir: "auto" }));
    const boxes = facts.map(([word], i) => el("div", {}, el("dt", {}, word), values[i]));
    const patch = (channel, test) => facts.forEach(([, words], i) => {
      const said = words(channel, test);
      boxes[i].hidden = !said;
      put(values[i], said || "");
    });
    return { node: el("dl", { class: classes }, ...boxes), patch };
  }

  function mount(host) {
    const { el, put, age, clock, kind, source } = cw.words;
    const name = host.dataset.name;
    const state = el("span", { class: "badge", hidden: true });
    const reading = el("span", { class: "how" });
    const numbers = list(FACTS, "facts");
    const about = list(ABOUT, "about");
    const unknown = el("p", { class: "how" });
    const cards = el("ol", { class: "cards" });
    host.append(
      el("div", { class: "channel-head", "data-channel": name }, el("h1", {}, name), state, reading), unknown, about.node, numbers.node,
      el("section", { "aria-label": "Open alerts of this channel" }, cards));

    function tick(now) {
      const channel = cw.model.channels.get(name);
      numbers.node.hidden = about.node.hidden = state.hidden = !channel;
      if (!channel) {
        put(unknown, cw.model.loaded ? "The monitor has not told of this channel yet." : "waiting for the monitor …");
        return;
      }
      put(unknown, "");
      put(state, kind(cw.model.stateOf(channel, now)));
      const old = `newest reading ${age(now - channel.arrival_time_second)} old, arrived ${clock(channel.arrival_time_second)}`;
      put(reading, `${source(channel)} · ${old} · ${channel.cycler}${channel.learning ? " · learning what temperature is usual" : ""}`);
      const test = factsOf(channel.test);
      numbers.patch(channel, test);
      about.patch(channel, test);
      const open = [...cw.model.alerts.values()].filter((alert) => cw.model.isOpen(alert) && alert.channels.includes(name));
      cw.drawCards(cards, open.sort(cw.model.worstFirst), now);
    }
    return { tick, frame: (_changed, now) => tick(now), moved: () => host.dataset.name === name };
  }

  // What was wrong in the last day and is over.
  function mountPast(host) {
    const { el, put } = cw.words;
    const { name } = host.dataset;
    const note = el("p", { class: "how" });
    const cards = el("ol", { class: "cards" });
    host.append(note, cards);
    const tick = (now) => {
      const over = [...cw.model.alerts.values()].filter((alert) => !cw.model.isOpen(alert) && alert.suppressed !== "incident" && alert.channels.includes(name)); // an incident speaks for its members
      over.sort((a, b) => b.opened_at - a.opened_at);
      put(note, over.length ? "Over, of the last 24 h:" : "None that ended in the last 24 h.");
      cw.drawCards(cards, over.slice(0, MOST_PAST), now);
    };
    return { tick, moved: () => host.dataset.name === name };
  }

  (cw.hosts = cw.hosts || new Map()).set("channel-live", mount).set("channel-past", mountPast);
})();
