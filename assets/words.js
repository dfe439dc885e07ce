// Words and numbers for people: every number with its unit, every moment as an age or a clock.
// Also the one way the other scripts make elements: text goes in as text nodes, never as markup.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const NBSP = "\u00a0";
  const MISSING = "–";
  const PHASE_GLYPHS = { charging: "↑", discharging: "↓", resting: "‖", finished: "✓", idle: "○", silent: "?" };
  const SEVERITY_WORDS = { P1: "danger", P2: "test being lost", P3: "look today", P4: "noted" };
  const SHAPES = {
    P1: "M8 1 15.5 15H.5Z",
    P2: "M8 .5 15.5 8 8 15.5.5 8Z",
    P3: "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1Z",
    P4: "M3 3h10v10H3Z",
  };

  function number(value, digits, unit, signed = false) {
    if (value === null || value === undefined || !Number.isFinite(value)) return `${MISSING}${NBSP}${unit}`;
    const text = Math.abs(value).toFixed(digits);
    const sign = value < 0 && Number(text) !== 0 ? "−" : signed && Number(text) !== 0 ? "+" : "";
    return `${sign}${text}${NBSP}${unit}`;
  }

  function age(seconds) {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return MISSING;
    const s = Math.max(0, seconds);
    if (s < 10) return `${s.toFixed(1)}${NBSP}s`;
    if (s < 60) return `${Math.floor(s)}${NBSP}s`;
    if (s < 3600) return `${Math.floor(s / 60)}${NBSP}min`;
    if (s < 86400) return `${Math.floor(s / 3600)}${NBSP}h ${Math.floor((s % 3600) / 60)}${NBSP}min`;
    return `${Math.floor(s / 86400)}${NBSP}d ${Math.floor((s % 86400) / 3600)}${NBSP}h`;
  }

  const formats = new Map();
  const OWN = []; // no language asked for: the browser's own, for dates; a clock is the same for all
  function format(zone, options, language = "en-GB") {
    const key = `${zone} ${language} ${JSON.stringify(options)}`;
    if (!formats.has(key)) {
      let made;
      try {
        made = new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
      } catch {
        made = new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }); // a zone this browser lacks
      }
      formats.set(key, made);
    }
    return formats.get(key);
  }
  function zone() {
    const shell = document.getElementById("shell");
    return (cw.model && cw.model.lab.timezone) || (shell && shell.dataset.zone) || "UTC";
  }
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const clock = (unix) => (Number.isFinite(unix) ? format(zone(), time).format(unix * 1000) : MISSING);
  const day = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const date = (unix) => (Number.isFinite(unix) ? format(zone(), day, OWN).format(unix * 1000) : MISSING);

  const whole = { weekday: "short", year: "numeric", ...day };
  const wholeDate = (unix) => (Number.isFinite(unix) ? format(zone(), whole, OWN).format(unix * 1000) : MISSING);
  const utc = (unix) => (Number.isFinite(unix) ? new Date(unix * 1000).toISOString().slice(0, 19) : "");

  // A moment as an element: in the lab's time and the reader's language, in UTC for who points at it and for programs.
  function when(unix) {
    const iso = utc(unix);
    return iso ? el("time", { datetime: `${iso}Z`, title: `${iso.replace("T", " ")} UTC` }, date(unix)) : document.createTextNode(MISSING);
  }

  // Text with moments in it: put its pieces, strings and unix seconds, into a node; only when they are others.
  function putWhen(node, pieces) {
    const key = JSON.stringify(pieces);
    if (node.cwPieces === key) return;
    node.cwPieces = key;
    node.replaceChildren(...pieces.map((piece) => (typeof piece === "number" ? when(piece) : piece)));
  }

  // "2026-11-20", the day of the lab's calendar in which a moment lies.
  const ofCalendar = { year: "numeric", month: "2-digit", day: "2-digit" };
  function calendarDay(unix) {
    const parts = Object.fromEntries(format(zone(), ofCalendar).formatToParts(unix * 1000).map(({ type, value }) => [type, value]));
    return `${parts.year}-${parts.month}-${parts.day}`;
  }

  const minute = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const shortClock = (unix) => (Number.isFinite(unix) ? format(zone(), minute).format(unix * 1000) : MISSING);
  function minuteOfDay(unix) {
    const [hours, minutes] = shortClock(unix).split(":").map(Number);
    return 60 * hours + minutes;
  }

  // "contact-lost" -> "Contact lost"; a kind added tomorrow reads as well as those of today.
  const kind = (slug) => (slug.charAt(0).toUpperCase() + slug.slice(1)).replaceAll("-", " ");

  // As cycling/scope_words.py: a name that begins with its own kind says it once ("chamber-a", but "Chamber 3"), and no
  // name is written otherwise than the lab does. In the middle of a sentence the words of ours are small.
  function scope(text, inside = false) {
    const [where, ...rest] = text.split(":");
    const name = rest.join(":");
    const words = where === "lab" ? "whole lab" : where.replaceAll("_", " ");
    const own = name.replace(/[_-]/g, " ").toLowerCase();
    const said = own.startsWith(words) && !/^[a-z]/.test(own.slice(words.length));
    if (name && (where === "channel" || where === "cycler" || said)) return name;
    return `${inside ? words : kind(words)} ${name}`.trim();
  }

  // What an alert says, without the name that already stands above it.
  function message(alert) {
    const name = `${scope(alert.scope)}: `;
    const said = alert.message.startsWith(name) ? alert.message.slice(name.length) : alert.message;
    return said.charAt(0).toUpperCase() + said.slice(1);
  }

  function source(channel) {
    const cell = [channel.cell, channel.batch].filter(Boolean).join(" of ");
    if (channel.source === "recorded") return cell ? `recorded (${cell})` : "recorded";
    return channel.source || "measured";
  }

  // Names in the order in which people count: bench-2 before bench-10. One that is made anew each time takes ten times as long.
  const { compare: natural } = new Intl.Collator("en", { numeric: true });

  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

  // el("a", {href, class, "data-x"}, child, "text"): children that are strings become text nodes.
  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value));
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  // Changes only what differs; the text node stays, so a screen reader and a selection are left in peace.
  function put(node, text) {
    const first = node.firstChild;
    if (first && first.nodeType === Node.TEXT_NODE && !first.nextSibling) {
      if (first.data !== text) first.data = text;
    } else if (node.textContent !== text || first) node.textContent = text;
    else node.append(text);
  }

  function mark(node, name, value) {
    const text = String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }

  function glyph(severity) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", `glyph ${severity}`);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[severity] || SHAPES.P4);
    svg.append(path);
    return svg;
  }

  // Keeps one child per item, in order, without touching those that stay: focus and open menus survive.
  function sync(parent, items, key, make, patch) {
    const old = new Map(Array.from(parent.children, (child) => [child.cwKey, child]));
    let next = parent.firstElementChild;
    for (const item of items) {
      const id = key(item);
      let node = old.get(id);
      if (node) old.delete(id);
      else {
        node = make(item);
        node.cwKey = id;
      }
      if (node === next) next = next.nextElementSibling;
      else parent.insertBefore(node, next);
      if (patch) patch(node, item);
    }
    for (const node of old.values()) node.remove();
  }

  cw.words = {
    NBSP, MISSING, PHASE_GLYPHS, SEVERITY_WORDS, number, age, clock, shortClock, minuteOfDay, date, wholeDate, calendarDay, utc, when, putWhen, zone,
    kind, scope, message, source, plural, natural,
    el, put, mark, glyph, sync,
  };
})();
