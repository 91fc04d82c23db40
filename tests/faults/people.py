"""The life of a user of another model, from registration to deletion. Run by ``test_delivery.py``, once for each.

``python -m tests.faults.people`` prints, as JSON, the user's primary key and what became of the rows.
"""

from __future__ import annotations

import json
import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.people_settings"
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command

from django_playlyfe import services
from django_playlyfe.delivery import drain
from django_playlyfe.models import Delivery

NAME = "Юрий-日本-é"


def main() -> None:
    call_command("migrate", verbosity=0, skip_checks=True, run_syncdb=True)
    model = get_user_model()
    values = {model.USERNAME_FIELD: f"{NAME}@example.org" if model.USERNAME_FIELD == "email" else NAME}
    if model._meta.pk.get_internal_type() == "CharField":
        values["pk"] = "Ada/1 é"
    user = model(**values)
    user.save()
    services.play(user, "wave", idempotency_key="once")
    services.adjust_scores(user, [{"metric": {"id": "xp", "type": "point"}, "verb": "add", "value": "1"}])
    drain()
    read = services.profile(user).id
    again = services.play(model.objects.get(pk=user.pk), "wave", idempotency_key="once").replayed
    user.is_active = False
    user.save()
    drain()
    pk, link = str(user.pk), user.playlyfe_links.get()
    user.delete()
    drain()
    rows = [[row.kind, row.state, row.subject, row.user_pk] for row in Delivery.objects.order_by("pk")]
    print(json.dumps({"pk": pk, "link": [link.player_id, link.state], "read": read, "again": again, "rows": rows}))


if __name__ == "__main__":
    main()
