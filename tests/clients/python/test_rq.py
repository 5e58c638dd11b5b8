"""RQ: queues, workers that fork for each job, retries, dependencies, schedules, results in streams."""

import logging
import threading
import unittest
from datetime import timedelta

import redis
from rq import Callback, Queue, Retry, SimpleWorker, Worker
from rq.command import send_stop_job_command
from rq.group import Group
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq.scheduler import RQScheduler

import rq_tasks
from clients import PATIENCE, PORT, eventually

logging.getLogger("rq").setLevel(logging.CRITICAL)


class Jobs(unittest.TestCase):
    def setUp(self):
        self.redis = redis.Redis(port=PORT)
        self.redis.flushall()
        self.addCleanup(self.redis.close)
        self.queue = Queue("work", connection=self.redis)

    def work(self, kind=SimpleWorker, **options):
        self.assertTrue(kind([self.queue], connection=self.redis).work(burst=True, logging_level="CRITICAL", **options))

    def test_results(self):
        jobs = [self.queue.enqueue(rq_tasks.add, n, n) for n in range(20)]
        self.assertEqual((len(self.queue), self.queue.job_ids[0]), (20, jobs[0].id))
        self.work()
        self.assertEqual([job.return_value() for job in jobs], [2 * n for n in range(20)])
        self.assertEqual(Job.fetch(jobs[3].id, connection=self.redis).get_status(), JobStatus.FINISHED)
        self.assertEqual(len(FinishedJobRegistry(queue=self.queue)), 20)
        self.assertEqual(self.queue.count, 0)

    def test_a_worker_that_forks(self):
        good, bad = self.queue.enqueue(rq_tasks.add, 20, 22), self.queue.enqueue(rq_tasks.fail, "my own words")
        self.work(Worker)
        self.assertEqual(good.return_value(), 42)
        self.assertEqual(bad.get_status(), JobStatus.FAILED)
        self.assertIn("my own words", bad.latest_result().exc_string)

    def test_failures_and_retries(self):
        bad = self.queue.enqueue(rq_tasks.fail, "words", retry=Retry(max=2))
        once = self.queue.enqueue(rq_tasks.fail_once, retry=Retry(max=1))
        self.work()
        self.assertEqual(bad.get_status(), JobStatus.FAILED)
        self.assertIn(bad.id, FailedJobRegistry(queue=self.queue).get_job_ids())
        self.assertEqual(once.return_value(), "the second time")
        FailedJobRegistry(queue=self.queue).requeue(bad.id)
        self.assertEqual(self.queue.job_ids, [bad.id])

    def test_dependencies(self):
        first = self.queue.enqueue(rq_tasks.note, "order", "first")
        third = self.queue.enqueue(rq_tasks.note, "order", "third", depends_on=first)
        second = self.queue.enqueue(rq_tasks.note, "order", "second", at_front=True)
        self.assertEqual(third.get_status(), JobStatus.DEFERRED)
        self.work()
        self.assertEqual(second.get_status(), JobStatus.FINISHED)
        self.assertEqual(self.redis.lrange("order", 0, -1), [b"second", b"first", b"third"])

    def test_callbacks(self):
        good = self.queue.enqueue(rq_tasks.add, 1, 2, on_success=Callback(rq_tasks.on_success))
        bad = self.queue.enqueue(rq_tasks.fail, "words", on_failure=Callback(rq_tasks.on_failure))
        self.work()
        self.assertEqual(self.redis.get(f"success:{good.id}"), b"3")
        self.assertEqual(self.redis.get(f"failure:{bad.id}"), b"ValueError")

    def test_groups(self):
        jobs = [Queue.prepare_data(rq_tasks.add, (n, 1)) for n in range(10)]
        group = Group.create(connection=self.redis)
        jobs = group.enqueue_many(self.queue, jobs)
        self.work()
        self.assertEqual({job.id for job in group.get_jobs()}, {job.id for job in jobs})
        self.assertEqual(sorted(job.return_value() for job in jobs), list(range(1, 11)))

    def test_schedules(self):
        later = self.queue.enqueue_in(timedelta(hours=1), rq_tasks.add, 1, 1)
        registry = ScheduledJobRegistry(queue=self.queue)
        self.assertEqual((later.id in registry, self.queue.count), (True, 0))
        now = self.queue.enqueue_in(timedelta(seconds=-1), rq_tasks.add, 20, 22)
        scheduler = RQScheduler([self.queue], connection=self.redis)
        self.assertEqual(scheduler.acquire_locks(), {"work"})
        self.assertEqual(RQScheduler([self.queue], connection=self.redis).acquire_locks(), set())
        scheduler.enqueue_scheduled_jobs()
        scheduler.release_locks()
        self.work()
        self.assertEqual(now.return_value(), 42)
        self.assertEqual(registry.get_job_ids(), [later.id])
        later.cancel()
        self.assertEqual(later.get_status(), JobStatus.CANCELED)

    def test_stopping_a_job(self):
        """The order to stop comes to the worker through a channel."""
        job = self.queue.enqueue(rq_tasks.wait_for, "never", PORT)

        def stop():
            other = redis.Redis(port=PORT, socket_timeout=None)
            other.blpop("never:started")
            eventually(lambda: Worker.all(connection=other)[0].get_current_job_id() == job.id)
            send_stop_job_command(other, job.id)

        stopping = threading.Thread(target=stop)
        stopping.start()
        self.work(Worker)
        stopping.join(PATIENCE)
        self.assertEqual(job.get_status(), JobStatus.STOPPED)

    def test_unwanted_jobs(self):
        jobs = [self.queue.enqueue(rq_tasks.add, n, n) for n in range(5)]
        jobs[0].delete()
        self.queue.remove(jobs[1])
        self.assertEqual(self.queue.job_ids, [job.id for job in jobs[2:]])
        self.assertEqual(self.queue.empty(), 3)
        self.assertEqual(self.queue.delete(), None)
        self.assertEqual(Queue.all(connection=self.redis), [])


if __name__ == "__main__":
    unittest.main()
