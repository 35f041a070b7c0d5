"""What a family of processes costs is summed over all of its members."""

import subprocess
import sys

from script.runner import measure

PROGRAM = """
import os, sys, time
if os.fork() == 0:
    block = bytearray(50_000_000)
    sum(range(20_000_000))
    os._exit(0)
os.wait()
print('done', flush=True)
time.sleep(600)
"""


def test_time_of_ended_children_counts():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], start_new_session=True, stdout=subprocess.PIPE
    )
    process.stdout.readline()

    spent = measure.cpu_seconds(process.pid)
    memory = measure.pss_mb(measure.family(process.pid))
    process.kill()
    process.wait()

    assert spent > 0.1
    assert 1 < memory < 50
