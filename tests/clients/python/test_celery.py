"""Celery with a worker of its own: tasks, results, retries, workflows, schedules, remote control."""

import os
import subprocess
import sys
import threading
import unittest
from datetime import datetime, timedelta, timezone

from celery import chain, chord, group
from celery.exceptions import TaskRevokedError
from celery.result import AsyncResult

from celery_tasks import app, add, fail, note, notes, report, stubborn, total, wait_for
from clients import PATIENCE, eventually

ARGUMENTS = ["--loglevel", "critical", "--without-mingle", "-E", "--concurrency", "1", "-n", "tests@here"]


def setUpModule():
    global worker
    notes().flushall()
    words = [sys.executable, "-B", "-m", "celery", "-A", "celery_tasks", "worker", *ARGUMENTS]
    worker = subprocess.Popen(words, cwd=os.path.dirname(os.path.abspath(__file__)))
    eventually(lambda: worker.poll() is not None or app.control.ping(timeout=0.5), "the worker")
    assert worker.poll() is None, "the worker ended"


def tearDownModule():
    worker.terminate()
    assert worker.wait(PATIENCE) == 0
    app.close()


class Tasks(unittest.TestCase):
    def test_results(self):
        results = [add.delay(n, n) for n in range(50)]
        self.assertEqual([result.get(PATIENCE) for result in results], [2 * n for n in range(50)])
        again = AsyncResult(results[7].id, app=app)
        self.assertEqual((again.state, again.result, again.name), ("SUCCESS", 14, "celery_tasks.add"))
        again.forget()
        self.assertEqual(AsyncResult(results[7].id, app=app).state, "PENDING")

    def test_failures(self):
        result = fail.delay("my own words")
        with self.assertRaisesRegex(ValueError, "my own words"):
            result.get(PATIENCE)
        self.assertIn("ValueError", result.traceback)

    def test_retries(self):
        self.assertEqual(stubborn.delay("attempts").get(PATIENCE), 3)

    def test_states_on_the_way(self):
        result = report.delay()
        notes().blpop("halfway")
        self.assertEqual((result.state, result.info), ("HALFWAY", {"done": 50}))
        notes().rpush("go on", 1)
        self.assertEqual(result.get(PATIENCE), "whole")

    def test_workflows(self):
        self.assertEqual(chain(add.s(1, 2), add.s(3), add.s(4)).delay().get(PATIENCE), 10)
        self.assertEqual(group(add.s(n, 1) for n in range(10)).delay().get(PATIENCE), list(range(1, 11)))
        self.assertEqual(chord((add.s(n, n) for n in range(10)), total.s()).delay().get(PATIENCE), 90)
        nested = chain(group(add.s(1, 1), add.s(2, 2)), total.s(), add.s(10)).delay()
        self.assertEqual(nested.get(PATIENCE), 16)

    def test_chords_with_a_failure(self):
        broken = chord([add.s(1, 1), fail.s("in a chord")], total.s()).delay()
        with self.assertRaisesRegex(Exception, "in a chord"):
            broken.get(PATIENCE)

    def test_schedules(self):
        soon = add.apply_async((1, 1), countdown=0.2)
        at = add.apply_async((2, 2), eta=datetime.now(timezone.utc) + timedelta(seconds=0.2))
        self.assertEqual((soon.get(PATIENCE), at.get(PATIENCE)), (2, 4))
        late = add.apply_async((1, 1), expires=datetime.now(timezone.utc) - timedelta(seconds=1))
        with self.assertRaises(TaskRevokedError):
            late.get(PATIENCE)

    def test_revoking(self):
        waiting = wait_for.delay("never")
        self.assertEqual(notes().blpop("never:started")[1], "1")
        waiting.revoke(terminate=True)
        with self.assertRaises(TaskRevokedError):
            waiting.get(PATIENCE)
        later = note.apply_async(("revoked", "x"), countdown=PATIENCE)
        inspect = app.control.inspect(timeout=1)
        eventually(lambda: later.id in str(inspect.scheduled()))
        later.revoke()
        eventually(lambda: later.id in str(inspect.revoked()))

    def test_priorities(self):
        """What was put into a queue that nobody read comes out by priority."""
        for priority in (9, 6, 3, 0):
            for n in range(2):
                note.apply_async(("order", f"{priority}.{n}"), queue="ranked", priority=priority)
        app.control.add_consumer("ranked", reply=True, timeout=PATIENCE, limit=1)
        eventually(lambda: notes().llen("order") == 8)
        self.assertEqual(notes().lrange("order", 0, -1), ["0.0", "0.1", "3.0", "3.1", "6.0", "6.1", "9.0", "9.1"])
        app.control.cancel_consumer("ranked", reply=True, timeout=PATIENCE, limit=1)

    def test_remote_control(self):
        inspect = app.control.inspect(["tests@here"], timeout=PATIENCE, limit=1)
        self.assertEqual(inspect.ping(), {"tests@here": {"ok": "pong"}})
        self.assertIn("celery_tasks.add", inspect.registered()["tests@here"])
        self.assertEqual([queue["name"] for queue in inspect.active_queues()["tests@here"]][0], "work")
        self.assertEqual(inspect.stats()["tests@here"]["broker"]["transport"], "redis")

    def test_events(self):
        """A listener hears what the worker does, from when it has subscribed on."""
        seen = set()

        def listen():
            with app.connection_for_read() as connection:
                receiver = app.events.Receiver(connection)
                receiver.handlers = {"task-succeeded": lambda event: hear(receiver, event)}
                receiver.capture(limit=None, timeout=PATIENCE, wakeup=False)

        def hear(receiver, event):
            seen.add((event["uuid"], event["result"]))
            receiver.should_stop = True

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        sent = set()
        while not seen and listener.is_alive():
            result = add.delay(20, 22)
            result.get(PATIENCE)
            sent.add((result.id, "42"))
        listener.join(PATIENCE)
        self.assertTrue(seen & sent, seen)

    def test_purging(self):
        for n in range(5):
            add.apply_async((n, n), queue="forgotten")
        with app.connection_for_write() as connection:
            self.assertEqual(connection.default_channel.queue_purge("forgotten"), 5)


if __name__ == "__main__":
    unittest.main()
