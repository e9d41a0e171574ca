"""Sessions that do not stand in the way of reading when the disk is full."""

import logging

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from members.ground.outage import is_full

logger = logging.getLogger(__name__)


class SteadySessions(SessionMiddleware):
    """Django's sessions; but where the disk is full, the page is answered without its session being saved.

    What a page notes there (the last visit, a message that was shown) may be lost. A login may not: it is told that
    nothing was saved.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except OperationalError as error:
            is_new = request.session.session_key != request.COOKIES.get(settings.SESSION_COOKIE_NAME)
            if not is_full(error) or (is_new and request.method == "POST"):
                raise
            logger.warning("The disk is full: a session was not saved.")
            return response
