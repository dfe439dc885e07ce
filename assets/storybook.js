// The storybook: canned channels and alerts in the model, seen at one moment, and no stream. Served in debug mode only.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});
  if (location.pathname !== "/storybook") return;

  // Nothing lives here: the clock stands, and everybody who asks is told that all is well with the link.
  Object.assign(cw.live, {
    start() {}, now: () => cw.model.frameTime || 0, linkState: () => "live", monitorState: () => "live", monitorAge: () => 0.4,
    silence: () => 0, quiet: () => false, redis: () => true,
  });

  function fillModel(told) {
    for (const channel of told.channels) cw.model.channels.set(channel.channel, { ...channel, row: [] });
    for (const channel of told.channels) cw.testFacts.set(channel.test, {}); // nobody has stated anything of canned tests
    for (const alert of told.alerts) cw.model.alerts.set(alert.id, alert);
    const chambers = [{ id: "chamber-a", setpoint: 25, tolerance: 2, measured: 25.1 }];
    cw.model.lab = { name: "Storybook", timezone: "UTC", time_factor: 1, chambers, cyclers: [{ id: "story", channels: told.channels.length }] };
    cw.model.newest = told.now - 0.5;
    cw.model.frameTime = told.now;
    cw.model.loaded = true;
  }

  function mount(host) {
    const { el } = cw.words;
    const told = JSON.parse(host.dataset.story);
    fillModel(told);
    const wall = el("div", { class: "wall" });
    const cards = el("ol", { class: "cards" });
    const head = el("div", { class: "section", "data-name": "charging-P1" });
    const section = (id, title, inner) => el("section", { id, class: "section" }, el("h2", {}, title), inner);
    host.append(section("story-wall", "Wall", wall), section("story-cards", "Cards", cards), section("story-channel", "Head of a channel", head));
    const parts = [cw.hosts.get("wall")(wall), cw.hosts.get("channel-live")(head)];
    const tick = (now) => {
      for (const part of parts) if (part.tick) part.tick(now);
      cw.drawCards(cards, told.alerts, now);
    };
    return { tick };
  }

  (cw.hosts = cw.hosts || new Map()).set("storybook", mount);
})();
