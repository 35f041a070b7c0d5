"""A TCP proxy before the broker that can cut, swallow and go silent."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field

_CHUNK = 65_536


@dataclass
class Proxy:
    """Forwards from a free port to the broker's, as long as nobody disturbs it."""

    target: int
    port: int = 0
    _pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set)
    _swallow: int = 0  # so many answers of the broker vanish, each with its connection
    _silent: bool = False

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Listen in a thread of its own."""
        ready = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(self._loop)
            server = self._loop.run_until_complete(
                asyncio.start_server(self._serve, "127.0.0.1", 0)
            )
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            self._loop.run_forever()

        threading.Thread(target=serve, name="proxy", daemon=True).start()
        if not ready.wait(20):
            raise RuntimeError("the proxy did not start")

    def reset(self) -> None:
        """Cut every connection at once, with RST."""
        self._loop.call_soon_threadsafe(self._abort_all)

    def swallow(self, count: int = 2) -> None:
        """Let the next answers vanish: the broker has handed a message over, nobody has it."""
        self._swallow = count

    def go_silent(self, seconds: float) -> None:
        """Half-open: hold every byte back for a while, then cut what is there."""

        async def silent() -> None:
            self._silent = True
            await asyncio.sleep(seconds)
            self._silent = False
            self._abort_all()

        asyncio.run_coroutine_threadsafe(silent(), self._loop)

    def _abort_all(self) -> None:
        for pair in list(self._pairs):
            for writer in pair:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._pump(reader, far_writer, answers=False, pair=pair),
                self._pump(far_reader, writer, answers=True, pair=pair),
            )
        finally:
            self._pairs.discard(pair)
            for one in pair:
                one.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        answers: bool,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                while self._silent:
                    await asyncio.sleep(0.05)
                # An answer with a body is a message that BRPOP took from the queue.
                if answers and self._swallow > 0 and len(data) > 200:
                    self._swallow -= 1
                    break
                writer.write(data)
                await writer.drain()
        for one in pair:
            one.transport.abort()
