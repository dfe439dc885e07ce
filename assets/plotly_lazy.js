// Graphs load plotly.js when the first of them is shown. Ours is the cartesian bundle, a third of the whole; Dash
// would load its own full copy from the address it keeps in this variable. On a page that is sure to have a graph it is
// fetched with the page, and run while the browser waits for what stands on the page: it is the longest step of a visit.
(() => {
  "use strict";
  const HAS_GRAPH = /^\/(channels|batches|compare)(\/|$)/;
  const FRAME = ["/_dash-layout", "/_dash-dependencies"]; // after both Dash asks for the page itself
  const here = document.currentScript.src;
  const bundle = new URL("00-plotly-cartesian.min.js", here).href;
  const graph = new URL("../_dash-component-suites/dash/dcc/async-graph.js", here).href;
  Object.defineProperty(window, "_dashPlotlyJSURL", { configurable: true, get: () => bundle, set: () => {} });
  if (!HAS_GRAPH.test(location.pathname)) return;

  for (const href of [bundle, graph]) document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "script", href }));

  // Until the script has run its name stands for the waiting, which Dash waits for too: it must not run twice.
  function run() {
    if (window.Plotly) return;
    const script = Object.assign(document.createElement("script"), { src: bundle });
    const waiting = new Promise((ready, failed) => Object.assign(script, { onload: ready, onerror: failed }));
    window.Plotly = waiting;
    waiting.catch(() => (window.Plotly = undefined)); // a later graph tries again
    document.body.append(script);
  }

  const told = new Set();
  new PerformanceObserver((list, observer) => {
    for (const { name } of list.getEntries()) for (const part of FRAME) if (name.includes(part)) told.add(part);
    if (told.size < FRAME.length) return;
    observer.disconnect();
    if (window.requestIdleCallback) window.requestIdleCallback(run, { timeout: 500 });
    else setTimeout(run, 100);
  }).observe({ type: "resource", buffered: true });
})();
