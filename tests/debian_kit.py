"""Programs that tests need and Debian has: installed where they are missing, if that may be done."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

_ADMINISTRATORS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def program(name: str, package: str) -> str:
    """Give the path of a program. Without it, and without the right to install it, the test is skipped."""
    found = shutil.which(name, path=_ADMINISTRATORS)
    if found is None and os.geteuid() == 0:
        # Tests that run beside this one may be installing something too.
        wait = ["-o", "DPkg::Lock::Timeout=300"]
        apt = ["apt-get", *wait, "install", "--yes", "--no-install-recommends", package]
        subprocess.run(apt, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, check=False)
        found = shutil.which(name, path=_ADMINISTRATORS)
    if found is None:
        pytest.skip(f"no {name}, and only root can install it")
    return found
