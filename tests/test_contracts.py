"""The import contracts are not only kept: each is seen to fail on a planted violation."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["registry", "monitoring", "policies", "dashboard", "config"]
PLANTED = {
    "layers": ("registry/clock.py", "from monitoring import states"),
    "light": ("dashboard/words.py", "import numpy"),
    "inside-registry": ("registry/access.py", "from registry import catalogue"),
    "inside-monitoring": ("monitoring/models/runs.py", "from monitoring import runs"),
    "inside-policies": ("policies/retraining/decide.py", "from policies import compliance"),
    "inside-dashboard": ("dashboard/words.py", "from dashboard import pages"),
}


def contracts():
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {
        section.removeprefix(prefix): parser[section]["name"]
        for section in parser.sections()
        if section.startswith(prefix)
    }


def lint(folder):
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_every_contract_has_a_planted_violation():
    assert set(PLANTED) == set(contracts())


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_the_contract(contract, tmp_path):
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    place, line = PLANTED[contract]
    with (tmp_path / place).open("a") as file:
        file.write(f"\n{line}\n")

    done = lint(tmp_path)

    assert done.returncode == 1, done.stdout
    assert f"{contracts()[contract]} BROKEN" in done.stdout
