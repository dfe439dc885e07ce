// Share: copies the address that shows again what is shown here, now or as it is at this moment.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const SAID_MS = 4000;

  function address(unix) {
    const url = new URL(location.href);
    if (unix !== null) url.searchParams.set("at", `${cw.words.utc(Math.floor(unix))}Z`);
    const query = cw.past.readable(url.searchParams);
    return `${url.origin}${url.pathname}${query ? `?${query}` : ""}${url.hash}`;
  }

  // navigator.clipboard is there on https and on the lab's own machine only; the old way works elsewhere too.
  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        return copyOld(text); // the reader, or the page around this one, forbids it
      }
    }
    return copyOld(text);
  }

  function copyOld(text) {
    const field = cw.words.el("textarea", { class: "aside", readonly: true, "aria-hidden": "true" });
    field.value = text;
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (focused && focused.focus) focused.focus();
    return done;
  }

  cw.share = () => {
    const { el, put } = cw.words;
    const said = el("span", { class: "share-said", role: "status" });
    const link = el("input", { readonly: true, class: "share-link", "aria-label": "The address to copy", hidden: true });
    let timer = 0;
    async function give(unix) {
      const text = address(unix);
      const done = await copy(text);
      put(said, done ? "copied" : "copy this address:");
      link.hidden = done;
      link.value = text;
      clearTimeout(timer);
      if (done) {
        menu.open = false;
        timer = setTimeout(() => put(said, ""), SAID_MS);
      } else link.select();
    }
    const choice = (words, how, unix) => el("button", { type: "button", onclick: () => give(unix()) }, words, el("span", { class: "how" }, how));
    const shown = () => (cw.past.shown() && cw.past.state().at !== null ? cw.past.moment() : null);
    const live = choice("This page", "as it is whenever it is opened", () => null);
    const moment = choice("This moment", "as it stands right now", () => cw.live.present());
    const past = choice("What is shown", "this page at the time shown", shown);
    const menu = el("details", { class: "menu", ontoggle: () => {
      live.hidden = moment.hidden = cw.past.shown();
      past.hidden = !cw.past.shown();
      link.hidden = true;
    } }, el("summary", {}, "Share"), el("div", { class: "menu-panel menu-share" }, live, moment, past, link));
    return el("span", { class: "share" }, menu, said);
  };
})();
