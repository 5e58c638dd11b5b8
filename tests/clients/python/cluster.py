"""redis-py's RedisCluster, against one node that owns every slot."""

import asyncio
import unittest

import redis
import redis.asyncio
from redis.exceptions import RedisClusterException, ResponseError

from clients import PORT


class Cluster(unittest.TestCase):
    def setUp(self):
        self.cluster = redis.RedisCluster(host="127.0.0.1", port=PORT, decode_responses=True)
        self.cluster.flushall()
        self.addCleanup(self.cluster.close)

    def test_keys_are_found_where_they_are(self):
        self.assertTrue(self.cluster.mset({"{a}1": "x", "{a}2": "y"}))
        self.assertEqual(self.cluster.mget("{a}1", "{a}2"), ["x", "y"])
        self.assertTrue(self.cluster.mset_nonatomic({"foo": "1", "bar": "2"}))
        self.assertEqual(self.cluster.mget_nonatomic("foo", "bar"), ["1", "2"])
        self.assertEqual(sorted(self.cluster.scan_iter()), ["bar", "foo", "{a}1", "{a}2"])
        with self.assertRaises((RedisClusterException, ResponseError)):
            self.cluster.mget("foo", "bar")

    def test_what_the_cluster_is(self):
        self.assertEqual([node.port for node in self.cluster.get_primaries()], [PORT])
        self.assertEqual(self.cluster.cluster_info()["cluster_state"], "ok")
        slot = self.cluster.cluster_keyslot("foo")
        self.assertEqual(self.cluster.keyslot("foo"), slot)
        self.cluster.set("foo", 1)
        self.assertEqual(self.cluster.cluster_countkeysinslot(slot), 1)
        self.assertEqual(self.cluster.cluster_get_keys_in_slot(slot, 10), ["foo"])
        (shard,) = self.cluster.cluster_shards()
        self.assertEqual(len(shard["nodes"]), 1)

    def test_pipelines_and_scripts(self):
        pipeline = self.cluster.pipeline()
        pipeline.set("foo", 1).incr("foo").incr("bar")
        self.assertEqual(pipeline.execute(), [True, 2, 1])
        script = self.cluster.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
        self.assertEqual(script(keys=["foo"], args=[5]), 7)

    def test_topics_of_shards(self):
        listener = self.cluster.pubsub()
        listener.ssubscribe("news")
        self.assertEqual(listener.get_sharded_message(timeout=10)["type"], "ssubscribe")
        self.assertEqual(self.cluster.spublish("news", "hello"), 1)
        message = listener.get_sharded_message(timeout=10)
        self.assertEqual((message["channel"], message["data"]), ("news", "hello"))
        listener.close()

    def test_asyncio(self):
        async def work():
            async with redis.asyncio.RedisCluster(host="127.0.0.1", port=PORT) as cluster:
                await cluster.set("foo", 1)
                return await cluster.incr("foo")

        self.assertEqual(asyncio.run(work()), 2)


if __name__ == "__main__":
    unittest.main()
