// Addresses of pages that several scripts lead to.
(() => {
  "use strict";
  const cw = (window.cellwatch = window.cellwatch || {});

  // A comma ends a name in the list; before one that belongs to a name stands a backslash (components/cohort_view.py).
  const listed = (name) => String(name).replace(/[\\,]/g, "\\$&");

  cw.channelUrl = (channel) => `/channels/${encodeURIComponent(channel)}`;
  cw.batchUrl = (batch) => `/batches/${encodeURIComponent(batch)}`;
  cw.compareUrl = (...tests) => `/compare?tests=${tests.map((test) => encodeURIComponent(listed(test))).join(",")}`;
})();
