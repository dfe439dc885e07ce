// The open alerts as a view of the wall: the causes and, after them, what an incident, planned work or a person put aside.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const MOST = 40;

  wall.alerts = () => {
    const { el, put, sync, plural } = cw.words;
    const title = el("h2", { class: "view-title" });
    const list = el("ol", { class: "open-alerts" });
    const more = el("p", { class: "how" });
    const element = el("section", { class: "wall-alerts", "aria-label": "Open alerts" }, title, list, more);
    const tick = (now) => {
      const causes = cw.model.causes(now);
      const first = new Set(causes);
      const open = [...cw.model.alerts.values()].filter(cw.model.isOpen);
      const rest = open.filter((alert) => !first.has(alert)).sort(cw.model.worstFirst);
      const shown = [...causes, ...rest].slice(0, MOST);
      put(title, open.length ? `${plural(open.length, "open alert", "open alerts")}, ${plural(causes.length, "of them a cause", "of them causes")}` : cw.wellWords(now).title);
      sync(list, shown, (alert) => alert.id, wall.makeCause, (node, alert) => {
        wall.patchCause(node, alert, now);
        cw.words.mark(node, "data-aside", !first.has(alert));
      });
      const fitting = [...list.children].filter((node) => node.offsetLeft < list.clientWidth && node.offsetTop + node.offsetHeight <= list.clientHeight + 1).length;
      put(more, open.length > fitting ? `and ${open.length - fitting} more: see Alerts` : "");
    };
    return { element, tick, shown: tick, frame: (_changed, now) => tick(now) };
  };
})();
