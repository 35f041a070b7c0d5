"""A runner with real servers and a part that has a child; tests start it, use it and kill it.

`python -m tests.runner.stand_in FOLDER` prints one JSON line when all is up. It is asked to stop by
SIGTERM, as the demo is.
"""

import json
import os
import signal
import sys
from pathlib import Path

from script.runner import embedded
from script.runner.demo import Stopped
from script.runner.keeper import Keeper
from script.runner.part import Part
from script.runner.state import State
from script.runner.supervisor import Supervisor

FAMILY = "import os, time; os.fork(); print('both here', flush=True); time.sleep(600)"


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def stop(number: int, frame: object) -> None:
    raise Stopped


def main() -> None:
    signal.signal(signal.SIGTERM, stop)
    state = State(Path(sys.argv[1]), say)
    state.open()
    supervisor = Supervisor(logs=state.folder / "logs", say=say, keeper=Keeper(lock=state.lock))
    try:
        supervisor.start(embedded.prepare_cluster(state))
        embedded.prepare_databases(state)
        supervisor.start(embedded.store_part(state))
        supervisor.start(Part("family", (sys.executable, "-c", FAMILY), announces="both here"))
        addresses = {
            "postgres": embedded.cluster(state).admin_url,
            "redis": embedded.store(state).url,
            "uid": os.getuid(),
        }
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        while True:
            supervisor.wait(60)
    except Stopped:
        pass
    finally:
        supervisor.stop()


if __name__ == "__main__":
    main()
