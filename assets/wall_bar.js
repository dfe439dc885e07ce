// What a person at the wall's own keyboard may do: pause, the next view, full screen. Shown only while somebody is there.
// And what a wall needs to stay on for months: a screen that is kept awake, and a picture that moves a little.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const AWAKE = 5; // seconds after the last sign of a person
  const SHIFTS = [[0, 0], [-2, 0], [-4, -1], [-4, -3], [-2, -4], [0, -3], [-1, -1], [-3, -2]]; // px, one a minute
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let lock = null;
  let refused = "";

  wall.bar = (turns) => {
    const { el, put } = cw.words;
    const button = (words, act) => el("button", { type: "button", onclick: act }, words);
    const parts = {
      pause: button("Pause", turns.pause), back: button("Back", () => turns.go(-1)), next: button("Next view", () => turns.go(1)),
      full: button("Full screen (F)", fullScreen), sort: el("a", { class: "button", "data-nav": true }), share: cw.share(), note: el("span", { class: "how" }),
    };
    for (const part of [parts.pause, parts.back, parts.next]) part.hidden = !turns.many;
    const element = el("div", { class: "wall-bar", role: "toolbar", "aria-label": "This wall" }, parts.pause, parts.back, parts.next, parts.sort, parts.full, parts.share, parts.note);
    let seen = -Infinity;
    const wake = () => {
      seen = performance.now();
      element.dataset.awake = "true";
    };
    return {
      element, wake,
      tick: () => {
        if (element.dataset.awake === "true" && performance.now() - seen > AWAKE * 1000 && !element.contains(document.activeElement)) element.dataset.awake = "false";
        if (element.dataset.awake !== "true") return;
        put(parts.pause, turns.paused() ? "Go on (space)" : "Pause (space)");
        const need = new URLSearchParams(location.search).get("sort") === "need";
        put(parts.sort, need ? "Sort by place" : "Sort by need");
        cw.words.mark(parts.sort, "href", wall.address({ sort: need ? null : "need" }));
        parts.full.hidden = !document.fullscreenEnabled || Boolean(document.fullscreenElement);
        put(parts.note, refused);
      },
    };
  };

  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => (refused = "This browser does not allow full screen; press F11."));
  }
  wall.fullScreen = fullScreen;

  // A browser gives the lock up whenever the page is hidden; it is asked for again on the next tick after that.
  wall.keepAwake = () => {
    if (lock || document.visibilityState !== "visible" || refused) return;
    if (!navigator.wakeLock) {
      refused = "This page cannot keep the screen on (it needs https); switch off this PC's screen saver.";
      return;
    }
    lock = "asked";
    navigator.wakeLock.request("screen").then(
      (given) => {
        lock = given;
        given.addEventListener("release", () => (lock = null));
      },
      () => {
        lock = null;
        refused = "This browser does not keep the screen on; switch off this PC's screen saver.";
      },
    );
  };
  wall.letSleep = () => {
    if (lock && lock.release) lock.release();
  };

  // A few pixels every minute, up and to the left, where nothing can make the page scroll.
  wall.shift = (element, now) => {
    const [x, y] = calm.matches ? [0, 0] : SHIFTS[Math.floor(now / 60) % SHIFTS.length];
    const moved = x || y ? `translate(${x}px, ${y}px)` : "";
    if (element.style.transform !== moved) element.style.transform = moved;
  };

  // The address of this very view as a code for a phone; none where a phone could not follow it.
  wall.code = () => {
    const { el } = cw.words;
    const image = el("img", { alt: "Code that opens this view on a phone" });
    const element = el("figure", { class: "wall-code", hidden: true }, image, el("figcaption", {}, "this view on a phone"));
    let written = "";
    let possible = true;
    async function ask() {
      const path = wall.address({ paused: new URLSearchParams(location.search).has("views") ? "1" : null });
      if (path === written || !possible || window.innerWidth < 900) return;
      written = path;
      const source = `/api/v1/code.svg?path=${encodeURIComponent(path)}`;
      try {
        const answer = await fetch(source);
        possible = answer.status !== 204;
        element.hidden = answer.status !== 200;
        if (!element.hidden) image.src = source;
      } catch {
        written = ""; // the server is away, which the head says; asked again on the next tick
      }
    }
    return { element, tick: ask, shown: () => !element.hidden };
  };
})();
