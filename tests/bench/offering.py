"""The open client: requests at their time whether or not the last are answered, as people send them."""

import contextlib
import errno
import heapq
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.load import Answering, percentile

MOST_CONNECTIONS = 2000
PATIENCE_SECONDS = 20
_GONE = 0  # the status of a request whose connection was refused or broken, or that nobody answered
_BUSY = 503


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One request: when it was due after the beginning, what came of it, and after how long; both in seconds."""

    due: float
    status: int
    wait: float
    retry_after: bool = False

    @property
    def served(self) -> bool:
        """Whether it got what it asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True, kw_only=True)
class Stream:
    """So many requests a second, from one second to another."""

    rate: float
    requests: Iterator[bytes]
    begins: float = 0.0
    ends: float

    def due(self, name: int) -> Iterator[tuple[float, int]]:
        """Yield when each is due, with the stream's name."""
        return ((self.begins + number / self.rate, name) for number in range(max(1, int(self.rate * (self.ends - self.begins)))))


@dataclass
class Offered:
    """All that came of a stream."""

    stream: Stream
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def served_a_second(self) -> float:
        """How many were served while the stream lasted: what is answered after its end does not count."""
        in_time = (each.served and each.due + each.wait <= self.stream.ends for each in self.outcomes)
        return sum(in_time) / (self.stream.ends - self.stream.begins)

    @property
    def statuses(self) -> dict[str, int]:
        """How many of each status; `gone` are those without an answer."""
        counts = Counter(str(each.status or "gone") for each in self.outcomes)
        return dict(sorted(counts.items()))

    @property
    def faults(self) -> int:
        """How many were neither served nor asked to come back: no answer, another status, or a 503 without Retry-After."""
        return sum(not each.served and not (each.status == _BUSY and each.retry_after) for each in self.outcomes)

    def percentile(self, share: float, *, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the wait, in milliseconds, that this share of those served did not exceed; infinite when none was."""
        waits = [each.wait for each in self.outcomes if each.served and since <= each.due < until]
        return percentile(waits, share) * 1000 if waits else float("inf")

    def figures(self) -> dict[str, object]:
        """Return what is worth keeping."""
        return {
            "offered_per_second": round(self.stream.rate, 1),
            "served_per_second": round(self.served_a_second, 1),
            "requests": len(self.outcomes),
            "statuses": self.statuses,
            "faults": self.faults,
            **{
                f"p{share * 100:.0f}_ms": round(self.percentile(share), 1)
                for share in (0.5, 0.95, 0.99)
                if any(each.served for each in self.outcomes)
            },
        }


class _Line(Answering):
    """A connection that is being made, idle, or at a request."""

    def __init__(self, port: int) -> None:
        super().__init__(socket.socket())
        self.socket.setblocking(False)
        self.unsent = b""
        self.stream, self.due = 0, 0.0
        code = self.socket.connect_ex(("127.0.0.1", port))
        if code not in {0, errno.EINPROGRESS}:
            self.socket.close()
            raise OSError(code, "no connection")

    def take(self, message: bytes, stream: int, due: float) -> None:
        self.begin()
        self.unsent, self.stream, self.due = message, stream, due

    def push(self) -> None:
        """Send what can be sent."""
        with contextlib.suppress(BlockingIOError):
            self.unsent = self.unsent[self.socket.send(self.unsent) :]


def offer(port: int, *streams: Stream) -> list[Offered]:
    """Send the requests of each stream at its rate, then wait for the last answers.

    A wait counts from when its request was due, so that a client kept waiting hides nothing.
    """
    return _Client(port, streams).run()


class _Client:
    def __init__(self, port: int, streams: Sequence[Stream]) -> None:
        self._port = port
        self._done = [Offered(stream) for stream in streams]
        self._due = heapq.merge(*(stream.due(name) for name, stream in enumerate(streams)))
        self._lines: dict[int, _Line] = {}
        self._idle: list[_Line] = []
        self._poll = select.epoll()
        self._began = 0.0

    def run(self) -> list[Offered]:
        self._began = time.perf_counter()
        try:
            for due, stream in self._due:
                while (wait := self._began + due - time.perf_counter()) > 0:
                    self._hear(wait)
                self._hear(0)
                self._send(stream, due)
            until = time.perf_counter() + PATIENCE_SECONDS
            while len(self._lines) > len(self._idle) and time.perf_counter() < until:
                self._hear(0.1)
            for line in list(self._lines.values()):
                self._drop(line, counted=line not in self._idle)
        finally:
            self._poll.close()
        return self._done

    def _send(self, stream: int, due: float) -> None:
        message = next(self._done[stream].stream.requests)
        if self._idle:
            line = self._idle.pop()
        elif len(self._lines) < MOST_CONNECTIONS:
            try:
                line = _Line(self._port)
            except OSError:
                self._note(stream, due, _GONE)
                return
            self._lines[line.socket.fileno()] = line
            self._poll.register(line.socket, select.EPOLLIN | select.EPOLLOUT)
        else:
            self._note(stream, due, _GONE)
            return
        line.take(message, stream, due)
        self._poll.modify(line.socket, select.EPOLLIN | select.EPOLLOUT)

    def _note(self, stream: int, due: float, status: int, *, retry_after: bool = False) -> None:
        wait = time.perf_counter() - self._began - due
        self._done[stream].outcomes.append(Outcome(due=due, status=status, wait=wait, retry_after=retry_after))

    def _hear(self, wait: float) -> None:
        for number, what in self._poll.poll(wait):
            line = self._lines[number]
            try:
                if what & select.EPOLLOUT and line.unsent:
                    line.push()
                    if not line.unsent:
                        self._poll.modify(line.socket, select.EPOLLIN)
                if what & ~select.EPOLLOUT and line.receive():
                    self._note(line.stream, line.due, line.status, retry_after=line.has_retry_after)
                    self._idle.append(line)
            except OSError:
                self._drop(line, counted=line not in self._idle)

    def _drop(self, line: _Line, *, counted: bool) -> None:
        if counted:
            self._note(line.stream, line.due, _GONE)
        else:
            self._idle.remove(line)
        del self._lines[line.socket.fileno()]
        line.socket.close()
