// Whether the first sight of this page has been painted. What costs much and can wait until then asks for it: the first
// clock of a page, say, costs a browser 40 ms.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  let seen = false;

  // After the next frame is painted.
  cw.painted = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  cw.painted.yet = () => seen;
  cw.painted(() => {
    seen = true;
  });
})();
