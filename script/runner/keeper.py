"""The runner's line to the process that cleans up when the runner itself is killed."""

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Keeper:
    """Tells `last_resort.py` what to end and what to remove; starts it when first needed."""

    lock: int | None = None  # kept open by the keeper: the lock is free only once all is ended
    groups: dict[int, int] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None

    def hold(self, group: int, stop_signal: signal.Signals) -> None:
        """Have this process group ended when the runner is killed."""
        self.groups[group] = int(stop_signal)
        self._tell(f"+ {group} {int(stop_signal)}")

    def release(self, group: int) -> None:
        """Forget a process group that has ended."""
        self.groups.pop(group, None)
        self._tell(f"- {group}")

    def remove(self, folder: Path) -> None:
        """Have this folder removed when the runner is killed."""
        self.folders.append(folder)
        self._tell(f"rm {folder}")

    def dismiss(self) -> None:
        """Send the keeper home: everything has been ended in order."""
        if self._process is not None and self._process.stdin is not None:
            try:
                self._process.stdin.write(b"bye\n")
                self._process.stdin.close()
            except BrokenPipeError:
                pass
            self._process.wait()
            self._process = None

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()  # also when somebody killed it: the new one learns everything again
            return
        self._write(line)

    def _start(self) -> None:
        script = Path(__file__).with_name("last_resort.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=[] if self.lock is None else [self.lock],
        )
        for group, number in self.groups.items():
            self._write(f"+ {group} {number}")
        for folder in self.folders:
            self._write(f"rm {folder}")

    def _write(self, line: str) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
