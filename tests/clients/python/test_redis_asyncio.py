"""redis-py's asyncio client: many tasks on one loop, in both protocols."""

import asyncio
import unittest

import redis.asyncio as redis
from redis.exceptions import ConnectionError, LockError, ResponseError, WatchError

from clients import PATIENCE, PORT


class Commands:
    protocol = None

    def connect(self, **options):
        client = redis.Redis(port=PORT, protocol=self.protocol, decode_responses=True, **options)
        self.addAsyncCleanup(client.aclose)
        return client

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # a test case turns it on; it costs most of the time
        self.redis = self.connect()
        await self.redis.flushall()

    async def blocked(self, waiting):
        async with asyncio.timeout(PATIENCE):
            while (await self.redis.info("clients"))["blocked_clients"] != waiting:
                pass

    async def test_many_tasks(self):
        async def work(n):
            await self.redis.set(f"k:{n}", n)
            await self.redis.incr("count")
            return int(await self.redis.get(f"k:{n}"))

        self.assertEqual(await asyncio.gather(*(work(n) for n in range(50))), list(range(50)))
        self.assertEqual(await self.redis.get("count"), "50")

    async def test_pipelines(self):
        for transaction in (True, False):
            async with self.redis.pipeline(transaction=transaction) as pipeline:
                answers = await pipeline.set("a", 1).incr("a").lrange("none", 0, -1).execute()
            self.assertEqual(answers, [True, 2, []])
            with self.assertRaises(ResponseError):
                await self.redis.pipeline(transaction=transaction).set("a", 1).lpush("a", 1).execute()

    async def test_watching(self):
        async with self.redis.pipeline() as pipeline:
            await pipeline.watch("a")
            await self.redis.set("a", "changed")
            pipeline.multi()
            pipeline.set("a", "mine")
            with self.assertRaises(WatchError):
                await pipeline.execute()

        async def add(pipeline):
            value = int(await pipeline.get("sum") or 0)
            pipeline.multi()
            pipeline.set("sum", value + 1)

        await asyncio.gather(*(self.redis.transaction(add, "sum") for _ in range(4)))
        self.assertEqual(await self.redis.get("sum"), "4")

    async def test_waiting(self):
        waiting = [asyncio.create_task(self.redis.blpop("queue", 0)) for _ in range(5)]
        await self.blocked(5)
        await self.redis.rpush("queue", *range(5))
        popped = await asyncio.gather(*waiting)
        self.assertEqual(sorted(one[1] for one in popped), [str(n) for n in range(5)])
        self.assertIsNone(await self.redis.blpop("queue", 0.01))

    async def test_waiting_that_is_given_up(self):
        """What comes after a cancelled wait goes to somebody else, and the client can be used on."""
        task = asyncio.create_task(self.redis.blpop("queue", 0))
        await self.blocked(1)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await self.blocked(0)
        await self.redis.rpush("queue", "job")
        self.assertEqual(list(await self.redis.blpop("queue", 1)), ["queue", "job"])

    async def test_messages(self):
        async with self.redis.pubsub() as subscriber:
            await subscriber.subscribe("news")
            await subscriber.psubscribe("n*")
            listening = subscriber.listen()
            self.assertEqual([(await anext(listening))["type"] for _ in range(2)], ["subscribe", "psubscribe"])
            for n in range(50):
                self.assertEqual(await self.redis.publish("news", n), 2)
            heard = [await anext(listening) for _ in range(100)]
            for kind in ("message", "pmessage"):
                data = [one["data"] for one in heard if one["type"] == kind]
                self.assertEqual(data, [str(n) for n in range(50)])
            await subscriber.unsubscribe()
            await subscriber.punsubscribe()
            self.assertEqual([(await anext(listening))["data"] for _ in range(2)], [1, 0])

    async def test_locks(self):
        async def work():
            async with self.redis.lock("lock", timeout=PATIENCE, sleep=0.01):
                await self.redis.set("count", int(await self.redis.get("count") or 0) + 1)

        await asyncio.gather(*(work() for _ in range(5)))
        self.assertEqual(await self.redis.get("count"), "5")
        lock = self.redis.lock("lock", timeout=PATIENCE)
        self.assertTrue(await lock.acquire())
        self.assertTrue(await lock.extend(PATIENCE))
        self.assertGreater(await self.redis.pttl("lock"), PATIENCE * 1000 + 1000)
        self.assertTrue(await lock.reacquire())
        self.assertFalse(await self.redis.lock("lock").acquire(blocking=False))
        await self.redis.delete("lock")
        with self.assertRaises(LockError):
            await lock.release()

    async def test_scripts_and_scans(self):
        script = self.redis.register_script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}")
        self.assertEqual(await script(keys=["n"], args=["x"]), ["n", "x", 1])
        await self.redis.script_flush()
        self.assertEqual(await script(keys=["n"], args=["x"]), ["n", "x", 2])
        await self.redis.mset({f"k:{n}": n for n in range(300)})
        self.assertEqual(len({key async for key in self.redis.scan_iter("k:*")}), 300)

    async def test_streams(self):
        await self.redis.xgroup_create("s", "g", mkstream=True)
        reading = asyncio.create_task(self.redis.xreadgroup("g", "ada", {"s": ">"}, block=0))
        await self.blocked(1)
        entry = await self.redis.xadd("s", {"a": 1})
        self.assertIn(entry, str(await reading))
        self.assertEqual((await self.redis.xpending("s", "g"))["pending"], 1)
        self.assertEqual(await self.redis.xack("s", "g", entry), 1)

    async def test_pools(self):
        pool = redis.ConnectionPool(port=PORT, max_connections=1)
        connection = await pool.get_connection()
        with self.assertRaises(ConnectionError):
            await pool.get_connection()
        await pool.release(connection)
        await pool.aclose()
        waiting = redis.BlockingConnectionPool(port=PORT, max_connections=2, timeout=PATIENCE)
        client = redis.Redis.from_pool(waiting)
        self.assertEqual(max(await asyncio.gather(*(client.incr("n") for _ in range(100)))), 100)
        await client.aclose()

    async def test_errors(self):
        await self.redis.set("text", "x")
        with self.assertRaisesRegex(ResponseError, "wrong kind of value"):
            await self.redis.lpush("text", 1)
        self.assertEqual(await self.redis.get("text"), "x")


class Resp2(Commands, unittest.IsolatedAsyncioTestCase):
    protocol = 2


class Resp3(Commands, unittest.IsolatedAsyncioTestCase):
    protocol = 3


if __name__ == "__main__":
    unittest.main()
