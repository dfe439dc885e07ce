// Groups in the table of tests: the community edition of AG Grid has none, so heads are rows of our own, drawn over the
// full width, put before their members after every sort, and with their members away while they are closed.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const NONE = "none"; // of the tests that name nothing

  const isHead = (row) => Boolean(row && row.group !== undefined);
  const nameOf = (row, by) => (row[by] === null || row[by] === undefined || row[by] === "" ? NONE : String(row[by]));
  const order = (a, b) => Number(a === NONE) - Number(b === NONE) || cw.words.natural(a, b);

  // What members have in common, for the line of their head.
  function summary(rows) {
    const { plural, number } = cw.words;
    const parts = [plural(rows.length, "test", "tests")];
    const running = rows.filter((row) => row.state === "running").length;
    if (running) parts.push(`${running} running`);
    const health = rows.map((row) => row.soh).filter((value) => typeof value === "number");
    const [low, high] = [health.reduce((a, b) => Math.min(a, b), Infinity), health.reduce((a, b) => Math.max(a, b), -Infinity)];
    const span = low.toFixed(1) === high.toFixed(1) ? "" : `${number(low, 1, "").trim()} to `;
    if (health.length) parts.push(`state of health ${span}${number(high, 1, "%")}`);
    return parts.join(", ");
  }

  // view() says {group, closed}; toggle(name) is called when a reader opens or closes one.
  cw.testGroups = (view, toggle) => {
    const said = new Map(); // name of a group -> its summary as of the last sort
    const drawn = new Map(); // name of a group -> its elements on the page
    let whole = false; // while everything is exported no group is closed

    function heads(rows) {
      const by = view().group;
      return by ? [...new Set(rows.map((row) => nameOf(row, by)))].map((name) => ({ group: name })) : [];
    }

    // The list that was just sorted, put into groups in place.
    function arrange({ nodes }) {
      const { group: by, closed } = view();
      if (!by) return;
      const head = new Map();
      const members = new Map();
      for (const node of nodes) {
        if (isHead(node.data)) head.set(node.data.group, node);
        else {
          const name = nameOf(node.data, by);
          if (!members.has(name)) members.set(name, []);
          members.get(name).push(node);
        }
      }
      said.clear();
      const arranged = [];
      for (const name of [...members.keys()].sort(order)) {
        said.set(name, summary(members.get(name).map((node) => node.data)));
        if (head.has(name)) arranged.push(head.get(name));
        if (whole || !closed.has(name)) arranged.push(...members.get(name));
      }
      nodes.splice(0, nodes.length, ...arranged);
    }

    // A head: a button that says whether it is open.
    function draw({ data }) {
      const { el } = cw.words;
      const sign = el("span", { class: "sign", "aria-hidden": "true" });
      const words = el("span", { class: "how" });
      const button = el("button", { type: "button", onclick: () => toggle(data.group) }, sign, el("bdi", {}, data.group), words);
      drawn.set(data.group, { button, sign, words });
      say(data.group);
      return el("div", { class: "group-head", role: "gridcell" }, button);
    }

    function say(name) {
      const { put, mark } = cw.words;
      const { button, sign, words } = drawn.get(name);
      const open = !view().closed.has(name);
      mark(button, "aria-expanded", open);
      put(sign, open ? "▾" : "▸");
      put(words, said.get(name) || "");
    }

    function sayAll() {
      for (const [name, { button }] of drawn) {
        if (button.isConnected) say(name);
        else drawn.delete(name);
      }
    }

    function exported(work) {
      whole = true;
      try {
        return work();
      } finally {
        whole = false;
      }
    }
    return { heads, arrange, draw, sayAll, exported, isHead };
  };
})();
