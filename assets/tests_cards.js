// On a phone a test is a card, not a row of columns: its name and how far it has come large, the rest below, the box to pick
// it where a thumb is. The cards are AG Grid's full-width rows, so that filters, order, groups and picks are those of the list.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const FIRST = 50; // cards at once, and so many more with each press
  const HEIGHTS = { head: 52, card: 122, line: 25 }; // px where letters have their usual size
  const PLACED = new Set(["test", "cell", "batch", "channel", "state", "cycle", "soh", "fade"]); // others have a line each

  const scale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

  // view() says which columns are shown. Says what the grid needs to draw cards, and what stands below them.
  cw.testCards = (view, groups) => {
    const { el, put, mark } = cw.words;
    let most = FIRST;
    let api = null;
    const shows = (id) => id === "test" || view().columns.includes(id);
    const lines = () => cw.testColumns.all.filter((column) => !PLACED.has(column.id) && shows(column.id));
    const height = (data) => scale() * (groups.isHead(data) ? HEIGHTS.head : HEIGHTS.card + HEIGHTS.line * lines().length);
    const more = el("button", { type: "button", class: "more", hidden: true, onclick: () => {
      most += FIRST;
      api.setGridOption("paginationPageSize", most);
      draw();
    } });

    // What stands in a slot of a card, made anew only when it is another: the keyboard keeps its place.
    function keep(slot, key, make) {
      if (slot.cwKey === key) return;
      slot.cwKey = key;
      slot.replaceChildren(...[make()].filter(Boolean));
    }

    function make(node) {
      const box = el("input", { type: "checkbox", onchange: () => node.setSelected(box.checked) });
      const picked = el("span", { class: "aside" });
      const parts = {
        box, picked, name: el("span", { class: "test-name" }), soh: el("span", { class: "test-soh" }), fade: el("span", { class: "test-fade" }),
        cell: el("span", { class: "test-cell" }), batch: el("span", { class: "test-batch" }), channel: el("span", { class: "test-channel" }),
        said: el("span", { class: "test-said" }), lines: el("dl", { class: "test-lines" }),
      };
      const element = el("div", { class: "test-card", role: "gridcell" }, parts.name, parts.soh, el("span", { class: "test-whose" }, parts.cell, parts.batch),
        parts.fade, el("span", { class: "test-now" }, parts.channel, parts.said, el("label", { class: "test-pick" }, box, picked)), parts.lines);
      return { element, parts };
    }

    function patch({ parts }, node) {
      const row = node.data;
      const drawn = (id) => cw.testColumns.all.find((column) => column.id === id).draw(row);
      const word = (text) => el("bdi", {}, text);
      keep(parts.name, row.test, () => drawn("test"));
      keep(parts.soh, shows("soh") ? row.soh : "", () => (shows("soh") ? el("span", {}, el("span", { class: "aside" }, "state of health "), cw.words.number(row.soh, 1, "%")) : null));
      keep(parts.fade, shows("fade") ? row.fade : "", () => (shows("fade") && row.fade && row.fade.length > 1 ? drawn("fade") : null));
      keep(parts.cell, shows("cell") ? row.cell : "", () => (shows("cell") && row.cell && row.cell !== row.test ? word(row.cell) : null));
      keep(parts.batch, shows("batch") ? row.batch : "", () => (shows("batch") && row.batch ? drawn("batch") : null));
      keep(parts.channel, shows("channel") ? row.channel : "", () => (shows("channel") && row.channel ? drawn("channel") : null));
      put(parts.said, [shows("state") && row.state, shows("cycle") && row.cycle && `cycle ${row.cycle}`].filter(Boolean).join(" · "));
      const extra = lines().map((column) => [cw.testColumns.label(column), cw.testColumns.said(column, row[column.id])]);
      keep(parts.lines, JSON.stringify(extra), () => el("div", {}, ...extra.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, word(value))))));
      put(parts.picked, `Pick ${row.test}`);
      parts.box.checked = node.isSelected();
      mark(parts.box, "value", row.test);
    }

    class Card {
      init({ node }) {
        this.head = groups.isHead(node.data);
        this.made = this.head ? { element: groups.draw(node) } : make(node);
        if (!this.head) patch(this.made, node);
      }

      getGui() {
        return this.made.element;
      }

      refresh({ node }) {
        if (!this.head) patch(this.made, node);
        return true;
      }
    }

    // After what is shown, or how, is another.
    function draw() {
      if (!api) return;
      const whole = api.getDisplayedRowCount();
      more.hidden = whole <= most;
      if (!more.hidden) put(more, `Show ${Math.min(FIRST, whole - most)} more of ${whole}`);
    }

    const options = {
      domLayout: "autoHeight", headerHeight: 0, pagination: true, paginationPageSize: FIRST, paginationPageSizeSelector: false, suppressPaginationPanel: true,
      isFullWidthRow: () => true, fullWidthCellRenderer: Card, getRowHeight: ({ data }) => height(data),
      onModelUpdated: draw,
    };
    // Another choice of columns is another card.
    function again() {
      if (!api) return;
      api.resetRowHeights();
      api.redrawRows();
    }
    return { options, element: more, begin: (grid) => (api = grid), again };
  };
})();
