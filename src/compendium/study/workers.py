"""Where the long parts of a step run: processes of this machine, or a Dask cluster that the user names.

``WORKERS`` says how many processes, ``CLUSTER`` the address of a scheduler; a step finds both in its environment. Every
resample and every simulated table has a random stream of its own, so that the results are the same to the last digit
wherever they are computed.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from typing import Any, NamedTuple

from compendium.children import CAN_FORK, end_with
from compendium.faults import Fault, InvalidInput

WORKERS, CLUSTER = "WORKERS", "CLUSTER"
# How many threads the numeric libraries use, as they read it when they are loaded.
THREADS = "OMP_NUM_THREADS"
# Seconds that a cluster may take to answer and to have a worker, and between two looks whether it still has one.
PATIENCE, BETWEEN_LOOKS = 30, 30
NO_WORKER = "The cluster has no worker left: what was sent there waits for one"
NO_ANSWER = "The scheduler of the cluster does not answer"
AGAIN = "The cluster works again"
WATCH = "watch of the cluster"


class Follower(NamedTuple):
    """Whoever wants to know what tasks do that run elsewhere.

    Attributes
    ----------
    follow
        Runs a task, there, and returns its result with what is to be told.
    tell
        Is told that, here.
    """

    follow: Callable[[Callable[[], Any]], tuple[Any, Any]]
    tell: Callable[[Any], None]


_follower: Follower | None = None


def let_follow(follower: Follower | None) -> None:
    """Let the tasks of this process be followed wherever they run; nobody follows them without one."""
    global _follower
    _follower = follower


def number_of_workers() -> int:
    """Return how many processes may work at once: as the user said, else one for each core that may be used.

    Raises
    ------
    InvalidInput
        When what the user said is no whole number from 1 on.
    """
    import joblib

    wanted = os.environ.get(WORKERS, "").strip()
    if not wanted:
        return int(joblib.cpu_count())
    if not (wanted.isascii() and wanted.isdecimal() and int(wanted) > 0):
        raise InvalidInput([Fault(WORKERS, "is no number of processes", "give a whole number from 1 on", value=wanted)])
    return int(wanted)


def cluster_address() -> str:
    """Return the address of the scheduler that the user named, empty without one."""
    return os.environ.get(CLUSTER, "").strip()


@contextmanager
def spread() -> Iterator[None]:
    """Let joblib's parallel parts run where the user said.

    Raises
    ------
    InvalidInput
        When the cluster does not answer, or the packages for it are not installed.
    """
    import joblib

    address = cluster_address()
    if not address:
        # A worker that finds another parent when it begins ends at once: its step was killed meanwhile.
        workers = number_of_workers()
        joblib.register_parallel_backend(WORKERS, _local_backend())
        with (
            _forked_workers() if workers > 1 else nullcontext(),
            joblib.parallel_config(backend=WORKERS, n_jobs=workers, initializer=end_with, initargs=(os.getpid(),)),
        ):
            yield
        return
    with connected(address) as client:
        joblib.register_parallel_backend(CLUSTER, _cluster_backend())
        with joblib.parallel_config(backend=CLUSTER, n_jobs=-1, client=client):
            yield


@contextmanager
def pool() -> Iterator[Executor]:
    """Lend what takes jobs one by one: as many threads here as there are workers, or the cluster the user named.

    Raises
    ------
    InvalidInput
        When the cluster does not answer, or the packages for it are not installed.
    """
    address = cluster_address()
    if not address:
        with ThreadPoolExecutor(number_of_workers()) as threads:
            yield threads
        return
    with connected(address) as client, client.get_executor(pure=False) as far:
        yield far


@contextmanager
def _forked_workers() -> Iterator[None]:
    """Let joblib's workers be forked from this process, which has loaded what they need; they end with the work.

    Beside threads of a numeric library a fork is not safe, and new processes are started as joblib does.
    """
    if not CAN_FORK or os.environ.get(THREADS) != "1":
        yield
        return
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.backend.context import get_start_method, set_start_method

    before = get_start_method()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`fork` start method", UserWarning)
        set_start_method("fork", force=True)
        try:
            yield
        finally:
            get_reusable_executor(reuse=True).shutdown(wait=True)
            set_start_method(before, force=True)


class _Followed:
    """A batch of tasks that tells what it did beside its results."""

    def __init__(self, batch: Callable[..., Any], follower: Follower) -> None:
        self._batch, self._follow = batch, follower.follow

    def __call__(self, *arguments: Any, **keywords: Any) -> tuple[Any, Any]:
        return self._follow(lambda: self._batch(*arguments, **keywords))

    def __repr__(self) -> str:
        return repr(self._batch)  # a cluster calls tasks by it


def _local_backend() -> type:
    """Return joblib's way to processes of this machine, with every task followed."""
    from joblib._parallel_backends import LokyBackend

    if _follower is None:
        return LokyBackend  # type: ignore[no-any-return]
    follower: Follower = _follower

    class Local(LokyBackend):  # type: ignore[misc]
        def submit(self, func: Any, callback: Any = None) -> Any:
            return super().submit(_Followed(func, follower), callback)

        def retrieve_result_callback(self, out: Any) -> Any:
            results, told = super().retrieve_result_callback(out)
            follower.tell(told)
            return results

    return Local


