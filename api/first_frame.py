"""What the watcher told last, for a document that brings it along; a document does not wait for a slow store."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from data_access.lab import Lab, StoreAway

LONGEST_SECONDS = 0.5  # then a page comes without it, and says by itself what does not answer
AT_ONCE = 2  # a store that stands still holds each of them for ten seconds
LOG = logging.getLogger(__name__)


class FirstFrames:
    """Asks the live store beside the request. The threads start with the first one, after any fork."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._asking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="first-frame")

    def newest(self) -> tuple[str, bytes] | None:
        """The id and the JSON of the newest full frame, None when there is none or the store does not say in time."""
        asked = self._asking.submit(self.lab.live.full_frame)
        try:
            return asked.result(timeout=LONGEST_SECONDS)
        except TimeoutError:
            asked.cancel()
            LOG.warning("A page came without what the watcher told: Redis did not answer in %g s.", LONGEST_SECONDS)
        except StoreAway as away:  # the stream will say it on the page
            LOG.warning("A page came without what the watcher told: %s", away)
        return None
