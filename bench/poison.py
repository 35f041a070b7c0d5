"""2,000 poison batches: false oks, dead judges, answers past the deadline, the parent's memory."""

import itertools
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.poisons import Poison, corpus
from bench.poisons.poison import START, reference, week, written
from monitoring.judging.client import JudgeDied, JudgeUnavailable, judge
from monitoring.judging.protocol import Job, Result, Roles
from script.runner.demo import Demo, say

# `script/bench` starts PostgreSQL alone for this one; it is not asked anything.
DATABASE_ONLY = True
SECONDS = 60.0
_ROOM = 5.0  # beyond the deadline an answer still counts as in time: two cores are shared
_ROOT = Path(__file__).resolve().parents[1]
_ROLES = Roles(prediction="prediction", label="label", time="time")
_DATA = {"every_days": 7, "start": START.isoformat(), "segments": ["region"], "min_rows": 200}
_PERFORMANCE = {
    **{key: _DATA[key] for key in ("every_days", "start")},
    "min_labels": 50,
    "metrics": [{"name": "roc_auc", "direction": "min", "limit": 0.6}],
}


@dataclass
class Tally:
    """What became of the batches."""

    states: Counter[str] = field(default_factory=Counter)
    false_ok: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # not ok, but called by another name
    died: list[str] = field(default_factory=list)  # children; the judge outlives them
    late: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def batches(self) -> int:
        return sum(self.states.values())


@dataclass
class Judge:
    """A judge of our own, with its memory before the first batch."""

    folder: Path
    contract: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """Start it, and let it learn the contract."""
        self.socket = self.folder / "judge.sock"
        command = [sys.executable, "-m", "monitoring.judging", "--socket", str(self.socket)]
        command += ["--cores", "2", "--seconds", str(SECONDS)]
        self.process = subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the judge did not start")
            time.sleep(0.1)
        (self.folder / "reference.parquet").write_bytes(written(reference(), "parquet"))
        (self.folder / "sound.parquet").write_bytes(written(week(), "parquet"))
        learned = self.ask(
            Job(kind="learn", reference=str(self.folder / "reference.parquet"), roles=_ROLES)
        )
        self.contract = learned.contract
        sound = self.ask(self.job(self.folder / "sound.parquet", "parquet"))
        if sound.state != "ok":
            raise RuntimeError(f"a sound batch is {sound.state}: {sound.reason}")
        self.began_with = self.memory()

    def job(self, batch: Path, format: str, **more: Any) -> Job:
        """Return the job that judges a batch."""
        given: dict[str, Any] = {
            "kind": "data", "spec": _DATA, "contract": self.contract, "seconds": SECONDS,
            "reference": str(self.folder / "reference.parquet"), "roles": _ROLES,
            "batch": str(batch), "batch_format": format,
            "window_start": START, "window_end": START.replace(day=START.day + 7),
        }  # fmt: skip
        return Job(**{**given, **more})

    def ask(self, job: Job) -> Result:
        """Have a job done."""
        return judge(job, socket=str(self.socket))

    def memory(self) -> float:
        """Return the parent's resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def poisoned(self, poison: Poison, number: int, tally: Tally) -> None:
        """Judge one poison batch and note what came of it."""
        path = self.folder / f"{number}.{poison.ending}"
        path.write_bytes(poison.content())
        if poison.kind == "labels":
            sound = self.folder / "sound.parquet"
            more = {"kind": "performance", "spec": _PERFORMANCE, "labels": (str(path),)}
            job = self.job(sound, "parquet", **more)
        else:
            job = self.job(path, poison.format)
        began = time.monotonic()
        try:
            state, reason = (found := self.ask(job)).state, found.reason
        except JudgeDied as error:
            state, reason = "failed", str(error)
            tally.died.append(f"{poison.name}: {error}")
        finally:
            path.unlink()
        took = time.monotonic() - began
        tally.seconds.append(took)
        tally.states[state] += 1
        if took > SECONDS + _ROOM:
            tally.late.append(f"{poison.name}: {took:.0f} s")
        if poison.expected is None:
            return
        if state == "ok":
            tally.false_ok.append(poison.name)
        elif state not in poison.expected or not reason:
            tally.others.append(f"{poison.name}: {state} ({reason})")

    def stop(self) -> bool:
        """Stop it; say whether it was still alive."""
        alive = self.process.poll() is None
        self.process.terminate()
        self.process.wait(timeout=30)
        return alive


def feed(judge_: Judge, poisons: Iterator[Poison], tally: Tally, *, threads: int = 2) -> int:
    """Give the judge all poisons, two at a time; return how often it could not be asked."""
    numbered, lock, gone = enumerate(poisons), threading.Lock(), []

    def work() -> None:
        while True:
            with lock:
                number, poison = next(numbered, (0, None))
            if poison is None:
                return
            try:
                judge_.poisoned(poison, number, tally)
            except JudgeUnavailable as error:
                gone.append(f"{poison.name}: {error}")

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for line in gone:
        say(f"no judge: {line}")
    return len(gone)


def run(demo: Demo) -> dict[str, float]:
    """Judge them all."""
    tally = Tally()
    most = int(os.environ.get("BENCH_POISONS", "100000"))
    with tempfile.TemporaryDirectory() as folder:
        own = Judge(Path(folder))
        own.start()
        unanswered = feed(own, itertools.islice(corpus(), most), tally)
        growth = own.memory() - own.began_with if own.process.poll() is None else float("nan")
        dead = unanswered + (not own.stop())
    for title, lines in (
        ("false ok", tally.false_ok), ("another name", tally.others),
        ("child died", tally.died), ("late", tally.late),
    ):  # fmt: skip
        for line in lines:
            say(f"{title}: {line}")
    say(f"states: {dict(tally.states)}")
    return {
        "batches": float(tally.batches),
        "false_ok": float(len(tally.false_ok)),
        "dead_workers": float(dead),
        "late": float(len(tally.late)),
        "rss_growth_mb": round(growth, 1),
        "ended_children": float(len(tally.died)),
        "other_names": float(len(tally.others)),
        "longest_s": round(max(tally.seconds, default=0.0), 1),
    }
