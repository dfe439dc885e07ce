// Graphs load plotly.js when the first of them is shown. Ours is the cartesian bundle, a third of the whole; Dash
// would load its own full copy from the address it keeps in this variable.
(() => {
  "use strict";
  const here = document.currentScript.src;
  const bundle = new URL("00-plotly-cartesian.min.js", here).href;
  Object.defineProperty(window, "_dashPlotlyJSURL", { configurable: true, get: () => bundle, set: () => {} });
})();
