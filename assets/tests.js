// The list of tests: what the API knows of each, and what the stream says of those that run now.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const REFRESH_SECONDS = 30;
  const COLUMNS = [
    { key: "pick", name: "Compare", node: pick },
    { key: "test", name: "Test", link: "test" },
    { key: "cell", name: "Cell" },
    { key: "batch", name: "Batch", link: "batch" },
    { key: "channel", name: "Channel", link: "channel" },
    { key: "state", name: "State" },
    { key: "cycle_count", name: "Cycle" },
    { key: "state_of_health", name: "State of health", unit: "%", digits: 1 },
    { key: "protocol", name: "Protocol" },
    { key: "chemistry", name: "Chemistry" },
    { key: "source", name: "Source" },
  ];
  const picked = new Set();

  function pick(row) {
    const { el } = cw.words;
    const box = el("input", { type: "checkbox", "aria-label": `compare ${row.test}`, checked: picked.has(row.test), onchange: () => {
      if (box.checked) picked.add(row.test);
      else picked.delete(row.test);
      document.dispatchEvent(new CustomEvent("cellwatch-picked"));
    } });
    return box;
  }

  // A test of the API and the channel it runs on now, as one row.
  function rowOf(facts, running, now) {
    const channel = running.get(facts.test);
    return {
      ...facts,
      pick: " ",
      cell: (channel && channel.cell) || facts.cell,
      batch: (channel && channel.batch) || facts.batch,
      channel: channel ? channel.channel : facts.channel,
      state: channel ? cw.model.stateOf(channel, now) : "over",
      cycle_count: channel ? channel.cycle_count : facts.cycle_count,
      state_of_health: channel && channel.state_of_health !== null ? 100 * channel.state_of_health : null,
      source: channel ? channel.source : null,
    };
  }

  function mount(host) {
    const { el, put, plural } = cw.words;
    const query = new URLSearchParams(location.search);
    const search = el("input", { type: "search", value: query.get("find") || "", oninput: () => {
      const text = search.value ? `?find=${encodeURIComponent(search.value)}` : location.pathname;
      history.replaceState(history.state, "", text);
      draw(cw.live.now());
    } });
    const compare = el("button", { type: "button", disabled: true, onclick: () => cw.go(`/compare?tests=${[...picked].map(encodeURIComponent).join(",")}`) }, "Compare");
    const note = el("p", { class: "how", role: "status" }, "reading the list of tests …");
    const table = cw.table("Tests", COLUMNS);
    host.append(el("p", { class: "filters" }, el("label", {}, "Find ", search), compare), note, table.element);
    let facts = null;
    let asked = -Infinity;
    let drawn = "";

    async function read(now) {
      asked = now;
      try {
        const answer = await fetch("/api/v1/tests");
        if (!answer.ok) throw new Error(`the server said ${answer.status}`);
        facts = (await answer.json()).tests;
        draw(cw.live.now());
      } catch (error) {
        put(note, `The list could not be read (${error.message}); it is tried again in ${REFRESH_SECONDS} s.`);
      }
    }

    function draw(now) {
      if (!facts) return;
      const running = new Map([...cw.model.channels.values()].filter((c) => c.test).map((c) => [c.test, c]));
      const known = new Set(facts.map((fact) => fact.test));
      const unlisted = [...running.keys()].filter((test) => !known.has(test)).map((test) => ({ test }));
      const words = search.value.toLowerCase();
      const rows = [...facts, ...unlisted].map((fact) => rowOf(fact, running, now))
        .filter((row) => ["test", "cell", "batch", "channel", "state", "protocol", "chemistry"].some((key) => String(row[key] || "").toLowerCase().includes(words)));
      compare.disabled = picked.size === 0;
      put(compare, picked.size ? `Compare ${picked.size}` : "Compare");
      const text = JSON.stringify(rows);
      if (text === drawn) return; // a table drawn anew would lose the reader's place
      drawn = text;
      table.draw(rows);
      put(note, plural(rows.length, "test", "tests"));
    }

    document.addEventListener("cellwatch-picked", () => draw(cw.live.now()));
    return { tick: (now) => (now - asked > REFRESH_SECONDS ? read(now) : draw(now)) };
  }

  (cw.hosts = cw.hosts || new Map()).set("tests", mount);
})();
