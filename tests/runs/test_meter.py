"""What work took. Put here: one meter. Keep out: the log of runs (test_run_log.py)."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.meter import Meter

LARGE = 200 * 2**20


def holds(megabytes: float) -> bool:
    return megabytes > LARGE / 2**20


def test_a_meter_tells_the_most_memory_held_since_it_began():
    before = Meter().peak_mb
    held = bytearray(b"x") * LARGE
    meter = Meter()
    assert holds(meter.peak_mb)
    del held
    assert holds(meter.peak_mb)
    meter.restart()
    assert meter.peak_mb < before + LARGE / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc on this system")
def test_a_meter_watches_another_process_to_its_end_and_knows_its_peak_afterwards():
    holding = f"held = bytearray(b'x') * {LARGE}; print('held', flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    meter = Meter(child.pid)
    assert child.stdout.readline() == b"held\n"
    assert holds(meter.peak_mb)
    child.communicate(b"\n")
    assert holds(meter.peak_mb)
    meter.restart()
    assert meter.peak_mb is None
    assert set(meter.read(bytes=7)) == {"seconds", "bytes"}


def test_a_meter_nobody_holds_watches_no_more():
    before = set(threading.enumerate())
    meter = Meter()
    watching = set(threading.enumerate()) - before
    del meter
    gc.collect()
    for thread in watching:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_measuring_leaves_the_peak_the_system_counts_alone():
    code = (
        f"import resource; from pipelines.meter import Meter; held = bytearray(b'x') * {LARGE}; del held; "
        "Meter().restart(); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(told) * 1024 > LARGE or sys.platform == "darwin"
