"""A page opened in a real, headless Chromium."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FLAGS = (
    "--headless",
    # Chromium's sandbox does not start as root, which is what a test in a container often is.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def opened(page: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
    """Return the process that opened `page` and printed its document.

    Without Chromium the test is skipped, or fails where AUTOSEARCH_REQUIRE_BROWSER is set.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("AUTOSEARCH_REQUIRE_BROWSER"):
            pytest.fail("AUTOSEARCH_REQUIRE_BROWSER is set and there is no Chromium")
        pytest.skip("Chromium is not installed")
    profile = page.parent / "profile"
    return subprocess.run(
        [path, *FLAGS, *flags, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
