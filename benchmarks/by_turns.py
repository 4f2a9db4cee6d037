#!/usr/bin/env python3
"""Two builds of the platform measured at the same time, each stopped while the other runs, so that the moods of the machine are both's.

    benchmarks/by_turns.py OLD NEW [PART…]

OLD and NEW are folders with yizhan-benchmarks and the services, built for release. Each runs its own benchmark (`settlement` unless parts are
named) under BENCH_… of the environment; what they print is in OLD.said and NEW.said. Rates are what is left of a machine shared by two:
compare them with each other, with nothing else.
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

TURN_SECONDS = 0.5


def tree(pid):
    """A process and everything below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += tree(int(child))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def tell(pids, what):
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            pass


def start(folder, parts):
    said = open(f"{folder.rstrip('/')}.said", "w")
    command = [os.path.join(folder, "yizhan-benchmarks"), *parts]
    return subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)


def main():
    old, new, *parts = sys.argv[1:]
    runs = [start(folder, parts or ["settlement"]) for folder in (old, new)]
    turn = 0
    while all(run.poll() is None for run in runs):
        tell(tree(runs[1 - turn].pid), signal.SIGSTOP)
        tell(tree(runs[turn].pid), signal.SIGCONT)
        time.sleep(TURN_SECONDS)
        turn = 1 - turn
    # Whoever is left has the machine alone now: nothing it says from here on is compared.
    for run in runs:
        tell(tree(run.pid), signal.SIGCONT)
    return max(run.wait() for run in runs)


if __name__ == "__main__":
    sys.exit(main())
