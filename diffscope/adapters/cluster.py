"""Workers of a Dask cluster as a ``concurrent.futures.Executor``; the only module that imports distributed."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Final

from diffscope.errors import RemoteError, UsageError

_PATIENCE: Final = 15.0
"""Seconds to wait for the scheduler."""


class Cluster:
    """A connection to a scheduler; close it. ``size`` is how many things its workers do at once.

    Raises:
        UsageError: distributed is not installed.
        RemoteError: no scheduler answers at the address, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client  # noqa: PLC0415 - an extra
        except ImportError:
            hint = "pip install 'vllm-diffscope[cluster]'"
            raise UsageError("a cluster needs Dask, which is not installed", hint=hint) from None
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            hint = "start one: dask scheduler; it prints its address"
            raise RemoteError("no Dask scheduler answers", at=address, hint=hint) from error
        self.size: int = sum(self._client.nthreads().values())
        if not self.size:
            self.close()
            hint = f"start one where a clone is: DIFFSCOPE_REPO=PATH dask worker {address} --nthreads 1"
            raise RemoteError("the cluster has no workers", at=address, hint=hint)

    def start(self) -> Executor:
        """Return an executor over all workers."""
        # Not pure: what failed once is to be done again, and not to be told from memory.
        executor: Executor = self._client.get_executor(pure=False)
        return executor

    def end(self, executor: Executor) -> None:
        """Call off what an executor was asked for."""
        executor.shutdown(wait=False)

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        self._client.close()
