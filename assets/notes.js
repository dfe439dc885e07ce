// Notes of people on the time axis of a channel: the list, and the form that adds one where one may act.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const MOST_SHOWN = 50;
  const url = (channel) => `/api/v1/channels/${encodeURIComponent(channel)}/annotations`;

  // A moment as a field of a form has it, on the clock of the lab.
  const toField = (unix) => new Date(1000 * (unix + cw.traceOffset())).toISOString().slice(0, 19);
  const fromField = (text) => (text ? Date.parse(`${text}Z`) / 1000 - cw.traceOffset() : null);

  function mount(host) {
    const { el, put } = cw.words;
    const channel = host.dataset.name;
    const list = el("ol", { class: "notes" });
    const status = el("span", { class: "how", role: "status" });
    host.append(el("h2", {}, "Notes"));
    if (cw.mayAct() && !host.dataset.at) host.append(form(channel, status, load));
    host.append(status, list);

    async function load() {
      try {
        const answer = await fetch(url(channel));
        const told = await answer.json();
        if (!answer.ok) throw new Error(told.error);
        const asOf = Number(host.dataset.at) || Infinity;
        draw(list, told.annotations.filter((note) => note.at <= asOf).reverse());
      } catch (error) {
        put(status, `The notes could not be read: ${error.message}`);
      }
    }
    load();
    return {};
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
    from.value = toField(cw.live.now());
    cw.pickMoment = (unix) => {
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
        saved();
        cw.redrawTrace();
      } catch {
        put(status, "Not saved: the server did not answer; try again.");
      }
    });
    return node;
  }

  (cw.hosts = cw.hosts || new Map()).set("channel-notes", mount);
})();
