// The figure of a cohort: the part that a reader zooms to stands in the address, and the cell under the pointer is drawn
// over the grey layer. Drawn over it, not into it: a trace that changes makes Plotly work on all of them.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const SVG = "http://www.w3.org/2000/svg";
  const NEAR = 40; // px from the pointer to a line that still counts as meant

  const graphOf = () => document.querySelector("#cohort-figure .js-plotly-plot");

  // Every cell of the grey layer: {test, x, y}.
  function cellsOf(graph) {
    const layer = (graph.data || []).find((trace) => trace.meta && trace.meta.tests);
    if (!layer) return [];
    const cells = layer.meta.tests.map((test) => ({ test, x: [], y: [] }));
    let at = 0;
    layer.x.forEach((x, i) => {
      if (x === null) at += 1;
      else {
        cells[at].x.push(x);
        cells[at].y.push(layer.y[i]);
      }
    });
    return cells;
  }

  // The value of a cell at a place between its points.
  function valueAt(cell, x) {
    const { x: xs, y: ys } = cell;
    if (!xs.length || x < xs[0] || x > xs[xs.length - 1]) return null;
    let low = 0;
    let high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle;
      else high = middle;
    }
    return xs[high] === xs[low] ? ys[low] : ys[low] + ((ys[high] - ys[low]) * (x - xs[low])) / (xs[high] - xs[low]);
  }

  function nearest(cells, axes, px, py) {
    const x = axes.x.p2l(px);
    let best = null;
    for (const cell of cells) {
      const y = valueAt(cell, x);
      const away = y === null ? Infinity : Math.abs(axes.y.l2p(y) - py);
      if (away <= NEAR && (!best || away < best.away)) best = { cell, away, x, y };
    }
    return best;
  }

  function mount(host) {
    const { el, put, number } = cw.words;
    let watched = null;
    let cells = null;
    const line = document.createElementNS(SVG, "polyline");
    const over = document.createElementNS(SVG, "svg");
    over.setAttribute("class", "near");
    over.append(line);
    const words = el("p", { class: "how", role: "status" });
    host.append(words);

    function hide() {
      over.remove();
      put(words, watched && cellsKnown().length ? "Point at a line to see which cell it is; click to open its test." : "");
    }
    const cellsKnown = () => (cells = cells || (watched ? cellsOf(watched) : []));

    function show(graph, event) {
      const { xaxis, yaxis } = graph._fullLayout;
      const box = graph.getBoundingClientRect();
      const [px, py] = [event.clientX - box.left - xaxis._offset, event.clientY - box.top - yaxis._offset];
      const inside = px >= 0 && px <= xaxis._length && py >= 0 && py <= yaxis._length;
      const found = inside && nearest(cellsKnown(), { x: xaxis, y: yaxis }, px, py);
      if (!found) return hide();
      for (const [name, value] of Object.entries({ left: xaxis._offset, top: yaxis._offset, width: xaxis._length, height: yaxis._length })) over.style[name] = `${value}px`;
      line.setAttribute("points", found.cell.x.map((x, i) => `${xaxis.l2p(x).toFixed(1)},${yaxis.l2p(found.cell.y[i]).toFixed(1)}`).join(" "));
      if (!over.isConnected) graph.append(over);
      over.dataset.test = found.cell.test;
      put(words, `${found.cell.test}: ${number(found.y, 3, "")}at ${number(found.x, 0, "").trim()}`);
      return found;
    }

    function range(event) {
      const both = event["xaxis.range"] || [event["xaxis.range[0]"], event["xaxis.range[1]"]];
      if (event["xaxis.autorange"]) zoomed("");
      else if (both.every(Number.isFinite)) zoomed(both.map((end) => Number(end.toPrecision(6))).join(","));
    }

    // The part that is shown, in the address and in the links that change something else.
    function zoomed(text) {
      const put = (address) => {
        const url = new URL(address, location.href);
        if (text) url.searchParams.set("range", text);
        else url.searchParams.delete("range");
        return url.pathname + url.search.replaceAll("%2C", ",");
      };
      history.replaceState(history.state, "", put(location.href));
      for (const link of document.querySelectorAll("#cohort-choices a")) {
        if (!link.href.includes("x=") || link.getAttribute("aria-current")) link.setAttribute("href", put(link.href));
      }
    }

    // A press that lets go where it began is a click; Plotly takes clicks for itself, and drags are zooms.
    function press(begin, test) {
      document.addEventListener("pointerup", (end) => {
        const moved = Math.hypot(end.clientX - begin.clientX, end.clientY - begin.clientY);
        if (begin.button === 0 && moved < 4) cw.go(cw.compareUrl(test));
      }, { once: true, capture: true });
    }

    function watch(graph) {
      watched = graph;
      cells = null;
      let waiting = null;
      graph.removeAllListeners("plotly_relayout"); // Dash would draw the whole figure once more after every zoom
      graph.on("plotly_relayout", range);
      graph.on("plotly_afterplot", () => {
        cells = null;
        over.remove();
      });
      graph.addEventListener("mousemove", (event) => {
        if (!waiting) requestAnimationFrame(() => {
          if (waiting && cellsKnown().length) show(graph, waiting);
          waiting = null;
        });
        waiting = event;
      });
      graph.addEventListener("mouseleave", () => {
        waiting = null;
        hide();
      });
      graph.addEventListener("pointerdown", (event) => over.isConnected && press(event, over.dataset.test), true);
      hide();
    }

    return {
      moved: () => true,
      tick() {
        const graph = graphOf();
        if (graph && graph !== watched && typeof graph.on === "function" && !graph.classList.contains("dash-graph--pending")) watch(graph);
      },
    };
  }

  (cw.hosts = cw.hosts || new Map()).set("cohort-near", mount);
})();
