// Who looks: a viewer's page has no control that changes something. The server refuses such requests besides. Nor has
// a page that shows what has gone: nobody can acknowledge last night.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  cw.mayAct = () => {
    const shell = document.getElementById("shell");
    return Boolean(shell) && shell.dataset.role === "operator" && !cw.past.shown();
  };
})();
