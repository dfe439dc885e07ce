// Gives each graph the height that its figure asks for: one without readings is a sentence and not a tall blank; and
// on paper the width of the sheet.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const SHEET = 690; // pixels of an upright A4 sheet between its margins
  const paper = window.matchMedia("print");

  function toHeight() {
    for (const plot of document.querySelectorAll(".dash-graph > .js-plotly-plot")) {
      const meta = plot.layout && plot.layout.meta;
      const holder = plot.parentElement;
      if (!plot._fullLayout || !meta || !meta.height || holder.cwHeight === meta.height) continue;
      holder.cwHeight = meta.height;
      if (holder.clientHeight === meta.height) continue;
      holder.style.height = `${meta.height}px`;
      window.Plotly.Plots.resize(plot);
    }
  }

  function toSheet(printing) {
    for (const plot of document.querySelectorAll(".js-plotly-plot")) {
      if (!plot._fullLayout || Boolean(plot.cwPrinted) === printing) continue;
      plot.cwPrinted = printing;
      window.Plotly.relayout(plot, printing ? { autosize: false, width: SHEET } : { autosize: true, width: null });
    }
  }

  function mount(host) {
    const tick = () => {
      const zone = (cw.model.lab && cw.model.lab.timezone) || "UTC";
      cw.words.put(host, `${location.href} · printed ${cw.words.date(cw.live.now())} (${zone})`);
      toHeight();
    };
    return { tick, frame: tick };
  }

  window.addEventListener("beforeprint", () => toSheet(true));
  window.addEventListener("afterprint", () => toSheet(false));
  paper.addEventListener("change", (event) => toSheet(event.matches));
  (cw.hosts = cw.hosts || new Map()).set("channel-print", mount);
})();
