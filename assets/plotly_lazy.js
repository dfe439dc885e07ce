// Graphs load plotly.js when the first of them is shown. Ours is the cartesian bundle, a third of the whole; Dash
// would load its own full copy from the address it keeps in this variable. A visit that begins on a page with a graph
// begins to load it at once: the browser compiles it beside the rest. (A preload would not do: what was only fetched is
// compiled on the main thread, for five times as long.)
(() => {
  "use strict";
  const HAS_GRAPH = /^\/(channels|batches|compare)(\/|$)/;
  const here = document.currentScript.src;
  const bundle = new URL("00-plotly-cartesian.min.js", here).href;
  Object.defineProperty(window, "_dashPlotlyJSURL", { configurable: true, get: () => bundle, set: () => {} });
  if (!HAS_GRAPH.test(location.pathname)) return;

  // Until the script has run its name stands for the waiting, which Dash waits for too: it must not run twice.
  const script = Object.assign(document.createElement("script"), { src: bundle, async: true });
  const waiting = new Promise((ready, failed) => Object.assign(script, { onload: ready, onerror: failed }));
  window.Plotly = waiting;
  waiting.catch(() => (window.Plotly = undefined)); // a later graph tries again
  document.head.append(script);
})();
