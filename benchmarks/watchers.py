"""Watchers of one experiment, as the server sees them: each opens the page by Streamlit's own protocol, which stays
connected, and then asks for news as often as the page's chart is told to, over a connection that is kept (news.js).

    python benchmarks/watchers.py localhost:8501 EXPERIMENT COUNT
    python benchmarks/watchers.py localhost:8501 EXPERIMENT listen

They open the page eight at a time. Prints `ready` once all of them watch, and goes on until it is ended. A line on standard
input makes all of them look away, the next one back: who asks at which moment of a second stays as it was. A browser's own
drawing is left out on purpose, and this process gives way to all others, as watchers are on other machines: on two cores they
would be measured instead of the server. With `listen` it is one watcher who gives way to none and asks every quarter of a
second, whatever the server says; at the end of standard input it prints how long each answer took, in seconds.
"""

import asyncio
import gzip
import json
import os
import sys
import threading
import time

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

LISTEN = 0.25  # seconds between two questions of the one who listens
took: list[float] = []  # seconds of each of its answers
AT_ONCE = 8  # who open the page at a time; the others come once those have their first answer
LOOKING = threading.Event()  # whether they do, all of them


async def come(host: str, experiment: str, watching: asyncio.Event, door: asyncio.Semaphore, listens: float) -> None:
    """Watch, once there is room at the door; it is free again when the chart has its first answer."""
    async with door:
        watcher = asyncio.create_task(watch(host, experiment, watching, listens))
        arrived = asyncio.create_task(watching.wait())
        await asyncio.wait([watcher, arrived], return_when=asyncio.FIRST_COMPLETED)
    await watcher


async def watch(host: str, experiment: str, watching: asyncio.Event, listens: float) -> None:
    """Open the page at an experiment, and ask for what its chart asks for; run its ticking fragments, if it has any."""
    address, protocols = f"ws://{host}/_stcore/stream", [websockets.Subprotocol("streamlit")]
    patient: dict = {"ping_interval": None, "open_timeout": None}  # a browser answers pings and sends none
    async with websockets.connect(address, subprotocols=protocols, max_size=None, **patient) as socket:
        hello = BackMsg()
        hello.rerun_script.query_string = f"experiment={experiment}"
        await socket.send(hello.SerializeToString())
        tasks: dict[str, asyncio.Task] = {}
        page_hash = ""
        async for data in socket:
            message = ForwardMsg.FromString(data)  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                page_hash = message.new_session.page_script_hash
            elif kind == "auto_rerun":
                fragment = message.auto_rerun.fragment_id
                if fragment in tasks:
                    tasks[fragment].cancel()
                tasks[fragment] = asyncio.create_task(
                    tick(socket, fragment, message.auto_rerun.interval, page_hash, experiment)
                )
            elif kind == "delta" and (view := view_of(message)) and "chart" not in tasks:
                tasks["chart"] = asyncio.create_task(ask(host, view["address"], watching, listens))


def view_of(message: ForwardMsg) -> dict | None:
    """What the chart is told, if this message is to it."""
    element = message.delta.new_element
    if element.WhichOneof("type") != "bidi_component" or '"view"' not in element.bidi_component.json:
        return None
    return json.loads(element.bidi_component.json)["view"]


async def tick(socket, fragment: str, interval: float, page_hash: str, experiment: str) -> None:
    while True:
        await asyncio.sleep(interval)
        if not LOOKING.is_set():
            continue
        again = BackMsg()
        again.rerun_script.query_string = f"experiment={experiment}"
        again.rerun_script.page_script_hash = page_hash
        again.rerun_script.fragment_id = fragment
        again.rerun_script.is_auto_rerun = True
        await socket.send(again.SerializeToString())


async def ask(host: str, address: str, watching: asyncio.Event, listens: float) -> None:
    """For all records there are, then for the new ones and the units of the networks, packed, as browsers ask for them; every
    so often where one listens."""
    name, port = host.split(":")
    have, number, glance, every, connection = 0, 0, 0, 0.0, None
    while True:
        await asyncio.sleep(every)
        if not LOOKING.is_set():
            continue
        connection = connection or await asyncio.open_connection(name, int(port), limit=2**24)
        reader, writer = connection
        question = f"GET /{address}&have={have}&list={number}&glance={glance}&chart={id(watching)} HTTP/1.1"
        lines = [question, f"Host: {host}", "Accept-Encoding: gzip"]
        asked = time.perf_counter()
        writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        except (asyncio.IncompleteReadError, ConnectionError):  # closed by a server that was too busy to see the question
            connection = None
            continue
        assert " 200 " in head.splitlines()[0], head
        content = await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
        took.append(time.perf_counter() - asked)
        answer = gzip.decompress(content) if "content-encoding: gzip" in head else content
        about, _, records = answer.partition(b'"records":')
        told = json.loads(about.rstrip(b",") + b"}")
        _, some, last = records.rpartition(b'{"from":')  # not all of them are read: only the server's part is to be measured
        if some:
            steps = last.partition(b'"step":[')[2].partition(b"]")[0]
            have = int(last.partition(b",")[0]) + steps.count(b",") + 1
        watching.set()
        glance = told.get("glance", {}).get("version", glance)
        every, number = listens or told["every"] / 1000, told["list"]


def look_away_or_back() -> None:
    """At every line that comes in; at the last, say how long the answers took."""
    for _ in sys.stdin:
        (LOOKING.clear if LOOKING.is_set() else LOOKING.set)()
    print(json.dumps(took), flush=True)


async def main(host: str, experiment: str, count: int, listens: float) -> None:
    LOOKING.set()
    threading.Thread(target=look_away_or_back, daemon=True).start()
    started = [asyncio.Event() for _ in range(count)]
    door = asyncio.Semaphore(AT_ONCE)
    watchers = asyncio.gather(*(come(host, experiment, event, door, listens) for event in started))
    ready = asyncio.gather(*(event.wait() for event in started))
    await asyncio.wait([watchers, ready], return_when=asyncio.FIRST_COMPLETED)
    if not watchers.done():
        print("ready", flush=True)
    await watchers


if __name__ == "__main__":
    alone = sys.argv[3] == "listen"
    if not alone:
        os.nice(19)
    asyncio.run(main(sys.argv[1], sys.argv[2], 1 if alone else int(sys.argv[3]), LISTEN if alone else 0.0))
