// Filters by batch, owner, chamber and cycler, the same on every page that has them. They live in the URL:
// /?batch=2017-05-12&cycler=arbin-1
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const NAMES = ["batch", "owner", "chamber", "cycler"];
  const OF_A_PHONE = window.matchMedia("(max-width: 700px)");
  let chosen = { name: "", at: 0 }; // the select that was used last: it keeps the focus when the page is made anew

  const wanted = (query) => Object.fromEntries(NAMES.filter((name) => query.get(name)).map((name) => [name, query.get(name)]));
  const isActive = (asked) => Object.keys(asked).length > 0;

  // Batch and owner of a test: as the list of what needs someone tells them, else as the stream does of running ones.
  const ownerOf = (test) => (cw.attention.tests.get(test) || {}).owner;
  const batchOf = (test, channel) => (channel && channel.batch) || (cw.attention.tests.get(test) || {}).batch;

  function placeFits(asked, chamber, cycler) {
    return (!asked.chamber || asked.chamber === chamber) && (!asked.cycler || asked.cycler === cycler);
  }
  function testFits(asked, test, channel) {
    return (!asked.batch || asked.batch === batchOf(test, channel)) && (!asked.owner || asked.owner === ownerOf(test));
  }
  function channelFits(asked, name) {
    if (!isActive(asked)) return true;
    const channel = cw.model.channels.get(name);
    return Boolean(channel) && placeFits(asked, channel.chamber, channel.cycler) && testFits(asked, channel.test, channel);
  }

  // What cycling/alert_search.py says of the past: what concerns the whole lab fits wherever one looks.
  function alertFits(asked, alert) {
    if (!isActive(asked) || alert.scope === "lab") return true;
    const channels = alert.channels.map((name) => cw.model.channels.get(name)).filter(Boolean);
    const [kind, ...rest] = alert.scope.split(":");
    const scope = { [kind]: rest.join(":") };
    const there = placeFits(asked, scope.chamber, scope.cycler) || channels.some((one) => placeFits(asked, one.chamber, one.cycler));
    if (!there || !(asked.batch || asked.owner)) return there;
    if (alert.test) return testFits(asked, alert.test, channels.find((one) => one.test === alert.test));
    return channels.some((one) => testFits(asked, one.test, one));
  }

  // The values there are to choose from.
  function known(name) {
    const channels = [...cw.model.channels.values()];
    if (name === "owner") return ordered([...cw.attention.tests.values()].map((facts) => facts.owner));
    const listed = { chamber: cw.model.lab.chambers, cycler: cw.model.lab.cyclers }[name] || [];
    return ordered([...channels.map((channel) => channel[name]), ...listed.map((one) => one.id)]);
  }
  const ordered = (values) => [...new Set(values.filter(Boolean))].sort(cw.words.natural);

  // Why a filter shows nothing, in words; "" when its value is known or cannot be known yet.
  function strange(asked) {
    if (!cw.model.loaded) return "";
    const unknown = Object.entries(asked).filter(([name, value]) => (name !== "owner" || cw.attention.loaded) && !known(name).includes(value));
    return unknown.map(([name, value]) => (name === "batch" || name === "owner"
      ? `No running test has the ${name} "${value}"; choose another, or look in the history of the alerts.`
      : `This lab has no ${name} "${value}"; choose one that it has.`)).join(" ");
  }

  const words = (asked) => Object.entries(asked).map(([name, value]) => `${name} ${value}`).join(", ");

  function urlWith(query, changes) {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    const text = next.toString();
    return text ? `${location.pathname}?${text}` : location.pathname;
  }

  // The row of selects. draw() takes in what has become known.
  function row(query, ...others) {
    const { el } = cw.words;
    const asked = wanted(query);
    const selects = NAMES.map((name) => select(query, name, asked[name] || ""));
    const labels = selects.map((one) => one.label);
    const none = isActive(asked)
      ? el("a", { class: "view", "data-nav": true, href: urlWith(query, Object.fromEntries(NAMES.map((name) => [name, ""]))) }, "Whole lab") : null;
    const element = el("details", { class: "filter-row", open: !OF_A_PHONE.matches || isActive(asked) },
      el("summary", {}, isActive(asked) ? `Filter: ${words(asked)}` : "Filter"), el("div", { class: "filters" }, ...labels, ...others, none));
    const draw = () => selects.forEach((one) => one.draw());
    draw();
    return { element, draw };
  }

  function select(query, name, value) {
    const { el } = cw.words;
    let drawn = "";
    const element = el("select", { name, onchange: () => {
      chosen = { name, at: Date.now() };
      cw.go(urlWith(query, { [name]: element.value, page: "" }));
    } });
    const label = el("label", {}, `${cw.words.kind(name)} `, element);
    function draw() {
      const values = known(name);
      if (value && !values.includes(value)) values.push(value);
      label.hidden = values.length === 0;
      const text = values.join("\n");
      if (text === drawn || (drawn && document.activeElement === element)) return; // an open list stays as it is
      drawn = text;
      element.replaceChildren(el("option", { value: "" }, "all"), ...values.map((one) => el("option", { value: one, selected: one === value }, one)));
      element.value = value;
    }
    if (chosen.name === name && Date.now() - chosen.at < 3000) setTimeout(() => element.focus({ preventScroll: true }), 0);
    return { label, draw };
  }

  cw.filters = { wanted, isActive, channelFits, alertFits, strange, words, row, urlWith };
})();
