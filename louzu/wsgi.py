"""The WSGI entry point: `gunicorn louzu.wsgi` or `waitress-serve … louzu.wsgi:application` (README, Deploy)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "louzu.settings")

application = get_wsgi_application()

from members.work import jobs  # noqa: E402  (its models need the apps)

jobs.start()
# What is loaded now stays loaded: no collection need look through it. A request or an import makes tens of thousands of
# rows that are no garbage: looking through them every 700 costs a tenth of an import's time.
gc.freeze()
gc.set_threshold(50_000, 20, 20)
