// Notes of people on the time axis of a channel: the list, and the form that adds one where one may act.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const MOST_SHOWN = 50;
  const url = (channel) => `/api/v1/channels/${encodeURIComponent(channel)}/annotations`;

  // What the clock of the lab is ahead of UTC at a moment, in seconds.
  function ahead(unix) {
    const digits = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    try {
      const parts = new Intl.DateTimeFormat("en-GB", { ...digits, timeZone: cw.model.lab.timezone || "UTC" }).formatToParts(1000 * unix);
      const part = (name) => Number(parts.find((one) => one.type === name).value);
      return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) / 1000 - Math.floor(unix);
    } catch {
      return 0; // a zone this browser lacks
    }
  }

  // A moment as a field of a form has it, on the clock of the lab.
  const toField = (unix) => new Date(1000 * (unix + ahead(unix))).toISOString().slice(0, 19);
  function fromField(text) {
    if (!text) return null;
    const told = Date.parse(`${text}Z`) / 1000;
    return told - ahead(told - ahead(told)); // twice, for the night in which the clocks change
  }

  function mount(host) {
    const { el, put } = cw.words;
    const channel = host.dataset.name;
    const asOf = host.dataset.at;
    const list = el("ol", { class: "notes" });
    const status = el("span", { class: "how", role: "status" });
    host.append(el("h2", {}, "Notes"));
    const added = cw.mayAct() && !asOf ? form(channel, status, load) : null;
    if (added) host.append(added.node);
    host.append(status, list);

    async function load() {
      try {
        const answer = await fetch(url(channel));
        const told = await answer.json();
        if (!answer.ok) throw new Error(told.error);
        const until = Number(asOf) || Infinity;
        draw(list, told.annotations.filter((note) => note.at <= until).reverse());
      } catch (error) {
        put(status, `The notes could not be read: ${error.message}`);
      }
    }
    load();
    const moved = () => host.dataset.name === channel && host.dataset.at === asOf; // a zoom changes neither
    return { tick: (now) => added && cw.model.loaded && added.tick(now), moved };
  }

  function draw(list, notes) {
    const { el, sync, date } = cw.words;
    const shown = notes.length ? notes.slice(0, MOST_SHOWN) : [{ id: "none" }];
    sync(list, shown, (note) => note.id, (note) => note.text === undefined
      ? el("li", { class: "how" }, "No notes yet.")
      : el("li", {},
        el("span", { class: "note-when" }, note.to > note.from ? `${date(note.from)} to ${date(note.to)}` : date(note.from)),
        el("span", { class: "note-text", dir: "auto" }, note.text), el("span", { class: "how", dir: "auto" }, note.who)));
  }

  function form(channel, status, saved) {
    const { el, put } = cw.words;
    const from = el("input", { type: "datetime-local", step: "1", required: true });
    const to = el("input", { type: "datetime-local", step: "1" });
    const text = el("input", { type: "text", maxlength: "1000", required: true, placeholder: "changed the fixture" });
    const node = el("form", { class: "note-form" },
      el("label", {}, "At (a click in the graph picks it) ", from), el("label", {}, "until (if it lasted) ", to), el("label", { class: "note-words" }, "Note ", text),
      el("button", { type: "submit" }, "Add note"));
    let picked = false; // until then the field says now
    from.addEventListener("input", () => (picked = true));
    cw.pickMoment = (unix) => {
      picked = true;
      from.value = toField(unix);
    };
    node.addEventListener("submit", async (event) => {
      event.preventDefault();
      put(status, "saving …");
      try {
        const body = JSON.stringify({ text: text.value, from: fromField(from.value), to: fromField(to.value) });
        const answer = await fetch(url(channel), { method: "POST", headers: { "Content-Type": "application/json" }, body });
        const told = await answer.json();
        if (!answer.ok) return put(status, `Not saved: ${told.error}`);
        put(status, "Saved.");
        text.value = to.value = "";
        picked = false;
        saved();
        cw.redrawTrace();
      } catch {
        put(status, "Not saved: the server did not answer; try again.");
      }
    });
    const tick = (now) => {
      if (!picked && document.activeElement !== from) from.value = toField(now);
    };
    return { node, tick };
  }

  (cw.hosts = cw.hosts || new Map()).set("channel-notes", mount);
})();
