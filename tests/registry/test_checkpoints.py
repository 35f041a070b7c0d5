"""Signed checkpoints: a cut tail and a new chain are found, and what is not signed says so."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError

from registry import chain, checkpoints, verifier
from tests.registry.tampering import NOON, anew, cut, run, sign, tampered, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed(settings, tmp_path):
    """Settings with a key and a file for checkpoints; the value is the public key."""
    settings.MUSTER_CHECKPOINT_KEY, public = checkpoints.new_key()
    settings.MUSTER_CHECKPOINT_PATH = tmp_path / "outside" / "checkpoints.jsonl"
    return public


def test_a_cut_tail_and_a_new_chain_show_against_the_checkpoints(people, signed, settings):
    write(people, 3)
    assert sign() == 1
    write(people, 3, start=3)
    assert sign(NOON + timedelta(minutes=1)) == 1

    assert "6 links are sound" in run("verify_audit")
    assert "0 links came after it" in run("verify_audit")
    plants = [(cut(4), "tail is cut", 5), (anew(5, reason="x"), "anew after link 3", 4),
              (anew(1, action="y"), "anew after link 0", 1)]  # fmt: skip
    for statements, words, sequence in plants:
        with tampered(*statements):
            assert chain.verify().fault is None  # from inside nothing shows
            with pytest.raises(CommandError, match=words):
                run("verify_audit")
            with settings.MUSTER_CHECKPOINT_PATH.open() as file:
                anchors = verifier.read_checkpoints(file, verifier.public_keys([signed]))
            assert verifier.verify(chain.export(), anchors)[1].sequence == sequence
            # Nor is a chain signed that is not the one that was signed before.
            assert sign(NOON + timedelta(minutes=5)) == 0


def alone(folder, *arguments):
    """Run the one file, copied elsewhere, with nothing of Muster in reach."""
    copied = folder / "verifier.py"
    copied.write_text(Path(verifier.__file__).read_text())
    return subprocess.run(
        [sys.executable, "-I", str(copied), *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_verifier_stands_alone(people, signed, settings, tmp_path):
    write(people, 7)
    sign()
    export = tmp_path / "audit.jsonl"
    run("export_audit", str(export))
    options = ["--checkpoints", settings.MUSTER_CHECKPOINT_PATH, "--public-key", signed]
    _, other = checkpoints.new_key()

    sound = alone(tmp_path, export, *options)
    unsigned = alone(tmp_path, export)
    known = alone(tmp_path, export, "--without-checkpoints")
    (tmp_path / "empty.jsonl").write_text("\n")
    empty = alone(tmp_path, export, "--checkpoints", "empty.jsonl", *options[2:])
    foreign = alone(tmp_path, export, *options[:3], other)
    keyless = alone(tmp_path, export, *options[:2])
    lines = export.read_text(encoding="utf-8").split("\n")
    export.write_text("\n".join([*lines[:3], lines[3].replace("model.", "modal."), *lines[4:]]))
    edited = alone(tmp_path, export, *options)

    assert sound.returncode == 0, sound
    assert (unsigned.returncode, empty.returncode, known.returncode) == (3, 3, 0)
    assert "No checkpoint: a cut tail or a recomputed chain" in unsigned.stdout
    assert "No checkpoint in the file" in empty.stdout
    assert "1 checkpoints agree" in sound.stdout
    assert "would not be seen" in unsigned.stdout
    assert (foreign.returncode, keyless.returncode) == (1, 2)
    assert (edited.returncode, edited.stdout.split(" (")[0]) == (
        1, "link 4 does not fit its event",
    )  # fmt: skip


def test_a_checkpoint_is_signed_each_minute_and_each_hour_when_nothing_happens(
    people, signed, settings
):
    assert sign() == 0  # nothing to sign
    write(people, 1)

    assert [sign(), sign(), sign(NOON + timedelta(seconds=49))] == [1, 0, 0]
    write(people, 1)
    assert sign(NOON + timedelta(seconds=30)) == 0
    assert sign(NOON + timedelta(seconds=50)) == 1
    assert sign(NOON + timedelta(minutes=30)) == 0
    assert sign(NOON + timedelta(minutes=61)) == 1
    assert len(settings.MUSTER_CHECKPOINT_PATH.read_text().splitlines()) == 3


def test_a_write_that_was_cut_short_spoils_no_other_line(people, signed, settings):
    write(people, 1)
    sign()
    with settings.MUSTER_CHECKPOINT_PATH.open("a") as file:
        file.write('{"sequence": 1, "he')
    write(people, 1)
    sign(NOON + timedelta(minutes=2))

    told = run("verify_audit")
    assert "2 checkpoints agree" in told
    assert "1 lines of the checkpoint file are no checkpoints" in told


def test_a_forged_checkpoint_is_refused(people, signed, settings):
    write(people, 2)
    sign()
    path = settings.MUSTER_CHECKPOINT_PATH
    path.write_text(path.read_text().replace('"sequence": 2', '"sequence": 1'))

    with pytest.raises(CommandError, match="checkpoint 1 does not bear"):
        run("verify_audit")


def test_only_one_of_many_processes_signs(people, signed, settings, process_environment):
    write(people, 2)
    environment = {
        **process_environment,
        "MUSTER_CHECKPOINT_KEY": settings.MUSTER_CHECKPOINT_KEY,
        "MUSTER_CHECKPOINT_PATH": str(settings.MUSTER_CHECKPOINT_PATH),
    }
    command = [sys.executable, "manage.py", "sweep", "--once", "--only", "checkpoint"]
    sweeps = [subprocess.Popen(command, env=environment) for _ in range(3)]

    assert [sweep.wait(120) for sweep in sweeps] == [0, 0, 0]
    assert len(settings.MUSTER_CHECKPOINT_PATH.read_text().splitlines()) == 1


def test_what_is_not_signed_says_so(people, signed, settings):
    def fault(at=NOON):
        return checkpoints.standing(at=at).fault

    write(people, 1)
    assert "no checkpoint is in" in fault()
    sign()
    assert fault() == ""
    assert fault(NOON + timedelta(minutes=59)) == ""
    assert "nothing was signed since" in fault(NOON + timedelta(minutes=66))
    write(people, 1)
    assert "nothing was signed since" in fault(NOON + timedelta(minutes=6))
    with tampered(*cut(0)):
        assert "the tail is cut" in fault()
    with tampered(*anew(1, reason="z")):
        assert "is not the one that was signed" in fault()
    settings.MUSTER_CHECKPOINT_KEY = "nonsense"
    assert "new_checkpoint_key" in fault()
    settings.MUSTER_CHECKPOINT_KEY = ""
    assert "MUSTER_CHECKPOINT_KEY is not set" in fault()
    assert sign(NOON + timedelta(days=1)) == 0


def test_a_new_key_signs(settings):
    private, public = run("new_checkpoint_key").splitlines()
    settings.MUSTER_CHECKPOINT_KEY = private.removeprefix("MUSTER_CHECKPOINT_KEY=")

    assert checkpoints.public_text() == public.split(": ")[1]
