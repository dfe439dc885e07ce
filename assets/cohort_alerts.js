// The alerts of a batch, or of the tests that someone picked: as they stood when the page came, and what the stream has
// said of these tests since.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  const rowOf = (alert) => ({
    id: alert.id, kind: alert.kind, message: alert.message, severity: alert.severity, opened: alert.opened_at, closed: alert.closed_at,
    state: cw.model.isOpen(alert) ? "open" : "over",
  });

  const same = (known, row) => Boolean(known) && Object.keys(row).every((name) => known[name] === row[name]);

  function mount(host) {
    const { el, put } = cw.words;
    const told = JSON.parse(host.dataset.alerts);
    const rows = new Map(told.rows.map((row) => [row.id, row]));
    const unlisted = new Map([...told.open.map((id) => [id, "open"]), ...told.over.map((id) => [id, "over"])]);
    const tests = new Set(told.tests);
    const none = el("p", { class: "how" }, "No alert of these tests is known.");
    const table = cw.table("Alerts", told.columns);
    const caption = table.element.querySelector("caption");
    host.append(none, table.element);

    // A test that was put into the batch after the page came is one of the stream's channels.
    function concerns(alert) {
      if (tests.has(alert.test) || (told.batch && alert.scope === `batch:${told.batch}`)) return true;
      return Boolean(told.batch && alert.test) && alert.channels.some((name) => {
        const channel = cw.model.channels.get(name);
        return channel && channel.test === alert.test && channel.batch === told.batch;
      });
    }

    function take(ids) {
      let news = false;
      for (const id of ids) {
        const alert = cw.model.alerts.get(id);
        if (!alert || !concerns(alert)) continue;
        const row = rowOf(alert);
        if (same(rows.get(id), row)) continue;
        unlisted.delete(id);
        rows.set(id, row);
        news = true;
      }
      if (news) draw();
    }

    function draw() {
      const order = (a, b) => Number(a.state === "over") - Number(b.state === "over") || b.opened - a.opened || a.id.localeCompare(b.id);
      const listed = [...rows.values()].sort(order).slice(0, told.most);
      const states = [...rows.values()].map((row) => row.state).concat([...unlisted.values()]);
      const open = states.filter((state) => state === "open").length;
      const whole = states.length + told.older;
      const cut = whole > listed.length ? ` (shown are the first ${listed.length} of ${whole})` : "";
      put(caption, `Alerts: ${open} open, ${whole - open} over${cut}`);
      table.element.setAttribute("aria-label", caption.textContent);
      none.hidden = whole > 0;
      table.element.hidden = whole === 0;
      table.draw(listed);
    }
    draw();
    take(cw.model.alerts.keys()); // what came while the page was made
    return { frame: (changed) => take(changed.full ? cw.model.alerts.keys() : changed.alerts) };
  }

  (cw.hosts = cw.hosts || new Map()).set("cohort-alerts", mount);
})();
