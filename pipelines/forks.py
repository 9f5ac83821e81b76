"""Processes forked from one that has already imported what they need.

A process that runs Dagster with dbt and Great Expectations imports for many seconds before it does anything. One that
has imported all that forks another in milliseconds. It imports what is installed, and of our own code this file alone:
the rest may change while it lives, and a fork must read it as it is then.

Put here: the process that forks, and asking it. Keep out: what is forked (run_launcher.py, warm_dbt.py).
Source: a fork server, as multiprocessing has one, that hands on open files by SCM_RIGHTS.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PLACE = "C360_FORKS"  # environment variable of a fork: where the process it comes from can be asked for another
LONGEST = 2**20  # bytes of a question


def start(place: Path, modules: Sequence[str]) -> int:
    """Start a process that imports these and then forks whatever it is asked for at `place`, until we have ended.

    Returns:
        the end of a pipe; closed, it ends the process. What was forked lives on.
    """
    reader, writer = os.pipe()
    subprocess.Popen(
        [sys.executable, "-m", "pipelines.forks", str(place), str(reader), *modules],
        pass_fds=(reader,),
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.DEVNULL,
    )
    os.close(reader)
    return writer


def fork(place: str | Path, entry: str, *words: str, files: Sequence[int] = ()) -> int | None:
    """Have a process forked that does `entry`, `module:function`, with our environment, folder, output and error.

    Args:
        words: its arguments, in `sys.argv`.
        files: of ours, which it has open, too; their numbers there follow its arguments.
    Returns:
        its number; None where nobody is ready to fork.
    """
    asked = {"entry": entry, "words": words, "environ": dict(os.environ), "folder": str(Path.cwd())}
    said = json.dumps(asked).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as process:
        try:
            process.connect(str(place))
            socket.send_fds(process, [len(said).to_bytes(4, "big")], [1, 2, *files])
            process.sendall(said)
            return int(process.makefile("r", encoding="ascii").readline() or 0) or None
        except OSError:
            return None


def serve(place: Path, end: int, modules: Sequence[str]) -> None:
    """Import, then fork for everybody who asks, until the other end of the pipe `end` is closed."""
    for module in modules:
        with suppress(ImportError):  # whoever needs it will say so
            import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what is forked
    place.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(place))
        place.chmod(0o600)
        listener.listen()
        try:
            while end not in select.select([listener, end], [], [])[0]:
                with suppress(OSError, ValueError), listener.accept()[0] as caller:  # who asked may be gone
                    _answer(caller, listener, end)
        finally:
            place.unlink(missing_ok=True)


def _answer(caller: socket.socket, listener: socket.socket, end: int) -> None:
    size, files, _, _ = socket.recv_fds(caller, 4, 16)
    asked = json.loads(receive(caller, min(LONGEST, int.from_bytes(size, "big"))))
    asked["environ"][PLACE] = listener.getsockname()
    if pid := os.fork():
        for file in files:
            os.close(file)
        caller.sendall(f"{pid}\n".encode())
        return
    listener.close()
    caller.close()
    os.close(end)
    os._exit(_become(asked, files))


def _become(asked: dict, files: list[int]) -> int:
    """Be the process that was asked for; its exit code."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for file, number in zip(files, (1, 2), strict=False):
            os.dup2(file, number)
            os.close(file)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environ"])
        module, function = asked["entry"].split(":")
        sys.argv = [function, *asked["words"], *map(str, files[2:])]
        done = getattr(import_module(module), function)()
        code = done if isinstance(done, int) else 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code


def receive(caller: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer where the other side ends before."""
    received = b""
    while len(received) < size and (more := caller.recv(size - len(received))):
        received += more
    return received


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
