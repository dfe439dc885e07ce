// Which views a wall goes through, how long each stays, and what its address says of that:
// /wall?views=grid,fade:<batch>,chambers,alerts&seconds=30&view=chambers&paused=1&sort=need&night=22-6
// What the address does not say lab.toml does ([[views]]); without either the grid stays.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const KINDS = ["grid", "chambers", "alerts"];
  const KNOWN = "Known are grid, chambers, alerts and fade:<batch>.";
  const LEAST = 5; // seconds
  const MOST = 3600;

  function viewOf(name) {
    if (KINDS.includes(name)) return { name, kind: name };
    const batch = name.startsWith("fade:") ? name.slice("fade:".length) : "";
    return batch ? { name, kind: "fade", batch } : null;
  }

  const short = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

  function read(names, notes) {
    const found = [];
    for (const name of names.map((one) => one.trim()).filter(Boolean)) {
      const view = viewOf(name);
      if (view) found.push(view);
      else notes.push(`There is no view "${short(name)}". ${KNOWN}`);
    }
    return found;
  }

  function secondsOf(query, notes) {
    const text = query.get("seconds");
    if (text === null) return null;
    const value = Number(text);
    if (text.trim() && value >= LEAST && value <= MOST) return value;
    notes.push(`seconds=${short(text)}: expected a number from ${LEAST} to ${MOST}; 30 is taken.`);
    return 30;
  }

  function sortOf(query, notes) {
    const text = query.get("sort") || "place";
    if (["place", "need"].includes(text)) return text;
    notes.push(`sort=${short(text)}: expected place or need; place is taken.`);
    return "place";
  }

  // {views: [{name, kind, batch, seconds}], at: the first one's place, paused, sort, notes: sentences on what does not fit}
  wall.asked = (host) => {
    const query = new URLSearchParams(location.search);
    const notes = [];
    const seconds = secondsOf(query, notes);
    const configured = JSON.parse(host.dataset.views || "[]").map((view) => ({ ...viewOf(view.name), seconds: view.seconds }));
    const named = read((query.get("views") || "").split(","), notes);
    const [now] = read([query.get("view") || ""], notes);
    const grid = [{ name: "grid", kind: "grid" }];
    let views = query.has("views") ? named : configured;
    const place = now ? views.findIndex((view) => view.name === now.name) : 0;
    if (now && place < 0) views = query.has("views") ? [now, ...views] : [now];
    if (!views.length) views = grid;
    views = views.map((view) => ({ ...view, seconds: seconds || view.seconds || 30 }));
    const night = cw.night.asked(host);
    if (night.note) notes.push(night.note);
    return { views, at: Math.max(0, place), paused: query.has("paused"), sort: sortOf(query, notes), notes };
  };

  // The address with these parameters changed; null takes one out. Fewer escapes than URLSearchParams would write.
  wall.address = (changes) => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text ? `${location.pathname}?${text}` : location.pathname;
  };

  // The view that is shown stands in the address once there is another one, so that a copy of it shows the same.
  wall.write = (changes) => history.replaceState(history.state, "", wall.address(changes));

  // Which of the views is up: goes on by itself unless paused.
  wall.turns = (asked, show) => {
    let { at, paused } = asked;
    let since = performance.now();
    const many = asked.views.length > 1;
    function go(step) {
      at = (at + step + asked.views.length) % asked.views.length;
      since = performance.now();
      wall.write({ view: asked.views[at].name });
      show(asked.views[at]);
    }
    return {
      many, go,
      view: () => asked.views[at],
      paused: () => paused,
      pause() {
        paused = !paused;
        since = performance.now();
        wall.write({ view: asked.views[at].name, paused: paused ? "1" : null });
      },
      tick() {
        if (many && !paused && performance.now() - since >= asked.views[at].seconds * 1000) go(1);
      },
    };
  };
})();
