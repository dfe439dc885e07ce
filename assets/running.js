// What runs, told calmly below what needs someone: each cycler, chamber and batch in a line, and what ended in the last 24 h.
// All of it is what the page holds anyway, so that it is as new as the head says; colour only for what is off.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const DAY = 86400;
  const EVERY_MS = 900; // between two looks
  const MOST = 12; // rows of a part
  const ODD = "◆ "; // before what is not as it should be
  const RUNS = ["charging", "discharging"];
  const DONE = ["finished", "idle"];

  // A small table whose cells are put in place: {key, href, cells, off}, the first cell being the name of the row.
  function part(id, title, columns, foot) {
    const { el, put, mark, sync } = cw.words;
    const body = el("tbody");
    const left = el("a", { "data-nav": true });
    const more = el("p", { class: "how", hidden: true }, left);
    const head = columns.map((name, i) => el("th", { scope: "col", class: i ? "number" : null }, i ? name : el("span", { class: "aside" }, name)));
    const element = el("section", { id, class: "run", hidden: true }, el("h2", {}, title), el("table", {}, el("thead", {}, el("tr", {}, ...head)), body), more);
    function make(row) {
      const name = row.href ? el("a", { href: row.href, "data-nav": true, dir: "auto" }) : el("bdi", {});
      const cells = columns.slice(1).map(() => el("td", { class: "number" }));
      const node = el("tr", {}, el("th", { scope: "row" }, name), ...cells);
      node.parts = { name, cells };
      return node;
    }
    function patch(node, row) {
      const [name, ...cells] = row.cells;
      put(node.parts.name, name);
      cells.forEach((text, i) => {
        put(node.parts.cells[i], text);
        mark(node.parts.cells[i], "data-none", text === "0");
      });
      mark(node, "data-off", Boolean(row.off));
    }
    function draw(rows) {
      element.hidden = rows.length === 0;
      sync(body, rows.slice(0, MOST), (row) => `${row.key} ${row.href}`, make, patch);
      more.hidden = rows.length <= MOST;
      if (more.hidden) return;
      mark(left, "href", foot);
      put(left, `and ${rows.length - MOST} more`);
    }
    return { element, draw };
  }

  const count = (list, words) => list.reduce((n, one) => n + Number(words.includes(one.state)), 0);

  // The channels by what they say under a name.
  function grouped(channels, name) {
    const groups = new Map();
    for (const one of channels) {
      const key = one[name] || "";
      if (groups.has(key)) groups.get(key).push(one);
      else groups.set(key, [one]);
    }
    return groups;
  }

  // The entries of the lab's facts of which the address wants something, each with its channels.
  function placed(name, asked, channels) {
    const byPlace = grouped(channels, name);
    const all = (cw.model.lab[`${name}s`] || []).map((place) => [place, byPlace.get(place.id) || []]);
    return cw.filters.isActive(asked) ? all.filter(([place, own]) => own.length || asked[name] === place.id) : all;
  }

  const to = (query, changes) => cw.filters.urlWith(query, changes);

  function cyclers(query, asked, channels) {
    const whole = !(asked.batch || asked.owner || asked.chamber); // else a slot without a channel belongs to nobody
    return placed("cycler", asked, channels).map(([one, own]) => {
      const silent = count(own, ["silent"]);
      const unheard = whole ? String(Math.max(0, (one.channels || own.length) - own.length)) : cw.words.MISSING;
      const numbers = [RUNS, ["resting"], DONE].map((states) => String(count(own, states)));
      return { key: one.id, href: to(query, { cycler: one.id }), cells: [one.id, ...numbers, `${silent ? ODD : ""}${silent}`, unheard], off: silent > 0 };
    });
  }

  function chambers(query, asked, channels) {
    const { number, NBSP } = cw.words;
    const plain = (value) => Number(value.toFixed(1));
    return placed("chamber", asked, channels).map(([one, own]) => {
      const away = one.measured - one.setpoint;
      const off = Number.isFinite(one.measured) && Math.abs(away) > one.tolerance;
      const measured = Number.isFinite(one.measured) ? number(one.measured, 1, "°C") : "no reading";
      const words = off ? `${ODD}${measured}, ${number(Math.abs(away), 1, "K")} ${away > 0 ? "above" : "below"}` : measured;
      return { key: one.id, href: to(query, { chamber: one.id }), off,
        cells: [one.id, words, `${plain(one.setpoint)} ± ${plain(one.tolerance)}${NBSP}°C`, String(count(own, [...RUNS, "resting"]))] };
    });
  }

  function span(values, write) {
    const known = values.filter(Number.isFinite);
    if (!known.length) return cw.words.MISSING;
    const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))].map(write);
    return low === high ? low : `${low} to ${high}`;
  }

  // How far the running tests of each batch have come, the one that came farthest first.
  function batches(channels) {
    const groups = grouped(channels.filter((one) => one.test && !DONE.includes(one.state)), "batch");
    const most = (own) => own.reduce((far, one) => Math.max(far, one.cycle_count || 0), 0);
    return [...groups].sort(([a, x], [b, y]) => Number(!a) - Number(!b) || most(y) - most(x) || cw.words.natural(a, b)).map(([batch, own]) => ({
      key: batch, href: batch ? cw.batchUrl(batch) : null,
      cells: [batch || "no batch stated", String(own.length), span(own.map((one) => one.cycle_count), String),
        `${span(own.map((one) => (Number.isFinite(one.state_of_health) ? 100 * one.state_of_health : null)), (value) => value.toFixed(1))}${cw.words.NBSP}%`],
    }));
  }

  // Tests that finished and alerts that are over, the newest first; what an incident explains is told by the incident.
  function ended(asked, now) {
    const { scope, kind, age, shortClock } = cw.words;
    const found = [];
    for (const alert of cw.model.alerts.values()) {
      if (!cw.filters.alertFits(asked, alert)) continue;
      const place = scope(alert.scope);
      if (alert.kind === "finished") found.push({ at: alert.opened_at, key: alert.id, href: cw.channelUrl(alert.channels[0]), what: `test ${alert.test || ""} finished`.replace("  ", " "), place });
      else if (!cw.model.isOpen(alert) && alert.severity !== "P4" && !alert.suppressed) {
        const lasted = Math.max(0, (alert.cleared_at || alert.closed_at) - alert.opened_at);
        found.push({ at: alert.closed_at, key: alert.id, href: `/alerts?show=history&find=${encodeURIComponent(alert.scope)}`, what: `${kind(alert.kind).toLowerCase()}, lasted ${age(lasted)}`, place });
      }
    }
    return found.filter((one) => one.at <= now && now - one.at < DAY).sort((a, b) => b.at - a.at)
      .map((one) => ({ key: one.key, href: one.href, cells: [one.place, one.what, shortClock(one.at)] }));
  }

  function sentence(channels) {
    const words = [[RUNS, "runs", "run"], [["resting"], "rests", "rest"], [DONE, "is finished or idle", "are finished or idle"], [["silent"], "is silent", "are silent"]];
    const said = words.map(([states, ...word]) => [count(channels, states), ...word]).filter(([n]) => n).map((told) => cw.words.plural(...told));
    const doubt = cw.doubt();
    return `Of ${cw.words.plural(channels.length, "channel", "channels")} ${said.join(", ")}.${doubt ? ` This is as it was last heard: ${doubt}.` : ""}`;
  }

  cw.running = (query, asked) => {
    const { el, put, mark } = cw.words;
    const said = el("p", { class: "how" });
    const parts = {
      cyclers: part("run-cyclers", "Cyclers", ["Cycler", "Running", "Resting", "Done", "Silent", "Free"], "/wall"),
      chambers: part("run-chambers", "Chambers", ["Chamber", "Now", "Set", "Tests"], "/wall?view=chambers"),
      batches: part("run-batches", "Running tests by batch", ["Batch", "Tests", "Cycle", "State of health"], "/tests?group=batch"),
      ended: part("run-ended", "Ended in the last 24 h", ["Where", "What", "At"], "/alerts?show=history"),
    };
    const places = el("div", { class: "run-places" }, parts.cyclers.element, parts.chambers.element);
    const element = el("section", { class: "runs", hidden: true, "aria-label": "What runs" }, said, places, parts.batches.element, parts.ended.element);
    let drawn = -Infinity;
    function draw(now) {
      if (performance.now() - drawn < EVERY_MS || !cw.model.loaded) return;
      drawn = performance.now();
      const known = [...cw.model.channels.values()].filter((one) => cw.filters.channelFits(asked, one.channel));
      const channels = known.map(({ cycler, chamber, batch, test, cycle_count, state_of_health }, i) => (
        { cycler, chamber, batch, test, cycle_count, state_of_health, state: cw.model.stateOf(known[i], now) }));
      element.hidden = channels.length === 0;
      mark(element, "data-doubt", Boolean(cw.doubt()));
      put(said, sentence(channels));
      parts.cyclers.draw(cyclers(query, asked, channels));
      parts.chambers.draw(chambers(query, asked, channels));
      parts.batches.draw(batches(channels));
      parts.ended.draw(ended(asked, now));
    }
    return { element, draw };
  };
})();
