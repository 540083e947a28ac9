#!/usr/bin/env python3
"""A worker that a Bellwether board watches and commands, over the agents' socket WS /ws/agent.

    pip install -r requirements.txt      # Python 3.10 or newer, and one WebSocket package
    python3 worker.py --url http://127.0.0.1:3000 --tasks 20      # --help names all options

It makes up tasks and does one after the other; some fail, and one that fails too often is given up.
Retry or cancel them on the board, and it obeys. Ctrl-C ends it. BELLWETHER_TOKEN, if set, signs it in.
"""
import argparse, asyncio, datetime, json, logging, os, random, socket, uuid
from contextlib import suppress
from websockets import ConnectionClosed, connect  # 14.0 or newer

OPTIONS = {"url": os.environ.get("BELLWETHER_URL", "http://127.0.0.1:3000"), "agent": "py-1",
           "source": f"worker.py/{socket.gethostname()}", "queue": "examples", "tasks": 20, "tries": 3,
           "seconds": 2.0, "fail-rate": 0.3}

class Worker:
    def __init__(self, o):
        self.o, self.me, self.socket, self.unacked, self.answers = o, {"agent": o.agent}, None, {}, {}
        self.failures, self.mended = {f"{o.agent}-{uuid.uuid4().hex[:8]}": 0 for _ in range(o.tasks)}, set()

    async def tell(self, kind, **data):
        now, key = datetime.datetime.now(datetime.timezone.utc).isoformat(), str(uuid.uuid4())
        self.unacked[key] = {"specversion": "1.0", "id": key, "source": self.o.source, "type": kind,
                             "time": now, "data": data}
        await self.send(self.unacked[key])  # and again over the next socket, until the board has it

    async def send(self, message):
        with suppress(ConnectionClosed, AttributeError):  # there may be no socket yet
            await self.socket.send(json.dumps(message))

    async def stay_connected(self):
        address, token = f"ws{self.o.url.removeprefix('http')}/ws/agent", os.environ.get("BELLWETHER_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async for self.socket in connect(address, additional_headers=headers):
            for message in [{"type": "hello", "source": self.o.source, **self.me}, *self.unacked.values()]:
                await self.send(message)
            with suppress(ConnectionClosed):
                async for message in self.socket:
                    await self.hear(json.loads(message))

    async def hear(self, message):
        key = message.get("id")
        if "retry_after_s" not in message:  # else the board has no room now
            self.unacked.pop(key, None)
        if message["type"] == "command":
            if key not in self.answers:  # else its answer was lost, and is only given again
                self.answers[key] = await self.obey(message["command"], message["task_id"])
            await self.send({"type": "ack", "id": key, **self.answers[key]})

    async def obey(self, command, task):
        if command == "retry" and self.failures.get(task, 0) is None:  # it was given up
            self.failures[task], self.mended = 0, self.mended | {task}  # as if the cause were gone
            await self.tell("task.queued", task=task, queue=self.o.queue)
        elif command == "cancel" and task in self.failures:
            del self.failures[task]
            await self.tell("task.cancelled", task=task, reason="cancelled on the board")
        else:
            return {"status": "refused", "detail": "this worker has no task for that"}
        return {"status": "done"}

    async def work(self, task):
        it, seconds = {"task": task, **self.me}, self.o.seconds * random.uniform(0.5, 1.5)
        for kind, share in {"assigned": 0, "started": 0.5, "progress": 0.5}.items():
            await self.tell(f"task.{kind}", **it)
            await asyncio.sleep(seconds * share)
            if task not in self.failures:
                return  # cancelled
        tries, error = self.failures.pop(task) + 1, f"timeout after {random.randrange(9999)} ms"
        if task in self.mended or random.random() >= self.o.fail_rate:
            return await self.tell("task.completed", **it, duration_ms=seconds * 1000, tokens_used=1000)
        self.failures[task] = tries if (again := tries < self.o.tries) else None
        await self.tell("task.failed", **it, error=error, attempt=tries, will_retry=again)
        if not again:
            await self.tell("task.dead_lettered", task=task, error=error, retry_count=tries - 1)

    async def run(self):
        for task in list(self.failures):
            await self.tell("task.queued", task=task, queue=self.o.queue, description="An example")
        while True:
            waiting = [task for task, failures in self.failures.items() if failures is not None]
            await (self.work(waiting[0]) if waiting else asyncio.sleep(0.2))

    async def beat(self):
        while True:
            await self.tell("agent.heartbeat", **self.me, interval_s=10)
            await asyncio.sleep(10)

async def main():
    logging.basicConfig(level=logging.INFO)  # says when the board cannot be reached
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, default in OPTIONS.items():
        parser.add_argument(f"--{name}", default=default, type=type(default), help=f"default {default}")
    worker = Worker(parser.parse_args())
    await asyncio.gather(worker.stay_connected(), worker.run(), worker.beat())

with suppress(KeyboardInterrupt):
    asyncio.run(main())
