// What every page says about itself: the marks of the body and of every element that stands for a channel, the
// sentence in words when something is old, and the mounting of the live parts when Dash swaps pages.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  // Id of an empty element of a page -> what fills it: mount(element) may return {frame(changed, now), tick(now), moved()};
  // moved() says true when only a part of the address changed that the part itself has written: it stays as it is.
  const hosts = (cw.hosts = cw.hosts || new Map());
  const mounted = new Map();
  const marked = new Map(); // channel -> {state, severity, elements} as they stand in the page
  let stale = true; // elements of channels came or went since they were looked for
  let observer = null;
  let spoken = "";

  function mountAll() {
    cw.settle(mounted);
    let fresh = false;
    for (const [id, mount] of hosts) {
      const element = document.getElementById(id);
      const known = mounted.get(id);
      const place = element && `${location.pathname}${cw.past.place(location.search)} ${element.dataset.name || ""}`;
      if (known && known.element === element && known.place !== place && known.part.moved && known.part.moved()) known.place = place;
      if (known && (known.element !== element || known.place !== place)) mounted.delete(id);
      if (!element || mounted.has(id)) continue;
      element.replaceChildren();
      mounted.set(id, { element, place, part: mount(element) || {} });
      fresh = true;
    }
    markPage();
    if (fresh) draw("tick", null);
  }

  function draw(kind, what) {
    const now = cw.live.now();
    for (const { part } of mounted.values()) {
      if (kind === "frame" && part.frame) part.frame(what, now);
      else if (kind === "tick" && part.tick) part.tick(now);
    }
    notice(observer ? observer.takeRecords() : []);
    markChannels(now, kind === "frame" ? what : null);
    markBody(now);
  }

  // Whether elements of channels are among what came or went; the rest of a page's stir does not touch the marks.
  function notice(records) {
    const has = (node) => node.nodeType === Node.ELEMENT_NODE && (node.hasAttribute("data-channel") || node.querySelector("[data-channel]") !== null);
    for (const { type, attributeName, addedNodes, removedNodes } of records) {
      if (stale) return;
      stale = type === "attributes" ? attributeName === "data-channel" : [...addedNodes, ...removedNodes].some(has);
    }
  }

  // Frames that come before the browser paints again are drawn as one; a hidden tab draws with the next tick.
  let waiting = null;
  function hear(kind, what) {
    if (kind === "tick") {
      drawWaiting();
      draw("tick", null);
    } else if (waiting) {
      const every = (name) => [...new Set([...waiting[name], ...what[name]])];
      waiting = { full: waiting.full || what.full, channels: every("channels"), alerts: every("alerts") };
    } else {
      waiting = what;
      requestAnimationFrame(drawWaiting);
    }
  }
  function drawWaiting() {
    const what = waiting;
    waiting = null;
    if (what) draw("frame", what);
  }

  function markPage() {
    cw.shine();
    cw.night.shine();
    const { mark } = cw.words;
    mark(document.body, "data-page", location.pathname.split("/")[1] || "now");
    for (const link of document.querySelectorAll("#shell > header nav a")) {
      const here = link.pathname === location.pathname || (link.pathname !== "/" && location.pathname.startsWith(link.pathname + "/"));
      if (here) mark(link, "aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  // Every element of a channel carries the same state and severity, in words too. A frame touches the channels it
  // changed, a tick those that fell silent; all of them only after elements came or went.
  function markChannels(now, changed) {
    if (stale || (changed && changed.full)) return markAll(now);
    for (const id of changed ? changed.channels : []) if (marked.has(id)) markOne(id, marked.get(id), now);
    for (const [id, known] of marked) {
      const channel = cw.model.channels.get(id);
      if (channel && (cw.model.stateOf(channel, now) !== known.state || (channel.severity || "") !== known.severity)) markOne(id, known, now);
    }
  }

  function markAll(now) {
    stale = false;
    marked.clear();
    for (const element of document.querySelectorAll("[data-channel]")) {
      const id = element.getAttribute("data-channel");
      if (!marked.has(id)) marked.set(id, { elements: [] });
      marked.get(id).elements.push(element);
    }
    for (const [id, known] of marked) markOne(id, known, now);
  }

  function markOne(id, known, now) {
    const { mark } = cw.words;
    const channel = cw.model.channels.get(id);
    known.state = channel ? cw.model.stateOf(channel, now) : "silent";
    known.severity = channel ? channel.severity || "" : "";
    const words = channel ? sentence(known.state, known.severity, channel) : "no reading yet";
    for (const element of known.elements) {
      mark(element, "data-state", known.state);
      mark(element, "data-severity", known.severity);
      if (element.cwName) mark(element, "aria-label", `${element.cwName} (${words})`);
      else if (element.cwWords !== words || !element.cwSays || !element.cwSays.isConnected) say(element, words);
      if (channel && element.cwTime !== channel.unix_time_second) mark(element, "data-unix-time", (element.cwTime = channel.unix_time_second));
    }
  }

  function sentence(state, severity, channel) {
    const words = cw.words.SEVERITY_WORDS[severity];
    return words ? `${state}, ${severity} ${words}, ${cw.words.plural(channel.alerts, "alert", "alerts")}` : state;
  }

  function say(element, text) {
    const { el, put } = cw.words;
    if (!element.cwSays || !element.cwSays.isConnected) {
      element.cwSays = el("span", { class: "aside" });
      element.append(element.cwSays);
    }
    element.cwWords = text;
    put(element.cwSays, ` (${text})`);
  }

  function markBody(now) {
    const { mark, put } = cw.words;
    const link = cw.live.linkState();
    const monitor = cw.live.monitorState();
    mark(document.body, "data-link", link);
    mark(document.body, "data-monitor", monitor);
    mark(document.body, "data-newest", cw.model.newest || "");
    mark(document.body, "data-version", cw.live.version() || "");
    const trouble = troubles(link, monitor);
    const banner = document.getElementById("banner");
    if (!banner) return; // Dash has not drawn the page yet
    put(banner, trouble.map((t) => t.text).join(" "));
    banner.hidden = trouble.length === 0;
    const quiet = trouble.map((t) => t.spoken).join(" ") || (spoken ? "Live again." : "");
    if (quiet !== spoken) put(document.getElementById("spoken"), (spoken = quiet));
    markStatus(link, monitor, now);
  }

  // Each in words: what does not answer, since when, and what that means for the numbers on the page.
  function troubles(link, monitor) {
    const list = [];
    const whole = (seconds) => cw.words.age(Math.floor(seconds)).replace(".0", "");
    const quiet = whole(cw.live.silence());
    const past = cw.past.shown();
    const old = past ? "what is shown is of the past anyway, but nothing newer is known" : "values are old";
    if (link === "lost") {
      list.push({ text: `No word from the server for ${quiet}: ${old}. This page tries again by itself.`, spoken: `No word from the server: ${old}.` });
    } else if (link === "reconnecting" && cw.live.quiet()) {
      list.push({ text: `Reconnecting: no word from the server for ${quiet}.`, spoken: "Reconnecting to the server." });
    }
    if (monitor === "dead") {
      const since = cw.live.monitorAge();
      const text = since === null
        ? "The monitor has not answered yet: nothing is being watched."
        : `The monitor has not answered for ${whole(since)}: ${old}.`;
      list.push({ text, spoken: `The monitor does not answer: ${old}.` });
    }
    if (!cw.live.redis()) {
      list.push({ text: "The live store (Redis) does not answer: see Health.", spoken: "The live store does not answer." });
    }
    return list;
  }

  const MONITOR = { live: "monitor answered", late: "monitor late: answered", dead: "not watched: monitor answered" };
  function markStatus(link, monitor, now) {
    const { age } = cw.words;
    const newest = cw.model.newest ? `newest reading ${age(now - cw.model.newest)} old` : "no reading yet";
    const since = cw.live.monitorAge();
    set("status-link", cw.past.shown() ? `not live: the server ${link === "live" ? "answers" : "does not answer"}` : link);
    set("status-newest", newest);
    set("status-monitor", since === null ? "monitor has not answered yet" : `${MONITOR[monitor]} ${age(since)} ago`);
    const factor = cw.model.lab.time_factor;
    set("status-factor", factor && factor !== 1 ? factorSentence(factor) : "");
  }
  const factorSentence = (factor) => (window.innerWidth < 1500 ? `Demo × ${Number(factor)}` : `Demo: test time runs ${Number(factor)} × faster than life`);

  function set(id, text) {
    const node = document.getElementById(id);
    if (node) cw.words.put(node, text);
  }

  function start() {
    observer = new MutationObserver((records) => {
      notice(records);
      mountAll();
    });
    observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-name", "data-channel"] });
    window.addEventListener("popstate", () => setTimeout(mountAll, 0));
    cw.live.listen(hear);
    cw.live.start(); // the first frame is on its way while the page is made ready for it
    cw.past.start();
    mountAll();
  }
  queueMicrotask(start); // when all of our scripts have run, and none of Dash's
})();
