"""What the DAG of the archive is called."""

from __future__ import annotations

ARCHIVE = "fm007_archive"
