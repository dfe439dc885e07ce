// The left of the wall: the worst causes by name, as many as are read from afar; what is known when there is none; and
// below, in few numbers, how the lab stands.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const MOST = 12; // that may be tried; the screen takes about five
  const PHONE = 4;
  const FEW = 2; // causes that are told in full

  wall.causes = () => {
    const { el } = cw.words;
    const parts = {
      summary: el("h2", { class: "wall-summary" }), list: el("ol", { class: "causes" }), more: el("p", { class: "wall-more" }),
      counts: el("ul", { class: "counts", "aria-label": "The lab in numbers" }), lately: wall.lately(), code: wall.code(),
    };
    const foot = el("div", { class: "wall-foot" }, parts.counts, parts.code.element);
    const element = el("section", { class: "wall-causes", "aria-label": "Needs someone now" }, parts.summary, parts.list, parts.more, parts.lately.element, foot);
    parts.element = element;
    return {
      element, code: parts.code,
      refit: () => (parts.measured = ""),
      tick: (now) => draw(parts, now),
    };
  };

  function draw(parts, now) {
    const { put, mark, sync, plural } = cw.words;
    const all = cw.model.causes(now);
    const well = cw.wellWords(now);
    const channels = new Set(all.flatMap((alert) => alert.channels));
    mark(parts.element, "data-well", all.length === 0);
    mark(parts.element, "data-few", all.length <= FEW);
    put(parts.summary, all.length
      ? `Needs someone now · ${plural(all.length, "cause", "causes")}, ${plural(channels.size, "channel", "channels")}`
      : well.title);
    const tried = all.slice(0, window.innerWidth < 900 ? PHONE : MOST);
    sync(parts.list, tried, (alert) => alert.id, wall.makeCause, (node, alert) => wall.patchCause(node, alert, now));
    drawCounts(parts.counts, now);
    if (cw.painted.yet()) parts.lately.tick();
    const shown = room(parts, tried);
    put(parts.more, all.length > shown
      ? `and ${plural(all.length - shown, "more cause", "more causes")}: see Alerts`
      : all.length ? "" : well.how);
  }

  // How many of the causes end above the edge; measured anew only when something of another length is said.
  function room(parts, tried) {
    const nodes = [...parts.list.children];
    if (window.innerWidth < 900) {
      for (const node of nodes) node.hidden = false;
      return nodes.length;
    }
    const said = `${tried.map((alert) => `${alert.id} ${alert.message} ${alert.action}`).join("|")} ${parts.counts.children.length} ${parts.code.shown()}`;
    if (said !== parts.measured) {
      parts.measured = said;
      for (const node of nodes) node.hidden = false;
      const edge = parts.list.getBoundingClientRect().bottom + 1;
      const fitting = nodes.filter((node) => node.getBoundingClientRect().bottom <= edge).length;
      parts.room = Math.max(1, fitting);
      nodes.forEach((node, i) => (node.hidden = i >= parts.room));
    }
    return Math.min(parts.room, nodes.length);
  }

  wall.makeCause = (alert) => {
    const { el, glyph } = cw.words;
    const parts = { name: el("a", { class: "cause-name", "data-nav": true }), what: el("p", { class: "cause-what" }), meta: el("p", { class: "cause-meta" }), sign: el("span", { class: "cause-sign" }, glyph(alert.severity), alert.severity) };
    const node = el("li", { class: "cause", "data-alert": alert.id, "data-kind": alert.kind, "data-severity": alert.severity }, parts.sign,
      el("div", {}, el("h3", {}, parts.name), parts.what, parts.meta));
    node.parts = parts;
    return node;
  };

  wall.patchCause = (node, alert, now) => {
    const { put, mark, age, scope, message, glyph } = cw.words;
    if (node.getAttribute("data-severity") !== alert.severity) node.parts.sign.replaceChildren(glyph(alert.severity), alert.severity);
    mark(node, "data-severity", alert.severity);
    mark(node.parts.name, "href", alert.scope.startsWith("channel:") ? cw.channelUrl(alert.channels[0]) : "/alerts");
    put(node.parts.name, scope(alert.scope));
    put(node.parts.what, message(alert));
    const who = alert.acknowledged_by ? `seen by ${alert.acknowledged_by}` : "nobody yet";
    const over = typeof alert.cleared_at === "number" ? `over after ${age(alert.cleared_at - alert.opened_at)}` : age(now - alert.opened_at);
    put(node.parts.meta, [over, who, alert.action].filter(Boolean).join(" · "));
  };

  // Only what the page knows: phases, what is silent, what has finished and free slots. None silent is worth a
  // number too; of the others none needs no room.
  function drawCounts(list, now) {
    const { sync, put, el } = cw.words;
    const running = { charging: 0, discharging: 0, resting: 0 };
    let [finished, silent] = [0, 0];
    for (const channel of cw.model.channels.values()) {
      const state = cw.model.stateOf(channel, now);
      if (state in running) running[state] += 1;
      else if (state === "finished") finished += 1;
      else if (state === "silent") silent += 1;
    }
    const free = (cw.model.lab.cyclers || []).reduce((sum, cycler) => sum + Math.max(0, cycler.channels - cycler.heard), 0);
    const facts = [
      [running.charging + running.discharging + running.resting, "running"],
      [running.charging, "charging"],
      [running.discharging, "discharging"],
      [running.resting, "resting"],
      [String(silent), "silent"],
      [finished, finished === 1 ? "test finished" : "tests finished"],
      [free, "channels free"],
    ].filter(([value]) => value);
    sync(list, facts, ([, word]) => word, () => el("li", {}, el("b", {}), el("span", {})), (node, [value, word]) => {
      put(node.firstChild, String(value));
      put(node.lastChild, word);
    });
  }
})();
