// Every channel of the lab as a tile: by place, one block a cycler, or the ones in need first. Grey is normal; shape, letter
// and colour are for what is abnormal; hatched is silence. How large the tiles are is measured (wall_fit.js).
// What a frame costs follows from what it changes: only changed tiles are written, and a tick only counts.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const PHONE = 900; // px: narrower pages scroll
  const byName = (a, b) => cw.words.natural(a.channel, b.channel);

  wall.grid = (asked) => {
    const { el } = cw.words;
    const cyclers = el("div", { class: "cyclers" });
    const room = el("div", { class: "wall-room" }, cyclers);
    const grid = { asked, cyclers, room, tiles: new Map(), blocks: [], built: "", sorted: "", density: "" };
    const strip = wall.chambers("strip");
    grid.element = el("div", { class: "wall-grid" }, room, strip.element, legend());
    grid.sizes = new ResizeObserver(() => resized(grid)); // it ends with the element it looks at
    grid.sizes.observe(room);
    return {
      element: grid.element,
      shown: (now) => {
        strip.tick(now); // it takes its room before the tiles are fitted into the rest
        grid.built = "";
        tick(grid, now);
      },
      frame: (changed, now) => {
        if (changed.full) strip.tick(now); // it takes its room before the tiles are fitted into the rest
        frame(grid, changed, now);
      },
      tick: (now) => {
        tick(grid, now);
        strip.tick(now);
      },
    };
  };

  // Before the page is painted, so that no frame shows tiles that do not fit. On a phone the room follows the tiles.
  function resized(grid) {
    if (!grid.built || (window.innerWidth < PHONE && grid.phone) || sizeOf(grid.room.getBoundingClientRect()) === grid.fitted) return;
    grid.built = "";
    tick(grid, cw.live.now());
  }

  const sizeOf = ({ width, height }) => `${width} × ${height}`;

  // What stands where, in words: as long as they stay the same no tile is made, moved or removed.
  function structure() {
    const places = (cw.model.lab.cyclers || []).map((cycler) => `${cycler.id}:${cycler.channels}`);
    return `${cw.model.channels.size} ${places.join(" ")}`;
  }

  function frame(grid, changed, now) {
    if (changed.full || structure() !== grid.built || changed.channels.some((id) => !grid.tiles.has(id))) return build(grid, now);
    for (const id of changed.channels) fill(grid, grid.tiles.get(id), cw.model.channels.get(id));
    if (grid.asked.sort === "need" && need(now) !== grid.sorted) build(grid, now);
    tickTiles(grid, now);
  }

  function tick(grid, now) {
    if (structure() !== grid.built || (grid.asked.sort === "need" && need(now) !== grid.sorted)) build(grid, now);
    else tickTiles(grid, now);
    for (const block of grid.blocks) drawHead(grid, block, now);
  }

  const rank = (channel, now) => (channel.severity ? Number(channel.severity.slice(1)) : cw.model.stateOf(channel, now) === "silent" ? 5 : 6);
  const need = (now) => [...cw.model.channels.values()].map((channel) => rank(channel, now)).join("");

  // One block per cycler in the lab's order, channels that the lab does not list last; or one with all.
  function groups(sort, now) {
    const all = [...cw.model.channels.values()];
    if (sort === "need") {
      const ranked = all.sort((a, b) => rank(a, now) - rank(b, now) || byName(a, b));
      return [{ id: "All channels, those in need first", facts: null, channels: ranked, free: 0 }];
    }
    const found = new Map((cw.model.lab.cyclers || []).map((cycler) => [cycler.id, { id: cycler.id, facts: cycler, channels: [] }]));
    for (const channel of all) {
      if (!found.has(channel.cycler)) found.set(channel.cycler, { id: channel.cycler, facts: null, channels: [] });
      found.get(channel.cycler).channels.push(channel);
    }
    for (const group of found.values()) {
      group.channels.sort(byName);
      group.free = group.facts ? Math.max(0, group.facts.channels - group.channels.length) : 0;
    }
    return [...found.values()];
  }

  function build(grid, now) {
    const { sync } = cw.words;
    grid.built = structure();
    if (grid.asked.sort === "need") grid.sorted = need(now);
    const made = groups(grid.asked.sort, now);
    fit(grid, made);
    const present = new Set();
    sync(grid.cyclers, made, (group) => group.id, makeBlock, (block, group) => {
      block.group = group;
      const slots = [...group.channels, ...Array.from({ length: group.free }, (_, i) => ({ channel: `free slot ${i}`, free: true }))];
      sync(block.tiles, slots, (slot) => slot.channel, (slot) => makeTile(slot, grid.density), (tile, channel) => {
        if (channel.free) return;
        grid.tiles.set(channel.channel, tile);
        fill(grid, tile, channel);
        present.add(channel.channel);
      });
    });
    for (const id of grid.tiles.keys()) if (!present.has(id)) grid.tiles.delete(id);
    grid.blocks = [...grid.cyclers.children];
    for (const block of grid.blocks) drawHead(grid, block, now);
    tickTiles(grid, now);
  }

  // Measures the room and takes the largest tiles with which all fits; tiles of another kind are made anew.
  function fit(grid, made) {
    const counts = made.map((group) => group.channels.length + group.free);
    const n = counts.reduce((sum, count) => sum + count, 0);
    const { style } = grid.cyclers;
    let density = n <= 120 ? "roomy" : n <= 480 ? "dense" : "tiny";
    grid.phone = window.innerWidth < PHONE;
    if (!grid.density) cw.words.mark(grid.element, "data-density", density); // the legend takes the room it will have
    if (!grid.phone && n) {
      const box = grid.room.getBoundingClientRect();
      const found = wall.fit(counts, box, wall.unit());
      density = found.density;
      grid.fitted = sizeOf(box);
      const measures = { columns: found.columns, row: found.row, high: found.high, gap: found.gap, head: found.head, apart: found.apart, text: textOf(found, longest(made)) };
      for (const [name, value] of Object.entries(measures)) style.setProperty(`--${name}`, ["columns", "row"].includes(name) ? value : `${value}px`);
      grid.narrow = found.block < 620 * wall.unit();
      cw.words.mark(grid.cyclers, "data-narrow", grid.narrow);
      cw.words.mark(grid.cyclers, "data-flat", found.flat);
      cw.words.mark(grid.cyclers, "data-letters", measures.text >= 16); // else a severity is its shape and colour
    } else grid.cyclers.removeAttribute("style");
    if (density === grid.density) return;
    grid.density = density;
    cw.words.mark(grid.element, "data-density", density);
    grid.cyclers.replaceChildren();
    grid.tiles.clear();
  }

  // Size of the letters in px: the longest name, and the numbers, must go into a tile.
  const longest = (made) => Math.min(18, Math.max(8, ...made.flatMap((group) => group.channels.map((channel) => channel.channel.length))));
  function textOf({ density, width, high, flat }, name) {
    if (density === "roomy") return Math.max(11, Math.min(width / Math.max(9.4, 0.68 * name + 2.2), high / (flat ? 4.1 : 5.4)));
    return density === "dense" ? Math.min(width / 2.9, high / 1.9) : high * 0.8;
  }

  function makeBlock(group) {
    const { el } = cw.words;
    const parts = { chambers: el("span", { class: "cycler-chambers" }), answered: el("span", { class: "cycler-answered" }) };
    const tiles = el("div", { class: "tiles" });
    const block = el("div", { class: "cycler" }, el("div", { class: "cycler-head" }, el("h3", {}, group.id), parts.chambers, parts.answered), tiles);
    block.parts = parts;
    block.tiles = tiles;
    return block;
  }

  function drawHead(grid, block, now) {
    const { put, sync, el, mark } = cw.words;
    const channels = block.group.channels.map(({ channel }) => cw.model.channels.get(channel)).filter(Boolean); // as they are now
    const answered = channels.reduce((sum, channel) => sum + (cw.model.stateOf(channel, now) !== "silent"), 0);
    const short = grid.narrow && grid.density !== "roomy";
    put(block.parts.answered, !channels.length ? "not heard yet" : short ? `${answered}/${channels.length}` : `${answered} of ${channels.length} answered`);
    mark(block, "data-answered", answered === channels.length ? "all" : answered ? "some" : "none");
    if (grid.asked.sort === "need") return;
    const used = new Set(channels.map((channel) => channel.chamber));
    const chambers = (cw.model.lab.chambers || []).filter((chamber) => used.has(chamber.id));
    const make = () => el("span", {}, el("span", { class: "chamber-sign", "aria-hidden": "true" }), el("span", { class: "chamber-id" }), el("span", {}), el("span", { class: "chamber-set" }));
    sync(block.parts.chambers, chambers, (chamber) => chamber.id, make, drawChamber);
  }

  function drawChamber(node, chamber) {
    const { put, number, mark } = cw.words;
    const off = wall.isOff(chamber);
    mark(node, "class", off ? "chamber off" : "chamber");
    const [sign, id, value, set] = node.children;
    put(sign, off ? "◆ " : "");
    put(id, `${chamber.id} `);
    put(value, number(chamber.measured, 1, "°C"));
    put(set, ` (set ${number(chamber.setpoint, 0, "°C")})`);
  }

  function makeTile(channel, density) {
    const { el } = cw.words;
    if (channel.free) return el("span", { class: "tile free", "aria-hidden": "true" });
    const parts = {};
    const tile = el("a", { class: "tile", "data-nav": true, "data-channel": channel.channel, href: cw.channelUrl(channel.channel), title: channel.channel });
    if (density === "roomy") {
      const names = { name: "tile-name", volts: "tile-volts", amps: "", heat: "", age: "tile-age", health: "", cycle: "" };
      for (const [part, name] of Object.entries(names)) parts[part] = el("span", { class: name || null });
      parts.phase = el("span", { class: "tile-phase", "aria-hidden": "true" });
      parts.sign = makeSign();
      tile.append(el("span", { class: "tile-top" }, parts.name, parts.phase), el("span", { class: "tile-middle" }, parts.volts, parts.sign),
        el("span", { class: "tile-rest" }, parts.amps, parts.heat), el("span", { class: "tile-rest tile-fade" }, parts.cycle, parts.health), parts.age);
      cw.words.put(parts.name, channel.channel);
    } else {
      // Its block says the rest of the name.
      const short = channel.channel.startsWith(`${channel.cycler}-`) ? channel.channel.slice(channel.cycler.length + 1) : channel.channel;
      tile.cwName = channel.channel; // said with its state as a label: a thousand hidden words would be laid out too
      if (density === "dense") tile.append(el("span", { class: "tile-short", "aria-hidden": "true" }, short));
    }
    tile.parts = parts;
    return tile;
  }

  function fill(grid, tile, channel) {
    tile.channel = channel;
    if (grid.density !== "roomy") return; // the marks say the rest
    const { put, number } = cw.words;
    const { parts } = tile;
    put(parts.volts, number(channel.voltage_volt, 3, "V"));
    put(parts.amps, number(channel.current_ampere, 2, "A", true));
    put(parts.heat, heatOf(channel));
    put(parts.cycle, Number.isFinite(channel.cycle_count) ? `cycle ${channel.cycle_count}` : "");
    put(parts.health, Number.isFinite(channel.state_of_health) ? `${(100 * channel.state_of_health).toFixed(1)}\u00a0%` : "");
  }

  // A rail or a code of the logger is no temperature: 1372 °C is what a broken wire says.
  wall.isOpenThermocouple = (celsius) => Number.isFinite(celsius) && (celsius > 300 || celsius < -100);
  const heatOf = (channel) => {
    const celsius = channel.surface_temperature_celsius;
    return wall.isOpenThermocouple(celsius) ? "TC open" : cw.words.number(celsius, 1, "°C");
  };

  function tickTiles(grid, now) {
    for (const tile of grid.tiles.values()) {
      const { channel } = tile;
      const state = cw.model.stateOf(channel, now);
      if (tile.state !== state) turn(tile, state);
      if (tile.severity !== channel.severity) sign(tile, channel.severity);
      if (state === "silent" && tile.parts.age) cw.words.put(tile.parts.age, `silent ${cw.words.age(now - channel.arrival_time_second)}`);
    }
  }

  function turn(tile, state) {
    tile.state = state;
    if (!tile.parts.phase) return;
    cw.words.put(tile.parts.phase, cw.words.PHASE_GLYPHS[state] || "");
    if (state !== "silent") cw.words.put(tile.parts.age, "");
  }

  function sign(tile, severity) {
    tile.severity = severity;
    if (!tile.parts.sign && severity) tile.append((tile.parts.sign = makeSign())); // most small tiles never need one
    if (tile.parts.sign) tile.parts.sign.replaceChildren(...(severity ? [cw.words.glyph(severity), cw.words.el("span", {}, severity)] : []));
  }

  const makeSign = () => cw.words.el("span", { class: "tile-sign", "aria-hidden": "true" });

  function legend() {
    const { el, glyph, PHASE_GLYPHS, SEVERITY_WORDS } = cw.words;
    const phases = Object.entries(PHASE_GLYPHS).filter(([phase]) => phase !== "silent");
    return el("p", { class: "legend" },
      ...phases.map(([phase, sign]) => el("span", { class: "legend-phase" }, `${sign} ${phase}`)),
      el("span", { class: "legend-plain" }, el("span", { class: "swatch plain" }), "normal"),
      el("span", {}, el("span", { class: "swatch free" }), "free"),
      el("span", {}, el("span", { class: "swatch silent" }), "silent: old value"),
      ...["P1", "P2", "P3"].map((severity) => el("span", {}, glyph(severity), ` ${severity} ${SEVERITY_WORDS[severity]}`)));
  }
})();
