// At night a wall is dimmed, not dark: between the hours of ?night=22-6 (or 22:00-06:30; off: never), else of lab.toml, in
// the lab's time zone. The colours of the night stand in theme.css and keep their contrast.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  const HOURS = /^(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?$/;

  // Minutes since midnight of begin and end, or null for text that is none.
  function read(text) {
    const found = HOURS.exec(text.trim());
    if (!found) return null;
    const minutes = [1, 3].map((i) => Number(found[i]) * 60 + Number(found[i + 1] || 0));
    const fits = [1, 3].every((i) => Number(found[i]) <= 24 && Number(found[i + 1] || 0) < 60);
    return fits && minutes[0] !== minutes[1] ? minutes : null;
  }

  function asked(host) {
    const text = new URLSearchParams(location.search).get("night");
    if (text === null) return { hours: read((host && host.dataset.night) || ""), note: "" };
    const hours = read(text);
    if (hours || text === "off") return { hours, note: "" };
    return { hours: null, note: `night=${text.slice(0, 60)}: expected hours such as 22-6 or 22:00-06:30, or off; it is not dimmed.` };
  }

  const within = (minute, [begin, end]) => (begin < end ? minute >= begin && minute < end : minute >= begin || minute < end);

  function shine() {
    const host = location.pathname === "/wall" ? document.getElementById("wall") : null;
    const { hours } = host ? asked(host) : { hours: null };
    const dark = Boolean(hours && cw.live && within(cw.words.minuteOfDay(cw.live.now()), hours));
    if (document.documentElement.hasAttribute("data-night") !== dark) document.documentElement.toggleAttribute("data-night", dark);
  }

  cw.night = { asked, shine };
})();
