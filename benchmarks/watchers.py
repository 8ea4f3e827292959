"""Watchers of one experiment, as Streamlit's own protocol sees them: each polls its fragment as a browser would.

    python benchmarks/watchers.py ws://localhost:8501/_stcore/stream EXPERIMENT COUNT

Prints `ready` once all of them tick, and goes on until it is ended. A browser's own drawing is left out on purpose:
on a machine of two cores it would be measured instead of the server.
"""

import asyncio
import sys

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


async def watch(address: str, experiment: str, ticking: asyncio.Event) -> None:
    """Open the page at an experiment, then ask for its fragment at the interval that the server names."""
    async with websockets.connect(address, subprotocols=[websockets.Subprotocol("streamlit")], max_size=None) as socket:
        hello = BackMsg()
        hello.rerun_script.query_string = f"experiment={experiment}"
        await socket.send(hello.SerializeToString())
        timers: dict[str, asyncio.Task] = {}
        page_hash = ""
        async for data in socket:
            message = ForwardMsg.FromString(data)  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                page_hash = message.new_session.page_script_hash
            elif kind == "auto_rerun":
                fragment = message.auto_rerun.fragment_id
                if fragment in timers:
                    timers[fragment].cancel()
                timers[fragment] = asyncio.create_task(
                    tick(socket, fragment, message.auto_rerun.interval, page_hash, experiment)
                )
                ticking.set()


async def tick(socket, fragment: str, interval: float, page_hash: str, experiment: str) -> None:
    while True:
        await asyncio.sleep(interval)
        again = BackMsg()
        again.rerun_script.query_string = f"experiment={experiment}"
        again.rerun_script.page_script_hash = page_hash
        again.rerun_script.fragment_id = fragment
        again.rerun_script.is_auto_rerun = True
        await socket.send(again.SerializeToString())


async def main(address: str, experiment: str, count: int) -> None:
    started = [asyncio.Event() for _ in range(count)]
    watchers = [asyncio.create_task(watch(address, experiment, event)) for event in started]
    await asyncio.gather(*(event.wait() for event in started))
    print("ready", flush=True)
    await asyncio.gather(*watchers)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
