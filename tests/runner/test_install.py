"""Whoever waits for an installation is told how far it is, also while pip is silent."""

import sys
from pathlib import Path

import pytest

from script.runner import install
from script.runner.install import Progress
from script.runner.part import RunnerError

PIP = """
import pathlib, sys, time
print("Collecting one", flush=True)
time.sleep(0.4)
print("Installing collected packages: one, two", flush=True)
pathlib.Path(sys.argv[1], "one-1.0.dist-info").mkdir()
time.sleep(0.4)
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "LOG_SECONDS", 0.1)
    folder = tmp_path / "lib/python3.11/site-packages"
    folder.mkdir(parents=True)
    (folder / "pip-25.0.dist-info").mkdir()
    return folder


def progress(site: Path) -> Progress:
    return Progress(site.parents[2] / "bin/python", 2)


def test_fetching_and_unpacking_are_told_every_few_seconds(site, capsys):
    install._follow([sys.executable, "-c", PIP, str(site)], progress(site))

    told = capsys.readouterr().out
    assert "fetching: 1 of at most 2 packages" in told
    assert "unpacking: 1 of at most 2 packages" in told


def test_what_a_failed_pip_said_is_shown(site):
    with pytest.raises(RunnerError, match="no such hash"):
        install._follow([sys.executable, "-c", "exit('no such hash')"], progress(site))
