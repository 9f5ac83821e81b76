"""A clock of the tests' own: what a command takes for now, however far from the machine's.

Put here: a library that goes before the system's. Keep out: what is expected of a clock that jumped (each test).
Waiting is by the other clock of the system, and stays as it is (libfaketime breaks it: `time.sleep` fails).
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*ask)(clockid_t, struct timespec *);
    if (!ask) ask = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int fault = ask(id, now);
    const char *by = getenv("CLOCK_IS_OFF_BY");
    if (!fault && id == CLOCK_REALTIME && by) now->tv_sec += atol(by);
    return fault;
}
time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *told, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""


def build_clock(folder: Path) -> Path:
    """Make the library; skip the test where no C compiler is installed."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine; install the Debian package gcc")
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(SOURCE, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def off_by(clock: Path, jump: timedelta) -> dict[str, str]:
    """The environment of a command whose clock is off by so much."""
    return {"LD_PRELOAD": str(clock), "CLOCK_IS_OFF_BY": str(int(jump.total_seconds()))}
