"""Kernels forked from the process that runs a notebook, which has loaded what a notebook needs.

The kernel is forked before the notebook is opened, while its process does nothing else, and waits to be told where to
listen.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from compendium.children import NAMES, end, lead_a_group

LAUNCHER = "ipykernel_launcher"


class Kernel:
    """A forked process that becomes a kernel; to Jupyter it looks like one that was started by a command."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        theirs, self._told = context.Pipe(duplex=False)
        self._process = context.Process(target=_become, args=(theirs, self._told), daemon=False)
        self._process.start()
        theirs.close()
        self.pid = int(self._process.pid or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it: whoever leaves before it has begun would wait for it, and it for them."""
        if self._process.is_alive():
            end(self.pid)
        self._process.join()

    def begin(self, command: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
        """Let it begin: the command is that of a kernel started anew."""
        self._told.send((list(command[command.index(LAUNCHER) + 1 :]), folder, dict(environment)))
        self._told.close()

    def poll(self) -> int | None:
        """Return its exit status, None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait for its end and return its exit status."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it."""
        self._process.kill()


class _Provisioner(LocalProvisioner):
    """Lets the waiting kernel begin where another would be started."""

    async def launch_kernel(self, cmd: list[str], **given: Any) -> Any:
        """Let the kernel begin."""
        kernel: Kernel = self.parent.waiting  # type: ignore[union-attr]
        kernel.begin(cmd, str(given.get("cwd", Path.cwd())), given.get("env", os.environ))
        self.process = kernel  # type: ignore[assignment]
        self.pid = self.pgid = kernel.pid
        self.cwd = given.get("cwd", Path.cwd())
        return self.connection_info


def manager_of(kernel: Kernel) -> type[AsyncKernelManager]:
    """Return the class of managers that use this kernel."""

    class Manager(AsyncKernelManager):
        waiting = kernel

        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.provisioner = _Provisioner(kernel_id="", kernel_spec=self.kernel_spec, parent=self)

    return Manager


def _become(told: Connection, other_end: Connection) -> None:
    """Wait, and be a kernel until it is shut down."""
    from ipykernel.kernelapp import IPKernelApp

    lead_a_group()
    other_end.close()
    for name in NAMES:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    words, folder, environment = told.recv()
    told.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [LAUNCHER, *words]
    IPKernelApp.launch_instance(argv=words)
