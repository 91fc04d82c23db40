"""Many cold pages at the same moment, in several processes. Run by ``test_cold_pages.py``.

``python -m tests.faults.reading PROCESSES THREADS`` prints, as JSON, how often each answer was given.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.site_settings"
django.setup()

from django.core.management import call_command
from django.db import connections

from django_playlyfe import memo, services
from django_playlyfe.backends import games
from django_playlyfe.exceptions import PlaylyfeError
from django_playlyfe.reading import page_budget


def main() -> None:
    processes, threads = (int(number) for number in sys.argv[1:3])
    call_command("migrate", verbosity=0, skip_checks=True)
    connections.close_all()
    gate, start = os.pipe()
    children = []
    for _ in range(processes):
        told, answers = os.pipe()
        if not os.fork():
            os.close(start)
            os.write(answers, json.dumps(read_together(threads, gate)).encode())
            os._exit(0)
        os.close(answers)
        children.append(os.fdopen(told))
    os.close(start)  # now all of them read
    total: Counter[str] = Counter()
    for child in children:
        total.update(json.loads(child.read()))
        os.wait()
    print(json.dumps(total))


def read_together(number: int, gate: int) -> Counter[str]:
    """One page in each of so many threads, all at once when the gate opens."""
    assert games["default"].shelf is not None
    together, found, lock = threading.Barrier(number + 1), Counter[str](), threading.Lock()

    def page() -> None:
        memo._open()
        page_budget._open()
        together.wait()
        try:
            told = services.profile("ada").alias
        except PlaylyfeError as error:
            told = f"{type(error).__name__}({error.reason})"
        connections.close_all()
        with lock:
            found[told] += 1

    threads = [threading.Thread(target=page) for _ in range(number)]
    for thread in threads:
        thread.start()
    os.read(gate, 1)
    together.wait()
    for thread in threads:
        thread.join()
    return found


if __name__ == "__main__":
    main()
