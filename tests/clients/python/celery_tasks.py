"""The tasks of the Celery tests: what the worker imports, and the tests too."""

import os

import redis
from celery import Celery

PORT = int(os.environ.get("REDIS_PORT", "6379"))

app = Celery("tests", broker=f"redis://127.0.0.1:{PORT}/1", backend=f"redis://127.0.0.1:{PORT}/2")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"priority_steps": [0, 3, 6, 9], "queue_order_strategy": "priority"},
    result_expires=600,
    result_extended=True,
    task_default_queue="work",
    task_track_started=True,
    worker_prefetch_multiplier=1,
)


def notes():
    """The database in which tasks leave word of what they did."""
    return redis.Redis(port=PORT, db=3, decode_responses=True, socket_timeout=None)


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail(words):
    raise ValueError(words)


@app.task(bind=True, max_retries=3, default_retry_delay=0)
def stubborn(self, name):
    """Succeeds at the third attempt."""
    attempt = notes().incr(name)
    if attempt < 3:
        raise self.retry(exc=RuntimeError(f"attempt {attempt}"))
    return attempt


@app.task(acks_late=True)
def note(name, text):
    return notes().rpush(name, text)


@app.task
def wait_for(name):
    """Waits for a word from outside."""
    notes().rpush(f"{name}:started", 1)
    return notes().blpop(name)[1]


@app.task(bind=True)
def report(self):
    self.update_state(state="HALFWAY", meta={"done": 50})
    notes().rpush("halfway", 1)
    notes().blpop("go on")
    return "whole"
