// One card per cause: where, what, since when, the first thing to do, what people said of it, and what they can do.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const MOST_CHIPS = 16;
  const WHY = { maintenance: "planned work", design: "expected", shelved: "shelved" };

  // A moment in the lab's time, UTC on hover.
  function moment(unix) {
    const { el, date, when } = cw.words;
    if (when) return when(unix);
    const utc = Number.isFinite(unix) ? new Date(unix * 1000).toISOString() : "";
    return el("time", { datetime: utc, title: utc && `${utc.slice(0, 19).replace("T", " ")} UTC` }, date(unix));
  }

  const ofOneChannel = (alert) => alert.scope.startsWith("channel:") && alert.channels.length === 1;

  function makeCard(alert, heading) {
    const { el } = cw.words;
    const parts = {
      sign: el("span", { class: "card-sign" }), where: el("span", {}), cell: el("span", { class: "card-cell" }), age: el("span", { class: "card-age" }),
      what: el("p", { class: "card-what" }), todo: el("p", { class: "card-todo" }), meta: el("p", { class: "card-meta" }),
      channels: el("p", { class: "card-channels" }), comments: el("ol", { class: "card-comments" }), evidence: cw.evidence(), actions: cw.cardActions(alert),
    };
    parts.name = el("a", { class: "card-name", "data-nav": true, "data-channel": ofOneChannel(alert) ? alert.channels[0] : null }, parts.where);
    const node = el("li", { class: "card", "data-alert": alert.id, "data-kind": alert.kind },
      parts.sign, el("div", { class: "card-body" }, el("div", { class: "card-head" }, el(heading, {}, parts.name), parts.cell, parts.age),
        parts.what, parts.todo, parts.meta, parts.channels, parts.comments, parts.evidence.element), parts.actions.element);
    node.parts = parts;
    return node;
  }

  function patchCard(node, alert, now) {
    const { put, mark, scope, message, glyph } = cw.words;
    const { parts } = node;
    if (node.getAttribute("data-severity") !== alert.severity) parts.sign.replaceChildren(glyph(alert.severity), alert.severity);
    mark(node, "data-severity", alert.severity);
    mark(node, "data-acknowledged", alert.acknowledged_at !== null);
    mark(parts.name, "href", alert.scope.startsWith("channel:") ? cw.channelUrl(alert.channels[0]) : `/alerts?show=history&kind=${encodeURIComponent(alert.kind)}`);
    put(parts.where, scope(alert.scope)); // what is wrong stands in the message
    put(parts.cell, cellWords(alert));
    put(parts.age, ageWords(alert, now));
    put(parts.what, message(alert));
    put(parts.todo, alert.action && cw.model.isOpen(alert) ? `First: ${alert.action}` : "");
    patchMeta(parts.meta, alert, now);
    patchChips(parts.channels, alert);
    patchComments(parts.comments, alert.comments || []);
    parts.evidence.patch(alert);
    parts.actions.patch(alert, now);
  }

  function cellWords(alert) {
    const channel = ofOneChannel(alert) && cw.model.channels.get(alert.channels[0]);
    if (!channel) return alert.channels.length > 1 ? cw.words.plural(alert.channels.length, "channel", "channels") : "";
    return [channel.cell, channel.batch && `batch ${channel.batch}`].filter(Boolean).join(", ");
  }

  function ageWords(alert, now) {
    const { age } = cw.words;
    if (!cw.model.isOpen(alert)) return `lasted ${age(alert.closed_at - alert.opened_at)}`;
    return typeof alert.cleared_at === "number" ? `over, lasted ${age(alert.cleared_at - alert.opened_at)}` : `for ${age(now - alert.opened_at)}`;
  }

  // The sentence under a card: pieces of text and moments, made anew only when it says something else.
  function patchMeta(node, alert, now) {
    const said = metaOf(alert, now);
    const text = JSON.stringify(said);
    if (node.cwText === text) return;
    node.cwText = text;
    node.replaceChildren(...said.flatMap((piece, i) => [i ? " · " : "", ...piece.map((part) => (typeof part === "number" ? moment(part) : part))]));
  }

  function metaOf(alert, now) {
    const { age } = cw.words;
    const open = cw.model.isOpen(alert);
    const over = open && typeof alert.cleared_at === "number"; // danger that has gone waits until somebody has seen it
    const said = [open ? ["since ", alert.opened_at] : [alert.opened_at, " to ", alert.closed_at]];
    if (over) said.push(["over since ", alert.cleared_at]);
    if (alert.acknowledged_by) said.push([`acknowledged by ${alert.acknowledged_by} at `, alert.acknowledged_at]);
    else if (over) said.push(["stays here until somebody acknowledges it"]);
    else if (open) said.push(["nobody has acknowledged it yet"]);
    if (alert.raised > 1) said.push([`came ${alert.raised} times`]);
    if (cw.model.isShelved(alert, now)) said.push([`shelved for ${age(alert.shelved_until - now)} more`]);
    if (cw.model.isOutOfService(alert)) said.push(["out of service since ", alert.out_of_service_at]);
    if (alert.suppressed && alert.suppressed !== "shelved") said.push([`not announced: ${whyWords(alert)}`]);
    return said;
  }

  function whyWords(alert) {
    if (alert.suppressed !== "incident") return WHY[alert.suppressed] || alert.suppressed;
    const cause = cw.model.alerts.get(alert.incident);
    const word = cause && !cw.model.isOpen(cause) ? "was explained" : "explained";
    return cause ? `${word} by ${cw.words.kind(cause.kind).toLowerCase()} of ${cw.words.scope(cause.scope, true)}` : "explained by an incident";
  }

  function patchChips(node, alert) {
    const { el, sync } = cw.words;
    const shown = ofOneChannel(alert) ? [] : alert.channels.slice(0, MOST_CHIPS).map((channel) => ({ channel }));
    if (shown.length && alert.channels.length > shown.length) shown.push({ more: alert.channels.length - shown.length });
    sync(node, shown, (item) => item.channel || `and ${item.more} more`, (item) => (item.more
      ? el("span", {}, `and ${item.more} more`)
      : el("a", { class: "chip", "data-nav": true, "data-channel": item.channel, href: cw.channelUrl(item.channel) }, item.channel)));
  }

  function patchComments(node, comments) {
    const { el, sync } = cw.words;
    sync(node, comments, (one) => `${one.at} ${one.who} ${one.text}`, (one) => el("li", {},
      el("span", { class: "comment-who" }, one.who, ", ", moment(one.at), ": "), one.text));
  }

  // Draws the cards of a list. The reader's place stays: a card that moves keeps the focus, one that goes hands it on.
  cw.drawCards = (list, alerts, now) => {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const place = focused ? Array.from(list.children).findIndex((card) => card.contains(focused)) : -1;
    const heading = list.dataset.heading || "h2";
    cw.words.sync(list, alerts, (alert) => alert.id, (alert) => makeCard(alert, heading), (node, alert) => patchCard(node, alert, now));
    if (!focused || document.activeElement === focused || list.contains(document.activeElement)) return;
    if (focused.isConnected) focused.focus({ preventScroll: true });
    else if (list.children.length) list.children[Math.min(place, list.children.length - 1)].querySelector("a").focus({ preventScroll: true });
  };

  // A list that draws so many cards at first and says how many more there are: a thousand would stop the page.
  cw.cardList = (step) => {
    const { el, put } = cw.words;
    let most = step;
    let drawn = [];
    const list = el("ol", { class: "cards", "data-heading": "h3" }); // under the heading of the list
    const more = el("button", { type: "button", class: "more", hidden: true, onclick: () => {
      most += step;
      draw(drawn, cw.live.now());
    } });
    function draw(alerts, now) {
      drawn = alerts;
      cw.drawCards(list, alerts.slice(0, most), now);
      more.hidden = alerts.length <= most;
      if (!more.hidden) put(more, `Show ${Math.min(step, alerts.length - most)} more of ${alerts.length}`);
    }
    return { element: el("div", { class: "section" }, list, more), draw };
  };
  cw.moment = moment;
})();
