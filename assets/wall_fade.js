// The fade of a batch for readers at 4 m: one line a test, the weakest by name, the end of life across. Drawn here, so that
// a wall never loads a graph library.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const wall = (cw.wall = cw.wall || {});
  const REFRESH = 60; // seconds
  const NAMED = 5;
  const [WIDE, HIGH, LEFT, RIGHT, FOOT] = [1150, 780, 90, 290, 60];

  wall.fade = (view) => {
    const { el, put } = cw.words;
    const parts = { title: el("h2", { class: "view-title" }, `Fade of batch ${view.batch}`), how: el("p", { class: "how", role: "status" }, "reading its cycles …"), graph: el("div", { class: "fade-graph" }) };
    const element = el("section", { class: "wall-fade", "aria-label": `Fade of batch ${view.batch}` }, parts.title, parts.how, parts.graph);
    let asked = -Infinity;
    async function read() {
      asked = performance.now();
      try {
        const answer = await fetch(`/api/v1/batches/${view.batch.split("/").map(encodeURIComponent).join("/")}/fade`);
        const said = await answer.json();
        if (!answer.ok) throw new Error(said.error || `the server said ${answer.status}`);
        draw(parts, said.tests);
      } catch (error) {
        put(parts.how, error.message);
      }
    }
    const tick = () => {
      if ((performance.now() - asked) / 1000 >= REFRESH) read();
    };
    return { element, tick, shown: tick, frame() {} };
  };

  const last = (values) => values[values.length - 1];

  function draw(parts, tests) {
    const { put, plural } = cw.words;
    parts.graph.replaceChildren();
    if (!tests.length) return put(parts.how, "No test of this batch has a finished regular cycle with a known state of health yet.");
    const weakest = [...tests].sort((a, b) => last(a.state_of_health) - last(b.state_of_health));
    put(parts.how, `State of health over cycles, ${plural(tests.length, "test", "tests")}; weakest ${(100 * last(weakest[0].state_of_health)).toFixed(1)} %.`);
    const named = new Set(weakest.slice(0, NAMED));
    const scale = scaleOf(tests);
    const graph = wall.shape("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": parts.how.textContent });
    axes(graph, scale);
    const order = [...tests].sort((a, b) => named.has(a) - named.has(b)); // the named ones on top
    for (const test of order) graph.append(wall.shape("path", { class: named.has(test) ? "fade-line named" : "fade-line", d: pathOf(test, scale) }));
    label(graph, weakest.slice(0, NAMED), scale);
    parts.graph.append(graph);
  }

  function scaleOf(tests) {
    const health = tests.flatMap((test) => test.state_of_health);
    const ends = [...new Set(tests.map((test) => test.end_of_life_fraction))];
    const most = Math.max(10, ...tests.map((test) => last(test.cycle_count)));
    const low = Math.floor(20 * Math.min(...health, ...ends) - 0.2) / 20;
    const high = Math.ceil(20 * Math.max(1, ...health)) / 20;
    return {
      ends, most, low, high,
      x: (cycle) => LEFT + (cycle / most) * (WIDE - LEFT - RIGHT),
      y: (value) => 20 + ((high - value) / (high - low)) * (HIGH - FOOT - 20),
    };
  }

  function pathOf(test, { x, y }) {
    return test.cycle_count.map((cycle, i) => `${i ? "L" : "M"}${x(cycle).toFixed(1)} ${y(test.state_of_health[i]).toFixed(1)}${i ? "" : "h.1"}`).join("");
  }

  function axes(graph, scale) {
    for (let value = scale.low; value <= scale.high + 1e-9; value += 0.05) {
      graph.append(wall.shape("path", { class: "rule", d: `M${LEFT} ${scale.y(value)}H${WIDE - RIGHT}` }));
      if (Math.round(value * 100) % 10 === 0) write(graph, LEFT - 12, scale.y(value) + 8, `${Math.round(100 * value)} %`, "end");
    }
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((one) => scale.most / one <= 6) || 10000;
    for (let cycle = 0; cycle <= scale.most; cycle += step) write(graph, scale.x(cycle), HIGH - 24, cycle === 0 ? "cycle 0" : String(cycle), "middle");
    for (const end of scale.ends) {
      graph.append(wall.shape("path", { class: "end", d: `M${LEFT} ${scale.y(end)}H${WIDE - RIGHT}` }));
      write(graph, LEFT + 10, scale.y(end) - 10, `end of life ${Math.round(100 * end)} %`, "start");
    }
  }

  // Names beside the ends of their lines, moved apart so that none covers another.
  function label(graph, tests, { x, y }) {
    let least = 0;
    for (const test of [...tests].sort((a, b) => last(b.state_of_health) - last(a.state_of_health))) {
      least = Math.max(least + 28, y(last(test.state_of_health)) + 8);
      const name = (test.cell || test.test).slice(0, 14);
      write(graph, Math.min(WIDE - RIGHT, x(last(test.cycle_count))) + 10, least, `${name} ${(100 * last(test.state_of_health)).toFixed(1)} %`, "start", "fade-name");
    }
  }

  function write(graph, x, y, text, anchor, name = "fade-text") {
    const node = wall.shape("text", { x, y, "text-anchor": anchor, class: name });
    node.textContent = text;
    graph.append(node);
  }
})();
