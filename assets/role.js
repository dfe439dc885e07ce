// Who looks: a viewer's page has no control that changes something. The server refuses such requests besides.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  cw.mayAct = () => {
    const shell = document.getElementById("shell");
    return Boolean(shell) && shell.dataset.role === "operator";
  };
})();
