"""redis-py: what its users do, with default options, in both protocols."""

import threading
import unittest
from unittest import mock

import redis
from redis.backoff import NoBackoff
from redis.cache import CacheConfig
from redis.connection import CacheProxyConnection
from redis.exceptions import LockError, LockNotOwnedError
from redis.retry import Retry

from clients import PATIENCE, PORT, calls, eventually


def in_background(work):
    """Runs `work` on a thread; the returned function waits for its answer."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(work()), daemon=True)
    thread.start()

    def answer():
        thread.join(PATIENCE)
        assert answers, "the work on the thread did not end well"
        return answers[0]

    return answer


def blocked(client, waiting):
    """Whether so many clients of the server wait for a key."""
    return client.info("clients")["blocked_clients"] == waiting


class Commands:
    """Everything here is done once in each protocol."""

    protocol = None

    def connect(self, **options):
        client = redis.Redis(port=PORT, protocol=self.protocol, decode_responses=True, **options)
        self.addCleanup(client.close)
        return client

    def setUp(self):
        self.redis = self.connect()
        self.redis.flushall()

    def test_strings(self):
        self.assertTrue(self.redis.set("a", 1, ex=100))
        self.assertEqual(self.redis.incr("a"), 2)
        self.assertGreater(self.redis.ttl("a"), 90)
        self.assertIsNone(self.redis.set("a", "x", nx=True))
        self.assertEqual(self.redis.set("a", "x", keepttl=True, get=True), "2")
        self.assertEqual(self.redis.mget("a", "none"), ["x", None])
        self.assertEqual(self.redis.incrbyfloat("f", "0.1"), 0.1)
        self.assertEqual(self.redis.getex("a", persist=True), "x")
        self.assertEqual(self.redis.ttl("a"), -1)
        self.assertEqual(self.redis.getdel("a"), "x")
        self.redis.set("a", "x")
        with self.assertRaises(redis.ResponseError):
            self.redis.lpush("a", "x")

    def test_collections(self):
        self.redis.hset("h", mapping={"name": "Ada", "age": 36})
        self.assertEqual(self.redis.hgetall("h"), {"name": "Ada", "age": "36"})
        self.assertEqual(dict(self.redis.hscan_iter("h")), {"name": "Ada", "age": "36"})
        self.redis.rpush("l", 1, 2, 3)
        self.assertEqual(self.redis.lrange("l", 0, -1), ["1", "2", "3"])
        self.assertEqual(self.redis.lpos("l", "3"), 2)
        self.redis.sadd("s", "x", "y")
        self.assertEqual(self.redis.smembers("s"), {"x", "y"})
        self.assertEqual(set(self.redis.sscan_iter("s")), {"x", "y"})
        self.redis.zadd("z", {"a": 1, "b": 2.5})
        pairs = [tuple(pair) for pair in self.redis.zrange("z", 0, -1, withscores=True)]
        self.assertEqual(pairs, [("a", 1.0), ("b", 2.5)])
        self.assertEqual(self.redis.zscore("z", "b"), 2.5)
        self.assertEqual(self.redis.zrange("z", 0, 0, desc=True), ["b"])
        self.assertEqual(self.redis.sort("l", desc=True), ["3", "2", "1"])

    def test_bytes(self):
        plain = redis.Redis(port=PORT, protocol=self.protocol)
        every = bytes(range(256))
        plain.set(every, every)
        self.assertEqual(plain.get(every), every)
        large = every * 65536
        plain.set("large", large)
        self.assertEqual(plain.get("large"), large)
        plain.close()

    def test_pipelines(self):
        for transaction in (True, False):
            pipeline = self.redis.pipeline(transaction=transaction)
            for n in range(1000):
                pipeline.set(f"p:{n}", n)
            self.assertTrue(all(pipeline.execute()))
        self.assertEqual(len(list(self.redis.scan_iter("p:*"))), 1000)
        self.assertEqual(len(self.redis.keys("p:*")), 1000)

    def test_errors_in_pipelines(self):
        for transaction in (True, False):
            self.redis.set("text", "x")
            pipeline = self.redis.pipeline(transaction=transaction)
            pipeline.set("before", 1).lpush("text", 1).set("after", 1)
            answers = pipeline.execute(raise_on_error=False)
            self.assertEqual([answers[0], answers[2]], [True, True])
            self.assertIsInstance(answers[1], redis.ResponseError)
            with self.assertRaisesRegex(redis.ResponseError, r"Command # 1 \(LPUSH text 1\)"):
                pipeline.lpush("text", 1).execute()
        refused = self.redis.pipeline()
        refused.set("never", 1).execute_command("SET", "too-short")
        with self.assertRaises(redis.ResponseError):
            refused.execute()
        self.assertFalse(self.redis.exists("never"))

    def test_watching(self):
        with self.redis.pipeline() as watching:
            watching.watch("p")
            self.redis.set("p", "changed")
            watching.multi()
            watching.get("p")
            with self.assertRaises(redis.WatchError):
                watching.execute()

    def test_transactions_that_are_tried_again(self):
        attempts = []

        def add(pipeline):
            value = int(pipeline.get("sum") or 0)
            if not attempts:
                self.connect().set("sum", 10)
            attempts.append(value)
            pipeline.multi()
            pipeline.set("sum", value + 1)

        self.assertEqual(self.redis.transaction(add, "sum"), [True])
        self.assertEqual(attempts, [0, 10])
        self.assertEqual(self.redis.get("sum"), "11")

    def test_blocking_pops(self):
        popped = in_background(lambda: self.connect().blpop(["other", "queue"], 0))
        eventually(lambda: blocked(self.redis, 1))
        self.redis.rpush("queue", "job")
        self.assertEqual(list(popped()), ["queue", "job"])
        self.assertIsNone(self.redis.blpop("queue", 0.01))

        moved = in_background(lambda: self.connect().blmove("from", "to", 0, "LEFT", "RIGHT"))
        least = in_background(lambda: self.connect().bzpopmin("ranks", 0))
        several = in_background(lambda: self.connect().blmpop(0, 2, "x", "y", direction="LEFT", count=5))
        eventually(lambda: blocked(self.redis, 3))
        self.redis.rpush("from", "thing")
        self.redis.zadd("ranks", {"b": 2, "a": 1})
        self.redis.rpush("y", 1, 2, 3)
        self.assertEqual(moved(), "thing")
        self.assertEqual(list(least()), ["ranks", "a", 1.0])
        self.assertEqual(list(several()), ["y", ["1", "2", "3"]])

    def test_messages(self):
        subscriber = self.redis.pubsub()
        subscriber.subscribe("news")
        subscriber.psubscribe("n*")
        kinds = [subscriber.get_message(timeout=PATIENCE)["type"] for _ in range(2)]
        self.assertEqual(kinds, ["subscribe", "psubscribe"])
        self.assertEqual(self.redis.publish("news", "rain"), 2)
        heard = {subscriber.get_message(timeout=PATIENCE)["type"] for _ in range(2)}
        self.assertEqual(heard, {"message", "pmessage"})
        if self.protocol == 2:  # redis-py takes the reply to pieces in the other one
            subscriber.ping()
            self.assertEqual(subscriber.get_message(timeout=PATIENCE)["type"], "pong")
        subscriber.unsubscribe()
        subscriber.punsubscribe()
        left = [subscriber.get_message(timeout=PATIENCE) for _ in range(2)]
        self.assertEqual([(m["type"], m["data"]) for m in left], [("unsubscribe", 1), ("punsubscribe", 0)])
        self.assertEqual(self.redis.publish("news", "sun"), 0)
        subscriber.close()

    def test_messages_to_handlers_on_a_thread(self):
        heard = []
        subscriber = self.redis.pubsub(ignore_subscribe_messages=True)
        subscriber.subscribe(news=lambda message: heard.append(("channel", message["data"])))
        subscriber.psubscribe(**{"n?ws": lambda message: heard.append((message["pattern"], message["data"]))})
        thread = subscriber.run_in_thread(sleep_time=0.01)
        eventually(lambda: self.redis.pubsub_numsub("news")[0][1] == 1 and self.redis.pubsub_numpat() == 1)
        for n in range(100):
            self.redis.publish("news", n)
        eventually(lambda: len(heard) == 200)
        self.assertEqual([data for kind, data in heard if kind == "channel"], [str(n) for n in range(100)])
        self.assertEqual([data for kind, data in heard if kind == "n?ws"], [str(n) for n in range(100)])
        thread.stop()
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())

    def test_shard_channels(self):
        subscriber = self.redis.pubsub()
        subscriber.ssubscribe("orders")
        self.assertEqual(subscriber.get_message(timeout=PATIENCE)["type"], "ssubscribe")
        self.assertEqual(self.redis.spublish("orders", "one"), 1)
        message = subscriber.get_message(timeout=PATIENCE)
        self.assertEqual((message["type"], message["data"]), ("smessage", "one"))
        subscriber.close()

    def test_notifications(self):
        self.redis.config_set("notify-keyspace-events", "KEA")
        self.addCleanup(self.redis.config_set, "notify-keyspace-events", "")
        subscriber = self.redis.pubsub(ignore_subscribe_messages=True)
        subscriber.psubscribe("__keyevent@0__:*")
        subscriber.get_message(timeout=PATIENCE)
        self.redis.set("short", "x", px=50)
        events = [subscriber.get_message(timeout=PATIENCE) for _ in range(3)]
        events = [(event["channel"].split(":")[1], event["data"]) for event in events]
        self.assertEqual(events, [("set", "short"), ("expire", "short"), ("expired", "short")])
        subscriber.close()

    def test_scripts(self):
        add = self.redis.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
        self.assertEqual(add(keys=["n"], args=[5]), 5)
        self.redis.script_flush()
        self.assertEqual(add(keys=["n"], args=[5]), 10, "a forgotten script is sent again")
        self.assertEqual(self.redis.script_exists(add.sha, "0" * 40), [True, False])
        pipeline = self.redis.pipeline()
        add(keys=["n"], args=[1], client=pipeline)
        add(keys=["n"], args=[1], client=pipeline)
        self.assertEqual(pipeline.execute(), [11, 12])
        with self.assertRaisesRegex(redis.ResponseError, "my own words"):
            self.redis.eval("return redis.error_reply('MY my own words')", 0)
        self.redis.function_load("#!lua name=lib\nredis.register_function('twice', function(k, a) return a[1] * 2 end)")
        self.assertEqual(self.redis.fcall("twice", 0, 21), 42)
        self.redis.function_flush()

    def test_locks(self):
        with self.redis.lock("lock", timeout=PATIENCE) as lock:
            self.assertTrue(lock.owned())
            self.assertFalse(self.redis.lock("lock").acquire(blocking=False))
            lock.extend(PATIENCE)
            self.assertGreater(self.redis.pttl("lock"), PATIENCE * 1000 + 1000)
            lock.reacquire()
            self.assertLessEqual(self.redis.pttl("lock"), PATIENCE * 1000)
        self.assertFalse(self.redis.exists("lock"))
        lost = self.redis.lock("lock", timeout=PATIENCE)
        lost.acquire()
        self.redis.set("lock", "another's")
        for attempt in (lost.release, lost.reacquire, lambda: lost.extend(1)):
            lost.local.token = lost.local.token or "was mine"
            with self.assertRaises(LockNotOwnedError):
                attempt()
        with self.assertRaises(LockError):
            with self.redis.lock("lock", blocking_timeout=0.01, sleep=0.005):
                self.fail("the lock is another's")

    def test_contention_for_a_lock(self):
        def worker():
            mine = self.connect()
            for _ in range(10):
                with mine.lock("lock", timeout=PATIENCE, sleep=0.001):
                    mine.set("count", int(mine.get("count") or 0) + 1)
            return True

        for done in [in_background(worker) for _ in range(4)]:
            self.assertTrue(done())
        self.assertEqual(self.redis.get("count"), "40")

    def test_streams_with_groups(self):
        ids = [self.redis.xadd("s", {"n": n}) for n in range(10)]
        self.assertEqual([entry[0] for entry in self.redis.xrange("s")], ids)
        self.assertTrue(self.redis.xgroup_create("s", "g", id="0"))
        with self.assertRaisesRegex(redis.ResponseError, "BUSYGROUP|already exists"):
            self.redis.xgroup_create("s", "g")
        read = self.entries(self.redis.xreadgroup("g", "ada", {"s": ">"}, count=4), "s")
        self.assertEqual([entry[0] for entry in read], ids[:4])
        self.assertEqual(self.redis.xack("s", "g", *ids[:2]), 2)
        self.assertEqual(self.redis.xpending("s", "g")["pending"], 2)
        pending = self.redis.xpending_range("s", "g", "-", "+", 10)
        self.assertEqual([(one["message_id"], one["consumer"]) for one in pending], [(ids[2], "ada"), (ids[3], "ada")])
        taken = self.redis.xautoclaim("s", "g", "bob", min_idle_time=0)
        self.assertEqual([entry[0] for entry in taken[1]], ids[2:4])
        self.assertEqual(self.redis.xinfo_groups("s")[0]["pending"], 2)
        consumers = {one["name"]: one["pending"] for one in self.redis.xinfo_consumers("s", "g")}
        self.assertEqual(consumers, {"ada": 0, "bob": 2})
        self.assertEqual(self.redis.xinfo_stream("s")["length"], 10)
        self.assertEqual(self.redis.xtrim("s", maxlen=3, approximate=False), 7)

        self.redis.xgroup_create("new", "g", mkstream=True)
        waiting = in_background(lambda: self.connect().xreadgroup("g", "eve", {"new": ">"}, block=0))
        eventually(lambda: blocked(self.redis, 1))
        entry = self.redis.xadd("new", {"a": 1})
        self.assertEqual(self.entries(waiting(), "new"), [(entry, {"a": "1"})])

    def entries(self, reply, stream):
        """The entries of one stream, in whichever shape redis-py gives them."""
        entries = dict(reply)[stream]
        return [tuple(entry) for entry in (entries[0] if entries and isinstance(entries[0], list) else entries)]

    def test_scans(self):
        self.redis.mset({f"k:{n}": n for n in range(500)})
        self.redis.zadd("z", {str(n): n for n in range(500)})
        self.redis.sadd("s", *range(500))
        self.assertEqual(len(set(self.redis.scan_iter("k:*", count=7))), 500)
        self.assertEqual(list(self.redis.scan_iter(_type="zset")), ["z"])
        self.assertEqual({member: score for member, score in self.redis.zscan_iter("z")}["499"], 499.0)
        self.assertEqual(len(set(self.redis.sscan_iter("s", count=3))), 500)

    def test_pools(self):
        pool = redis.ConnectionPool(port=PORT, protocol=self.protocol, max_connections=2, client_name="pooled")
        self.addCleanup(pool.disconnect)
        first, second = pool.get_connection(), pool.get_connection()
        with self.assertRaises(redis.ConnectionError):
            pool.get_connection()
        names = [one["name"] for one in self.redis.client_list()]
        self.assertEqual(names.count("pooled"), 2)
        pool.release(first)
        pool.release(second)
        patient = redis.BlockingConnectionPool(port=PORT, max_connections=2, timeout=PATIENCE)
        self.addCleanup(patient.disconnect)
        client = redis.Redis(connection_pool=patient)
        sums = [in_background(lambda: [client.incr("n") for _ in range(50)][-1]) for _ in range(8)]
        self.assertEqual(max(answer() for answer in sums), 400)

    def test_health_checks(self):
        client = self.connect(health_check_interval=PATIENCE, single_connection_client=True)
        client.set("a", 1)
        before = calls(self.redis, "ping")
        client.connection.next_health_check = 1
        self.assertEqual(client.get("a"), "1")
        self.assertEqual(calls(self.redis, "ping"), before + 1)

    def test_connections_that_are_cut(self):
        client = self.connect(single_connection_client=True, retry=Retry(NoBackoff(), 1))
        number = client.client_id()
        self.assertTrue(self.redis.client_kill_filter(_id=number))
        self.assertTrue(client.set("a", 1))
        self.assertNotEqual(client.client_id(), number)

    def test_what_a_client_says_of_itself(self):
        self.redis.client_setname("me")
        self.assertEqual(self.redis.client_getname(), "me")
        self.assertGreater(self.redis.client_id(), 0)
        other = self.connect(client_name="other", db=3)
        other.set("a", 1)
        listed = {one["name"]: one for one in self.redis.client_list()}
        self.assertEqual(listed["other"]["db"], "3")
        self.assertIsNone(self.redis.get("a"))
        waiting = in_background(lambda: other.blpop("nothing", 0))
        eventually(lambda: blocked(self.redis, 1))
        self.assertTrue(self.redis.client_unblock(int(listed["other"]["id"])))
        self.assertIsNone(waiting())

    def test_info_and_config(self):
        self.assertTrue(self.redis.info()["redis_version"].startswith("7."))
        self.redis.config_set("maxmemory-policy", "allkeys-lru")
        self.assertEqual(self.redis.config_get("maxmemory-policy"), {"maxmemory-policy": "allkeys-lru"})
        self.redis.config_set("maxmemory-policy", "noeviction")
        self.assertIn("get", self.redis.command())
        self.assertEqual(self.redis.command_getkeys("MSET", "a", 1, "b", 2), ["a", "b"])
        self.assertGreater(self.redis.memory_usage("none") or 1, 0)
        self.assertEqual(len(self.redis.time()), 2)
        self.assertEqual(self.redis.role()[0], "master")

    def test_watching_others(self):
        with self.redis.monitor() as monitor:
            self.connect().set("a", "one two")
            commands = iter(monitor.listen())
            seen = next(one for one in commands if one["command"].upper().startswith("SET "))
        self.assertEqual((seen["command"], seen["db"]), ("SET a one two", 0))


class Resp2(Commands, unittest.TestCase):
    protocol = 2


class Resp3(Commands, unittest.TestCase):
    protocol = 3

    def test_cached_reads(self):
        """What is read twice is asked once, and a change by another is seen."""
        # redis-py judges by the version that is reported, and asks for 7.4 although 6.0 has all it uses.
        self.enterContext(mock.patch.object(CacheProxyConnection, "MIN_ALLOWED_VERSION", "6.0.0"))
        cached = self.connect(cache_config=CacheConfig())
        self.redis.mset({"a": 1, "b": 2})
        self.assertEqual((cached.get("a"), cached.get("b")), ("1", "2"))
        before = calls(self.redis, "get")
        self.assertEqual([cached.get("a") for _ in range(10)], ["1"] * 10)
        self.assertEqual(calls(self.redis, "get"), before)
        self.redis.set("a", "changed")
        eventually(lambda: cached.get("a") == "changed")
        self.redis.hset("h", "f", 1)
        self.assertEqual(cached.hget("h", "f"), "1")
        self.redis.flushall()
        eventually(lambda: cached.hget("h", "f") is None)


if __name__ == "__main__":
    unittest.main()
