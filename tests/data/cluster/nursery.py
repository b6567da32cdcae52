"""A restart loop: that many single-slot workers; one that ends is started again, until SIGTERM. `python nursery.py <count>`.

Workers are forked from this process, which has everything loaded: a new one is there in a tenth of a second.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

from scripted_app import app, settings

from pipeline.cluster.supervisor import worker_command

COMMAND = worker_command(replace(settings, slots=1))
ARGUMENTS = COMMAND[COMMAND.index("worker") :]


def start() -> int:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            app.worker_main(argv=list(ARGUMENTS))
        finally:
            os._exit(1)
    return pid


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    workers = {start() for _ in range(int(sys.argv[1]))}
    try:
        while True:
            pid, _status = os.wait()
            workers.discard(pid)
            workers.add(start())
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


main()
