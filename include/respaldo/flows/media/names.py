"""What the DAG of media is called."""

from __future__ import annotations

MEDIA = "media"
