// What stands behind an alert: the numbers it was found from, with their units, and the alerts that it explains.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const MOST_MEMBERS = 20;
  const UNITS = { // of names that end so
    kelvin_per_minute: "K/min", millivolt_per_hour: "mV/h", second_per_day: "s/day", volt: "V", ampere: "A", celsius: "°C", kelvin: "K",
    seconds: "s", second: "s", minutes: "min", hours: "h", ohm: "Ω", ah: "Ah", wh: "Wh", byte: "bytes",
  };
  const SHARES = new Set([ // told as a part of 1
    "state_of_health", "efficiency", "efficiency_of_others", "usual_efficiency", "fade", "fade_of_others", "drop", "limit", "step", "left", "jump",
    "share", "memory_share", "fade_per_cycle", "usual_per_cycle", "limit_per_cycle",
  ]);
  const OTHERS = { // name: what it is called, its unit
    excess: ["Excess", "× its limit"], z: ["Apart from usual", "standard deviations"], ratio: ["Beside the first cycles", "times as much"],
    crossed_correlation: ["Correlation with each other's current", "of at most 1"], own_correlation: ["Correlation with the own current", "of at most 1"],
    kelvin_per_minute: ["Rise", "K/min"], millivolt_per_hour: ["Change at rest", "mV/h"], seconds: ["Lasted", "s"], hours: ["For", "h"],
    usual_seconds: ["Usually lasts", "s"],
  };
  const COUNTS = { // name: one of them, many
    channels: ["channel", "channels"], cells: ["cell", "cells"], cycles: ["cycle", "cycles"], spikes: ["spike", "spikes"], dips: ["dip", "dips"],
    repeats: ["same reading", "same readings"], looks: ["look", "looks"], files: ["file", "files"], rejected: ["row", "rows"], taken: ["row", "rows"],
    fellows_running: ["channel", "channels"], resumed: ["channel", "channels"], filled: ["channel", "channels"], ran_on: ["channel", "channels"],
    paused: ["channel", "channels"], restarted: ["channel", "channels"],
  };
  const NUMBERS = new Set(["cycle_count", "record_index", "step_count"]); // the how-many-eth: no unit, and named so
  const MOMENTS = new Set(["last_arrival", "since", "resuming_since", "raised_at", "at"]);
  const AS_AGE = 600; // s from which a length of time is easier to read in larger units

  const short = (value) => String(Number(value.toPrecision(5)));

  // What a value is called, and its unit: ["Voltage", "V"]; the unit "" of what has none, null of what is no number of ours.
  function named(name) {
    const words = (text) => cw.words.kind(text.replaceAll("_", "-"));
    if (name.endsWith("_before")) {
      const [called, unit] = named(name.slice(0, -"_before".length));
      return [`${called}, before`, unit];
    }
    if (OTHERS[name]) return OTHERS[name];
    if (SHARES.has(name)) return [words(name.replace(/_per_cycle$/, "")), name.endsWith("_per_cycle") ? "% per cycle" : "%"];
    if (NUMBERS.has(name)) return [name === "cycle_count" ? "Cycle" : words(name), ""];
    const ending = Object.keys(UNITS).find((one) => name.endsWith(`_${one}`));
    return ending ? [words(name.slice(0, -ending.length - 1)), UNITS[ending]] : [words(name), null];
  }

  // A name and a value of the evidence as people read them: ["Voltage", "3.812 V"].
  function fact(name, value) {
    const { MISSING, NBSP, age, date, plural } = cw.words;
    const [called, unit] = named(name);
    if (value === null || value === undefined) return [called, unit ? `${MISSING}${NBSP}${unit}` : MISSING];
    if (Array.isArray(value)) return [called, value.map((one) => fact(name, one)[1]).join(", ") || MISSING];
    if (typeof value === "boolean") return [called, value ? "yes" : "no"];
    if (typeof value !== "number") return [called, typeof value === "object" ? JSON.stringify(value) : String(value)];
    if (MOMENTS.has(name)) return [called, date(value)];
    if (COUNTS[name]) return [called, plural(value, ...COUNTS[name])];
    const said = `${short(SHARES.has(name) ? 100 * value : value)}${unit ? NBSP + unit : ""}`;
    return [called, unit === "s" && Math.abs(value) >= AS_AGE ? `${said} (${value < 0 ? "−" : ""}${age(Math.abs(value))})` : said];
  }

  function table(alert) {
    const { el } = cw.words;
    const rows = Object.entries(alert.evidence || {}).map(([name, value]) => fact(name, value));
    if (!rows.length) return null;
    return el("table", { class: "evidence" }, el("caption", { class: "aside" }, "What it was found from"),
      el("tbody", {}, ...rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))));
  }

  function members(alert) {
    const { el, kind, scope, plural } = cw.words;
    const ids = alert.members || [];
    if (!ids.length) return null;
    const found = ids.map((id) => cw.model.alerts.get(id)).filter(Boolean).slice(0, MOST_MEMBERS);
    const items = found.map((one) => el("li", {}, `${kind(one.kind)}: ${scope(one.scope)}`));
    const left = ids.length - items.length;
    return el("div", {}, el("p", {}, `Explains ${plural(ids.length, "alert", "alerts")}:`), el("ul", { class: "members" }, ...items),
      left ? el("a", { href: "/alerts?show=suppressed", "data-nav": true }, `and ${left} more, under Explained or planned`) : null);
  }

  // The part of a card that opens; drawn only while it is open, and anew when the alert has changed.
  cw.evidence = () => {
    const { el, put } = cw.words;
    const body = el("div", { class: "card-evidence" });
    const summary = el("summary", {}, "Numbers");
    let of = null;
    let drawn = "";
    const element = el("details", { class: "card-more", ontoggle: () => draw() }, summary, body);
    function draw() {
      const text = of && element.open ? JSON.stringify([of.evidence, of.members]) : "";
      if (text === drawn) return;
      drawn = text;
      if (text) body.replaceChildren(...[table(of), members(of)].filter(Boolean));
    }
    function patch(alert) {
      of = alert;
      const n = (alert.members || []).length;
      put(summary, n ? `Numbers and the ${cw.words.plural(n, "alert", "alerts")} it explains` : "Numbers");
      element.hidden = !n && Object.keys(alert.evidence || {}).length === 0;
      draw();
    }
    return { element, patch };
  };
  cw.evidence.fact = fact;
})();
