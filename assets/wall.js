// The wall: left the few causes that need someone, in letters that are read from 4 m; right every channel in its
// place. Grey is normal; shape, letter and colour are for what is abnormal; hatched is silence.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const ROOMY = 120; // up to so many channels a tile has room for its numbers
  const DENSE = 480; // up to so many it has room for its name

  function mount(host) {
    const { el } = cw.words;
    const parts = {
      lab: el("a", { href: "/", "data-nav": true, class: "wall-lab" }),
      link: el("span", { class: "fact" }), newest: el("span", { class: "fact" }),
      answered: el("span", { class: "fact" }), monitor: el("span", { class: "fact" }), factor: el("span", { class: "fact" }),
      clock: el("span", { class: "wall-clock" }),
      summary: el("h2", { class: "wall-summary" }), causes: el("ol", { class: "causes" }), more: el("p", { class: "wall-more" }),
      cyclers: el("div", { class: "cyclers" }),
    };
    host.append(
      el("header", { class: "wall-head" },
        el("h1", {}, parts.lab), parts.link, parts.newest, parts.answered, parts.monitor, parts.factor, parts.clock),
      el("div", { class: "wall-body" },
        el("section", { class: "wall-causes", "aria-label": "Needs someone now" }, parts.summary, parts.causes, parts.more),
        el("section", { class: "wall-tiles", "aria-label": "Channels" }, parts.cyclers, legend())),
    );
    const tiles = new Map();
    const frame = (changed, now) => {
      drawTiles(parts, tiles, host);
      for (const id of changed.channels) if (tiles.has(id)) fill(tiles.get(id), cw.model.channels.get(id));
      drawCauses(parts, now);
    };
    const tick = (now) => {
      if (tiles.size !== cw.model.channels.size) frame({ channels: [...cw.model.channels.keys()] }, now);
      drawHead(parts, now);
      drawCauses(parts, now);
      for (const tile of tiles.values()) ageOf(tile, now);
      for (const block of parts.cyclers.children) drawCycler(block, now);
    };
    return { frame, tick };
  }

  function drawHead(parts, now) {
    const { put, age, clock, plural } = cw.words;
    const monitorAge = cw.live.monitorAge();
    const { answered, expected } = cw.model;
    put(parts.lab, cw.model.lab.name || "Lab");
    put(parts.link, cw.past.shown() ? "not live" : cw.live.linkState());
    put(parts.newest, cw.model.newest ? `newest reading ${age(now - cw.model.newest)} old` : "no reading yet");
    put(parts.answered, `${answered(now)} of ${plural(expected(), "channel", "channels")} answered`);
    put(parts.monitor, cw.live.monitorState() === "dead" ? "not watched" : `monitor answered ${age(monitorAge)} ago`);
    const factor = cw.model.lab.time_factor;
    put(parts.factor, factor && factor !== 1 ? `Demo: test time runs ${Number(factor)} × faster than life` : "");
    put(parts.clock, clock(now));
  }

  // As many causes as the screen holds; the rest is counted, not hidden.
  function room() {
    if (window.innerWidth < 900) return 4;
    return Math.max(3, Math.floor((window.innerHeight - 190) / (window.innerHeight >= 1000 ? 158 : 132)));
  }

  function drawCauses(parts, now) {
    const { put, sync, plural } = cw.words;
    const all = cw.model.causes(now);
    const shown = all.slice(0, room());
    const channels = new Set(all.flatMap((alert) => alert.channels));
    put(parts.summary, all.length
      ? `Needs someone now · ${plural(all.length, "cause", "causes")}, ${plural(channels.size, "channel", "channels")}`
      : cw.wellWords(now).title);
    sync(parts.causes, shown, (alert) => alert.id, makeCause, (node, alert) => patchCause(node, alert, now));
    put(parts.more, all.length > shown.length
      ? `and ${plural(all.length - shown.length, "more cause", "more causes")}: see Alerts`
      : all.length ? "" : cw.wellWords(now).how);
  }

  function makeCause(alert) {
    const { el, glyph } = cw.words;
    const parts = { name: el("a", { class: "cause-name", "data-nav": true }), what: el("p", { class: "cause-what" }), meta: el("p", { class: "cause-meta" }), sign: el("span", { class: "cause-sign" }, glyph(alert.severity)) };
    const node = el("li", { class: "cause", "data-alert": alert.id, "data-kind": alert.kind }, parts.sign,
      el("div", {}, el("h3", {}, parts.name), parts.what, parts.meta));
    node.parts = parts;
    return node;
  }

  function patchCause(node, alert, now) {
    const { put, mark, age, scope, message, glyph } = cw.words;
    if (node.getAttribute("data-severity") !== alert.severity) node.parts.sign.replaceChildren(glyph(alert.severity), alert.severity);
    mark(node, "data-severity", alert.severity);
    mark(node.parts.name, "href", alert.scope.startsWith("channel:") ? cw.channelUrl(alert.channels[0]) : "/alerts");
    put(node.parts.name, scope(alert.scope));
    put(node.parts.what, message(alert));
    const who = alert.acknowledged_by ? `seen by ${alert.acknowledged_by}` : "nobody yet";
    put(node.parts.meta, [age(now - alert.opened_at), alert.action, who].filter(Boolean).join(" · "));
  }

  // One block per cycler, in the lab's order, channels that the lab does not list last.
  function blocks() {
    const groups = new Map((cw.model.lab.cyclers || []).map((cycler) => [cycler.id, { id: cycler.id, facts: cycler, channels: [] }]));
    for (const channel of cw.model.channels.values()) {
      if (!groups.has(channel.cycler)) groups.set(channel.cycler, { id: channel.cycler, facts: null, channels: [] });
      groups.get(channel.cycler).channels.push(channel);
    }
    const natural = (a, b) => a.channel.localeCompare(b.channel, "en", { numeric: true });
    for (const group of groups.values()) group.channels.sort(natural);
    return [...groups.values()];
  }

  function drawTiles(parts, tiles, host) {
    const { sync, mark } = cw.words;
    const n = cw.model.channels.size;
    mark(host, "data-density", n <= ROOMY ? "roomy" : n <= DENSE ? "dense" : "tiny");
    const present = new Set();
    sync(parts.cyclers, blocks(), (group) => group.id, makeCycler, (block, group) => {
      block.group = group;
      const free = group.facts ? Math.max(0, group.facts.channels - group.channels.length) : 0;
      const slots = [...group.channels, ...Array.from({ length: free }, (_, i) => ({ channel: `free slot ${i}`, free: true }))];
      sync(block.tiles, slots, (channel) => channel.channel, makeTile, (tile, channel) => {
        if (channel.free) return;
        if (!tiles.has(channel.channel) || tiles.get(channel.channel) !== tile) fill(tile, channel);
        tiles.set(channel.channel, tile);
        present.add(channel.channel);
      });
    });
    for (const id of tiles.keys()) if (!present.has(id)) tiles.delete(id);
  }

  function makeCycler(group) {
    const { el } = cw.words;
    const parts = { chambers: el("span", { class: "cycler-chambers" }), answered: el("span", { class: "cycler-answered" }) };
    const tiles = el("div", { class: "tiles" });
    const block = el("div", { class: "cycler" }, el("div", { class: "cycler-head" }, el("h3", {}, group.id), parts.chambers, parts.answered), tiles);
    block.parts = parts;
    block.tiles = tiles;
    return block;
  }

  function drawCycler(block, now) {
    const { put, sync, el } = cw.words;
    const { channels } = block.group;
    const used = new Set(channels.map((channel) => channel.chamber));
    const chambers = (cw.model.lab.chambers || []).filter((chamber) => used.has(chamber.id));
    sync(block.parts.chambers, chambers, (chamber) => chamber.id, () => el("span", {}), drawChamber);
    const answered = channels.filter((channel) => cw.model.stateOf(channel, now) !== "silent").length;
    put(block.parts.answered, channels.length ? `${answered} of ${channels.length} answered` : "not heard yet");
    cw.words.mark(block, "data-answered", answered === channels.length ? "all" : answered ? "some" : "none");
  }

  function drawChamber(node, chamber) {
    const { put, number, mark } = cw.words;
    const known = Number.isFinite(chamber.measured);
    const off = known && Math.abs(chamber.measured - chamber.setpoint) > chamber.tolerance;
    mark(node, "class", off ? "chamber off" : "chamber");
    put(node, `${off ? "◆ " : ""}${chamber.id} ${number(known ? chamber.measured : null, 1, "°C")} (set ${number(chamber.setpoint, 0, "°C")})`);
  }

  function makeTile(channel) {
    const { el } = cw.words;
    if (channel.free) return el("span", { class: "tile free", "aria-hidden": "true" });
    const parts = { name: el("span", { class: "tile-name" }), phase: el("span", { class: "tile-phase", "aria-hidden": "true" }), sign: el("span", { class: "tile-sign", "aria-hidden": "true" }), volts: el("span", { class: "tile-volts" }), amps: el("span", {}), heat: el("span", {}), age: el("span", { class: "tile-age" }) };
    const tile = el("a", { class: "tile", "data-nav": true, "data-channel": channel.channel, href: cw.channelUrl(channel.channel) },
      el("span", { class: "tile-top" }, parts.name, parts.phase), el("span", { class: "tile-middle" }, parts.volts, parts.sign), el("span", { class: "tile-rest" }, parts.amps, parts.heat), parts.age);
    tile.parts = parts;
    return tile;
  }

  function fill(tile, channel) {
    const { put, number } = cw.words;
    const { parts } = tile;
    tile.channel = channel;
    put(parts.name, channel.channel);
    put(parts.volts, number(channel.voltage_volt, 3, "V"));
    put(parts.amps, number(channel.current_ampere, 2, "A", true));
    const heat = channel.surface_temperature_celsius; // an open thermocouple tells four digits
    put(parts.heat, number(heat, Math.abs(heat) >= 1000 ? 0 : 1, "°C"));
  }

  // What the cell is doing, what is wrong with it, and the age once the channel is silent.
  function ageOf(tile, now) {
    const { put, age, glyph, PHASE_GLYPHS } = cw.words;
    const state = cw.model.stateOf(tile.channel, now);
    const { severity } = tile.channel;
    put(tile.parts.phase, PHASE_GLYPHS[state] || "");
    if (tile.severity !== severity) {
      tile.severity = severity;
      tile.parts.sign.replaceChildren(...(severity ? [glyph(severity), severity] : []));
    }
    put(tile.parts.age, state === "silent" ? `silent ${age(now - tile.channel.arrival_time_second)}` : "");
  }

  function legend() {
    const { el, glyph, PHASE_GLYPHS, SEVERITY_WORDS } = cw.words;
    const phases = Object.entries(PHASE_GLYPHS).filter(([phase]) => phase !== "silent");
    return el("p", { class: "legend" },
      ...phases.map(([phase, sign]) => el("span", {}, `${sign} ${phase}`)),
      el("span", {}, el("span", { class: "swatch silent" }), "silent: old value"),
      ...["P1", "P2", "P3"].map((severity) => el("span", {}, glyph(severity), `${severity} ${SEVERITY_WORDS[severity]}`)));
  }

  (cw.hosts = cw.hosts || new Map()).set("wall", mount);
})();
