"""Tests on a real Spark need pyspark and Java; without them the run says what it left out."""

import importlib.util
import os
import shutil

import pytest

REASON = "no pyspark or no Java on this machine"
HERE = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave them out when there is nothing to run on, unless they are demanded."""
    if HERE or os.environ.get("MUSTER_REQUIRE_SPARK"):
        return
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.skip(reason=REASON))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was left out, also what xdist's workers left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = [report for report in skipped if REASON in str(report.longrepr)]
    if left_out:
        terminalreporter.write_line(
            f"NOT RUN: {len(left_out)} tests on Spark; pip install -r requirements-spark.txt"
            " and apt-get install openjdk-17-jre-headless",
            yellow=True,
            bold=True,
        )
