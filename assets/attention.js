// What there is to look at besides alerts: cells near their end, tests that end soon, free channels, data to mend.
// Asked for twice a minute; each section is there only while it has something.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const EVERY_SECONDS = 30;
  const MOST_ROWS = 12;
  const TOLD_OF_SILENCE = /silent|outage/;
  const FACTS = { cell: "cell", batch: "batch", nominal_capacity_ah: "nominal capacity" };

  const state = { told: null, tests: new Map(), loaded: false, first: null, fault: "", asked: -Infinity };
  cw.attention = state;

  // Asks again when it is time; afterwards everything that is shown can be drawn anew.
  state.ask = async (now, then) => {
    if (now - state.asked < EVERY_SECONDS) return;
    state.asked = now;
    try {
      const answer = await fetch("/api/v1/attention");
      if (!answer.ok) throw new Error(`the server said ${answer.status}`);
      state.told = await answer.json();
      state.tests = new Map(Object.entries(state.told.tests));
      Object.assign(state, { loaded: true, first: state.told.first, fault: state.told.away });
    } catch (error) {
      state.fault = error.message;
    }
    then();
  };

  const percent = (share) => cw.words.number(100 * share, 1, "%");
  const chip = (channel) => cw.words.el("a", { class: "chip", "data-nav": true, "data-channel": channel, href: cw.channelUrl(channel) }, channel);
  const strong = (text) => cw.words.el("strong", {}, text);
  const soft = (...parts) => cw.words.el("span", { class: "how" }, ...parts);
  const named = (one) => soft([one.cell, one.batch && `batch ${one.batch}`].filter(Boolean).join(", "));

  // From here a section is {id, title, link, rows}: each row a list of nodes and texts, with the text it stands for.
  function ageing(told) {
    const rows = told.ageing.map((one) => {
      const over = one.state_of_health === null ? null : 100 * (one.state_of_health - one.end_of_life_fraction);
      const words = [];
      if (over !== null) words.push(over > 0 ? `${over.toFixed(1)} points above its end of life (${percent(one.end_of_life_fraction)})` : `past its end of life (${percent(one.end_of_life_fraction)})`);
      if (one.why.length) words.push(`${one.why.map((kind) => cw.words.kind(kind).toLowerCase()).join(", ")} since `);
      return row(one.channel, [chip(one.channel), strong(one.state_of_health === null ? "health unknown" : percent(one.state_of_health)), named(one),
        soft(`cycle ${one.cycle_count} · ${words.join(" · ")}`, one.why.length ? cw.moment(one.since) : "")]);
    });
    return { id: "need-ageing", title: "Cells near end of life or knee", rows };
  }

  function ending(told, now) {
    const soon = told.ending.map((one) => row(one.channel, [chip(one.channel), strong(`in about ${cw.words.age(Math.max(60, one.at - now))}`), named(one),
      soft(one.by === "planned" ? `its ${one.until} planned cycles are done on ` : `reaches ${percent(one.until)} on `, cw.moment(one.at),
        one.by === "planned" ? `, at the pace of its last ${one.cycles} cycles` : `, if it fades on as in its last ${one.cycles} cycles (${cw.words.age(one.seconds)}); a knee comes sooner`)]));
    return { id: "need-ending", title: "Tests that may end within 7 days", note: "No forecast: what was measured, carried on in a straight line.", rows: soon };
  }

  function finished(told) {
    const rows = told.finished.map((one) => row(one.channel, [chip(one.channel), strong(one.test || "a test"), soft("finished ", cw.moment(one.at))]));
    return { id: "need-finished", title: "Finished in the last 7 days", rows };
  }

  function free(told, now) {
    const rows = told.free.map((one) => row(one.channel, [chip(one.channel), strong(one.state),
      soft(one.since === null ? "since when is not known" : `for ${cw.words.age(now - one.since)}, since `, one.since === null ? "" : cw.moment(one.since))]));
    const slots = told.slots.map((one) => row(null, [strong(one.cycler), soft(`${one.unheard} of ${one.channels} channels never sent anything`)], one.cycler));
    return { id: "need-free", title: "Channels free", rows: [...rows, ...slots] };
  }

  function quality(told, now, fits) {
    const { el, plural, age } = cw.words;
    const silent = silentNow(now).filter(fits);
    const rows = told.rejected.map((one) => row(null, [strong(plural(one.rows, "row", "rows")), soft(`of ${one.source} could not be taken in the last 7 days, the newest ${age(now - one.newest)} ago: ${one.reason} `),
      el("a", { href: "/health", "data-nav": true }, "See Health")]));
    if (told.rejected_more) rows.push(row(null, [soft("There are more than were counted here.")]));
    if (silent.length) rows.push(row(null, [strong(plural(silent.length, "channel is", "channels are")), soft("silent:"), ...chips(silent)]));
    for (const [facts, channels] of together(told.missing, fits)) {
      rows.push(row(null, [strong(`No ${facts}`), soft(`is stated for ${plural(channels.length, "running test", "running tests")}:`), ...chips(channels), soft("State it in lab.toml under [[tests]], or by PUT /api/v1/tests/…")]));
    }
    const strangers = told.unlisted.filter(fits);
    if (strangers.length) rows.push(row(null, [strong(plural(strangers.length, "channel", "channels")), soft("not in lab.toml, so without a chamber and a power circuit:"), ...chips(strangers)]));
    return { id: "need-quality", title: "Data to mend", rows };
  }

  // Facts that the same channels lack are told in one row: "cell, batch" -> channels.
  function together(missing, fits) {
    const facts = new Map();
    for (const [name, channels] of Object.entries(missing)) for (const one of channels.filter(fits)) facts.set(one, [...(facts.get(one) || []), FACTS[name] || name]);
    const rows = new Map();
    for (const [channel, names] of facts) rows.set(names.join(" or "), [...(rows.get(names.join(" or ")) || []), channel]);
    return rows;
  }

  const row = (channel, parts, cycler) => ({ channel, cycler, parts });
  function chips(channels) {
    const shown = channels.slice(0, MOST_ROWS).map(chip);
    return channels.length > shown.length ? [...shown, soft(`and ${channels.length - shown.length} more`)] : shown;
  }

  // The sections under the cards, for one page; draw(now, asked) with the filters that are asked for.
  cw.attentionSections = () => {
    const { el, put } = cw.words;
    const note = el("p", { class: "how", role: "status" });
    const body = el("div", { class: "needs" });
    let drawn = "";
    function draw(now, asked) {
      state.ask(now, () => draw(cw.live.now(), asked)); // the filters use its batches and owners
      if (cw.past.shown()) return hide(); // it tells of now
      put(note, state.fault ? `What else there is to look at could not be read in full (${state.fault}); it is tried again in ${EVERY_SECONDS} s.` : "");
      if (!state.told) return;
      const fits = (channel) => cw.filters.channelFits(asked, channel);
      const rowFits = (one) => (one.channel ? fits(one.channel) : !one.cycler || !asked.cycler || asked.cycler === one.cycler);
      const sections = [ageing(state.told), ending(state.told, now), finished(state.told), free(state.told, now)]
        .map((section) => ({ ...section, rows: section.rows.filter(rowFits) }));
      const all = [...sections, quality(state.told, now, fits)].filter((section) => section.rows.length);
      const text = `${state.asked} ${all.map((section) => `${section.id} ${section.rows.length}`).join()} ${silentNow(now)}`;
      if (text === drawn) return; // the reader's place stays between two answers
      drawn = text;
      const opened = new Set(Array.from(body.querySelectorAll("details[open]"), (one) => one.parentElement.id));
      body.replaceChildren(...all.map((section) => element(section, opened.has(section.id))));
    }
    function hide() {
      put(note, "Cells near their end, tests that end soon, free channels and data to mend are told of now only: go back to live to see them.");
      drawn = "";
      body.replaceChildren();
    }
    return { element: el("div", { class: "section attention" }, body, note), draw };
  };

  // Channels that are silent and of which no open alert says so: those have a card.
  function silentNow(now) {
    const told = new Set([...cw.model.alerts.values()].filter((alert) => cw.model.isOpen(alert) && TOLD_OF_SILENCE.test(alert.kind)).flatMap((alert) => alert.channels));
    return [...cw.model.channels.values()].filter((one) => cw.model.stateOf(one, now) === "silent" && !told.has(one.channel)).map((one) => one.channel);
  }

  function element(section, open) {
    const { el } = cw.words;
    const line = (one) => el("li", {}, ...one.parts.filter((part) => part !== ""));
    const rest = section.rows.slice(MOST_ROWS);
    return el("section", { id: section.id, class: "need" },
      el("h2", {}, section.title, el("span", { class: "how" }, ` ${section.rows.length}`)), section.note ? el("p", { class: "how" }, section.note) : null,
      el("ul", { class: "need-rows" }, ...section.rows.slice(0, MOST_ROWS).map(line)),
      rest.length ? el("details", { open }, el("summary", {}, `${rest.length} more`), el("ul", { class: "need-rows" }, ...rest.map(line))) : null);
  }
})();
