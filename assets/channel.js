// The head of a channel's page: what it is doing now, each number with its unit, every reading with its age.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  const MOST_PAST = 10;
  const FACTS = [
    ["Voltage", (c) => cw.words.number(c.voltage_volt, 4, "V")],
    ["Current (+ charging)", (c) => cw.words.number(c.current_ampere, 3, "A", true)],
    ["Cell temperature", (c) => cw.words.number(c.surface_temperature_celsius, 1, "°C")],
    ["Chamber", chamber],
    ["Cycle", (c) => (c.cycle_count === null ? "–" : String(c.cycle_count))],
    ["State of health", (c) => cw.words.number(c.state_of_health === null ? null : 100 * c.state_of_health, 1, "%")],
    ["Test", (c) => c.test || "–"],
    ["Cell", (c) => c.cell || "–"],
    ["Batch", (c) => c.batch || "–"],
    ["Test time", (c) => cw.words.age(c.test_time_second)],
  ];

  // The chamber of a recorded cell stands in another lab, long ago: what is shown for it here is simulated.
  function chamber(c) {
    const { number } = cw.words;
    const said = c.source === "recorded" ? " (simulated)" : "";
    return `${number(c.ambient_temperature_celsius, 1, "°C")}${said}, set ${number(c.setpoint_celsius, 1, "°C")}${c.chamber ? `, ${c.chamber}` : ""}`;
  }

  function mount(host) {
    const { el, put, age, clock, kind, source } = cw.words;
    const name = host.dataset.name;
    const state = el("span", { class: "badge" });
    const reading = el("span", { class: "how" });
    const values = FACTS.map(() => el("dd", {}));
    const facts = el("dl", { class: "facts" }, ...FACTS.map(([word], i) => el("div", {}, el("dt", {}, word), values[i])));
    const unknown = el("p", { class: "how" });
    const cards = el("ol", { class: "cards" });
    host.append(
      el("div", { class: "channel-head", "data-channel": name }, el("h1", {}, name), state, reading), unknown, facts,
      el("section", { "aria-label": "Open alerts of this channel" }, cards));

    function tick(now) {
      const channel = cw.model.channels.get(name);
      facts.hidden = !channel;
      if (!channel) {
        put(unknown, cw.model.loaded ? "No reading of this channel has arrived yet." : "waiting for the monitor …");
        return;
      }
      put(unknown, "");
      put(state, kind(cw.model.stateOf(channel, now)));
      const old = `newest reading ${age(now - channel.arrival_time_second)} old, arrived ${clock(channel.arrival_time_second)}`;
      put(reading, `${source(channel)} · ${old} · ${channel.cycler}${channel.learning ? " · learning what temperature is usual" : ""}`);
      FACTS.forEach(([, words], i) => put(values[i], words(channel)));
      const open = [...cw.model.alerts.values()].filter((alert) => cw.model.isOpen(alert) && alert.channels.includes(name));
      cw.drawCards(cards, open.sort(cw.model.worstFirst), now);
    }
    return { tick, frame: (_changed, now) => tick(now) };
  }

  // What was wrong in the last day and is over.
  function mountPast(host) {
    const { el, put } = cw.words;
    const note = el("p", { class: "how" });
    const cards = el("ol", { class: "cards" });
    host.append(note, cards);
    const tick = (now) => {
      const over = [...cw.model.alerts.values()].filter((alert) => !cw.model.isOpen(alert) && alert.channels.includes(host.dataset.name));
      over.sort((a, b) => b.opened_at - a.opened_at);
      put(note, over.length ? "Over, of the last 24 h:" : "None that ended in the last 24 h.");
      cw.drawCards(cards, over.slice(0, MOST_PAST), now);
    };
    return { tick };
  }

  (cw.hosts = cw.hosts || new Map()).set("channel-live", mount).set("channel-past", mountPast);
})();
