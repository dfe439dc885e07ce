// Lets the traces of a channel grow: appends what the stream brings, at most once a second, as long as the right
// edge of the graph is "now". After a zoom into the past it leaves the graph alone. The server draws the window,
// for as many pixels as the graph has; nothing live ever goes through a Dash property.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const GRAPH = "channel-trace";
  const EVERY = 1; // seconds between two appends
  const MOST = 6000; // points; then the window is fetched anew, decimated
  const REFETCH_SECONDS = 300; // at least so often while live, for what the stream did not bring
  const SETTLED_SECONDS = 5; // a figure is not asked for anew sooner than that
  const AGAIN_SECONDS = 10; // until a store that was away is asked again
  const RESIZED_MS = 400; // after the last change of size
  // In the order of the traces of components/figures/trace.py; after them the two edges of the band.
  const SERIES = ["voltage_volt", "current_ampere", "surface_temperature_celsius", "ambient_temperature_celsius", "setpoint_celsius"];
  let at = { node: null };

  function graph() {
    const holder = document.getElementById(GRAPH);
    return holder && holder.querySelector(".js-plotly-plot");
  }
  function width() {
    const holder = document.getElementById(GRAPH);
    return (holder && holder.clientWidth) || window.innerWidth;
  }

  // What the server's figure says of itself; a new figure starts a new count.
  function meta(plot) {
    const said = plot && plot.layout && plot.layout.meta;
    if (!said || !plot.data || !plot.data.length || !plot._fullLayout) return null;
    if (!plot.cwZoom && !plot.classList.contains("dash-graph--pending")) {
      plot.cwZoom = true;
      plot.removeAllListeners("plotly_relayout"); // Dash would draw all that is there once more, just before the new window
      plot.on("plotly_relayout", (event) => onRelayout(plot, event || {}));
      plot.on("plotly_click", (event) => onClick(plot, event));
      if (isElsewhere(plot, said)) onRelayout(plot, { "xaxis.range": true }); // somebody was quicker than this
    }
    if (at.node !== plot || at.drawn !== said.drawn) {
      const known = plot.data[0].x;
      at = { node: plot, drawn: said.drawn, last: (known.length ? known[known.length - 1] : 0), appended: performance.now(), fetched: performance.now(), rows: [] };
    }
    return said;
  }

  // Whether the axis shows another window than the one that was drawn.
  function isElsewhere(plot, said) {
    const edges = said.drawn.split("-").map((second) => 1000 * (Number(second) + said.offset_second));
    return plot.layout.xaxis.range.some((edge, i) => Math.abs(toMs(edge) - edges[i]) > 1000);
  }

  const isLive = (plot, said) => {
    const range = plot.layout.xaxis.range;
    return said.live && range && toMs(range[1]) >= said.end_ms - 1;
  };
  const toMs = (value) => (typeof value === "number" ? value : Date.parse(`${String(value).replace(" ", "T")}Z`));

  function collect(said) {
    const channel = cw.model.channels.get(said.channel);
    if (!channel || (said.test && channel.test !== said.test)) return;
    const x = 1000 * (channel.unix_time_second + said.offset_second);
    const newest = at.rows.length ? at.rows[at.rows.length - 1].x : at.last;
    if (x > newest) at.rows.push({ x, channel });
  }

  // The rows that came, with a row of nothing where a gap is drawn as a gap.
  function rowsWithGaps() {
    const found = [];
    let last = at.last;
    for (const { x, channel } of at.rows) {
      const gap = 1000 * Math.max(60, 5 * channel.cadence_second); // as data_access draws it
      if (last && x - last > gap) found.push({ x: (x + last) / 2, channel: null });
      found.push({ x, channel });
      last = x;
    }
    return found;
  }

  function append(plot, said) {
    if (!at.rows.length || performance.now() - at.appended < 1000 * EVERY || document.hidden) return;
    const rows = rowsWithGaps();
    const last = at.rows[at.rows.length - 1];
    const xs = rows.map((row) => row.x);
    const ys = SERIES.map((name) => rows.map((row) => row.channel && row.channel[name]));
    // Moved by hand and not by Plotly.relayout, which would tell the server of a zoom nobody made.
    const range = plot.layout.xaxis.range.map(toMs);
    const shift = Math.max(0, last.x - range[1] + 0.02 * (range[1] - range[0]));
    if (last.x > range[1] - 0.005 * (range[1] - range[0])) plot.layout.xaxis.range = [range[0] + (grows(said, range, shift) ? 0 : shift), range[1] + shift];
    at.rows = [];
    at.last = last.x;
    at.appended = performance.now();
    const setpoint = last.channel.setpoint_celsius;
    const band = setpoint === null || !said.tolerance_kelvin ? [] : [setpoint - said.tolerance_kelvin, setpoint + said.tolerance_kelvin];
    const x = [...SERIES.map(() => xs), ...band.map(() => [last.x])];
    window.Plotly.extendTraces(plot, { x, y: [...ys, ...band.map((edge) => [edge])] }, x.map((_, i) => i));
    document.getElementById(GRAPH).dataset.points = String(plot.data[0].x.length);
    document.getElementById(GRAPH).dataset.end = String(last.x / 1000 - said.offset_second);
  }

  // A window that begins with the very first reading keeps its left edge until it has its length.
  const begins = (said, from) => said.grows_to_second > 0 && from <= said.start_ms + 1;
  const grows = (said, [from, to], shift) => begins(said, from) && to + shift - from <= 1000 * said.grows_to_second;

  // Asks the server for another window, as only people and minutes do: past Dash's queue, and through it where that
  // fails, for Dash says what is wrong. An answer that a later question has overtaken is not drawn.
  let asked = 0;
  let question = {};
  let view = null; // what the page was asked to show
  async function ask(what) {
    at.fetched = performance.now();
    at.stale = false;
    const mine = (asked += 1);
    question = what;
    const data = { n: mine, width: width(), ...what };
    const of = view;
    const inputs = [{ id: "channel-ask", property: "data", value: data }, { id: "channel-view", property: "data", value: of }];
    const figure = await cw.askCallback({ id: GRAPH, property: "figure" }, inputs);
    if (mine !== asked || of !== view) return;
    if (figure) window.dash_clientside.set_props(GRAPH, { figure });
    else window.dash_clientside.set_props("channel-ask", { data });
  }

  // A store was away and the figures are sentences: asked again until it is back.
  let again = 0;
  function askAgain() {
    if (performance.now() - again < 1000 * AGAIN_SECONDS) return;
    again = performance.now();
    ask(question);
    window.dash_clientside.set_props("channel-cycle", { data: { key: `again ${asked}`, width: fadeWidth() } });
  }
  const isAway = (id) => {
    const plot = document.querySelector(`#${id} .js-plotly-plot`);
    return Boolean(plot && plot.layout && plot.layout.meta && plot.layout.meta.away);
  };

  const refetch = (plot) => ask(windowOf(plot));

  // The window as it stands: the last so many seconds while it is live, else its two edges.
  function windowOf(plot) {
    const said = plot.layout.meta;
    const [from, to] = plot.layout.xaxis.range.map(toMs);
    if (isLive(plot, said)) return { last_second: begins(said, from) ? said.grows_to_second : (to - from) / 1000 };
    return { from: from / 1000 - said.offset_second, to: to / 1000 - said.offset_second };
  }

  // A zoom, or the double click that ends it. A new size of the graph is neither. The address follows.
  function onRelayout(plot, event) {
    if (!Object.keys(event).some((key) => key.startsWith("xaxis."))) return;
    const offset = plot.layout.meta.offset_second;
    const [from, to] = plot.layout.xaxis.range.map((edge) => Math.round(toMs(edge) / 10) / 100 - offset);
    const zoomed = event["xaxis.autorange"] !== true;
    const query = new URLSearchParams(location.search);
    for (const [name, value] of [["from", from], ["to", to]]) {
      if (zoomed) query.set(name, value);
      else query.delete(name);
    }
    history.replaceState(history.state, "", query.size ? `?${query}` : location.pathname);
    ask(zoomed ? { from, to } : {});
  }

  // A click picks a moment, for a note.
  function onClick(plot, event) {
    const point = event && event.points && event.points[0];
    if (point && cw.pickMoment) cw.pickMoment(toMs(point.x) / 1000 - plot.layout.meta.offset_second);
  }

  // The fade belongs to finished cycles: drawn anew when the cycle changes, which is rare.
  let cycle = { channel: null, count: null };
  function watchCycle(said) {
    const channel = cw.model.channels.get(said.channel);
    if (!channel || !said.live) return;
    const key = `${channel.test} ${channel.cycle_count}`;
    const changed = cycle.channel === said.channel && cycle.count !== key;
    cycle = { channel: said.channel, count: key };
    if (changed) window.dash_clientside.set_props("channel-cycle", { data: { key, width: fadeWidth() } });
  }
  function fadeWidth() {
    const holder = document.getElementById("channel-fade");
    return (holder && holder.clientWidth) || width();
  }

  function step(changed) {
    const plot = graph();
    if (isAway(GRAPH) || isAway("channel-fade")) askAgain();
    const said = meta(plot);
    if (!said) return;
    watchCycle(said);
    const live = isLive(plot, said);
    const alertsOfThis = changed && changed.alerts.some((id) => (cw.model.alerts.get(id) || { channels: [] }).channels.includes(said.channel));
    const shown = (performance.now() - at.fetched) / 1000;
    if (live) collect(said);
    at.stale = at.stale || alertsOfThis || Boolean(changed && changed.full && shown > SETTLED_SECONDS) || (said.empty && at.rows.length > 0);
    const due = at.stale || plot.data[0].x.length > MOST || shown > REFETCH_SECONDS;
    if (live && due && shown > SETTLED_SECONDS) refetch(plot);
    if (live && !said.empty) append(plot, said);
  }

  // A graph that got another width is drawn for it.
  let resized = null;
  function onResize() {
    clearTimeout(resized);
    resized = setTimeout(() => {
      const plot = graph();
      if (meta(plot) && Math.abs(width() - drawnFor) > 100) refetch(plot);
      drawnFor = width();
      expect();
    }, RESIZED_MS);
  }
  let drawnFor = 0;

  // How wide the graph will be, as channel.css has it: the server draws the first figure with the page. Where the guess
  // was wrong it is asked for anew.
  function expect() {
    const all = document.documentElement.clientWidth;
    const wide = all > 1499 ? 0.6 * (all - 68) - 18 : all - (all > 900 ? 66 : 38);
    document.cookie = `cellwatch-graph=${Math.round(wide)}; path=/; SameSite=Strict`;
  }
  expect();

  // The window to begin with, from the page's address, and how wide the graphs are: before the first figure.
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.cellwatch = {
    first_ask(shown) {
      view = shown;
      asked += 1;
      drawnFor = width();
      again = performance.now();
      question = { from: view.from, to: view.to };
      const there = view.width && Math.abs(drawnFor - view.width) <= 100;
      const ask = there ? window.dash_clientside.no_update : { n: asked, from: view.from, to: view.to, width: drawnFor };
      return [ask, { key: null, width: fadeWidth() }];
    },
  };

  cw.redrawTrace = () => {
    const plot = graph();
    if (meta(plot)) refetch(plot);
  };

  function start() {
    window.addEventListener("resize", onResize);
    cw.live.listen((kind, what) => step(kind === "frame" ? what : null));
  }
  queueMicrotask(start);
})();
