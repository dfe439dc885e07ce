// What the browser knows of the lab: channels, alerts and facts, as the frames of the stream told them.
// Maps, not objects: a channel may be called "constructor".
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  // The order of cycling/frames.py CHANNEL_FIELDS; a test compares the two.
  const CHANNEL_FIELDS = [
    "channel", "phase", "severity", "alerts", "unix_time_second", "arrival_time_second", "cadence_second",
    "voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius",
    "cycle_count", "state_of_health", "test", "setpoint_celsius", "cycler", "chamber", "source", "cell",
    "batch", "test_time_second", "learning",
  ];
  const DAY = 86400;
  const model = { channels: new Map(), alerts: new Map(), lab: {}, newest: 0, frameTime: null, loaded: false, divided: false };

  function read(row) {
    const channel = {};
    CHANNEL_FIELDS.forEach((name, i) => (channel[name] = row[i] === undefined ? null : row[i]));
    channel.row = row;
    return channel;
  }

  // Takes a frame in and says which channels and alerts it changed.
  function apply(frame) {
    if (frame.full) {
      model.channels.clear();
      model.alerts.clear();
      model.newest = 0;
    }
    const changed = { full: Boolean(frame.full), channels: [], alerts: [] };
    for (const row of frame.channels || []) {
      const channel = read(row);
      model.channels.set(channel.channel, channel);
      model.newest = Math.max(model.newest, channel.unix_time_second || 0);
      changed.channels.push(channel.channel);
    }
    for (const alert of frame.alerts || []) {
      model.alerts.set(alert.id, alert);
      changed.alerts.push(alert.id);
    }
    for (const [id, alert] of model.alerts) {
      if (alert.closed_at !== null && frame.t - alert.closed_at > DAY) model.alerts.delete(id);
    }
    if (frame.lab && frame.lab.name !== undefined) model.lab = frame.lab;
    model.frameTime = Math.max(model.frameTime || 0, frame.t);
    model.divided = Boolean(frame.part);
    model.loaded = model.loaded || changed.full;
    return changed;
  }

  // Nothing is known any more, until the next full frame.
  function forget() {
    model.channels.clear();
    model.alerts.clear();
    Object.assign(model, { newest: 0, frameTime: null, loaded: false });
  }

  // The model as one full frame, for a tab that opened later.
  function snapshot() {
    return {
      schema: 1, t: model.frameTime, full: true, lab: model.lab, part: model.divided ? "all" : "",
      channels: Array.from(model.channels.values(), (channel) => channel.row),
      alerts: Array.from(model.alerts.values()),
    };
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

  Object.assign(model, { apply, forget, snapshot, stateOf, causes, worstFirst, answered, expected, wellSince, isOpen, isShelved, isOutOfService });
  cw.model = model;
  cw.CHANNEL_FIELDS = CHANNEL_FIELDS;
})();
