"""redis-py against the server on the port that is given: what its users do, with default options."""

import sys
import threading
import unittest

import redis

PORT = int(sys.argv.pop(1))


class RedisPy(unittest.TestCase):
    def setUp(self):
        self.redis = redis.Redis(port=PORT, decode_responses=True)
        self.redis.flushall()

    def tearDown(self):
        self.redis.close()

    def test_strings(self):
        self.assertTrue(self.redis.set("a", 1, ex=100))
        self.assertEqual(self.redis.incr("a"), 2)
        self.assertGreater(self.redis.ttl("a"), 90)
        self.assertIsNone(self.redis.set("a", "x", nx=True))
        self.assertEqual(self.redis.mget("a", "none"), ["2", None])
        with self.assertRaises(redis.ResponseError):
            self.redis.lpush("a", "x")

    def test_collections(self):
        self.redis.hset("h", mapping={"name": "Ada", "age": 36})
        self.assertEqual(self.redis.hgetall("h"), {"name": "Ada", "age": "36"})
        self.redis.rpush("l", 1, 2, 3)
        self.assertEqual(self.redis.lrange("l", 0, -1), ["1", "2", "3"])
        self.redis.sadd("s", "x", "y")
        self.assertEqual(self.redis.smembers("s"), {"x", "y"})
        self.redis.zadd("z", {"a": 1, "b": 2.5})
        pairs = [tuple(pair) for pair in self.redis.zrange("z", 0, -1, withscores=True)]
        self.assertEqual(pairs, [("a", 1.0), ("b", 2.5)])

    def test_bytes(self):
        plain = redis.Redis(port=PORT)
        every = bytes(range(256))
        plain.set(every, every)
        self.assertEqual(plain.get(every), every)
        plain.close()

    def test_pipelines_and_transactions(self):
        pipeline = self.redis.pipeline()
        for n in range(1000):
            pipeline.set(f"p:{n}", n)
        self.assertTrue(all(pipeline.execute()))
        self.assertEqual(len(list(self.redis.scan_iter("p:*"))), 1000)
        with self.redis.pipeline() as watching:
            watching.watch("p:1")
            self.redis.set("p:1", "changed")
            watching.multi()
            watching.get("p:1")
            with self.assertRaises(redis.WatchError):
                watching.execute()

    def test_waiting(self):
        popped = []
        waiting = threading.Thread(target=lambda: popped.append(redis.Redis(port=PORT).blpop("queue", 10)))
        waiting.start()
        self.redis.rpush("queue", "job")
        waiting.join()
        self.assertEqual(popped, [(b"queue", b"job")] if isinstance(popped[0], tuple) else [[b"queue", b"job"]])
        self.assertIsNone(self.redis.blpop("queue", 0.01))

    def test_messages(self):
        subscriber = self.redis.pubsub()
        subscriber.subscribe("news")
        subscriber.psubscribe("n*")
        kinds = [subscriber.get_message(timeout=10)["type"] for _ in range(2)]
        self.assertEqual(kinds, ["subscribe", "psubscribe"])
        self.assertEqual(self.redis.publish("news", "rain"), 2)
        heard = {subscriber.get_message(timeout=10)["type"] for _ in range(2)}
        self.assertEqual(heard, {"message", "pmessage"})
        subscriber.close()

    def test_info_and_config(self):
        self.assertTrue(self.redis.info()["redis_version"].startswith("7."))
        self.redis.config_set("maxmemory-policy", "allkeys-lru")
        self.assertEqual(self.redis.config_get("maxmemory-policy"), {"maxmemory-policy": "allkeys-lru"})
        self.redis.config_set("maxmemory-policy", "noeviction")
        self.assertGreater(self.redis.client_id(), 0)
        self.assertIn("get", self.redis.command())


if __name__ == "__main__":
    unittest.main()
