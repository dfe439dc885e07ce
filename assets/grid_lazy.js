// The table of tests is drawn by AG Grid (community, MIT), 1.2 MB that only its pages need: loaded with the first of them.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const bundle = new URL("00-ag-grid.min.js", document.currentScript.src).href;
  let loading = null;

  // The look of the page: AG Grid's own theme with our tokens, so that light and dark follow without another theme.
  function theme(grid) {
    return grid.themeQuartz.withParams({
      backgroundColor: "var(--panel)", foregroundColor: "var(--ink)", headerBackgroundColor: "var(--raised)",
      headerTextColor: "var(--ink-soft)", headerFontWeight: 650, oddRowBackgroundColor: "var(--panel)",
      borderColor: "var(--line)", chromeBackgroundColor: "var(--raised)", accentColor: "var(--link)",
      rowHoverColor: "var(--raised)", selectedRowBackgroundColor: "var(--tile)", subtleTextColor: "var(--ink-soft)",
      menuBackgroundColor: "var(--panel)", inputBackgroundColor: "var(--raised)", inputBorder: "solid 1px var(--line)",
      wrapperBorderRadius: 8, fontFamily: "inherit", fontSize: 14, rowHeight: 40, headerHeight: 42, cellHorizontalPadding: 12,
    });
  }

  function load() {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = bundle;
      script.addEventListener("load", () => done({ ...window.agGrid, theme: theme(window.agGrid) }));
      script.addEventListener("error", () => failed(new Error("the library of the table did not come")));
      document.head.append(script);
    });
  }

  cw.grid = () => {
    loading = loading || load();
    loading.catch(() => (loading = null)); // tried again by whoever asks next
    return loading;
  };
})();
