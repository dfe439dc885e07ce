// Where a page stands before Dash (early.js), Dash's scripts wait in a template until the lab has been painted and
// the stream has answered: they want the main thread for 300 ms, and nobody looks at what they bring until then.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const LONGEST_MS = 1000; // a lab that tells nothing gets its pages all the same
  const kept = document.getElementById("dash-later");
  if (!kept) return;
  let begun = false;

  // A script that a template held does not run; one made anew does. Inline ones come last, as the renderer's must.
  function add(old) {
    const script = document.createElement("script");
    for (const { name, value } of old.attributes) script.setAttribute(name, value);
    script.textContent = old.textContent;
    script.async = false; // in their order
    document.body.append(script);
    return script;
  }

  function begin() {
    if (begun) return;
    begun = true;
    const scripts = [...kept.content.querySelectorAll("script")];
    const last = scripts.filter((script) => script.src).map(add).pop();
    last.addEventListener("load", () => scripts.filter((script) => !script.src).forEach(add));
  }

  window.addEventListener("_dashprivate_pushstate", begin); // somebody goes to another page already
  setTimeout(begin, LONGEST_MS);
  queueMicrotask(() => {
    cw.live.listen(() => !begun && cw.model.loaded && cw.live.linkState() === "live" && cw.painted(begin));
  });
})();
