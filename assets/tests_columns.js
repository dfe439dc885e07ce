// The columns of the table of tests: what each is called, in which unit, and how a cell of it is drawn.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 112;
  const HEIGHT = 28;
  const FILTERS = { text: "agTextColumnFilter", number: "agNumberColumnFilter", date: "agDateColumnFilter" };
  // width in px; phone: on a card of a narrow screen from the start; hidden: only when asked for
  const COLUMNS = [
    { id: "test", name: "Test", width: 190, draw: testLink, phone: true },
    { id: "cell", name: "Cell", width: 130, phone: true },
    { id: "batch", name: "Batch", width: 150, draw: (row) => link(row.batch, cw.batchUrl(row.batch)), phone: true },
    { id: "state", name: "State", width: 110, phone: true },
    { id: "channel", name: "Channel", width: 130, draw: channelLink, phone: true },
    { id: "cycle", name: "Cycle", kind: "number", width: 95, digits: 0, phone: true },
    { id: "soh", name: "State of health", unit: "%", kind: "number", width: 125, digits: 1, phone: true },
    { id: "fade", name: "Fade", width: 140, draw: spark, plain: (row) => fadeWords(row), filter: false, phone: true },
    { id: "capacity", name: "Discharge capacity", unit: "Ah", kind: "number", width: 140, digits: 4, hidden: true },
    { id: "ce", name: "Coulombic efficiency", unit: "%", kind: "number", width: 140, digits: 2 },
    { id: "started", name: "Started", kind: "date", width: 150 },
    { id: "ended", name: "Last cycle ended", kind: "date", width: 150 },
    { id: "protocol", name: "Protocol", width: 150 },
    { id: "owner", name: "Owner", width: 120 },
    { id: "chemistry", name: "Chemistry", width: 120, hidden: true },
    { id: "source", name: "Source", width: 120, hidden: true },
  ];
  const scale = { low: 70 }; // of all fades together, so that one is comparable with the next
  const label = (column) => (column.unit ? `${column.name} (${column.unit})` : column.name);

  function link(text, href) {
    return text ? cw.words.el("a", { href, "data-nav": true, dir: "auto" }, String(text)) : missing();
  }

  // In a grid the keyboard goes from cell to cell, and Enter follows the link of the one it is in (tests.js).
  function inCell(node) {
    if (node.matches("a")) node.tabIndex = -1;
    return node;
  }

  const missing = () => cw.words.el("span", {}, cw.words.MISSING);
  function testLink(row) {
    return link(row.test, cw.compareUrl(row.test));
  }

  // Carries the marks of its channel at once; marks.js keeps them true.
  function channelLink(row) {
    if (!row.channel) return missing();
    const channel = cw.model.channels.get(row.channel);
    const marks = channel
      ? { "data-state": cw.model.stateOf(channel, cw.live.now()), "data-severity": channel.severity || "", "data-unix-time": channel.unix_time_second }
      : { "data-state": "silent", "data-severity": "" };
    return cw.words.el("a", { href: cw.channelUrl(row.channel), "data-nav": true, "data-channel": row.channel, ...marks }, row.channel);
  }

  const fadeWords = (row) => (row.fade && row.fade.length > 1 ? `from ${row.fade[0]} % to ${row.fade[row.fade.length - 1]} %` : "");

  function spark(row) {
    const fade = row.fade || [];
    if (fade.length < 2) return missing();
    const svg = document.createElementNS(SVG, "svg");
    const set = (node, attributes) => Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    const y = (value) => (HEIGHT - 2 - ((HEIGHT - 4) * (Math.max(scale.low, Math.min(106, value)) - scale.low)) / (106 - scale.low)).toFixed(1);
    const x = (i) => (2 + ((WIDTH - 4) * i) / (fade.length - 1)).toFixed(1);
    set(svg, { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", class: "spark", "aria-label": `state of health ${fadeWords(row)}` });
    const end = document.createElementNS(SVG, "line");
    set(end, { class: "spark-end", x1: 0, x2: WIDTH, y1: y(row.end_of_life), y2: y(row.end_of_life) });
    const line = document.createElementNS(SVG, "polyline");
    set(line, { points: fade.map((value, i) => `${x(i)},${y(value)}`).join(" ") });
    svg.append(end, line);
    return svg;
  }

  function said(column, value) {
    const { number, date, MISSING } = cw.words;
    if (value === null || value === undefined || value === "") return MISSING;
    if (column.kind === "number") return number(value, column.digits, "").trim();
    return column.kind === "date" ? date(value) : String(value);
  }

  // Missing values come last, whichever way the column is sorted.
  function compare(a, b, _one, _two, down) {
    const missing = (value) => value === null || value === undefined || value === "";
    if (missing(a) || missing(b)) return (Number(missing(a)) - Number(missing(b))) * (down ? -1 : 1);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return cw.words.natural(String(a), String(b));
  }

  // A moment beside the day that a filter names: a day of the lab's calendar, wherever the reader is.
  function byDay(wanted, value) {
    if (!value) return -1;
    const two = (number) => String(number).padStart(2, "0");
    const asked = `${wanted.getFullYear()}-${two(wanted.getMonth() + 1)}-${two(wanted.getDate())}`; // AG Grid's, at the browser's midnight
    const day = cw.words.calendarDay(value);
    return Number(day > asked) - Number(day < asked);
  }

  function definition(column) {
    const { el } = cw.words;
    const value = (row) => (column.id === "fade" && row.fade && row.fade.length ? row.fade[row.fade.length - 1] - row.fade[0] : row[column.id]);
    return {
      colId: column.id,
      headerName: label(column),
      width: column.width,
      minWidth: 70,
      wrapHeaderText: true,
      autoHeaderHeight: true,
      cellClass: column.kind === "number" ? "number" : undefined,
      valueGetter: (params) => (params.data.group ? null : value(params.data)),
      valueFormatter: (params) => said(column, params.value),
      cellRenderer: column.draw ? (params) => inCell(column.draw(params.data)) : (params) => el("bdi", {}, said(column, params.value)),
      filter: column.filter === false ? false : FILTERS[column.kind || "text"],
      filterParams: { maxNumConditions: 1, ...(column.kind === "date" ? { comparator: byDay } : {}) },
      getQuickFilterText: (params) => (column.kind || column.id === "fade" ? "" : params.value || ""),
      comparator: compare,
      tooltipValueGetter: (params) => (typeof params.value === "string" && params.value.length > 18 ? params.value : null),
      suppressHeaderMenuButton: true,
    };
  }

  cw.testColumns = {
    all: COLUMNS,
    ids: COLUMNS.map((column) => column.id),
    usual: (narrow) => COLUMNS.filter((column) => (narrow ? column.phone : !column.hidden)).map((column) => column.id),
    label, definition, said,
    plain: (column, row) => (column.plain ? column.plain(row) : row[column.id]),
    setScale: (rows) => {
      const lows = rows.flatMap((row) => (row.fade ? row.fade : []));
      scale.low = Math.max(0, Math.min(78, Math.floor(lows.reduce((low, value) => Math.min(low, value), 100)) - 2));
    },
  };
})();
