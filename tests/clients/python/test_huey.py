"""Huey: tasks in lists, sorted sets and expiring keys, with a consumer on threads."""

import logging
import unittest

import redis
from huey import PriorityRedisExpireHuey, PriorityRedisHuey, RedisExpireHuey, RedisHuey
from huey.exceptions import TaskException, TaskLockedException

from clients import PATIENCE, PORT, eventually

logging.getLogger("huey").addHandler(logging.NullHandler())
logging.getLogger("huey").propagate = False


class Tasks:
    kind = None

    def setUp(self):
        self.redis = redis.Redis(port=PORT)
        self.redis.flushall()
        self.addCleanup(self.redis.close)
        self.huey = self.kind("tests", host="127.0.0.1", port=PORT)
        self.consumer = None

    def tearDown(self):
        if self.consumer:
            self.consumer.stop(graceful=True)
        self.huey.storage.conn.close()

    def start(self):
        self.consumer = self.huey.create_consumer(workers=2, worker_type="thread", periodic=False, initial_delay=0.01)
        self.consumer.start()

    def test_results(self):
        add = self.huey.task()(lambda x, y: x + y)
        results = [add(n, n) for n in range(20)]
        self.assertEqual(len(self.huey), 20)
        self.start()
        self.assertEqual([result.get(blocking=True, timeout=PATIENCE) for result in results], [2 * n for n in range(20)])
        eventually(lambda: len(self.huey) == 0)

    def test_failures_and_retries(self):
        attempts = []

        @self.huey.task(retries=2)
        def stubborn():
            attempts.append(1)
            if len(attempts) < 3:
                raise ValueError("not yet")
            return "at last"

        @self.huey.task()
        def fail():
            raise ValueError("my own words")

        self.start()
        kept, lost = stubborn(), fail()
        eventually(lambda: len(attempts) == 3)
        with self.assertRaisesRegex(TaskException, "my own words"):
            lost.get(blocking=True, timeout=PATIENCE)
        eventually(lambda: self.result(kept) == "at last")

    def result(self, handle):
        """The result, or nothing while the latest attempt has failed."""
        try:
            return handle.get()
        except TaskException:
            handle.reset()
            return None

    def test_pipelines(self):
        add = self.huey.task()(lambda x, y: x + y)
        self.start()
        steps = self.huey.enqueue(add.s(1, 2).then(add, 3).then(add, 4))
        self.assertEqual(steps.get(blocking=True, timeout=PATIENCE), [3, 6, 10])

    def test_revoking(self):
        ran = []
        task = self.huey.task()(ran.append)
        revoked = task("revoked")
        revoked.revoke()
        kept = task("kept")
        self.start()
        eventually(lambda: ran == ["kept"])
        self.assertTrue(revoked.is_revoked() or "revoked" not in ran)
        self.assertIsNone(kept.get())

    def test_schedules(self):
        task = self.huey.task()(lambda: 1)
        later = task.schedule(delay=3600)
        self.assertEqual(self.huey.execute(self.huey.dequeue()), None)
        self.assertEqual([one.id for one in self.huey.scheduled()], [later.id])
        at = self.huey.scheduled()[0].eta
        self.assertEqual([one.id for one in self.huey.read_schedule(at)], [later.id])
        self.assertEqual(self.huey.scheduled_count(), 0)

    def test_locks(self):
        with self.huey.lock_task("lock"):
            self.assertTrue(self.huey.is_locked("lock"))
            with self.assertRaises(TaskLockedException):
                with self.huey.lock_task("lock"):
                    self.fail("it is held")
        self.assertFalse(self.huey.is_locked("lock"))


class Store:
    def test_a_store_of_keys(self):
        self.huey.put("key", {"a": 1})
        self.assertEqual((self.huey.get("key", peek=True), self.huey.get("key")), ({"a": 1}, {"a": 1}))
        self.assertIsNone(self.huey.get("key"))
        self.assertTrue(self.huey.put_if_empty("key", 1))
        self.assertFalse(self.huey.put_if_empty("key", 2))
        self.huey.flush()
        self.assertEqual(self.huey.all_results(), {})


class Lists(Tasks, Store, unittest.TestCase):
    kind = RedisHuey


class Expiring(Tasks, unittest.TestCase):
    kind = RedisExpireHuey


class Priorities:
    def test_priorities(self):
        done = []
        task = self.huey.task()(done.append)
        for priority in (0, 10, 5, None):
            task(priority, priority=priority)
        while len(self.huey):
            self.huey.execute(self.huey.dequeue())
        self.assertEqual(done[:2], [10, 5])
        self.assertEqual(set(done[2:]), {0, None})


class SortedSets(Tasks, Store, Priorities, unittest.TestCase):
    kind = PriorityRedisHuey


class ExpiringSortedSets(Tasks, Priorities, unittest.TestCase):
    kind = PriorityRedisExpireHuey


if __name__ == "__main__":
    unittest.main()
