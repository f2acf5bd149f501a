"""The same restic calls as a run of Respaldo makes, typed by hand: the measure of what Airflow adds."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path


class ByHand:
    """Two repositories of one folder, and the calls on them."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.source, self.folder = source, folder
        folder.mkdir(parents=True)
        for name in ("one", "two"):
            (folder / f"{name}.password").write_text(f"bench-{name}")
        self.rng = random.Random(1)

    def run(self) -> None:
        """Back up, list, restore a sample, copy, list the copy; make repositories that are not there."""
        if not (self.folder / "one" / "config").exists():
            self._restic("one", "init")
        backup = ("backup", "--retry-lock", "5m", "--host", "bench", str(self.source))
        summary = json.loads(self._restic("one", *backup).splitlines()[-1])
        snapshot = summary["snapshot_id"]
        nodes = [json.loads(line) for line in self._restic("one", "ls", "--no-lock", snapshot).splitlines()]
        files = [node["path"] for node in nodes if node.get("type") == "file"]
        sample = [part for path in self.rng.sample(files, 20) for part in ("--include", path)]
        self._restic("one", "restore", snapshot, "--target", str(self.folder / "scratch"), *sample)
        subprocess.run(("rm", "-rf", self.folder / "scratch"), check=True)
        origin = ("--from-repo", str(self.folder / "one"))
        origin += ("--from-password-file", str(self.folder / "one.password"))
        if not (self.folder / "two" / "config").exists():
            self._restic("two", "init", *origin, "--copy-chunker-params")
        self._restic("two", "copy", *origin, snapshot)
        self._restic("two", "snapshots", "--no-lock")

    def restore(self) -> None:
        """Restore the newest snapshot, verified, as somebody would who has nothing but restic."""
        target = self.folder / "restored"
        self._restic("one", "restore", "latest", "--target", str(target), "--sparse", "--verify")
        subprocess.run(("rm", "-rf", target), check=True)

    def _restic(self, name: str, *arguments: str) -> str:
        return subprocess.run(
            ("restic", "--json", "--repo", str(self.folder / name), "--cache-dir", str(self.folder / "cache"),
             "--password-file", str(self.folder / f"{name}.password"), *arguments),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
        ).stdout  # fmt: skip
