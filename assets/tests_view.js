// The view of the table of tests in its address: ?find= &cols=a,b &sort=-soh,cell &group=batch &closed=x,y &f.batch=equals:x
// Only what is not usual stands there, so that the plain address stays the plain list.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const KEPT = "cellwatch-views"; // in localStorage: [{name, query}], the views that this reader keeps
  const GROUPS = ["batch", "protocol", "state", "owner", "chemistry"];
  const TYPES = {
    text: ["contains", "notContains", "equals", "notEqual", "startsWith", "endsWith", "blank", "notBlank"],
    number: ["equals", "notEqual", "lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual", "inRange", "blank", "notBlank"],
    date: ["equals", "notEqual", "lessThan", "greaterThan", "inRange", "blank", "notBlank"],
  };
  const NAMED = [
    { name: "All tests", query: "" },
    { name: "Running", query: "f.state=equals:running&sort=soh" },
    { name: "Near end of life", query: "f.soh=lessThan:85&sort=soh" },
    { name: "By batch", query: "group=batch&sort=soh" },
    { name: "By protocol", query: "group=protocol&sort=soh" },
    { name: "Over", query: "f.state=equals:over&sort=-ended" },
  ];
  const columnOf = (id) => cw.testColumns.all.find((column) => column.id === id);

  function readFilter(id, text) {
    const column = columnOf(id);
    const kind = (column && column.filter !== false && (column.kind || "text")) || null;
    const [type, ...rest] = text.split(":");
    const value = rest.join(":");
    if (!kind || !TYPES[kind].includes(type)) return null;
    if (type === "blank" || type === "notBlank") return { filterType: kind, type };
    const parts = type === "inRange" ? value.split("..") : [value];
    if (!value || (type === "inRange" && parts.length !== 2)) return null;
    if (kind === "text") return { filterType: kind, type, filter: value };
    if (kind === "number") {
      const numbers = parts.map(Number);
      return numbers.every(Number.isFinite) ? { filterType: kind, type, filter: numbers[0], ...(parts.length > 1 ? { filterTo: numbers[1] } : {}) } : null;
    }
    if (!parts.every((part) => /^\d{4}-\d\d-\d\d$/.test(part) && Number.isFinite(Date.parse(part)))) return null;
    return { filterType: kind, type, dateFrom: `${parts[0]} 00:00:00`, dateTo: parts.length > 1 ? `${parts[1]} 00:00:00` : null };
  }

  function writeFilter(model) {
    if (model.type === "blank" || model.type === "notBlank") return `${model.type}:`;
    const parts = model.filterType === "date" ? [model.dateFrom, model.dateTo].map((part) => part && part.slice(0, 10)) : [model.filter, model.filterTo];
    return `${model.type}:${model.type === "inRange" ? parts.join("..") : parts[0]}`;
  }

  // The view an address asks for; what cannot be read is named in faults and left out.
  function read(search, narrow) {
    const query = new URLSearchParams(search);
    const faults = [];
    const list = (name) => (query.get(name) || "").split(",").filter(Boolean);
    const view = { find: query.get("find") || "", columns: [], sort: [], group: "", closed: new Set(query.getAll("closed")), filter: {} };
    for (const id of list("cols")) (columnOf(id) ? view.columns : faults).push(columnOf(id) ? id : `There is no column “${id.slice(0, 80)}”.`);
    if (!view.columns.length) view.columns = cw.testColumns.usual(narrow);
    for (const part of list("sort")) {
      const id = part.replace(/^-/, "");
      if (columnOf(id)) view.sort.push({ id, down: part.startsWith("-") });
      else faults.push(`There is no column “${id.slice(0, 80)}” to sort by.`);
    }
    const group = query.get("group") || "";
    if (!group || GROUPS.includes(group)) view.group = group;
    else faults.push(`Tests cannot be grouped by “${group.slice(0, 80)}”: choose ${GROUPS.join(", ")}.`);
    for (const [name, text] of query) {
      if (!name.startsWith("f.")) continue;
      const model = readFilter(name.slice(2), text);
      if (model) view.filter[name.slice(2)] = model;
      else faults.push(`The filter “${name}=${text}”`.slice(0, 120) + " cannot be read: expected such as f.batch=contains:aging or f.soh=lessThan:85.");
    }
    return { ...view, faults };
  }

  // The view as a query, "" for the plain list.
  function write(view, narrow) {
    const parts = [];
    const add = (name, value) => parts.push(`${name}=${encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
    if (view.find) add("find", view.find);
    if (view.columns.join() !== cw.testColumns.usual(narrow).join()) add("cols", view.columns.join(","));
    if (view.sort.length) add("sort", view.sort.map((one) => (one.down ? "-" : "") + one.id).join(","));
    if (view.group) add("group", view.group);
    if (view.group) for (const name of [...view.closed].sort()) add("closed", name);
    for (const [id, model] of Object.entries(view.filter)) if (model && model.type) add(`f.${id}`, writeFilter(model));
    return parts.join("&");
  }

  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEPT) || "[]");
      return Array.isArray(found) ? found.filter((one) => one && typeof one.name === "string" && typeof one.query === "string") : [];
    } catch {
      return []; // a browser that keeps nothing, or something else under our name
    }
  }

  function keep(views) {
    try {
      localStorage.setItem(KEPT, JSON.stringify(views));
      return true;
    } catch {
      return false;
    }
  }

  cw.testView = { read, write, kept, keep, NAMED, GROUPS };
})();
