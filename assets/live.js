// The one data path: server-sent events -> model -> everybody who draws.
// One tab per browser holds the stream (a browser allows six connections to a host) and passes it on to the others.
// Whether the link lives is told by the time since the last event, never by onerror, which a stopped server does
// not fire.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const STREAM = "/api/v1/stream";
  const QUIET_SECONDS = 3; // then the link counts as reconnecting
  const LOST_SECONDS = 10;
  const LATE_SECONDS = 5; // of the monitor, as the server counts them too
  const DEAD_SECONDS = 10;
  const REOPEN_SECONDS = 6; // a stream that says nothing for so long is opened anew
  const listeners = [];
  const opened = stopwatch(); // since the page began
  const link = { heard: null, version: null, redis: true, monitor: null, lastSign: null, lastId: "", told: "" };
  let source = null;
  let leader = false;
  let bus = null;
  let asked = false; // the other tabs, for all that is known
  let tried = null;
  let clock = null; // the server's time at a moment, and the moment
  let shown = null; // gives the moment that the page shows, when that is not now

  // Seconds since it was made. The larger of two clocks: performance.now() stands still while a laptop sleeps.
  function stopwatch() {
    const steady = performance.now();
    const wall = Date.now();
    return () => Math.max(performance.now() - steady, Date.now() - wall) / 1000;
  }

  const serverNow = () => (clock ? clock.t + clock.since() : Date.now() / 1000);

  // A late delivery must not set the clock back, a clock that was put right must.
  function setClock(t) {
    const drift = serverNow() - t;
    if (!clock || drift < 0 || drift > 0.5) clock = { t, since: stopwatch() };
  }

  const silence = () => (link.heard || opened)();
  function linkState() {
    const quiet = silence();
    if (quiet >= LOST_SECONDS) return "lost";
    return quiet >= QUIET_SECONDS || !link.heard ? "reconnecting" : "live";
  }

  // Seconds since the monitor's newest sign of life: its heartbeat as the server tells it, or a frame it wrote.
  // Where several watchers share the lab a frame is a sign of one of them only; the server tells the oldest.
  function monitorAge() {
    const framed = !shown && !cw.model.divided && cw.model.frameTime;
    const sign = Math.max(link.lastSign || 0, framed || 0);
    return sign ? Math.max(0, serverNow() - sign) : null;
  }
  function monitorState() {
    const age = monitorAge();
    if (age === null) return link.monitor || (opened() < LOST_SECONDS ? "late" : "dead");
    if (age >= DEAD_SECONDS) return "dead";
    return age >= LATE_SECONDS ? "late" : "live";
  }

  function pulse(data) {
    setClock(data.t);
    link.monitor = data.monitor || link.monitor;
    link.redis = data.redis !== false;
    if (Number.isFinite(data.monitor_age)) link.lastSign = Math.max(link.lastSign || 0, data.t - data.monitor_age);
  }

  function hello(data) {
    pulse(data);
    link.version = data.version;
    const shell = document.getElementById("shell");
    const served = shell && shell.dataset.version;
    if (served && data.version && served !== data.version) reloadOnce(data.version);
    if (data.schema && data.schema !== cw.model.SCHEMA) reloadOnce(`${data.version} ${data.schema}`);
  }

  // A new server has new pages. Once per version, so that a proxy with an old page cannot make a loop.
  function reloadOnce(version) {
    if (sessionStorage.getItem("cellwatch-reloaded") === version) return;
    sessionStorage.setItem("cellwatch-reloaded", version);
    location.reload();
  }

  function later(id, than) {
    const [a, b] = [id, than].map((text) => text.split("-").map(Number));
    return !than || a[0] > b[0] || (a[0] === b[0] && (a[1] || 0) > (b[1] || 0));
  }

  function frame(id, data) {
    if (shown) return; // the stream goes on to tell how the server is
    if (!data.full && (!cw.model.loaded || (id && !later(id, link.lastId)))) return; // a delta needs its ground
    if (id) link.lastId = id;
    const changed = cw.model.apply(data);
    if (changed) tell("frame", changed);
    else beginAnew();
  }

  // A frame that is not of the stream.
  function take(data) {
    const changed = cw.model.apply(data);
    if (changed) tell("frame", changed);
  }

  // Something before this frame is missing: ask for everything.
  function beginAnew() {
    link.lastId = "";
    cw.model.loaded = false;
    if (source) connect();
    else askOthers();
  }

  function askOthers() {
    asked = true;
    bus.postMessage({ ask: true });
  }

  function adopt(id, data) {
    asked = false;
    link.lastId = id;
    tell("frame", cw.model.adopt(data));
  }

  function receive(kind, id, data) {
    link.heard = stopwatch();
    if (kind === "hello") hello(data);
    else if (kind === "pulse") pulse(data);
    else if (kind === "known") adopt(id, data);
    else frame(id, data);
    const state = `${linkState()} ${monitorState()} ${link.redis}`;
    if (state !== link.told) tell("tick", null);
    link.told = state;
  }

  function connect() {
    if (source) source.close();
    tried = stopwatch();
    // A new EventSource knows nothing of the old one's place; one that reconnects by itself tells a later one.
    source = new EventSource(cw.model.loaded && link.lastId ? `${STREAM}?after=${link.lastId}` : STREAM);
    for (const kind of ["hello", "pulse", "frame"]) {
      source.addEventListener(kind, (event) => {
        const message = { kind, id: event.lastEventId, data: JSON.parse(event.data) };
        if (leader) bus.postMessage(message);
        receive(kind, message.id, message.data);
      });
    }
  }

  function keepConnected() {
    if (source === null) {
      if (bus === null || silence() > REOPEN_SECONDS) connect(); // the leading tab says nothing: be one's own
    } else if ((source.readyState === EventSource.CLOSED && tried() > 2) || Math.min(silence(), tried()) > REOPEN_SECONDS) {
      connect();
    }
  }

  // Another moment than now takes the place of what the stream tells (past.js); null: now again.
  function showing(moment) {
    shown = moment;
    cw.model.forget();
    link.lastId = "";
    if (!shown && source) connect();
    else if (!shown && bus) askOthers();
    tell("tick", null);
  }

  // A tab that has just opened asks the leading one for what it knows.
  function onBus(message) {
    if (message.ask && leader && shown) connect(); // this tab knows what was, not what is: the stream begins anew for all
    else if (message.ask && leader && cw.model.loaded) {
      const now = serverNow();
      const state = { t: now, version: link.version, monitor: link.monitor, monitor_age: monitorAge(), redis: link.redis };
      bus.postMessage({ kind: "hello", id: "", data: state, answer: true });
      bus.postMessage({ kind: "known", id: link.lastId, data: cw.model.snapshot(), answer: true });
      return;
    }
    if (message.kind && source !== null && !leader) { // the leading tab was only slow: one stream is enough
      source.close();
      source = null;
    }
    if (message.kind && source === null && (asked || !message.answer)) {
      receive(message.kind, message.id, message.data);
    }
  }

  // A document that brings a page along brings what was known when it was made; the stream goes on after that.
  function takeFirst() {
    const told = document.getElementById("first-frame");
    if (!told) return;
    setClock(Number(told.dataset.now));
    if (cw.model.apply(JSON.parse(told.textContent))) link.lastId = told.dataset.id;
    told.remove();
  }

  function start() {
    takeFirst();
    if (!navigator.locks || !window.BroadcastChannel) return connect();
    bus = new BroadcastChannel("cellwatch-live");
    bus.onmessage = (event) => onBus(event.data);
    askOthers();
    // Held for the life of the tab; when it closes the next tab leads.
    navigator.locks.request("cellwatch-live", () => new Promise(() => {
      leader = true;
      connect();
    })).catch(connect);
  }

  function tell(kind, what) {
    for (const listener of listeners) listener(kind, what);
  }

  cw.live = {
    now: () => (shown ? shown() : serverNow()), present: serverNow, showing,
    take, linkState, monitorState, monitorAge, silence,
    quiet: () => silence() >= QUIET_SECONDS,
    version: () => link.version, redis: () => link.redis,
    listen: (listener) => listeners.push(listener),
    start() {
      start();
      setInterval(() => {
        keepConnected();
        tell("tick", null);
      }, 500);
    },
  };
})();
