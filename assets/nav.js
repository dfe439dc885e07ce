// Links that scripts made move within the page, so that the stream and what it told stay; and the light of the page.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const THEME = "cellwatch-theme"; // in localStorage: dark | light, absent while the reader follows the system

  // The way dcc.Link goes to another page. Whoever looks at another time than now takes it along.
  cw.go = (href) => {
    history.pushState({}, "", cw.past.along(href));
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[data-nav]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    cw.go(link.getAttribute("href"));
  });

  const system = window.matchMedia("(prefers-color-scheme: light)");
  function stored() {
    try {
      return localStorage.getItem(THEME);
    } catch {
      return null; // a browser that keeps nothing follows the system
    }
  }
  function light() {
    const asked = new URLSearchParams(location.search).get("theme"); // of this address only
    if (asked === "light" || asked === "dark") return asked === "light";
    const chosen = stored();
    if (chosen) return chosen === "light";
    return system.matches && !location.pathname.startsWith("/wall"); // a wall is dark unless someone says otherwise
  }
  function shine() {
    const theme = light() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme-toggle");
    if (button) cw.words.put(button, theme === "light" ? "Dark" : "Light");
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest("#theme-toggle")) return;
    try {
      localStorage.setItem(THEME, light() ? "dark" : "light");
    } catch {
      return;
    }
    const query = new URLSearchParams(location.search);
    if (query.has("theme")) { // what the reader says now outweighs the address
      query.delete("theme");
      history.replaceState(history.state, "", query.toString() ? `${location.pathname}?${query}` : location.pathname);
    }
    shine();
  });
  system.addEventListener("change", shine);
  window.addEventListener("storage", shine);
  window.addEventListener("_dashprivate_pushstate", () => setTimeout(shine, 0));
  window.addEventListener("popstate", () => setTimeout(shine, 0));
  cw.shine = shine;
  document.documentElement.dataset.theme = light() ? "light" : "dark";
})();
