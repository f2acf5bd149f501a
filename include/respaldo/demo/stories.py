"""Plays people's stories beside whatever else the demonstration waits for."""

from __future__ import annotations

import time
from collections.abc import Mapping

from respaldo.demo.stage import Story
from respaldo.texts import demo as texts

_POLL_SECONDS = 1.0
_LONGEST_SECONDS = 180


class Stories:
    """Stories by name, each at its own pace."""

    def __init__(self, stories: Mapping[str, Story]) -> None:
        self._going = dict(stories)
        self._problems: list[str] = []

    def go_on(self) -> None:
        """Let each story look whether what it waits for has come."""
        for name, story in list(self._going.items()):
            try:
                next(story)
            except StopIteration as end:
                self._problems += end.value
                del self._going[name]

    def finish(self) -> list[str]:
        """Wait for all of them, and give what did not come out as it must."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while self._going and time.monotonic() < deadline:
            self.go_on()
            time.sleep(_POLL_SECONDS)
        return self._problems + [texts.STORY_UNFINISHED.format(story=name) for name in self._going]
