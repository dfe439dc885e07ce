// What stands behind an alert: the numbers it was found from, with their units, and the alerts that it explains.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const MOST_MEMBERS = 20;
  const UNITS = [ // the longest ending first
    ["_kelvin_per_minute", "K/min"], ["_millivolt_per_hour", "mV/h"], ["_second_per_day", "s/day"], ["_volt", "V"], ["_ampere", "A"],
    ["_celsius", "°C"], ["_kelvin", "K"], ["_seconds", "s"], ["_second", "s"], ["_minutes", "min"], ["_hours", "h"], ["_ohm", "Ω"], ["_ah", "Ah"],
  ];
  const SHARES = new Set(["state_of_health", "efficiency", "efficiency_of_others", "fade_per_cycle", "usual_per_cycle", "fade_of_others"]);
  const WHOLE = { seconds: "s", hours: "h", kelvin_per_minute: "K/min", millivolt_per_hour: "mV/h", excess: "× its limit", z: "standard deviations" };
  const MOMENTS = new Set(["last_arrival", "since", "resuming_since", "raised_at"]);

  const short = (value) => String(Number(value.toPrecision(5)));

  // A name and a value of the evidence as people read them: ["Voltage", "3.812 V"].
  function fact(name, value) {
    const words = (text) => cw.words.kind(text.replaceAll("_", "-"));
    if (value === null || value === undefined) return [words(name), cw.words.MISSING];
    if (Array.isArray(value)) return [words(name), value.map((one) => fact(name, one)[1]).join(", ") || cw.words.MISSING];
    if (typeof value === "boolean") return [words(name), value ? "yes" : "no"];
    if (typeof value !== "number") return [words(name), typeof value === "object" ? JSON.stringify(value) : String(value)];
    if (MOMENTS.has(name)) return [words(name), cw.words.date(value)];
    if (SHARES.has(name)) return [words(name), `${short(100 * value)} %`];
    if (WHOLE[name]) return [words(name), `${short(value)} ${WHOLE[name]}`];
    const [ending, unit] = UNITS.find(([one]) => name.endsWith(one)) || ["", ""];
    return [words(name.slice(0, name.length - ending.length)), `${short(value)} ${unit}`.trim()];
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
