// The open alerts as a view of the wall: the causes and, after them, what planned work or a person put aside; what
// an incident explains is counted.
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
      const told = new Set(causes.flatMap((alert) => alert.members || []));
      const apart = open.filter((alert) => !first.has(alert));
      const rest = apart.filter((alert) => !told.has(alert.id)).sort(cw.model.worstFirst); // a cause speaks for its members
      const shown = [...causes, ...rest].slice(0, MOST);
      put(title, open.length ? `${plural(open.length, "open alert", "open alerts")}, ${plural(causes.length, "of them a cause", "of them causes")}` : "No open alert");
      sync(list, shown, (alert) => alert.id, wall.makeCause, (node, alert) => {
        wall.patchCause(node, alert, now);
        cw.words.mark(node, "data-aside", !first.has(alert));
      });
      const fitting = [...list.children].filter((node) => node.offsetLeft < list.clientWidth && node.offsetTop + node.offsetHeight <= list.clientHeight + 1).length;
      const [explained, hidden] = [apart.length - rest.length, causes.length + rest.length - fitting];
      put(more, [explained ? `${explained} more explained by the causes` : "", hidden > 0 ? `${hidden} more not shown here` : ""].filter(Boolean).join(", ") + (explained || hidden > 0 ? ": see Alerts" : ""));
    };
    return { element, tick, shown: tick, frame: (_changed, now) => tick(now) };
  };
})();