def _cluster_backend() -> type:
    """Return joblib's way to Dask, with every task sent whole: data laid on one worker would be lost with it."""
    from joblib._dask import Batch, DaskDistributedBackend

    follower = _follower

    class Whole(DaskDistributedBackend):  # type: ignore[misc]
        async def _to_func_args(self, func: Any) -> tuple[Any, list[tuple[Any, list[Any], dict[str, Any]]]]:
            tasks = [(call, list(arguments), keywords) for call, arguments, keywords in func.items]
            batch = Batch(tasks)
            return batch if follower is None else _Followed(batch, follower), tasks

        def retrieve_result_callback(self, out: Any) -> Any:
            results = super().retrieve_result_callback(out)
            if follower is not None:
                results, told = results
                follower.tell(told)
            return results

    return Whole


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Connect to a scheduler; its workers need this program installed, in the same version.

    Raises
    ------
    InvalidInput
        When the cluster does not answer, or the packages for it are not installed.
    """
    with closing(_client(address)) as client, warnings.catch_warnings():
        # Tasks are sent with their data on purpose.
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        yield client


def _client(address: str) -> Any:
    """Return an open connection to a scheduler, or say why there is none."""
    try:
        from distributed import Client
    except ImportError as error:
        action = "install them: pip install 'integrated-care-competencies[cluster]'"
        raise InvalidInput([Fault(CLUSTER, "needs the packages of the extra 'cluster'", action)]) from error
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        problem, action = "no Dask scheduler answers there", "start one (dask scheduler), or leave CLUSTER out"
        raise InvalidInput([Fault(CLUSTER, problem, action, value=address)]) from error


@contextmanager
def watched(say: Callable[[str], None]) -> Iterator[None]:
    """Require that the cluster the user named, if any, has a worker; say when all are lost, and when one is back.

    Raises
    ------
    InvalidInput
        When the cluster does not answer or has no worker, or the packages for it are not installed.
    """
    address = cluster_address()
    if not address:
        yield
        return
    with closing(_client(address)) as client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            problem, action = "the Dask scheduler there has no worker", f"start one: dask worker {address} --nthreads 1"
            raise InvalidInput([Fault(CLUSTER, problem, action, value=address)]) from error
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(address, over, say), name=WATCH, daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join(PATIENCE)


def _watch(address: str, over: threading.Event, say: Callable[[str], None]) -> None:
    """Look from time to time whether a cluster can work, and say what is new about it, until the work is over.

    Each look is a connection of its own: one that was lost comes back late, or never.
    """
    told = AGAIN
    while not over.wait(BETWEEN_LOOKS):
        try:
            with closing(_client(address)) as client:
                found = AGAIN if client.nthreads() else NO_WORKER
        except (InvalidInput, OSError):
            found = NO_ANSWER
        if found != told:
            say(found)
        told = found
