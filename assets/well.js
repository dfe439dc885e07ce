// Says that all is well only when it is known, and how it is known.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const DAY = 86400;

  // The whole lab in a title and how it is known.
  cw.wellWords = (now) => {
    const { plural } = cw.words;
    const { model } = cw;
    const answered = model.answered(now);
    const expected = model.expected();
    const how = `${answered} of ${plural(expected, "channel", "channels")} answered, ${newestWords(now)}, ${monitorWords()}.`;
    const doubt = cw.doubt();
    if (doubt) return { title: "Not known whether all is well", how: `${doubt.charAt(0).toUpperCase()}${doubt.slice(1)}: ${how}` };
    if (expected === 0) return { title: "No channel has been heard yet", how: "Readings arrive from feeds or by POST /api/v1/readings." };
    if (answered < expected) return { title: `No alert, but ${plural(expected - answered, "channel is", "channels are")} silent`, how };
    const aside = cw.putAside(now).length;
    if (aside) return { title: `Nothing else needs someone: ${plural(aside, "open alert is", "open alerts are")} planned or put aside`, how };
    return { title: `All is well${sinceWords(now)}`, how };
  };

  // Open alerts that someone or a plan keeps from calling. What an incident explains is not among them: it is told.
  cw.putAside = (now) => {
    const { model } = cw;
    const calling = new Set(model.causes(now).map((alert) => alert.id));
    const aside = (alert) => ["maintenance", "design"].includes(alert.suppressed) || model.isShelved(alert, now) || model.isOutOfService(alert);
    return [...model.alerts.values()].filter((alert) => model.isOpen(alert) && alert.severity !== "P4" && !calling.has(alert.id) && aside(alert));
  };

  // What keeps the page from knowing, "" when nothing does.
  cw.doubt = () => {
    const { model, live } = cw;
    if (cw.past.shown()) return model.loaded ? "" : "nothing can be shown of this time"; // how the server is now says nothing of then
    if (!model.loaded) return "the page has not heard from the lab yet";
    if (live.linkState() !== "live") return "the server does not answer this page";
    if (live.monitorState() !== "live") return live.monitorState() === "late" ? "the monitor answers late" : "nothing is being watched";
    return live.redis() ? "" : "the live store does not answer";
  };

  function newestWords(now) {
    return cw.model.newest ? `newest reading ${cw.words.age(now - cw.model.newest)} old` : "no reading yet";
  }
  function monitorWords() {
    const since = cw.live.monitorAge();
    return since === null ? "the monitor has not answered yet" : `monitor answered ${cw.words.age(since)} ago`;
  }
  // No further back than the lab is known to have been watched.
  function sinceWords(now) {
    const { age, date } = cw.words;
    const last = cw.model.wellSince();
    if (last) return ` since ${date(last)}`;
    if (!cw.attention.loaded) cw.attention.ask(now, () => {}); // when the archive begins, which the next tick says
    const first = cw.attention.first;
    return first && now - first < DAY ? `: no alert in the ${age(now - first)} since the first reading` : ": no alert in the last 24 h";
  }
})();
