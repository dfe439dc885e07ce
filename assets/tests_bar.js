// What stands above the table of tests: search, grouping, columns, the views that have a name, compare and export.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  const MEANS = { // the types of a filter in words
    contains: "contains", notContains: "without", equals: "is", notEqual: "is not", startsWith: "begins with", endsWith: "ends with",
    blank: "is missing", notBlank: "is known", lessThan: "below", lessThanOrEqual: "at most", greaterThan: "above", greaterThanOrEqual: "at least", inRange: "within",
  };

  // On a phone, where no heads of columns stand: by what the cards are in order, and what is left out.
  function order(act) {
    const { el, put, mark } = cw.words;
    const change = (down) => act.change({ sort: by.value ? [{ id: by.value, down }] : [] });
    const by = el("select", { onchange: () => change((act.view().sort[0] || {}).down) }, el("option", { value: "" }, "as listed"),
      ...cw.testColumns.all.map((column) => el("option", { value: column.id }, column.name)));
    const way = el("button", { type: "button", onclick: () => change(!(act.view().sort[0] || {}).down) });
    const element = el("span", { class: "order" }, el("label", {}, "Sort ", by), way);
    function draw() {
      const [first] = act.view().sort;
      by.value = first ? first.id : "";
      way.disabled = !first;
      put(way, first && first.down ? "↓" : "↑");
      mark(way, "aria-label", first && first.down ? "Highest first; turn the order round" : "Lowest first; turn the order round");
    }
    return { element, draw };
  }

  function filters(act) {
    const { el, sync } = cw.words;
    const element = el("div", { class: "card-channels" });
    const words = ([id, model]) => {
      const column = cw.testColumns.all.find((one) => one.id === id);
      const day = (text) => (text || "").slice(0, 10);
      const values = model.filterType === "date" ? [day(model.dateFrom), day(model.dateTo)] : [model.filter, model.filterTo];
      const said = values.filter((value) => value !== undefined && value !== null && value !== "").join(" to ");
      return [column.name, MEANS[model.type], said && column.unit ? `${said} ${column.unit}` : said].filter(Boolean).join(" ");
    };
    const drop = (id) => act.change({ filter: Object.fromEntries(Object.entries(act.view().filter).filter(([other]) => other !== id)) });
    const draw = () => sync(element, Object.entries(act.view().filter), words, (one) => el("button", { type: "button", class: "chip", onclick: () => drop(one[0]) },
      el("bdi", {}, words(one)), el("span", { "aria-hidden": "true" }, " ×"), el("span", { class: "aside" }, " remove this filter")));
    return { element, draw };
  }

  // act: {narrow, view(), change({...}), compare(), csv()}. Says the element, on a phone what stands below the cards (foot),
  // and how to bring it up to date.
  cw.testBar = (act) => {
    const { el, put, mark, sync } = cw.words;
    const search = el("input", { type: "search", placeholder: "any word", oninput: () => act.change({ find: search.value }) });
    const group = el("select", { onchange: () => act.change({ group: group.value, closed: new Set() }) }, el("option", { value: "" }, "nothing"),
      ...cw.testView.GROUPS.map((name) => el("option", { value: name }, name)));
    const boxes = cw.testColumns.all.map((column) => {
      const box = el("input", { type: "checkbox", onchange: () => act.change({ columns: toggled(column.id, box.checked) }) });
      return [column, box];
    });
    const columns = el("details", { class: "menu" }, el("summary", {}, "Columns"),
      el("div", { class: "menu-body" }, ...boxes.map(([column, box]) => el("label", {}, box, cw.testColumns.label(column)))));
    const compare = el("button", { type: "button", disabled: true, onclick: act.compare }, "Compare");
    const csv = el("button", { type: "button", onclick: act.csv }, "CSV");
    const views = el("nav", { class: "choices", "aria-label": "Views of the list" });
    const name = el("input", { type: "text", maxlength: 60, "aria-label": "Name of this view", placeholder: "name this view" });
    const form = el("form", { class: "keep", onsubmit: keep }, name, el("button", { type: "submit" }, "Keep"));
    const [sorts, chips] = act.narrow ? [order(act), filters(act)] : [];
    const find = el("label", {}, "Find ", search);
    const by = el("label", {}, "Group by ", group);
    const element = act.narrow
      ? el("div", { class: "tests-bar" }, find, views, chips.element,
        el("details", { class: "tests-more" }, el("summary", {}, "Groups, columns, file, own views"), el("div", { class: "filters" }, by, columns, csv, form)))
      : el("div", { class: "tests-bar" }, el("div", { class: "filters" }, find, by, columns, compare, csv), el("div", { class: "filters" }, views, form));
    const foot = act.narrow ? el("div", { class: "tests-foot" }, sorts.element, compare) : null;

    function toggled(id, shown) {
      const now = act.view().columns.filter((one) => one !== id);
      return shown ? [...now, id] : now;
    }

    function keep(event) {
      event.preventDefault();
      const called = name.value.trim();
      if (!called) return name.focus();
      const stays = cw.testView.kept().filter((one) => one.name !== called);
      const done = cw.testView.keep([...stays, { name: called, query: act.query() }]);
      if (done) name.value = "";
      else act.say("This browser keeps nothing; the address of this page is the view.");
      draw();
    }

    function drop(called) {
      cw.testView.keep(cw.testView.kept().filter((one) => one.name !== called));
      draw();
    }

    function item({ name: called, query, own }) {
      const open = el("a", { href: query ? `/tests?${query}` : "/tests", "data-nav": true }, el("bdi", {}, called));
      const away = own && el("button", { type: "button", class: "drop", title: "Forget this view", "aria-label": `Forget the view ${called}`, onclick: () => drop(called) }, "×");
      return el("span", { class: "kept" }, open, away || null);
    }

    function draw(picked = 0) {
      const view = act.view();
      if (document.activeElement !== search) search.value = view.find;
      group.value = view.group;
      for (const [column, box] of boxes) box.checked = view.columns.includes(column.id);
      if (act.narrow) [sorts, chips].forEach((one) => one.draw());
      compare.disabled = picked === 0;
      put(compare, picked ? `Compare ${picked}` : "Compare");
      const own = cw.testView.kept().map((one) => ({ ...one, own: true }));
      sync(views, [...cw.testView.NAMED, ...own], (one) => `${one.own ? "own" : ""} ${one.name} ${one.query}`, item, (node, one) => {
        const link = node.firstElementChild;
        if (one.query === act.query()) mark(link, "aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    }

    document.addEventListener("click", (event) => {
      if (columns.open && !columns.contains(event.target)) columns.open = false;
    });
    return { element, foot, draw };
  };
})();
