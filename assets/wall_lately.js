// What the left of the wall tells in the room that the causes leave: what was wrong in the last day and is over, so that
// somebody who comes in the morning knows of the night, and the cells with the lowest state of health.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const MOST = 8; // rows of each; the style sheet shows as many as fit
  const FRESH = 0.9995; // a cell that has lost nothing yet is not told

  wall.lately = () => {
    const { el } = cw.words;
    const over = block((n) => `Over in the last 24 h · ${cw.words.plural(n, "alert", "alerts")}`);
    const weak = block(() => "Lowest state of health");
    const element = el("div", { class: "lately" }, over.element, weak.element);
    return {
      element,
      tick: () => {
        over.draw(overOf(), (alert) => alert.id, makeOver, patchOver);
        weak.draw(weakOf(), (channel) => channel.channel, makeWeak, patchWeak);
      },
    };
  };

  function block(title) {
    const { el, sync, put } = cw.words;
    const list = el("ol", {});
    const head = el("h3", {});
    const element = el("section", { class: "lately-part", hidden: true }, head, list);
    return { element, draw(items, key, make, patch) {
      element.hidden = !items.length;
      put(head, title(items.length));
      sync(list, items.slice(0, MOST), key, make, patch);
    } };
  }

  // What an incident explained is told by the incident.
  function overOf() {
    const told = (alert) => !cw.model.isOpen(alert) && alert.severity !== "P4" && !alert.suppressed;
    return [...cw.model.alerts.values()].filter(told).sort((a, b) => b.closed_at - a.closed_at);
  }

  function weakOf() {
    const known = [...cw.model.channels.values()].filter((one) => Number.isFinite(one.state_of_health) && one.state_of_health < FRESH && one.phase !== "finished");
    return known.sort((a, b) => a.state_of_health - b.state_of_health).slice(0, MOST);
  }

  function makeOver(alert) {
    const { el, glyph } = cw.words;
    const parts = { when: el("span", { class: "how" }), what: el("span", { class: "lately-what" }), long: el("span", { class: "how" }) };
    const node = el("li", { "data-alert": alert.id, "data-kind": alert.kind, "data-severity": alert.severity }, parts.when, glyph(alert.severity), parts.what, parts.long);
    node.parts = parts;
    return node;
  }

  function patchOver(node, alert) {
    const { put, shortClock, kind, scope, age } = cw.words;
    put(node.parts.when, shortClock(alert.opened_at));
    put(node.parts.what, `${scope(alert.scope)}: ${kind(alert.kind).toLowerCase()}`);
    put(node.parts.long, `for ${age(Math.max(0, (alert.cleared_at || alert.closed_at) - alert.opened_at))}`);
  }

  function makeWeak(channel) {
    const { el } = cw.words;
    const parts = { health: el("strong", {}), name: el("span", { class: "lately-what" }), cycle: el("span", { class: "how" }) };
    const node = el("li", { "data-channel": channel.channel }, parts.health, parts.name, parts.cycle);
    node.parts = parts;
    return node;
  }

  function patchWeak(node, channel) {
    const { put, number } = cw.words;
    put(node.parts.health, number(100 * channel.state_of_health, 1, "%"));
    put(node.parts.name, channel.cell ? `${channel.channel}, cell ${channel.cell}` : channel.channel);
    put(node.parts.cycle, channel.cycle_count === null ? "" : `cycle ${channel.cycle_count}`);
  }
})();
