// The rows of the table of tests: what the API knows of each, how far it has come, and what the stream says of those
// that run now. A row that says what it said before stays the same object, so that the table touches only what changed.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  async function json(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the server said ${answer.status}`);
    return answer.json();
  }

  // Two requests, however many tests there are.
  async function read() {
    const [{ tests }, fades] = await Promise.all([json("/api/v1/tests"), json("/api/v1/fades")]);
    const rowOf = new Map(fades.test.map((test, i) => [test, i]));
    return tests.map((facts) => {
      const i = rowOf.get(facts.test);
      const fade = {};
      if (i !== undefined) for (const [name, values] of Object.entries(fades)) fade[name] = values[i];
      return { facts, fade };
    });
  }

  const percent = (value) => (typeof value === "number" ? 100 * value : null);

  function stateOf(channel, facts, fade, now) {
    if (!channel) return fade.cycle_count || facts.channel ? "over" : "not started";
    const state = cw.model.stateOf(channel, now);
    return state === "silent" || state === "finished" ? state : "running";
  }

  function rowOf({ facts, fade }, channel, now) {
    const live = channel || {};
    return {
      test: facts.test,
      cell: live.cell || facts.cell,
      batch: live.batch || facts.batch,
      channel: live.channel || facts.channel,
      state: stateOf(channel, facts, fade, now),
      cycle: live.cycle_count || fade.cycle_count || null,
      soh: percent(typeof live.state_of_health === "number" ? live.state_of_health : fade.state_of_health),
      capacity: fade.discharging_capacity_ah,
      ce: percent(fade.coulombic_efficiency),
      started: fade.start_unix_time_second,
      ended: fade.end_unix_time_second,
      protocol: facts.protocol,
      owner: facts.owner,
      chemistry: facts.chemistry,
      source: live.source || null,
      end_of_life: 100 * (facts.end_of_life_fraction || 0.8),
      fade: fade.fade,
    };
  }

  const same = (a, b) => Object.keys(b).every((name) => a[name] === b[name]);

  // The rows now, those of `known` (a Map by test) kept where nothing changed.
  function compose(told, known, now) {
    const running = new Map([...cw.model.channels.values()].filter((channel) => channel.test).map((channel) => [channel.test, channel]));
    const listed = new Set(told.map(({ facts }) => facts.test));
    const unlisted = [...running.keys()].filter((test) => !listed.has(test)).map((test) => ({ facts: { test }, fade: {} }));
    return [...told, ...unlisted].map((one) => {
      const row = rowOf(one, running.get(one.facts.test), now);
      const before = known.get(row.test);
      return before && same(before, row) ? before : row;
    });
  }

  cw.testRows = { read, compose };
})();
