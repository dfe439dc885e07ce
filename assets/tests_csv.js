// The table of tests as a file: what the reader sees, filtered and sorted, with every group open.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  // A spreadsheet takes a text that begins like a formula for one: a name must stay a name.
  const harmless = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);

  function cell(column, row) {
    const value = cw.testColumns.plain(column, row);
    if (value === null || value === undefined) return "";
    if (column.kind === "date") return new Date(value * 1000).toISOString();
    return typeof value === "number" ? Number(value.toPrecision(10)) : harmless(value);
  }

  cw.testCsv = (api, groups) => {
    const columns = new Map(cw.testColumns.all.map((column) => [column.id, column]));
    const shown = api.getAllDisplayedColumns().map((column) => column.getColId()).filter((id) => columns.has(id));
    const text = groups.exported(() => {
      api.refreshClientSideRowModel("sort");
      return api.getDataAsCsv({
        columnKeys: shown,
        shouldRowBeSkipped: ({ node }) => groups.isHead(node.data),
        processHeaderCallback: ({ column }) => {
          const found = columns.get(column.getColId());
          return found.kind === "date" ? `${found.name} (UTC)` : cw.testColumns.label(found);
        },
        processCellCallback: ({ column, node }) => cell(columns.get(column.getColId()), node.data),
      });
    });
    api.refreshClientSideRowModel("sort");
    const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    cw.words.el("a", { href: address, download: "tests.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
})();
