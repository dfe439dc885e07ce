// The one control of time: a quiet "Live" in the head, with the way into the past; and, while the past is shown, a strip
// over every page that says so, with play, steps and the way back.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const STEPS = [[-3600, "−1 h"], [-600, "−10 min"], [600, "+10 min"], [3600, "+1 h"]];
  const HOUR = 3600;
  const DAY = 86400;
  const drawn = new Map(); // the parts that stand in the page: name -> draw()

  const now = () => cw.live.present();

  // "2026-11-20T03:00" on the lab's clock, as a field for a time wants it.
  function local(unix) {
    const parts = {};
    const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: cw.words.zone() };
    for (const { type, value } of new Intl.DateTimeFormat("en-GB", options).formatToParts(unix * 1000)) parts[type] = value;
    return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
  }

  // The last time the lab's clock showed 03:00.
  function lastNight() {
    const today = local(now()).slice(0, 11);
    return local(now()).slice(11) >= "03:00" ? `${today}03:00` : `${local(now() - DAY).slice(0, 11)}03:00`;
  }

  const button = (words, act, marks = {}) => cw.words.el("button", { type: "button", onclick: act, ...marks }, words);

  function field(label) {
    const { el } = cw.words;
    const input = el("input", { type: "datetime-local", required: true, "aria-label": "Date and time on the lab's clock" });
    const zone = el("span", { class: "how" });
    const form = el("form", { class: "time-field", onsubmit: (event) => {
      event.preventDefault();
      close(form);
      cw.past.goTo(input.value);
    } }, el("label", {}, label, input), zone, el("button", {}, "Show"));
    return { form, fill(unix) {
      cw.words.put(zone, `${cw.words.zone()} time`);
      if (document.activeElement !== input) input.value = local(unix);
    } };
  }

  function close(inside) {
    const open = inside.closest("details");
    if (open) open.open = false;
  }

  function jump(words, when) {
    const made = button(words, () => {
      close(made);
      cw.past.goTo(when());
    });
    return made;
  }

  // In the head: quiet while live, for that is the rule.
  function mountHead(host) {
    const { el } = cw.words;
    const { form, fill } = field("Show the lab as it was at ");
    const panel = el("details", { class: "menu", ontoggle: () => panel.open && fill(now()) },
      el("summary", {}, "Live", el("span", { class: "aside" }, ": show another time")),
      el("div", { class: "menu-panel" }, form, el("div", { class: "menu-jumps" },
        jump("1 h ago", () => now() - HOUR), jump("12 h ago", () => now() - 12 * HOUR),
        jump("last night, 03:00", lastNight), jump("1 day ago", () => now() - DAY))));
    host.append(panel, cw.share());
    drawn.set("head", () => (panel.hidden = cw.past.shown()));
    drawn.get("head")();
    return {};
  }

  function mountStrip(host) {
    const { el } = cw.words;
    const parts = {
      title: el("strong", { class: "then-title" }), note: el("span", { class: "then-note", role: "status" }),
      play: button("", () => (running() ? cw.past.pause() : cw.past.play(Number(parts.speed.value)))),
      speed: el("select", { "aria-label": "How fast it plays", onchange: () => running() && cw.past.play(Number(parts.speed.value)) },
        ...cw.past.SPEEDS.map((speed) => el("option", { value: speed, selected: speed === 60 }, `×${speed}`))),
    };
    const { form, fill } = field("Show ");
    const other = el("details", { class: "menu", ontoggle: () => other.open && fill(cw.past.moment()) }, el("summary", {}, "Other time"), el("div", { class: "menu-panel" }, form));
    parts.tools = el("span", { class: "then-tools" }, parts.play, parts.speed,
      ...STEPS.map(([seconds, words]) => button(words, () => cw.past.goTo(Math.min(cw.past.moment() + seconds, now())), { class: Math.abs(seconds) < HOUR ? "then-small" : null })), other);
    host.append(el("section", { class: "then-strip", "aria-label": "The time that is shown" }, parts.title, parts.note, parts.tools,
      button("Back to live", () => cw.past.live(), { class: "then-live" })));
    drawn.set("strip", () => drawStrip(host, parts));
    drawn.get("strip")();
    return { tick: drawn.get("strip") };
  }

  const running = () => Boolean(cw.past.state() && cw.past.state().speed);

  function drawStrip(host, parts) {
    const { put, wholeDate, clock, utc, mark } = cw.words;
    const view = cw.past.state();
    host.hidden = !view;
    if (!view) return;
    const at = Math.floor(cw.past.moment());
    const waits = view.at === null && !view.refused;
    put(parts.title, view.refused ? "This time cannot be shown · not live" : waits ? "Reading the archive …" : `Shown: ${wholeDate(at)}:${clock(at).slice(-2)} · not live`);
    mark(parts.title, "title", view.at === null ? "" : `${utc(at).replace("T", " ")} UTC`);
    put(parts.note, view.refused || view.note || (view.speed && view.waiting ? "reading on …" : ""));
    parts.tools.hidden = view.at === null;
    put(parts.play, view.speed ? "Pause" : "Play");
  }

  cw.time = { draw: () => drawn.forEach((draw) => draw()) };
  (cw.hosts = cw.hosts || new Map()).set("time", mountHead).set("then", mountStrip);
})();
