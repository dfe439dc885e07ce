// The time machine: with ?at= in its address a page shows what was known at that moment. The server makes a full frame
// of it (/api/v1/past), which takes the place of the stream's frames in the same model, and the page's clock stands
// there, or runs on from there while it plays. Link, monitor and version stay those of now.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const PAST = "/api/v1/past";
  const SPEEDS = [1, 10, 60, 600]; // seconds shown in a second; with each, a frame a second
  const AHEAD = 8; // frames that are fetched before they are needed
  const CHUNK = 20; // frames asked for at once; the server may send fewer
  const RETRY_MS = 3000;
  const LOOK_MS = 250;
  let view = null; // what is shown instead of now

  const inAddress = () => new URLSearchParams(location.search).get("at");
  const steady = () => performance.now() / 1000;

  // The moment that is shown. Of one that cannot be shown the clock is that of now, and nothing is known.
  function moment() {
    if (!view || view.at === null) return cw.live.present();
    if (!view.speed || view.waiting) return view.at;
    return view.at + (steady() - view.since) * view.speed;
  }

  function begin(text) {
    const before = view;
    const resume = before ? before.speed : 0; // a replay goes on from another moment and on another page
    view = { text, at: before && before.at !== null ? moment() : null, resume, note: "", refused: "", speed: 0, since: 0, waiting: false, frames: [], asking: false, retry: 0 };
    if (!before) cw.live.showing(moment);
    look(view);
  }

  async function look(mine) {
    const answer = await ask(`${PAST}?at=${encodeURIComponent(mine.text)}`);
    if (view !== mine) return;
    if (answer.error) {
      if (mine.at !== null) cw.live.showing(moment); // nothing of another moment stays under this sentence
      Object.assign(mine, { at: null, refused: answer.error });
      if (answer.again) mine.retry = setTimeout(() => view === mine && look(mine), RETRY_MS);
    } else {
      Object.assign(mine, { at: answer.at, note: answer.note, refused: "" });
      cw.live.take(answer.frame);
      if (mine.resume) play(mine.resume);
    }
    show();
  }

  async function ask(url) {
    try {
      const answer = await fetch(url);
      const told = await answer.json();
      if (answer.ok) return told;
      return { error: told.error || `The server said ${answer.status}.`, again: answer.status >= 500 };
    } catch {
      return { error: "The server does not answer; it is asked again in a moment.", again: true };
    }
  }

  function play(speed) {
    if (!view || view.at === null) return;
    Object.assign(view, { at: moment(), since: steady(), speed, waiting: true, frames: [], told: moment() });
    fetchAhead(view);
    show();
  }

  // Frames of the next seconds, before they are due.
  async function fetchAhead(mine) {
    const { speed } = mine;
    if (mine.asking || !speed || mine.told - moment() > AHEAD * speed) return;
    mine.asking = true;
    const from = mine.told + speed;
    const answer = from > cw.live.present() ? { frames: [] } : await ask(`${PAST}?from=${from}&to=${from + (CHUNK - 1) * speed}&step=${speed}`);
    mine.asking = false;
    if (view !== mine || mine.speed !== speed) return;
    if (answer.error) {
      mine.note = answer.error;
      mine.asking = true;
      setTimeout(() => {
        mine.asking = false;
      }, RETRY_MS);
      return;
    }
    for (const frame of answer.frames) {
      mine.frames.push(frame);
      mine.told = frame.t;
    }
  }

  function tick() {
    if (!view || !view.speed) return;
    if (moment() >= cw.live.present() - 1) return live(); // the replay has come to now
    const due = view.frames.filter((frame) => frame.t <= moment() + 0.001);
    if (due.length) {
      view.frames.splice(0, due.length);
      due.forEach(cw.live.take); // each but the first of an answer says only what changed since the one before
      show();
    }
    wait(view);
    fetchAhead(view);
  }

  // The clock does not run past what is known: it stands until the next frame is here.
  function wait(mine) {
    const empty = mine.frames.length === 0 && moment() >= mine.told + (mine.waiting ? 0 : mine.speed);
    if (empty === mine.waiting) return;
    Object.assign(mine, empty ? { at: moment(), waiting: true } : { since: steady(), waiting: false });
  }

  function pause() {
    if (!view || !view.speed) return;
    const at = moment();
    Object.assign(view, { at, speed: 0 });
    goTo(at);
  }

  // Another moment, as text of the lab's clock or in unix seconds; it stands in the address.
  function goTo(when) {
    const text = typeof when === "number" ? `${cw.words.utc(Math.floor(when))}Z` : when;
    const query = new URLSearchParams(location.search);
    query.set("at", text);
    move(query);
  }

  function live() {
    const query = new URLSearchParams(location.search);
    query.delete("at");
    move(query);
  }

  // A colon may stand in an address as it is, and is read better so.
  const readable = (query) => query.toString().replaceAll("%3A", ":");

  function move(query) {
    const text = readable(query);
    history.pushState({}, "", text ? `${location.pathname}?${text}` : location.pathname);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  }

  // The address says what is shown: after every step of the reader it is looked at.
  function follow() {
    const text = inAddress();
    if (text === (view ? view.text : null)) return;
    if (view) clearTimeout(view.retry);
    if (text !== null) begin(text);
    else {
      view = null;
      cw.live.showing(null);
    }
    show();
  }

  // The marks of the page; the root says it once for the style sheet, so that a replay does not style the page anew.
  function show() {
    const { mark } = cw.words;
    if (view) {
      mark(document.body, "data-at", view.at === null ? "" : Math.round(moment()));
      mark(document.documentElement, "data-past", view.refused ? "refused" : "shown");
    } else {
      document.body.removeAttribute("data-at");
      document.documentElement.removeAttribute("data-past");
    }
    if (cw.time) cw.time.draw();
  }

  // A link to another page of this lab takes the moment along, unless it names one itself.
  function along(href) {
    const url = new URL(href, location.href);
    const page = url.origin === location.origin && !url.pathname.startsWith("/api/") && !url.pathname.startsWith("/assets/");
    if (!view || !page || url.searchParams.has("at")) return href;
    url.searchParams.set("at", view.speed ? `${cw.words.utc(Math.floor(moment()))}Z` : view.text);
    return `${url.pathname}?${readable(url.searchParams)}${url.hash}`;
  }

  // dcc.Link goes where its property says, whatever stands in the element: it is overtaken here.
  function overtake(event) {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!view || !link || link.target || link.hasAttribute("download")) return;
    const next = along(link.getAttribute("href"));
    if (next === link.getAttribute("href") || next.startsWith("#")) return;
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    cw.go(next);
  }

  function start() {
    document.addEventListener("click", overtake, true);
    window.addEventListener("_dashprivate_pushstate", follow);
    window.addEventListener("popstate", follow);
    setInterval(tick, LOOK_MS);
    follow();
  }

  cw.past = {
    SPEEDS, start, moment, play, pause, goTo, live, along,
    readable,
    shown: () => view !== null,
    state: () => view,
    // What of an address means another page: that a moment is shown, but not which.
    place(search) {
      const query = new URLSearchParams(search);
      if (query.has("at")) query.set("at", "");
      return `?${query}`;
    },
  };
})();
