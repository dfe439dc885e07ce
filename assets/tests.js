// The list of tests: an AG Grid whose view stands in the address. The rows come from tests_rows.js, the columns from
// tests_columns.js, the groups from tests_groups.js, the address from tests_view.js, what stands above from tests_bar.js.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const REFRESH_SECONDS = 30;
  const UPDATE_SECONDS = 2; // how often what runs is looked at
  const MOST_COMPARED = 100; // a longer address is cut by some servers: a batch has a page of its own

  function mount(host) {
    const { el, put, plural } = cw.words;
    const narrow = window.innerWidth <= 700;
    let view = cw.testView.read(location.search, narrow);
    let api = null;
    let told = null;
    let asked = -Infinity;
    let updated = -Infinity;
    let applying = false;
    const known = new Map();
    const query = () => cw.testView.write(view, narrow);
    // What stands in the address: the view, and the light that it asks for, which is no part of the view.
    function search() {
      const theme = new URLSearchParams(location.search).get("theme");
      return [query(), theme && `theme=${encodeURIComponent(theme)}`].filter(Boolean).join("&");
    }
    const groups = cw.testGroups(() => view, toggle);
    const cards = narrow ? cw.testCards(() => view, groups) : null;
    const note = el("p", { class: "how", role: "status" }, "reading the list of tests …");
    const fault = el("p", { class: "how fault", hidden: true });
    const frame = el("div", { class: narrow ? "grid-frame cards" : "grid-frame" });
    const bar = cw.testBar({ narrow, view: () => view, query, change, compare, csv: () => api && cw.testCsv(api, groups), say: (text) => put(note, text) });
    host.append(bar.element, fault, note, frame, ...(narrow ? [cards.element, bar.foot] : []));

    const picked = () => (api ? api.getSelectedRows() : []);

    function compare() {
      const rows = picked();
      if (rows.length > MOST_COMPARED) return put(note, `${rows.length} tests are picked; at most ${MOST_COMPARED} can be compared. A batch has a page of its own.`);
      cw.go(cw.compareUrl(...rows.map((row) => row.test)));
    }

    // The view that a control asks for: into the grid, and from there into the address.
    function change(part) {
      view = { ...view, ...part };
      apply();
      save();
    }

    function toggle(name) {
      const closed = new Set(view.closed);
      if (!closed.delete(name)) closed.add(name);
      view = { ...view, closed };
      api.refreshClientSideRowModel("sort");
      groups.sayAll();
      save();
    }

    function save() {
      if (location.pathname !== "/tests") return; // the grid told late of what was done before the reader went on
      const text = search();
      if (text !== location.search.slice(1)) history.replaceState(history.state, "", cw.past.along(location.pathname + (text ? `?${text}` : "")));
      say();
    }

    function apply() {
      if (!api) return;
      applying = true;
      const shown = new Set(view.columns);
      const order = [...view.columns, ...cw.testColumns.ids.filter((id) => !shown.has(id))];
      const state = order.map((colId) => {
        const at = view.sort.findIndex((one) => one.id === colId);
        return { colId, hide: !shown.has(colId), sort: at < 0 ? null : view.sort[at].down ? "desc" : "asc", sortIndex: at < 0 ? null : at };
      });
      api.applyColumnState({ state, applyOrder: true });
      api.setFilterModel(view.filter);
      api.setGridOption("quickFilterText", view.find);
      draw(cw.live.now());
      api.refreshClientSideRowModel("sort");
      if (cards) cards.again();
      applying = false;
      say();
    }

    // What the reader did in the grid itself.
    function taken() {
      if (applying || !api) return;
      const columns = api.getColumnState().filter((one) => cw.testColumns.ids.includes(one.colId));
      const sort = columns.filter((one) => one.sort).sort((a, b) => a.sortIndex - b.sortIndex).map((one) => ({ id: one.colId, down: one.sort === "desc" }));
      view = { ...view, columns: columns.filter((one) => !one.hide).map((one) => one.colId), sort, filter: api.getFilterModel() };
      save();
    }

    function say() {
      put(fault, (view.faults || []).join(" "));
      fault.hidden = !fault.textContent;
      bar.draw(picked().length);
      groups.sayAll();
      if (!told || !api) return;
      let shown = 0;
      api.forEachNodeAfterFilter((node) => (shown += groups.isHead(node.data) ? 0 : 1));
      const running = [...known.values()].filter((row) => row.state === "running").length;
      const all = `${plural(known.size, "test", "tests")}, ${running} running`;
      put(note, shown === known.size ? all : `${shown} of ${all}`);
    }

    // Brings the rows of the grid up to date, touching only those that changed.
    function draw(now) {
      if (!told || !api) return;
      updated = now;
      const rows = cw.testRows.compose(told, known, now);
      const heads = groups.heads(rows);
      const add = rows.filter((row) => !known.has(row.test));
      const update = rows.filter((row) => known.has(row.test) && known.get(row.test) !== row);
      for (const row of rows) known.set(row.test, row);
      const wanted = new Set(heads.map((head) => head.group));
      const there = new Set();
      const remove = [];
      api.forEachNode((node) => {
        if (!groups.isHead(node.data)) return;
        if (wanted.has(node.data.group)) there.add(node.data.group);
        else remove.push(node.data);
      });
      add.push(...heads.filter((head) => !there.has(head.group)));
      if (!add.length && !update.length && !remove.length) return;
      cw.testColumns.setScale(rows);
      api.applyTransaction({ add, update, remove });
      say();
    }

    async function read(now) {
      asked = now;
      try {
        told = await cw.testRows.read();
        draw(cw.live.now());
        say();
      } catch (error) {
        put(note, `The list could not be read (${error.message}); it is tried again in ${REFRESH_SECONDS} s.`);
      }
    }

    function begin(grid) {
      api = grid.createGrid(frame, {
        theme: grid.theme,
        columnDefs: cw.testColumns.all.map(cw.testColumns.definition),
        defaultColDef: { sortable: true, resizable: true },
        rowData: [],
        getRowId: ({ data }) => (groups.isHead(data) ? `group ${data.group}` : `test ${data.test}`),
        rowSelection: { mode: "multiRow", checkboxes: true, headerCheckbox: false, enableClickSelection: false, isRowSelectable: (node) => !groups.isHead(node.data) },
        selectionColumnDef: { headerName: "Pick", width: 62, pinned: cards ? null : "left", suppressHeaderMenuButton: true },
        includeHiddenColumnsInQuickFilter: true,
        alwaysPassFilter: (node) => groups.isHead(node.data),
        postSortRows: groups.arrange,
        isFullWidthRow: ({ rowNode }) => groups.isHead(rowNode.data),
        fullWidthCellRenderer: groups.draw,
        animateRows: false,
        suppressColumnVirtualisation: false,
        suppressDragLeaveHidesColumns: true,
        tooltipShowDelay: 500,
        overlayNoRowsTemplate: "No test fits.",
        onSortChanged: taken,
        onFilterChanged: taken,
        onColumnMoved: (event) => event.finished && taken(),
        onColumnVisible: taken,
        onSelectionChanged: () => bar.draw(picked().length),
        onCellKeyDown: ({ node, event }) => {
          const link = event.key === "Enter" && event.target.querySelector("a[tabindex='-1']");
          if (link) link.click();
          if (!groups.isHead(node.data) || !["Enter", " "].includes(event.key) || event.target.closest("button")) return;
          event.preventDefault();
          toggle(node.data.group);
        },
        ...(cards ? cards.options : {}),
      });
      if (cards) cards.begin(api);
      cw.testGrid = api; // for the plays and for whoever debugs
      apply();
      say();
    }

    cw.grid().then((grid) => host.isConnected && begin(grid)).catch((error) => put(note, `The table cannot be shown: ${error.message}. Reload the page.`));
    return {
      moved() {
        if (location.pathname === "/tests" && search() !== location.search.slice(1)) {
          view = cw.testView.read(location.search, narrow);
          apply();
        }
        return true;
      },
      tick(now) {
        if (now - asked > REFRESH_SECONDS) read(now);
        else if (now - updated > UPDATE_SECONDS) draw(now);
      },
    };
  }

  (cw.hosts = cw.hosts || new Map()).set("tests", mount);
})();
