"""The bare library beside it: every cycle of every cell as an SVG trace of plotly.js, in a page of its own."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.pages import PROJECT, free_port
from benchmarks.ui.cohort_data import fades

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>
<div id="graph" style="width:1600px;height:680px"></div>
<script src="plotly.js"></script>
<script>
fetch("cells.json").then((answer) => answer.json()).then(async (cells) => {
  const x = cells[0].map((_, i) => i + 1);
  const traces = cells.map((y) => ({ type: "scatter", mode: "lines", x, y, line: { width: 1 } }));
  await Plotly.newPlot("graph", traces, { showlegend: false, hovermode: "closest" });
  requestAnimationFrame(() => setTimeout(() => { window.drawn = performance.now(); }, 0));
});
</script></body></html>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *arguments: Any) -> None:
        return


@contextmanager
def bare_page(folder: Path, cells: int, cycles: int) -> Iterator[str]:
    """The address of the page while the block runs."""
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, "utf-8")
    shutil.copy(PROJECT / "assets" / "00-plotly-cartesian.min.js", folder / "plotly.js")
    rows = [[round(100 * value, 3) for value in row] for row in fades(cells, cycles).tolist()]
    (folder / "cells.json").write_text(json.dumps(rows), "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
