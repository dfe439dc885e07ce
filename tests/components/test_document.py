"""The document that a page begins with: what stands in it, and in which order scripts run."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from components.document import FirstFrame, document

PARTS = {
    "metas": "",
    "title": "Lab",
    "favicon": "",
    "css": "",
    "app_entry": '<div id="react-entry-point"></div>',
    "config": '<script id="_dash-config" type="application/json">{}</script>',
    "scripts": '<script src="/_dash-component-suites/react.js"></script>\n<script src="/dash_table/table.js"></script>',
    "renderer": "<script>var renderer = 1;</script>",
}


def made(early: str = "", first: FirstFrame | None = None) -> str:
    return document(PARTS, styles="/own.css", own="/own.js", early=early, first=first)


def test_dash_waits_in_a_template_only_where_a_page_stands_before_it() -> None:
    plain, early = made(), made("<main></main>")
    assert "<template" not in plain
    assert plain.index("/own.js") < plain.index("react.js") < plain.index("var renderer")
    kept = re.search('<template id="dash-later">(.*?)</template>', early, re.DOTALL)
    assert kept
    assert "react.js" in kept[1]
    assert "var renderer" in kept[1]
    assert early.count("react.js") == 1
    assert early.index("</template>") < early.index("/own.js")  # ours look for it when they run
    assert "table.js" not in plain + early


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_the_first_frame_is_read_as_it_was_told_and_ends_no_element(told: object) -> None:
    body = json.dumps({"a": told, "b": "</script><!--<script>"}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    body = body.decode("utf-8", "replace").encode()
    text = made("<main></main>", FirstFrame(id="17-0", body=body, now=12.5))
    found = re.search(
        '<script type="application/json" id="first-frame" data-id="17-0" data-now="12.5">(.*?)</script>',
        text,
        re.DOTALL,
    )
    assert found
    assert json.loads(found[1]) == json.loads(body)
    assert "<" not in found[1]
    assert text.index("first-frame") < text.index("/own.js")
