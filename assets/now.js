// "What needs me now": the open causes, worst first, or since when all is well; below, what runs and what there is to look at
// besides.
// What is shown stands in the URL: /?batch=2017-05-12&cycler=arbin-1
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const GROUPS = [["P1", "Danger", 40], ["P2", "A test is being lost", 40], ["P3", "Look today", 10]];

  function titleOf(causes) {
    const { plural } = cw.words;
    const waiting = causes.filter((alert) => alert.acknowledged_at === null);
    const now = waiting.filter((alert) => alert.severity !== "P3").length;
    if (now) return `${plural(now, "cause needs", "causes need")} someone now`;
    if (waiting.length) return `${plural(waiting.length, "cause", "causes")} to look at today`;
    return `Nothing new: ${causes.length === 1 ? "the one open cause is" : `all ${causes.length} open causes are`} acknowledged`;
  }

  // With a filter nothing is said of the rest of the lab, least of all that it is well.
  function filtered(asked, causes, all, now) {
    const { plural } = cw.words;
    const only = cw.filters.words(asked);
    const channels = [...cw.model.channels.values()].filter((one) => cw.filters.channelFits(asked, one.channel));
    const silent = channels.filter((one) => cw.model.stateOf(one, now) === "silent").length;
    const strange = cw.filters.strange(asked);
    const doubt = cw.doubt();
    const title = causes.length ? titleOf(causes) : strange || !channels.length ? `Nothing is known of ${only}`
      : doubt ? `Not known whether ${only} is well: ${doubt}` : silent ? `No alert of ${only}, but ${plural(silent, "channel is", "channels are")} silent` : `No alert of ${only}`;
    const how = `Only ${only}: ${causes.length} of ${plural(all.length, "cause", "causes")}, ${channels.length - silent} of its ${plural(channels.length, "channel", "channels")} answered.`;
    return { title, how: strange ? `${how} ${strange}` : how };
  }

  function group(severity, words, step) {
    const { el, glyph, put } = cw.words;
    const count = el("span", { class: "how" });
    const list = cw.cardList(step);
    const all = cw.acknowledgeAll();
    const head = el("div", { class: "group-head" }, el("h2", {}, glyph(severity), ` ${words}`, count), severity === "P1" ? null : all.element);
    const element = el("section", { class: "group", hidden: true }, head, list.element);
    function draw(causes, now) {
      const these = causes.filter((alert) => alert.severity === severity);
      element.hidden = these.length === 0;
      put(count, ` ${these.length}`);
      list.draw(these, now);
      all.patch(these);
    }
    return { element, draw };
  }

  function mount(host) {
    const { el, put, plural } = cw.words;
    const query = new URLSearchParams(location.search);
    const asked = cw.filters.wanted(query);
    const title = el("h1", {});
    const how = el("p", { class: "how" });
    const filters = cw.filters.row(query);
    const groups = GROUPS.map(([severity, words, step]) => group(severity, words, step));
    const quiet = el("span", {});
    const link = el("a", { href: "/alerts?show=suppressed", "data-nav": true }, "See Alerts");
    const rest = el("p", { class: "how", hidden: true }, quiet, " ", link);
    const runs = cw.running(query, asked);
    const needs = cw.attentionSections();
    host.append(el("div", { class: "now-head" }, el("div", {}, title, how), filters.element), ...groups.map((one) => one.element), rest, runs.element, needs.element);
    const tick = (now) => {
      const all = cw.model.causes(now);
      const causes = all.filter((alert) => cw.filters.alertFits(asked, alert));
      const said = cw.filters.isActive(asked) ? filtered(asked, causes, all, now) : { ...cw.wellWords(now) };
      if (causes.length && !cw.filters.isActive(asked)) said.title = titleOf(causes);
      put(title, said.title);
      put(how, said.how);
      groups.forEach((one) => one.draw(causes, now));
      const further = [...cw.model.alerts.values()].filter((alert) => cw.model.isOpen(alert) && cw.filters.alertFits(asked, alert)).length - causes.length;
      rest.hidden = further <= 0;
      put(quiet, further > 0 ? `${plural(further, "further open alert is", "further open alerts are")} explained by an incident, planned, shelved, out of service or for the log only.` : "");
      filters.draw();
      runs.draw(now);
      needs.draw(now, asked);
    };
    return { tick, frame: (_changed, now) => tick(now) };
  }

  (cw.hosts = cw.hosts || new Map()).set("now", mount);
})();
