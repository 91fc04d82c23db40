"""Whether a long queue costs more than a short one: time to deliver a row, from 10 to 100,000 owed rows.

``DATABASE_URL=postgres://… python -m benchmarks.delivery [--rows 10 1000 100000]``. The database is one of its own: its
deliveries are deleted. Every size delivers the same number of rows (a short queue is filled again), in runs of ten as
the thread does, to the stand-in server, which counts them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

from benchmarks import stand_in

RUN = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10, 1000, 10_000, 100_000])
    parser.add_argument("--sample", type=int, default=300)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.site_settings"
    with stand_in.running() as url:
        os.environ["FAULT_SERVER"] = url
        import django

        django.setup()
        measure(options.rows, options.sample, url)


def measure(sizes: list[int], sample: int, url: str) -> None:
    import requests
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from django_playlyfe.delivery import drain
    from django_playlyfe.models import Delivery

    call_command("migrate", verbosity=0, skip_checks=True)

    def owe(number: int) -> None:
        now = timezone.now()
        payload = {"variables": {}, "count": 1, "scopes": [], "at": None}
        Delivery.objects.bulk_create(
            (
                Delivery(
                    game="default", subject=f"p{row % max(number // 10, 1)}", action="wave", kind="play",
                    payload=payload, played_at=now, not_before=now, created_at=now,
                )
                for row in range(number)
            ),
            batch_size=2000,
        )  # fmt: skip

    def sent() -> int:
        return int(requests.get(f"{url}/count", timeout=10).json()["requests"])

    drain()
    reference = None
    for size in sizes:
        Delivery.objects.all().delete()
        owe(size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.vendor != "mysql" else "ANALYZE TABLE django_playlyfe_delivery")
        runs, before = [], sent()
        for _ in range(sample // RUN):
            if Delivery.objects.filter(state="pending").count() < RUN:
                owe(size)
            started = time.perf_counter()
            done = drain(most=RUN)
            runs.append((time.perf_counter() - started) / done.attempts)
            assert done.attempts == RUN
        delivered = Delivery.objects.filter(state="delivered").count()
        assert delivered == len(runs) * RUN <= sent() - before, "all of them arrived"
        seconds = statistics.quantiles(runs, n=4)[0]  # the lower quartile: other work on the machine only adds
        reference = reference or seconds
        print(
            f"{size:7} owed: {seconds * 1e3:.2f} ms a row   x {seconds / reference:.2f}   ({connection.vendor})",
            flush=True,
        )
    Delivery.objects.all().delete()


if __name__ == "__main__":
    main()
