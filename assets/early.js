// The page stands in the document before Dash has drawn it (components/early.py), and is filled like any other. When
// Dash's page is there, what was filled is moved into it: nothing is drawn twice, and no id is ever there twice when
// somebody looks, as this happens in the same task in which Dash draws.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  let main = null; // the early one, while it stands in Dash's frame

  function moveInto(page, mounted) {
    for (const [id, { element }] of mounted) {
      const place = page.querySelector(`#${CSS.escape(id)}`);
      if (place && place !== element) place.replaceWith(element);
    }
  }

  // What Dash has drawn in the place of a link or button that is gone.
  const twin = (gone) => [...document.querySelectorAll(`#shell ${gone.localName}`)].find((one) => one.id === gone.id && one.textContent === gone.textContent);

  // What is mounted: id -> {element}. First comes Dash's frame of all pages, then the page.
  cw.settle = (mounted) => {
    const early = document.getElementById("early");
    const pages = document.querySelector("#react-entry-point #_pages_content");
    if (!pages || !(early || main)) return;
    const focus = document.activeElement;
    if (early) {
      main = early.querySelector("main");
      const frame = new Map([...mounted].filter(([, { element }]) => !main.contains(element)));
      early.remove();
      moveInto(document.getElementById("shell"), frame);
      pages.append(main);
    }
    const drawn = [...pages.children].find((child) => child !== main);
    if (drawn) {
      main.remove();
      moveInto(pages, mounted);
      main = null;
    }
    const again = focus && (focus.isConnected ? focus : twin(focus));
    if (again && again !== document.activeElement) again.focus({ preventScroll: true });
  };
})();
