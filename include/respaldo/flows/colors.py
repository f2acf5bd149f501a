"""The colours of tasks in the graph: what a worker does, what people do, how it ended."""

from __future__ import annotations

WORK = "#e8f0fe"
ASK = "#fff3cd"
RESULT = "#fce8e6"
