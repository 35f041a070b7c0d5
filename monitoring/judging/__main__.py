"""Run the judge: `python -m monitoring.judging [--socket PATH] [--cores N] [--seconds S]`."""

import argparse
import os
import sys
from pathlib import Path

# One thread each, set before numpy is imported: the parent must fork while it has no other
# thread, and children must not fight over the cores.
SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "DO_NOT_TRACK": "true",
    "MPLBACKEND": "agg",
}


def main() -> int:
    """Preload the libraries and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m monitoring.judging", description=__doc__)
    data = Path(os.environ.get("MUSTER_DATA_DIR", "var"))
    default = os.environ.get("MUSTER_JUDGE_SOCKET", str(data / "judge.sock"))
    parser.add_argument("--socket", default=default)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seconds", type=float, default=120.0, help="the longest a job may take")
    options = parser.parse_args()
    os.environ.update(SINGLE)
    from monitoring.judging.server import Server  # after the environment is set

    server = Server(options.socket, cores=options.cores, seconds=options.seconds)
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
