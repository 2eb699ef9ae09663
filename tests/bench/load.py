"""The client: as many requests as a server answers, over a few connections, from one thread that does next to nothing else."""

import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

CONNECTIONS = 32
PATIENCE_SECONDS = 20
_CHUNK = 1 << 18
_END_OF_HEADERS = b"\r\n\r\n"
_LENGTH = b"content-length:"
_CREATED_OR_OK = range(200, 300)


def request(
    method: str, path: str, *, token: str | None = None, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {quote(path, safe='/?=&,.-')} HTTP/1.1", "Host: 127.0.0.1"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Round:
    """What came of some seconds of load. `faults` counts statuses that are no success; `fault` is the first of their answers."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    received: int = 0
    client_cpu: float = 0.0
    faults: Counter[int] = field(default_factory=Counter)
    fault: bytes = b""

    def __iadd__(self, other: "Round") -> Self:
        self.seconds += other.seconds
        self.waits += other.waits
        self.received += other.received
        self.client_cpu += other.client_cpu
        self.faults += other.faults
        self.fault = self.fault or other.fault
        return self

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return len(self.waits) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the wait, in milliseconds, that this share of the requests did not exceed."""
        return percentile(self.waits, share) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of `values` does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Answering:
    """A connection on which one request at a time is answered."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = bytearray()
        self.whole = 0  # bytes of the answer, once its headers are there

    def begin(self) -> None:
        """Forget the last answer."""
        self.answer.clear()
        self.whole = 0

    def receive(self) -> bool:
        """Take in what is there; return whether the answer is whole. Raises ConnectionError when the server has gone."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise ConnectionError("the server has closed the connection")
        self.answer += chunk
        if not self.whole:
            end = self.answer.find(_END_OF_HEADERS)
            if end < 0:
                return False
            headers = bytes(self.answer[:end]).lower()
            _, _, rest = headers.partition(_LENGTH)
            self.whole = end + len(_END_OF_HEADERS) + int(rest.split(b"\r\n", 1)[0] or 0)
        return len(self.answer) >= self.whole

    @property
    def status(self) -> int:
        return int(self.answer[9:12])

    @property
    def body(self) -> bytes:
        return bytes(self.answer).partition(_END_OF_HEADERS)[2]

    @property
    def has_retry_after(self) -> bool:
        return b"\r\nretry-after:" in bytes(self.answer).partition(_END_OF_HEADERS)[0].lower()


class _Connection(Answering):
    def __init__(self, port: int) -> None:
        super().__init__(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))
        self.sent_at = 0.0

    def send(self, message: bytes) -> None:
        self.begin()
        self.sent_at = time.perf_counter()
        self.socket.sendall(message)


def drive(port: int, requests: Iterator[bytes], *, seconds: float, connections: int = CONNECTIONS) -> Round:
    """Send requests for some seconds, on each connection the next as soon as the last is answered. Raises TimeoutError."""
    done = Round()
    lines = {}
    poll = select.epoll()
    cpu, began = time.process_time(), time.perf_counter()
    try:
        for _ in range(connections):
            line = _Connection(port)
            lines[line.socket.fileno()] = line
            poll.register(line.socket, select.EPOLLIN)
            line.send(next(requests))
        waiting = connections
        until = time.perf_counter() + seconds
        while waiting:
            ready = poll.poll(PATIENCE_SECONDS)
            if not ready:
                raise TimeoutError(f"{waiting} requests have had no answer for {PATIENCE_SECONDS} s")
            for number, _ in ready:
                line = lines[number]
                if not line.receive():
                    continue
                now = time.perf_counter()
                done.waits.append(now - line.sent_at)
                done.received += len(line.answer)
                if line.status not in _CREATED_OR_OK:
                    done.faults[line.status] += 1
                    done.fault = done.fault or line.body
                if now < until:
                    line.send(next(requests))
                else:
                    waiting -= 1
    finally:
        done.seconds, done.client_cpu = time.perf_counter() - began, time.process_time() - cpu
        for line in lines.values():
            line.socket.close()
        poll.close()
    return done


def fetch(port: int, message: bytes) -> bytes:
    """Send one request and return the body of its answer. Raises ValueError for one that is no success."""
    line = _Connection(port)
    try:
        line.send(message)
        while not line.receive():
            pass
        if line.status not in _CREATED_OR_OK:
            raise ValueError(f"{line.status}: {line.body.decode()}")
        return line.body
    finally:
        line.socket.close()
