// What stands above the table of tests: search, grouping, columns, the views that have a name, compare and export.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  // act: {view(), change({...}), compare(), csv()}. Says the element, and how to bring it up to date.
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
    const element = el("div", { class: "tests-bar" },
      el("div", { class: "filters" }, el("label", {}, "Find ", search), el("label", {}, "Group by ", group), columns, compare, csv),
      el("div", { class: "filters" }, views, form));

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
    return { element, draw };
  };
})();
