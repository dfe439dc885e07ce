// The lists of the page of alerts; every open alert is in exactly one of the first five. What is shown stands in the URL:
// /alerts?show=history&severity=P2&channel=arbin-1-07&kind=contact-lost
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const VIEWS = [
    ["open", "Active"], ["acknowledged", "Acknowledged"], ["shelved", "Shelved"], ["suppressed", "Explained or planned"],
    ["out-of-service", "Out of service"], ["history", "History"],
  ];
  const MOST = 200; // of the history, newest first
  const REFRESH_SECONDS = 5; // at most one look into the archive in so long

  // Which list an open alert is in: what a person put aside, then what a rule did, then what a person has seen.
  function listOf(alert, now) {
    if (cw.model.isOutOfService(alert)) return "out-of-service";
    if (cw.model.isShelved(alert, now)) return "shelved";
    if (["maintenance", "design", "incident"].includes(alert.suppressed)) return "suppressed";
    return alert.acknowledged_at === null ? "open" : "acknowledged";
  }
  const isIn = (view, alert, now) => view === "history" || (cw.model.isOpen(alert) && listOf(alert, now) === view);

  function wanted(query) {
    const view = VIEWS.some(([name]) => name === query.get("show")) ? query.get("show") : "open";
    const matches = (alert) =>
      (!query.get("severity") || alert.severity === query.get("severity")) &&
      (!query.get("kind") || alert.kind === query.get("kind")) &&
      (!query.get("channel") || alert.channels.includes(query.get("channel")));
    return { view, matches };
  }

  function urlWith(query, name, value) {
    const next = new URLSearchParams(query);
    if (value) next.set(name, value);
    else next.delete(name);
    const text = next.toString();
    return text ? `/alerts?${text}` : "/alerts";
  }

  function tabs(query, view) {
    const { el } = cw.words;
    const counts = new Map();
    const links = VIEWS.map(([name, word]) => {
      const count = el("span", { class: "view-count" });
      counts.set(name, count);
      return el("a", { href: urlWith(query, "show", name === "open" ? "" : name), "data-nav": true, class: "view", "aria-current": name === view ? "page" : null }, word, count);
    });
    return { nav: el("nav", { class: "views", "aria-label": "Which alerts" }, ...links), counts };
  }

  function severities(query) {
    const { el, SEVERITY_WORDS } = cw.words;
    const chosen = query.get("severity") || "";
    const select = el("select", { onchange: () => cw.go(urlWith(query, "severity", select.value)) },
      el("option", { value: "" }, "every severity"),
      ...Object.entries(SEVERITY_WORDS).map(([name, words]) => el("option", { value: name, selected: name === chosen }, `${name} ${words}`)));
    return el("label", {}, "Severity ", select);
  }

  function chosen(query) {
    const { el, kind } = cw.words;
    const words = [["channel", query.get("channel")], ["kind", query.get("kind") && kind(query.get("kind"))]].filter(([, value]) => value);
    return words.map(([name, value]) => el("a", { class: "chip", href: urlWith(query, name, ""), "data-nav": true }, `${name} ${value}`, el("span", { "aria-hidden": "true" }, " ×"), el("span", { class: "aside" }, " remove this filter")));
  }

  function mount(host) {
    const { el, put } = cw.words;
    const query = new URLSearchParams(location.search);
    const { view, matches } = wanted(query);
    const { nav, counts } = tabs(query, view);
    const list = el("ol", { class: "cards" });
    const note = el("p", { class: "how", role: "status" });
    host.append(el("h2", { class: "aside" }, `Alerts: ${VIEWS.find(([name]) => name === view)[1].toLowerCase()}`), nav, el("p", { class: "filters" }, severities(query), ...chosen(query)), note, list);
    let past = null; // the history as last fetched
    let asked = -Infinity;

    async function fetchPast(now) {
      asked = now;
      try {
        const channel = query.get("channel");
        const answer = await fetch(`/api/v1/alerts?state=all${channel ? `&channel=${encodeURIComponent(channel)}` : ""}`);
        if (!answer.ok) throw new Error(`the server said ${answer.status}`);
        past = (await answer.json()).alerts;
        draw(cw.live.now());
      } catch (error) {
        put(note, `The history could not be read (${error.message}); it is tried again in a moment.`);
      }
    }

    function draw(now) {
      const known = new Map((past || []).map((alert) => [alert.id, alert]));
      for (const [id, alert] of cw.model.alerts) known.set(id, alert);
      const all = [...known.values()].filter(matches);
      for (const [name, count] of counts) put(count, name === "history" && !past ? "" : ` ${all.filter((alert) => isIn(name, alert, now)).length}`);
      const order = view === "history" ? (a, b) => b.opened_at - a.opened_at : cw.model.worstFirst;
      const fitting = all.filter((alert) => isIn(view, alert, now)).sort(order);
      cw.drawCards(list, fitting.slice(0, MOST), now);
      put(note, sentence(fitting.length, view, past));
    }

    return {
      frame: (changed, now) => {
        if (view === "history" && (changed.alerts.length || !past) && now - asked > REFRESH_SECONDS) fetchPast(now);
        draw(now);
      },
      tick: (now) => {
        if (view === "history" && asked === -Infinity) fetchPast(now);
        draw(now);
      },
    };
  }

  function sentence(n, view, past) {
    const { plural } = cw.words;
    if (view === "history" && !past) return "reading the history …";
    if (n > MOST) return `The newest ${MOST} of ${n} alerts. /api/v1/alerts?state=all has them all.`;
    return n ? plural(n, "alert", "alerts") : "No alert here.";
  }

  (cw.hosts = cw.hosts || new Map()).set("alerts", mount);
})();
