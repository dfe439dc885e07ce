// What people say of an alert, in place: "I have seen it", "not now", "not until it is mended", "now again", and words.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const SHELVES = [[60, "1 h"], [480, "8 h"], [1440, "24 h"], [10080, "7 d"]];
  const OUT = "out-of-service"; // until someone puts it back
  const MOST_CHARACTERS = 4000;

  // Says it to the server; answers whether it was kept. What the server answers is shown at once.
  async function say(alert, verb, body, note) {
    const { put } = cw.words;
    put(note, "saving …");
    try {
      const answer = await fetch(`/api/v1/alerts/${encodeURIComponent(alert.id)}/${verb}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      if (!answer.ok) {
        put(note, `not saved: ${await reason(answer)}`);
        return false;
      }
      const told = await answer.json();
      if (cw.model.alerts.has(told.id)) cw.model.alerts.set(told.id, told);
      put(note, "saved");
      return true;
    } catch {
      put(note, "not saved: the server did not answer; try again");
      return false;
    }
  }

  async function reason(answer) {
    try {
      return (await answer.json()).error || `the server said ${answer.status}`;
    } catch {
      return `the server said ${answer.status} ${answer.statusText}`; // not our server's words
    }
  }

  // Buttons for one alert; patch(alert, now) shows those that make sense now. Empty for those who may only look.
  cw.cardActions = (alert) => {
    const { el, scope } = cw.words;
    const element = el("div", { class: "card-actions" });
    if (!cw.mayAct()) return { element, patch: () => (element.hidden = true) };
    const name = scope(alert.scope);
    const note = el("span", { class: "card-note", role: "status" });
    const button = (words, onclick, attributes = {}) => el("button", { type: "button", onclick, ...attributes }, words, el("span", { class: "aside" }, ` ${name}`));
    const acknowledge = button("Acknowledge", () => say(alert, "acknowledge", {}, note), { class: "main-action" });
    const unshelve = button("Unshelve", () => say(alert, "unshelve", {}, note));
    const giveBack = button("Back in service", () => say(alert, "return-to-service", {}, note));
    const shelf = el("select", { "aria-label": `Shelve ${name} for`, onchange: () => {
      if (shelf.value === OUT) say(alert, OUT, {}, note);
      else if (shelf.value) say(alert, "shelve", { minutes: Number(shelf.value) }, note);
      shelf.value = "";
    } }, el("option", { value: "" }, "Shelve …"), ...SHELVES.map(([minutes, word]) => el("option", { value: minutes }, `for ${word}`)),
    el("option", { value: OUT }, "out of service"));
    const comment = commenting(alert, name, note);
    element.append(acknowledge, shelf, unshelve, giveBack, comment.button, comment.form, note);
    function patch(now_is, now) {
      const open = cw.model.isOpen(now_is);
      const focused = document.activeElement;
      acknowledge.hidden = !open || now_is.acknowledged_at !== null;
      shelf.hidden = !open || cw.model.isOutOfService(now_is) || cw.model.isShelved(now_is, now);
      unshelve.hidden = !open || !cw.model.isShelved(now_is, now);
      giveBack.hidden = !open || !cw.model.isOutOfService(now_is);
      if (focused && focused.hidden && element.contains(focused)) comment.button.focus(); // the keyboard stays on the card
    }
    return { element, patch };
  };

  function commenting(alert, name, note) {
    const { el } = cw.words;
    const text = el("textarea", { rows: 2, maxlength: MOST_CHARACTERS, required: true, "aria-label": `Comment on ${name}` });
    const button = el("button", { type: "button", "aria-expanded": "false", onclick: () => show(form.hidden) }, "Comment", el("span", { class: "aside" }, ` on ${name}`));
    function show(yes) {
      form.hidden = !yes;
      button.setAttribute("aria-expanded", String(yes));
      (yes ? text : button).focus();
    }
    async function save(event) {
      event.preventDefault();
      if (!text.value.trim() || !(await say(alert, "comment", { text: text.value }, note))) return;
      text.value = "";
      show(false);
    }
    const form = el("form", { class: "comment-form", hidden: true, onsubmit: save, onkeydown: (event) => {
      if (event.key === "Escape") show(false);
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    } }, text, el("button", { type: "submit" }, "Save comment"));
    return { button, form };
  }

  // One press, and a second to confirm, for all of a list; each is said and journalled by itself.
  cw.acknowledgeAll = () => {
    const { el, put, plural } = cw.words;
    let open = [];
    let busy = false;
    const note = el("span", { class: "card-note", role: "status" });
    const sure = el("button", { type: "button", hidden: true, onclick: run });
    const button = el("button", { type: "button", onclick: () => ask(sure.hidden) });
    const element = el("span", { class: "acknowledge-all" }, button, sure, note);
    function ask(yes) {
      sure.hidden = !yes;
      patch(open);
      if (yes) sure.focus();
    }
    async function run() {
      const these = [...open];
      busy = true;
      ask(false);
      let kept = 0;
      for (const alert of these) {
        if (!(await say(alert, "acknowledge", {}, note))) break;
        put(note, `${(kept += 1)} of ${these.length} acknowledged`);
      }
      busy = false;
      patch(open);
    }
    function patch(alerts) {
      open = alerts.filter((alert) => alert.acknowledged_at === null);
      button.hidden = busy || open.length < 2 || !cw.mayAct();
      if (button.hidden) sure.hidden = true;
      put(button, button.hidden ? "" : `Acknowledge all ${open.length}`);
      put(sure, sure.hidden ? "" : `Yes, acknowledge ${plural(open.length, "alert", "alerts")}`);
    }
    return { element, patch };
  };
})();
