"""Browser tests drive Debian's chromium; where it is missing, the run says what it left out."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
REASON = "no chromium on this machine"


def find_chromium() -> str | None:
    """Return the path of an installed Chromium."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave browser tests out when there is nothing to drive, unless they are demanded."""
    if find_chromium() or os.environ.get("MUSTER_REQUIRE_BROWSER"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=REASON))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was left out, also what xdist's workers left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = [report for report in skipped if REASON in str(report.longrepr)]
    if left_out:
        terminalreporter.write_line(
            f"NOT RUN: {len(left_out)} browser tests; apt-get install chromium",
            yellow=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's chromium."""
    path = find_chromium()
    if path is None:
        message = f"{REASON}; apt-get install chromium"
        if os.environ.get("MUSTER_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    return path
