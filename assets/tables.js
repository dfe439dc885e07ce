// Tables: an element with data-table='{"caption", "columns": [{"key","name","unit","digits","link","kind"}], "rows": [...]}'
// becomes a sortable table. One Dash component per table instead of one per cell.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const LINKS = {
    channel: (value) => cw.channelUrl(value),
    batch: (value) => cw.batchUrl(value),
    test: (value) => cw.compareUrl(value),
  };

  function cell(row, column) {
    const { el, number, when, age, MISSING } = cw.words;
    const value = row[column.key];
    if (value === null || value === undefined || value === "") return el("td", {}, MISSING);
    if (column.kind === "time") return el("td", {}, when(value));
    if (column.kind === "age") return el("td", { class: "number" }, age(value));
    if (typeof value === "number") return el("td", { class: "number" }, number(value, column.digits || 0, column.unit || "").trim());
    if (column.node) return el("td", {}, column.node(row));
    if (!column.link) return el("td", {}, String(value));
    if (column.link === "alert") return el("td", { "data-alert": row.id, "data-kind": row.kind, class: "wide" }, cw.words.glyph(row.severity), ` ${value}`);
    const marks = column.link === "channel" ? { "data-channel": value } : {};
    return el("td", {}, el("a", { href: LINKS[column.link](value), "data-nav": true, dir: "auto", ...marks }, String(value)));
  }

  function compare(a, b) {
    const missing = (value) => value === null || value === undefined || value === "";
    if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
    if (typeof a === "number" && typeof b === "number") return a - b;
    return cw.words.natural(String(a), String(b));
  }

  // A table that keeps its order when its rows are drawn anew.
  cw.table = (caption, columns) => {
    const { el } = cw.words;
    let order = null; // {key, down}
    let rows = [];
    const body = el("tbody");
    const heads = columns.map((column) => {
      const button = el("button", { type: "button", onclick: () => sort(column.key) }, column.name + (column.unit && column.unit !== " " ? ` (${column.unit})` : ""));
      return el("th", { scope: "col" }, button);
    });
    const table = el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...heads)), body);
    const element = el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": caption }, table);

    function sort(key) {
      order = { key, down: order && order.key === key ? !order.down : false };
      heads.forEach((head, i) => (columns[i].key === key ? head.setAttribute("aria-sort", order.down ? "descending" : "ascending") : head.removeAttribute("aria-sort")));
      draw(rows);
    }

    function draw(next) {
      rows = next;
      const sorted = order ? [...rows].sort((a, b) => compare(a[order.key], b[order.key]) * (order.down ? -1 : 1)) : rows;
      body.replaceChildren(...sorted.map((row) => el("tr", {}, ...columns.map((column) => cell(row, column)))));
      if (!rows.length) body.append(el("tr", {}, el("td", { colspan: columns.length }, "Nothing here yet.")));
    }
    return { element, draw };
  };

  function fill(host) {
    if (host.cwTable === host.dataset.table) return;
    host.cwTable = host.dataset.table;
    const { caption, columns, rows } = JSON.parse(host.dataset.table);
    const table = cw.table(caption, columns);
    table.draw(rows);
    host.replaceChildren(table.element);
  }

  const fillAll = () => document.querySelectorAll("[data-table]").forEach(fill);
  function start() {
    const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-table"] };
    new MutationObserver(fillAll).observe(document.body, watched);
    fillAll();
  }
  queueMicrotask(start);
})();
