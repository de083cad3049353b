"""What handing out a tile costs: children of this machine, and a Dask cluster of processes.

Jobs that do nothing, so all that is measured is the way there and back. The cost of a
whole prefecture's tiles follows from it.
"""

from __future__ import annotations

import time

from distributed import LocalCluster

from bench.measure import say
from lidar.run.dask_pool import DaskPool
from lidar.run.pool import LocalPool, Pool

JOBS = 2000
WARM = 50
WORKERS = 2


def per_job_ms(pool: Pool) -> float:
    """Return the milliseconds that a job costs, workers started before."""
    for _ in pool.map(abs, range(WARM)):
        pass
    start = time.perf_counter()
    for _ in pool.map(abs, range(JOBS)):
        pass
    return 1000 * (time.perf_counter() - start) / JOBS


def main() -> None:
    """Print the milliseconds a job as one JSON line."""
    with LocalPool(WORKERS) as pool:
        local = per_job_ms(pool)
    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        DaskPool(cluster.scheduler_address) as pool,
    ):
        dask = per_job_ms(pool)
    figures = {"local_ms": round(local, 2), "dask_ms": round(dask, 2)}
    say({"jobs": JOBS, "workers": WORKERS, **figures})


if __name__ == "__main__":
    main()
