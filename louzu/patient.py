"""Gunicorn's threads with patience: a request takes a thread only when all of it has come.

Gunicorn gives a thread to each connection, which then waits in it for the rest of the request, for ever: as many
half-sent requests as there are threads would stop the site. A proxy such as nginx sends whole requests only, but an
office may have none.
"""

import re
import socket
import struct
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import ThreadWorker

PIECE = 256 * 1024  # bytes read at a time
LINGER = 8  # seconds
LONGEST_HEAD = 64 * 1024  # bytes: a thread then refuses it
LONGEST_BODY = 13 * 1024 * 1024  # bytes; a longer one is read by its thread
WAIT = struct.pack("ll", 15, 0)  # seconds that a thread waits for the next piece of such a body
LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# The sender waits for a word of ours before the body, or says no length: the thread deals with it.
AT_ONCE = re.compile(rb"^(expect|transfer-encoding):", re.IGNORECASE | re.MULTILINE)


class PatientWorker(ThreadWorker):
    """Reads requests in the one loop that waits for all connections; the whole ones take a thread."""

    patience = 60  # seconds in which a request must have come

    def enqueue_req(self, conn: Any) -> None:
        """Wait for the whole request, if it is not there already; then give it a thread."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.data_ready = True
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, WAIT)
        received = bytearray(conn.parser.unreader.take_buffered())
        if is_whole(received):
            self._hand_over(conn, received)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.patience
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._read_on, conn, received))

    def _read_on(self, conn: Any, received: bytearray, sock: Any) -> None:
        """Take what has come; the request goes on when it is whole, or when its sender has gone."""
        try:
            piece = sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        received += piece
        if not piece or is_whole(received):
            self.poller.unregister(sock)
            self.pending_conns.remove(conn)
            self._hand_over(conn, received)

    def _hand_over(self, conn: Any, received: bytearray) -> None:
        conn.parser.unreader.unread(bytes(received))
        super().enqueue_req(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """While the worker stops, what is still coming has a little longer than a connection that is idle."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline + LINGER)


def is_whole(received: bytearray) -> bool:
    """Whether a thread can take this request without waiting, or has to say why it does not take it."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return len(received) > LONGEST_HEAD
    head = bytes(received[: end + 2])
    if AT_ONCE.search(head):
        return True
    length = LENGTH.search(head)
    wanted = int(length[1]) if length else 0
    return wanted > LONGEST_BODY or len(received) - end - 4 >= wanted
