"""`python -m bench.drifting.simulated`: the simulated shifts; the last line is JSON."""

import json

from bench.drifting import power

if __name__ == "__main__":
    print(json.dumps({**power.of_clean_windows(), **power.shares()}))
