// The lists of the page of alerts; every open alert is in exactly one of the first five. What is shown stands in the URL:
// /alerts?show=history&severity=P2&find=contact&cycler=arbin-1&page=2
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const VIEWS = [
    ["open", "Active", "Told, and nobody has put it aside or acknowledged it."],
    ["acknowledged", "Acknowledged", "Somebody has seen it; it is still there."],
    ["shelved", "Shelved", "Put aside for a time by a person; it calls again when the time is over."],
    ["suppressed", "Explained or planned", "Nobody is told: an incident explains it, the work was planned, or it was expected."],
    ["out-of-service", "Out of service", "Put aside by a person until it is put back."],
    ["history", "History", "Every alert there ever was, newest first."],
  ];
  const CARDS = 100; // drawn at once
  const PAGE = 100; // of the history
  const REFRESH_SECONDS = 5; // at most one look into the archive in so long
  const TYPING_MS = 400;

  // Which list an open alert is in: what a person put aside, then what a rule did, then what a person has seen. What
  // outlives the incident that explained it calls again, as on the first page.
  function listOf(alert, now, calling) {
    if (cw.model.isOutOfService(alert)) return "out-of-service";
    if (cw.model.isShelved(alert, now)) return "shelved";
    if (["maintenance", "design", "incident"].includes(alert.suppressed) && !calling.has(alert.id)) return "suppressed";
    return alert.acknowledged_at === null ? "open" : "acknowledged";
  }

  // What the URL asks for; what cannot be meant is left out, and said.
  function wanted(query) {
    const view = VIEWS.find(([name]) => name === (query.get("show") || "open"));
    const page = /^[1-9]\d{0,3}$/.test(query.get("page") || "") ? Number(query.get("page")) : 1;
    const severity = cw.words.SEVERITY_WORDS[query.get("severity")] ? query.get("severity") : "";
    const strange = [];
    if (!view) strange.push(`There is no list "${query.get("show")}"; this is the one of active alerts.`);
    if (query.get("severity") && !severity) strange.push(`There is no severity "${query.get("severity")}"; there are P1 to P4.`);
    const texts = Object.fromEntries(["find", "kind", "channel"].map((name) => [name, query.get(name) || ""]));
    return { view: (view || VIEWS[0])[0], page, severity, ...texts, filters: cw.filters.wanted(query), strange };
  }

  function fits(asked, alert) {
    const words = [alert.kind, alert.kind.replaceAll("-", " "), alert.scope, ...alert.channels, alert.test || "", alert.message].join("\n").toLowerCase();
    return (!asked.severity || alert.severity === asked.severity) && (!asked.kind || alert.kind === asked.kind) &&
      (!asked.channel || alert.channels.includes(asked.channel)) && words.includes(asked.find.toLowerCase()) && cw.filters.alertFits(asked.filters, alert);
  }

  function tabs(query, view) {
    const { el } = cw.words;
    const counts = new Map();
    const links = VIEWS.map(([name, word]) => {
      const count = el("span", { class: "view-count" });
      counts.set(name, count);
      const href = cw.filters.urlWith(query, { show: name === "open" ? "" : name, page: "" });
      return el("a", { href, "data-nav": true, class: "view", "aria-current": name === view ? "page" : null }, word, count);
    });
    return { nav: el("nav", { class: "views", "aria-label": "Which alerts" }, ...links), counts };
  }

  function severities(query, asked) {
    const { el, SEVERITY_WORDS } = cw.words;
    const select = el("select", { onchange: () => cw.go(cw.filters.urlWith(query, { severity: select.value, page: "" })) },
      el("option", { value: "" }, "every severity"),
      ...Object.entries(SEVERITY_WORDS).map(([name, words]) => el("option", { value: name, selected: name === asked.severity }, `${name} ${words}`)));
    return el("label", {}, "Severity ", select);
  }

  function chosen(query, asked) {
    const { el, kind } = cw.words;
    const words = [["channel", asked.channel], ["kind", asked.kind && kind(asked.kind)]].filter(([, value]) => value);
    return words.map(([name, value]) => el("a", { class: "chip", href: cw.filters.urlWith(query, { [name]: "", page: "" }), "data-nav": true },
      `${name} ${value}`, el("span", { "aria-hidden": "true" }, " ×"), el("span", { class: "aside" }, " remove this filter")));
  }

  // The words to look for. The list follows at once and the URL with it, without a new page: the keyboard stays.
  function search(query, asked, changed) {
    const { el } = cw.words;
    let waiting = 0;
    const input = el("input", { type: "search", value: asked.find, placeholder: "channel, kind, words", oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        asked.find = input.value;
        asked.page = 1;
        for (const [name, value] of [["find", input.value], ["page", ""]]) {
          if (value) query.set(name, value);
          else query.delete(name);
        }
        changed();
      }, TYPING_MS);
    } });
    return el("label", {}, "Find ", input);
  }

  // The history as the server has it, a page at a time.
  function pastOf(asked, draw) {
    const state = { told: null, more: 0, fault: "", asked: -Infinity };
    const url = () => {
      const query = new URLSearchParams({ state: "all", limit: PAGE, skip: PAGE * (asked.page - 1), ...asked.filters });
      for (const name of ["find", "kind", "channel", "severity"]) if (asked[name]) query.set(name, asked[name]);
      return `/api/v1/alerts?${query}`;
    };
    state.read = async (now) => {
      state.asked = now;
      const from = url();
      try {
        const answer = await fetch(from);
        if (!answer.ok) throw new Error(`the server said ${answer.status}`);
        const body = await answer.json();
        if (from !== url()) return; // something else is asked for by now
        Object.assign(state, { told: body.alerts, more: body.more, fault: "" });
      } catch (error) {
        state.fault = error.message;
      }
      draw(cw.live.now());
    };
    state.list = () => state.told.map((alert) => cw.model.alerts.get(alert.id) || alert);
    return state;
  }

  function mount(host) {
    const { el, put } = cw.words;
    const query = new URLSearchParams(location.search);
    const asked = wanted(query);
    const { nav, counts } = tabs(query, asked.view);
    const note = el("p", { class: "how", role: "status" });
    const list = cw.cardList(CARDS);
    const all = cw.acknowledgeAll();
    const pages = el("nav", { class: "views", "aria-label": "Further back in the history" });
    const past = pastOf(asked, draw);
    const find = search(query, asked, () => {
      history.replaceState(history.state, "", cw.filters.urlWith(query, {}));
      past.told = null;
      past.asked = -Infinity;
      draw(cw.live.now());
    });
    const filters = cw.filters.row(query, severities(query, asked), find, ...chosen(query, asked));
    const [, title, meaning] = VIEWS.find(([name]) => name === asked.view);
    host.append(el("h2", { class: "aside" }, `Alerts: ${title.toLowerCase()}`), nav, filters.element, note, all.element, list.element, pages);

    function draw(now) {
      const known = [...cw.model.alerts.values()].filter((alert) => cw.model.isOpen(alert));
      const fitting = known.filter((alert) => fits(asked, alert));
      const isHistory = asked.view === "history";
      const calling = new Set(cw.model.causes(now).map((alert) => alert.id));
      const of = (name) => (alert) => listOf(alert, now, calling) === name;
      for (const [name, count] of counts) {
        if (name !== "history") put(count, ` ${fitting.filter(of(name)).length}`);
        else if (past.told) put(count, ` ${PAGE * (asked.page - 1) + past.told.length + past.more}`);
      }
      const shown = isHistory ? (past.told ? past.list() : []) : fitting.filter(of(asked.view)).sort(cw.model.worstFirst);
      list.draw(shown, now);
      all.element.hidden = asked.view !== "open";
      all.patch(shown.filter((alert) => alert.severity !== "P1"));
      const said = sentence(shown.length, known.filter(of(asked.view)).length);
      put(note, [...asked.strange, cw.filters.strange(asked.filters), said, meaning].filter(Boolean).join(" "));
      turn(pages, query, asked, past);
      filters.draw();
      cw.attention.ask(now, () => draw(cw.live.now()));
    }

    function sentence(n, whole) {
      const { plural } = cw.words;
      if (asked.view === "history") {
        if (past.fault) return `The history could not be read (${past.fault}); it is tried again in a moment.`;
        if (!past.told) return "reading the history …";
        const before = PAGE * (asked.page - 1);
        return n ? `${before + 1} to ${before + n} of ${plural(before + n + past.more, "alert", "alerts")}.` : before ? "The history does not reach that far back." : "No alert here.";
      }
      const doubt = cw.doubt();
      const only = cw.filters.isActive(asked.filters) ? `Only ${cw.filters.words(asked.filters)}: ` : "";
      const said = n === whole ? (n ? plural(n, "alert", "alerts") : "no alert here") : `${n} of ${plural(whole, "alert", "alerts")} of this list`;
      const text = `${only}${said}.`;
      return (only ? text : text.charAt(0).toUpperCase() + text.slice(1)) + (doubt ? ` This may be old: ${doubt}.` : "");
    }

    return {
      frame: (changed, now) => {
        const due = changed.alerts.length && asked.page === 1 && now - past.asked > REFRESH_SECONDS;
        if (asked.view === "history" && (due || !past.told) && now - past.asked > REFRESH_SECONDS) past.read(now);
        draw(now);
      },
      tick: (now) => {
        if (asked.view === "history" && past.asked === -Infinity) past.read(now);
        draw(now);
      },
    };
  }

  function turn(pages, query, asked, past) {
    const { el } = cw.words;
    const text = asked.view === "history" && past.told ? `${asked.page} ${past.more > 0} ${query}` : "";
    if (pages.cwText === text) return;
    pages.cwText = text;
    const link = (page, words) => el("a", { class: "view", "data-nav": true, href: cw.filters.urlWith(query, { page: page === 1 ? "" : page }) }, words);
    pages.replaceChildren(...(text ? [asked.page > 1 ? link(asked.page - 1, "Newer") : "", past.more ? link(asked.page + 1, "Older") : ""] : []).filter(Boolean));
  }

  (cw.hosts = cw.hosts || new Map()).set("alerts", mount);
})();
