// "What needs me now" and the list of alerts: one card per cause with what was seen, since when, what to do, and
// the buttons that say "I have seen it", "not now", "not until it is mended" and "now again".
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const SHELVES = [[60, "1 h"], [480, "8 h"], [1440, "24 h"], [10080, "7 d"]];
  const OUT = "out-of-service"; // until someone puts it back

  cw.channelUrl = (channel) => `/channels/${encodeURIComponent(channel)}`;

  // Says that all is well only when it is known, and how it is known.
  cw.wellWords = (now) => {
    const { age, date, plural } = cw.words;
    const { model, live } = cw;
    const answered = model.answered(now);
    const expected = model.expected();
    const newest = model.newest ? `newest reading ${age(now - model.newest)} old` : "no reading yet";
    const how = `${answered} of ${plural(expected, "channel", "channels")} answered, ${newest}, monitor answered ${age(live.monitorAge())} ago.`;
    if (live.linkState() !== "live" || live.monitorState() === "dead" || !model.loaded) return { title: "Not known whether all is well", how };
    if (expected === 0) return { title: "No channel has been heard yet", how: "Readings arrive from feeds or by POST /api/v1/readings." };
    if (answered < expected) return { title: `No alert, but ${plural(expected - answered, "channel is", "channels are")} silent`, how };
    const since = model.wellSince();
    return { title: since ? `All is well since ${date(since)}` : "All is well: no alert in the last 24 h", how };
  };

  async function post(alert, verb, body, note) {
    const { put } = cw.words;
    put(note, "saving …");
    try {
      const answer = await fetch(`/api/v1/alerts/${encodeURIComponent(alert.id)}/${verb}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      put(note, answer.ok ? "saved" : `not saved: the server said ${answer.status} ${answer.statusText}`);
    } catch {
      put(note, "not saved: the server did not answer; try again");
    }
  }

  function setAside(alert, shelf, note) {
    if (shelf.value === OUT) post(alert, "out-of-service", {}, note);
    else if (shelf.value) post(alert, "shelve", { minutes: Number(shelf.value) }, note);
  }

  function makeCard(alert) {
    const { el, glyph } = cw.words;
    const parts = {
      sign: el("span", { class: "card-sign" }), name: el("a", { class: "card-name", "data-nav": true }), what: el("p", { class: "card-what" }),
      todo: el("p", { class: "card-todo" }), meta: el("p", { class: "card-meta" }), channels: el("p", { class: "card-channels" }),
      note: el("span", { class: "card-note", role: "status" }),
    };
    const name = cw.words.scope(alert.scope);
    parts.acknowledge = el("button", { type: "button", onclick: () => post(alert, "acknowledge", {}, parts.note) }, "Acknowledge", el("span", { class: "aside" }, ` ${name}`));
    const shelf = el("select", { "aria-label": `Shelve ${name} for`, onchange: () => setAside(alert, shelf, parts.note) },
      el("option", { value: "" }, "Shelve …"), ...SHELVES.map(([minutes, word]) => el("option", { value: minutes }, `for ${word}`)),
      el("option", { value: OUT }, "out of service"));
    const back = (verb, words) => el("button", { type: "button", onclick: () => post(alert, verb, {}, parts.note) }, words, el("span", { class: "aside" }, ` ${name}`));
    parts.shelf = shelf;
    parts.unshelve = back("unshelve", "Unshelve");
    parts.giveBack = back("return-to-service", "Back in service");
    parts.actions = el("p", { class: "card-actions" }, parts.acknowledge, shelf, parts.unshelve, parts.giveBack, parts.note);
    if (!cw.mayAct()) parts.actions.replaceChildren();
    const node = el("li", { class: "card", "data-alert": alert.id, "data-kind": alert.kind },
      parts.sign, el("div", {}, el("h2", {}, parts.name), parts.what, parts.todo, parts.meta, parts.channels, parts.actions));
    node.parts = parts;
    return node;
  }

  function patchCard(node, alert, now) {
    const { put, mark, scope, message, glyph, sync, el } = cw.words;
    const { parts } = node;
    if (node.getAttribute("data-severity") !== alert.severity) parts.sign.replaceChildren(glyph(alert.severity), alert.severity);
    mark(node, "data-severity", alert.severity);
    mark(parts.name, "href", alert.scope.startsWith("channel:") ? cw.channelUrl(alert.channels[0]) : "/alerts");
    put(parts.name, scope(alert.scope)); // what is wrong stands in the message
    put(parts.what, message(alert));
    put(parts.todo, alert.action ? `First: ${alert.action}` : "");
    put(parts.meta, metaWords(alert, now));
    const shown = alert.channels.slice(0, 24);
    const links = shown.map((channel) => ({ channel }));
    if (alert.channels.length > shown.length) links.push({ more: alert.channels.length - shown.length });
    sync(parts.channels, links, (item) => item.channel || "more", (item) => item.more
      ? el("span", {}, `and ${item.more} more`)
      : el("a", { class: "chip", "data-nav": true, "data-channel": item.channel, href: cw.channelUrl(item.channel) }, item.channel));
    const open = cw.model.isOpen(alert);
    parts.actions.hidden = !open;
    parts.acknowledge.hidden = alert.acknowledged_at !== null;
    parts.unshelve.hidden = !cw.model.isShelved(alert, now);
    parts.giveBack.hidden = !cw.model.isOutOfService(alert);
    parts.shelf.hidden = cw.model.isOutOfService(alert);
  }

  function metaWords(alert, now) {
    const { age, date, plural } = cw.words;
    const open = cw.model.isOpen(alert);
    const over = open && typeof alert.cleared_at === "number"; // danger that has gone waits until somebody has seen it
    const words = [over ? `over since ${date(alert.cleared_at)}, after ${age(alert.cleared_at - alert.opened_at)}` : open ? `open ${age(now - alert.opened_at)}, since ${date(alert.opened_at)}` : `${date(alert.opened_at)} to ${date(alert.closed_at)}, lasted ${age(alert.closed_at - alert.opened_at)}`];
    if (alert.acknowledged_by) words.push(`acknowledged by ${alert.acknowledged_by} at ${date(alert.acknowledged_at)}`);
    else if (over) words.push("stays here until somebody acknowledges it");
    else if (open) words.push("nobody has acknowledged it yet");
    if (cw.model.isShelved(alert, now)) words.push(`shelved for ${age(alert.shelved_until - now)} more`);
    if (cw.model.isOutOfService(alert)) words.push(`out of service since ${date(alert.out_of_service_at)}`);
    if (alert.suppressed && alert.suppressed !== "shelved") words.push(`not announced: ${alert.suppressed}`);
    if ((alert.members || []).length) words.push(`explains ${plural(alert.members.length, "alert", "alerts")}`);
    return words.join(" · ");
  }

  cw.drawCards = (list, alerts, now) =>
    cw.words.sync(list, alerts, (alert) => alert.id, makeCard, (node, alert) => patchCard(node, alert, now));

  function mount(host) {
    const { el, put, plural } = cw.words;
    const title = el("h1", {});
    const how = el("p", { class: "how" });
    const list = el("ol", { class: "cards" });
    const quiet = el("p", { class: "how" });
    host.append(title, how, list, quiet);
    const tick = (now) => {
      const causes = cw.model.causes(now);
      const well = cw.wellWords(now);
      put(title, causes.length ? `${plural(causes.length, "cause needs", "causes need")} someone now` : well.title);
      put(how, well.how);
      cw.drawCards(list, causes, now);
      const rest = [...cw.model.alerts.values()].filter(cw.model.isOpen).length - causes.length;
      put(quiet, rest > 0 ? `${plural(rest, "further open alert is", "further open alerts are")} explained by an incident, planned, shelved, out of service or for the log only: see Alerts.` : "");
    };
    return { tick, frame: (_changed, now) => tick(now) };
  }

  (cw.hosts = cw.hosts || new Map()).set("now", mount);
})();
