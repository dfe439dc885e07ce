// The wall: the head, left the few causes that need someone, right one view after the other; read from 4 m, never needs a
// mouse. This file puts the parts together; each has a file of its own beside it.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});

  // Pixels of this screen for one of a 1080p screen.
  wall.unit = () => Math.min(window.innerWidth / 1920, window.innerHeight / 1080);

  function mount(host) {
    const { el, put } = cw.words;
    const asked = wall.asked(host);
    const made = new Map(); // view -> its part, made when it is first shown
    const stage = el("section", { class: "wall-stage", "aria-label": "Channels" });
    const state = { host, asked, stage, part: null, top: null };
    const show = (view) => {
      if (!made.has(view.name)) made.set(view.name, makeView(view, asked));
      state.part = made.get(view.name);
      stage.dataset.view = view.kind;
      stage.replaceChildren(state.part.element);
      state.part.shown(cw.live.now());
    };
    const turns = wall.turns(asked, show);
    const [head, causes, bar] = [wall.head(), wall.causes(), wall.bar(turns)];
    const note = el("p", { class: "wall-note", role: "status", hidden: !asked.notes.length });
    put(note, asked.notes.join(" "));
    host.append(head.element, note, el("div", { class: "wall-body" }, causes.element, stage), bar.element);
    place(state);
    for (const beside of [head, causes]) beside.tick(cw.live.now()); // they take their room, and measure it, first
    show(turns.view());
    watch(state, causes, turns, bar);
    return {
      frame: (changed, now) => {
        if (changed.full) head.tick(now);
        if (changed.full || changed.alerts.length) causes.tick(now);
        state.part.frame(changed, now); // after what stands beside it has taken its room
      },
      tick: (now) => {
        turns.tick();
        place(state);
        head.tick(now);
        causes.tick(now);
        causes.code.tick();
        state.part.tick(now);
        bar.tick();
        cw.night.shine();
        wall.keepAwake();
        wall.shift(host, now);
      },
      // Only the view that is shown changed in the address, and that by ourselves.
      moved: () => state.known === without(location.search),
    };
  }

  // The address but for what the rotation and a replay write there.
  function without(search) {
    const query = new URLSearchParams(cw.past.place(search));
    query.delete("view");
    query.delete("paused");
    return query.toString();
  }

  function makeView(view, asked) {
    if (view.kind === "fade") return wall.fade(view);
    if (view.kind === "chambers") return wall.chambers("large");
    return view.kind === "alerts" ? wall.alerts() : wall.grid(asked);
  }

  // The wall takes what the banner and the strip of a past time leave of the screen.
  function place(state) {
    const heights = ["banner", "then"].map((id) => document.getElementById(id)).map((node) => (node && !node.hidden ? node.offsetHeight : 0));
    const top = heights[0] + heights[1];
    if (top === state.top) return;
    state.top = top;
    state.host.style.setProperty("--top", `${top}px`);
  }

  function watch(state, causes, turns, bar) {
    state.known = without(location.search);
    const sizes = new ResizeObserver(causes.refit);
    sizes.observe(causes.element);
    const gone = new AbortController();
    const on = (name, act) => document.addEventListener(name, (event) => (state.host.isConnected && state.stage.isConnected ? act(event) : leave()), { signal: gone.signal });
    const leave = () => {
      gone.abort();
      sizes.disconnect();
      wall.letSleep();
      cw.night.shine();
    };
    on("pointermove", (event) => event.pointerType !== "touch" && bar.wake());
    on("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      bar.wake();
      const inControl = event.target.closest && event.target.closest("button, input, select, textarea");
      if (event.key === " " && turns.many && !inControl) {
        event.preventDefault();
        turns.pause();
      } else if (event.key.toLowerCase() === "f" && !inControl) wall.fullScreen();
      else if (event.key.startsWith("Arrow")) wall.walk(event);
    });
  }

  // Arrow keys go from tile to tile: left and right in order, up and down to the nearest one.
  wall.walk = (event) => {
    const from = event.target.closest && event.target.closest("a.tile");
    if (!from) return;
    const tiles = [...document.querySelectorAll("#wall a.tile")];
    let to = null;
    if (["ArrowLeft", "ArrowRight"].includes(event.key)) to = tiles[tiles.indexOf(from) + (event.key === "ArrowRight" ? 1 : -1)];
    else {
      const box = from.getBoundingClientRect();
      const side = event.key === "ArrowDown" ? 1 : -1;
      const off = (tile) => {
        const other = tile.getBoundingClientRect();
        const down = side * (other.top - box.top);
        return down < 4 ? Infinity : 3 * down + Math.abs(other.left - box.left);
      };
      const best = tiles.map((tile) => [off(tile), tile]).sort((a, b) => a[0] - b[0])[0];
      to = best && best[0] < Infinity ? best[1] : null;
    }
    if (!to) return;
    event.preventDefault();
    to.focus();
  };

  (cw.hosts = cw.hosts || new Map()).set("wall", mount);
})();
