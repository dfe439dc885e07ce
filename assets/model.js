// What the browser knows of the lab: channels, alerts and facts, as the frames of the stream told them.
// Maps, not objects: a channel may be called "constructor".
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  // Those of cycling/frames.py; a test compares the two.
  const CHANNEL_FIELDS = [
    "channel", "phase", "severity", "alerts", "unix_time_second", "arrival_time_second", "cadence_second",
    "voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius",
    "cycle_count", "state_of_health", "test", "setpoint_celsius", "cycler", "chamber", "source", "cell",
    "batch", "test_time_second", "learning",
  ];
  const SCHEMA = 2; // of the frames; a page that reads another one than the server writes loads itself anew
  const BASE = 91; // cycling/packed.py
  const DAY = 86400;
  const model = { channels: new Map(), alerts: new Map(), lab: {}, newest: 0, frameTime: null, loaded: false, divided: false };
  let tables = new Map(); // part of the lab -> {run, n, t, names}: which channel a place means, and the last frame read

  // The whole numbers of a packed column, null where missing.
  function codes([, lowest, width, text], count) {
    const found = new Array(count);
    for (let row = 0; row < count; row += 1) {
      let code = 0;
      for (let at = row * width; at < (row + 1) * width; at += 1) {
        const symbol = text.charCodeAt(at) - 35;
        code = code * BASE + (symbol > 57 ? symbol - 1 : symbol); // the backslash is left out
      }
      found[row] = !width ? lowest : code ? lowest + code - 1 : null;
    }
    return found;
  }

  const places = (column) => codes(column, column[2] ? column[3].length / column[2] : 1);

  // What a frame says of its channels: place -> {field: value}.
  function read(frame, names) {
    const rows = frame.rows ? places(frame.rows) : names.map((_, place) => place);
    const told = new Map(rows.map((place) => [place, {}]));
    for (const [field, column] of Object.entries(frame.columns || {})) {
      const [meaning] = column;
      const where = column[4] ? places(column[4]) : rows;
      codes(column, where.length).forEach((code, i) => {
        const known = Array.isArray(meaning) ? meaning[code] : code / meaning;
        told.get(where[i])[field] = code === null ? null : known;
      });
    }
    return told;
  }

  const EMPTY = Object.fromEntries(CHANNEL_FIELDS.map((name) => [name, null]));

  // A channel is never changed but replaced: whoever keeps one keeps what was.
  function take(name, told) {
    const channel = { ...(model.channels.get(name) || { ...EMPTY, channel: name }), ...told };
    const clock = channel.test_clock;
    const known = clock !== null && clock !== undefined;
    channel.test_time_second = known ? Math.round(10 * (clock + channel.unix_time_second * (model.lab.time_factor || 1))) / 10 : null;
    model.channels.set(name, channel);
    model.newest = Math.max(model.newest, channel.unix_time_second || 0);
  }

  function takeLab(frame) {
    const lab = { ...model.lab, ...frame.lab };
    for (const [name, parts] of Object.entries(frame.lab_parts || {})) {
      const news = new Map(parts.map((part) => [part.id, part]));
      lab[name] = (lab[name] || []).map((one) => ({ ...one, ...news.get(one.id) }));
    }
    model.lab = lab;
  }

  function clear() {
    model.channels.clear();
    model.alerts.clear();
    model.newest = 0;
    tables = new Map();
  }

  // Told already: of several watchers' full frames some are newer than where the stream goes on after them.
  const isOld = (frame, known) => known && !frame.full && (frame.run === known.run ? frame.n <= known.n : frame.t <= known.t);

  // Which channel a place of this frame means; null where the frame stands on something that was not told here.
  function tableOf(frame, known) {
    const { run, n, t, names } = frame;
    if (names && names.from === 0) return { run, n, t, names: names.list };
    if (!known || known.run !== run || n !== known.n + 1) return null;
    return { run, n, t, names: names ? [...known.names.slice(0, names.from), ...names.list] : known.names };
  }

  // One part's frame. Says which channels and alerts it changed, or null where something is missing before it.
  function applyOne(frame) {
    const changed = { channels: [], alerts: [] };
    const part = frame.part || "";
    if (isOld(frame, tables.get(part))) return changed;
    const table = tableOf(frame, tables.get(part));
    if (!table) return null;
    tables.set(part, table);
    if (frame.lab || frame.lab_parts) takeLab(frame);
    for (const [place, told] of read(frame, table.names)) {
      take(table.names[place], told);
      changed.channels.push(table.names[place]);
    }
    for (const alert of frame.alerts || []) {
      model.alerts.set(alert.id, alert);
      changed.alerts.push(alert.id);
    }
    model.divided = Boolean(frame.part);
    return changed;
  }

  // Nothing is known any more, until the next full frame.
  function forget() {
    clear();
    Object.assign(model, { frameTime: null, loaded: false });
  }

  // Takes a frame in and says which channels and alerts it changed; null where it cannot be read without another.
  function apply(frame) {
    if (frame.full) clear();
    const every = (frame.parts || [frame]).map(applyOne);
    if (every.includes(null)) return null;
    for (const [id, alert] of model.alerts) {
      if (alert.closed_at !== null && frame.t - alert.closed_at > DAY) model.alerts.delete(id);
    }
    model.frameTime = Math.max(model.frameTime || 0, frame.t);
    model.loaded = model.loaded || Boolean(frame.full);
    return { full: Boolean(frame.full), channels: every.flatMap((one) => one.channels), alerts: every.flatMap((one) => one.alerts) };
  }

  // All that is known, for a tab that opened later; it takes it in with adopt.
  function snapshot() {
    const { channels, alerts, lab, newest, frameTime, divided } = model;
    return { channels, alerts, lab, newest, frameTime, divided, tables };
  }
  function adopt(told) {
    ({ tables } = told);
    const { channels, alerts, lab, newest, frameTime, divided } = told;
    Object.assign(model, { channels, alerts, lab, newest, frameTime, divided, loaded: true });
    return { full: true, channels: [...channels.keys()], alerts: [...alerts.keys()] };
  }

  function stateOf(channel, now) {
    if (channel.phase === "finished") return "finished";
    const limit = 2 * channel.cadence_second + 5;
    return now - channel.arrival_time_second > limit ? "silent" : channel.phase;
  }

  const isOpen = (alert) => alert.closed_at === null || alert.closed_at === undefined;
  const isShelved = (alert, now) => alert.shelved_until !== null && alert.shelved_until > now;
  const isOutOfService = (alert) => typeof alert.out_of_service_at === "number";

  // What someone should look at, one entry per cause: an incident stands for its members, and what is planned,
  // shelved or for the log only does not call.
  function causes(now) {
    const open = Array.from(model.alerts.values()).filter(isOpen);
    const ids = new Set(open.map((alert) => alert.id));
    const folded = new Set(open.flatMap((alert) => alert.members || []));
    const explained = (alert) => alert.suppressed === "incident" && (folded.has(alert.id) || ids.has(alert.incident)); // danger never is
    const calls = (alert) =>
      alert.severity !== "P4" && !explained(alert) &&
      !["maintenance", "design"].includes(alert.suppressed) && !isShelved(alert, now) && !isOutOfService(alert);
    return open.filter(calls).sort(worstFirst);
  }

  function worstFirst(a, b) {
    return (
      a.severity.localeCompare(b.severity) ||
      Number(a.acknowledged_at !== null) - Number(b.acknowledged_at !== null) ||
      a.opened_at - b.opened_at ||
      a.id.localeCompare(b.id)
    );
  }

  function answered(now) {
    let n = 0;
    for (const channel of model.channels.values()) if (stateOf(channel, now) !== "silent") n += 1;
    return n;
  }

  // Channels that must answer: those heard of. A free slot of a cycler owes nobody an answer.
  const expected = () => model.channels.size;

  // When the last alert that called ended, or null when none did in the day the model knows.
  function wellSince() {
    let last = null;
    for (const alert of model.alerts.values()) {
      if (!isOpen(alert) && alert.severity !== "P4") last = Math.max(last || 0, alert.closed_at);
    }
    return last;
  }

  Object.assign(model, { SCHEMA, apply, forget, snapshot, adopt, stateOf, causes, worstFirst, answered, expected, wellSince, isOpen, isShelved, isOutOfService });
  cw.model = model;
  cw.CHANNEL_FIELDS = CHANNEL_FIELDS;
})();
