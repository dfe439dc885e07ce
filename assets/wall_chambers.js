// The chambers: temperature now, what it is told to hold, and the last hours as a line within its band, so that a drift is
// seen before it is an alarm. The lines are fetched once a minute; what is now comes with the stream.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const HOURS = 6;
  const REFRESH = 60; // seconds
  const MINUTE = 60;
  const LEAST_MINUTES = 15; // of a line that has only begun
  const WIDE = 360; // units of the drawing: one a minute
  const HIGH = 100;
  const SVG = "http://www.w3.org/2000/svg";
  const memory = { lines: new Map(), asked: -Infinity, note: "" }; // shared by the strip and the view of their own

  wall.isOff = (chamber) => Number.isFinite(chamber.measured) && Math.abs(chamber.measured - chamber.setpoint) > chamber.tolerance;

  async function fetchLines() {
    memory.asked = performance.now();
    try {
      const answer = await fetch(`/api/v1/chambers/history?hours=${HOURS}`);
      if (!answer.ok) throw new Error(`the server said ${answer.status}`);
      const { chambers } = await answer.json();
      memory.lines = new Map(chambers.map((line) => [line.chamber, line]));
      memory.note = "";
    } catch (error) {
      memory.note = `The lines could not be read (${error.message}); they are tried again in a minute.`;
    }
  }

  wall.chambers = (kind) => {
    const { el, sync, put } = cw.words;
    const list = el("div", { class: `chambers ${kind}` });
    const note = el("p", { class: "how", role: "status" });
    const element = el("section", { class: "wall-chambers", "aria-label": "Chambers" }, list, note);
    const tick = () => {
      if ((performance.now() - memory.asked) / 1000 >= REFRESH) fetchLines();
      const chambers = cw.model.lab.chambers || [];
      element.hidden = kind === "strip" && !chambers.length;
      list.style.setProperty("--chambers", String(columns(chambers.length, kind)));
      sync(list, chambers, (chamber) => chamber.id, makeCard, patchCard);
      put(note, chambers.length || !cw.model.loaded ? memory.note : "lab.toml names no chamber.");
    };
    return { element, tick, shown: tick, frame() {} };
  };

  const columns = (n, kind) => (kind === "strip" ? Math.min(n, Math.max(4, Math.ceil(n / 2))) : Math.ceil(Math.sqrt(n / 1.4))) || 1;

  function makeCard(chamber) {
    const { el } = cw.words;
    const parts = { name: el("h3", {}, chamber.id), value: el("span", { class: "chamber-now" }), set: el("span", { class: "chamber-told" }), words: el("span", { class: "chamber-words" }), graph: el("div", { class: "chamber-line" }) };
    const node = el("div", { class: "chamber-card" }, el("div", { class: "chamber-top" }, parts.name, parts.value), parts.graph, el("p", { class: "chamber-foot" }, parts.set, parts.words));
    node.parts = parts;
    return node;
  }

  function patchCard(node, chamber) {
    const { put, mark, number } = cw.words;
    const off = wall.isOff(chamber);
    const line = memory.lines.get(chamber.id);
    mark(node, "data-off", off);
    put(node.parts.value, `${off ? "◆ " : ""}${number(chamber.measured, 1, "°C")}`);
    put(node.parts.set, `set ${Number(chamber.setpoint.toFixed(1))} ± ${Number(chamber.tolerance.toFixed(1))}${cw.words.NBSP}°C`);
    const away = Math.abs(chamber.measured - chamber.setpoint);
    put(node.parts.words, off ? `${away.toFixed(1)}${cw.words.NBSP}K ${chamber.measured > chamber.setpoint ? "above" : "below"}` : Number.isFinite(chamber.measured) ? span(line) : "no reading");
    if (node.line !== line) {
      node.line = line;
      node.parts.graph.replaceChildren(...(line ? [draw(known(line))] : []));
    }
  }

  const firstKnown = (line) => line.celsius.findIndex((celsius) => celsius !== null);

  // How far back the line goes: a young lab has not had its hours yet.
  function span(line) {
    const { NBSP, age } = cw.words;
    const first = line ? firstKnown(line) : -1;
    if (first < 0) return "no line yet";
    const seconds = line.unix_time_second.at(-1) - line.unix_time_second[first] + MINUTE;
    return seconds > 0.9 * HOURS * 3600 ? `last ${HOURS}${NBSP}h` : `last ${age(seconds)}`;
  }

  // The part of a line that is drawn: from its first reading on, a quarter of an hour at least.
  function known(line) {
    const first = firstKnown(line);
    if (first < 0) return line;
    const from = Math.max(0, Math.min(first, line.celsius.length - LEAST_MINUTES));
    const cut = (values) => values.slice(from);
    return { ...line, unix_time_second: cut(line.unix_time_second), celsius: cut(line.celsius), setpoint_celsius: cut(line.setpoint_celsius) };
  }

  // The band that is allowed, the setpoint and the line; a gap is a gap, and what is far outside runs along the edge.
  function draw(line) {
    const tolerance = line.tolerance_kelvin;
    const low = Math.min(...line.setpoint_celsius) - 2.2 * tolerance;
    const high = Math.max(...line.setpoint_celsius) + 2.2 * tolerance;
    const n = line.unix_time_second.length;
    const x = (i) => ((i / Math.max(1, n - 1)) * WIDE).toFixed(1);
    const y = (celsius) => (HIGH - ((Math.min(high, Math.max(low, celsius)) - low) / (high - low)) * HIGH).toFixed(1);
    const upper = line.setpoint_celsius.map((celsius, i) => `${x(i)},${y(celsius + tolerance)}`);
    const lower = line.setpoint_celsius.map((celsius, i) => `${x(i)},${y(celsius - tolerance)}`).reverse();
    const held = line.setpoint_celsius.map((celsius, i) => `${i ? "L" : "M"}${x(i)} ${y(celsius)}`);
    let pen = "M";
    const path = line.celsius.map((celsius, i) => {
      if (celsius === null) {
        pen = "M";
        return "";
      }
      const step = pen === "M" ? `M${x(i)} ${y(celsius)}h.1` : `L${x(i)} ${y(celsius)}`; // a lone minute is a dot
      pen = "L";
      return step;
    });
    const graph = shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": sentence(line) });
    graph.append(shape("polygon", { class: "band", points: [...upper, ...lower].join(" ") }), shape("path", { class: "held", d: held.join("") }), shape("path", { class: "line", d: path.join("") }));
    return graph;
  }

  function sentence(line) {
    const known = line.celsius.filter((celsius) => celsius !== null);
    if (!known.length) return `${line.chamber}: no temperature in the last ${HOURS} h`;
    return `${line.chamber}: between ${Math.min(...known).toFixed(1)} and ${Math.max(...known).toFixed(1)} °C in the last ${HOURS} h`;
  }

  function shape(name, attributes) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  }
  wall.shape = shape;
})();
