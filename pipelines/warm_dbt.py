"""dbt kept warm: a process with dbt imported and the project read, which forks one for each call.

A build calls dbt twice, and either call would spend seconds on imports and on reading what it reads every time. The
process gets ready while others work, and what it forks goes on from there. What calls it, `c360-dbt`, is to others as
dbt itself: the same arguments, output and exit code; where nobody keeps dbt warm, it is dbt.

Put here: the process, and the command that calls it. Keep out: when it is started (pipelines/dbt.py). Its imports are
kept few: the command should begin at once.
Source: a fork server, as multiprocessing has one, that hands on standard output and error by SCM_RIGHTS.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.forks import PLACE, fork, receive

if TYPE_CHECKING:
    from dbt.contracts.graph.nodes import InjectedCTE

LEADING = re.compile(r"(?P<blank>\s*)(?:(?:--[^\n]*\n|/\*.*?\*/|\s)*(?P<with>with(?:\s+recursive)?\b))?", re.S | re.I)
SOCKET = "C360_DBT_SOCKET"  # where the calling command finds the process


@contextmanager
def keep_dbt_warm(folder: Path, project: Path) -> Iterator[int | None]:
    """Have `c360-dbt` go on in a process that is ready, as long as this lasts; it ends with this one, however.

    Args:
        folder: for the socket and what reading the project leaves; exists, and goes.
        project: the dbt project with its profiles, parsed before.
    Yields:
        the number of the process; None where its socket cannot be made, and every call begins anew.
    """
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            try:
                listener.bind(str(folder / "socket"))
                listener.listen()
            except OSError:  # its path is too long, say
                yield None
                return
            pid, writer, wait = _start(listener, folder, project)
        os.environ[SOCKET] = str(folder / "socket")
        try:
            yield pid
        finally:
            os.environ.pop(SOCKET, None)
            os.close(writer)  # the process sees the end of the pipe, as it does when we are killed
            wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(listener: socket.socket, folder: Path, project: Path) -> tuple[int, int, Callable[[], object]]:
    """The number of the process, the end of a pipe to close when it is to end, and what waits for its end.

    A process that was forked from one that has dbt imported has it forked there, too.
    """
    with suppress(OSError):  # it spares parsing
        shutil.copy(project / "target" / "partial_parse.msgpack", folder)
    (reader, writer), (living, alive) = os.pipe(), os.pipe()
    files = listener.fileno(), reader, alive
    begin = [sys.executable, "-m", "pipelines.warm_dbt", str(project), str(folder)]
    pid = fork(os.environ[PLACE], "pipelines.warm_dbt:begin", *begin[3:], files=files) if PLACE in os.environ else None
    process = subprocess.Popen([*begin, *map(str, files)], pass_fds=files) if pid is None else None
    for file in (reader, alive):
        os.close(file)

    def wait() -> None:
        os.read(living, 1)  # it holds the other end
        os.close(living)
        if process:
            process.wait()

    return process.pid if process else pid, writer, wait


def call() -> None:
    """`c360-dbt`: dbt in a process that is ready, else in this one."""
    place = os.environ.pop(SOCKET, None)
    code = _call_warm(place) if place else None
    if code is None:
        from dbt.cli.main import cli

        cli()
    else:
        sys.exit(code if code >= 0 else 128 - code)


def _call_warm(place: str) -> int | None:
    """The exit code, negative of a signal; None where nobody took the call."""
    about = json.dumps({"args": sys.argv[1:], "environ": dict(os.environ), "folder": str(Path.cwd())}).encode()
    with socket.socket(socket.AF_UNIX) as process:
        try:
            process.connect(place)
            socket.send_fds(process, [len(about).to_bytes(4, "big")], [1, 2])
            process.sendall(about)
            told = process.makefile("r", encoding="ascii")
            pid = int(told.readline() or 0)
        except OSError:
            return None
        if not pid:
            return None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda asked, _: os.kill(pid, asked))
        return int(told.readline() or 1)


def begin() -> int:
    """`serve`, of the words this process was started with: the project, a folder for what reading it leaves, and the
    numbers of open files: the socket, the end of a pipe, and one that stays open as long as we live."""
    project, folder, listener, end, _ = sys.argv[1:]
    os.environ |= {"DBT_TARGET_PATH": folder, "DBT_LOG_PATH": folder}
    os.chdir(project)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    return serve(socket.socket(fileno=int(listener)), int(end), Path(project))


def serve(listener: socket.socket, end: int, project: Path) -> int:
    """Fork a process for each call, one after the other, until the other end of the pipe `end` is closed; what is
    forked ends then, too.

    Returns:
        the exit code: of the process itself, and of each it forked.
    """
    import dbt.compilation
    from dbt.cli.main import dbtRunner

    import pipelines.journeys.sql_functions
    import pipelines.publish.key_plugin  # noqa: F401  what dbt would import for its connection

    _keep_details()
    dbt.compilation.inject_ctes_into_sql = inject_ctes
    parsed = dbtRunner().invoke(["--quiet", "parse", "--project-dir", str(project), "--profiles-dir", str(project)])
    if not parsed.success:
        return 1  # calls begin anew, and say why
    runner = dbtRunner(manifest=parsed.result)
    while end not in select.select([listener, end], [], [])[0]:
        caller, _ = listener.accept()
        size, streams, _, _ = socket.recv_fds(caller, 4, 2)
        about = json.loads(receive(caller, int.from_bytes(size, "big")))
        living, alive = os.pipe()
        pid = os.fork()
        if not pid:
            for stream, number in zip(streams, (1, 2), strict=True):
                os.dup2(stream, number)
            listener.close()
            caller.close()
            os.chdir(about["folder"])
            os.environ.clear()
            os.environ.update(about["environ"])
            done = runner.invoke(about["args"])
            return 0 if done.success else 1 if done.exception is None else 2
        for descriptor in (*streams, alive):
            os.close(descriptor)
        _tell(caller, pid)
        if end in select.select([living, end], [], [])[0]:  # the one closes as the fork ends
            os.kill(pid, signal.SIGTERM)
        _tell(caller, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        caller.close()
        os.close(living)
    return 0


def _keep_details() -> None:
    """Have dbt make no message of its details unless somebody asked for them: it would write each down, thirty for a
    model, and then leave it out."""
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class Results(EventManager):
        def fire_event(self, e, level=None, *about, **more) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *about, **more)

    if not {"DBT_DEBUG", "DBT_LOG_LEVEL"} & os.environ.keys():
        ctx_set_event_manager(Results())


def inject_ctes(sql: str, ctes: Sequence[InjectedCTE]) -> str:
    """What dbt makes of a model that reads ephemeral ones, which takes it apart token by token to find its `with`."""
    if not ctes:
        return sql
    first = LEADING.match(sql)
    place = first.end() if first["with"] else first.end("blank")
    joined = ", ".join(cte.sql for cte in ctes)
    return f"{sql[:place]}{joined}, {sql[place:]}" if first["with"] else f"{sql[:place]}with{joined} {sql[place:]}"


def _tell(caller: socket.socket, number: int) -> None:
    with suppress(OSError):  # who called may be gone
        caller.sendall(f"{number}\n".encode())


if __name__ == "__main__":
    sys.exit(begin())
