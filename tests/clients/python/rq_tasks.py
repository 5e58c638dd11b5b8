"""The functions that the RQ tests put into queues: RQ imports them by name."""

import redis
from rq import get_current_job


def add(x, y):
    return x + y


def fail(words):
    raise ValueError(words)


def fail_once():
    """Fails when it is tried first, and leaves word of it in its job."""
    job = get_current_job()
    if not job.meta.get("tried"):
        job.meta["tried"] = True
        job.save_meta()
        raise RuntimeError("the first time")
    return "the second time"


def note(name, text):
    connection = get_current_job().connection
    return connection.rpush(name, text)


def on_success(job, connection, result, *_):
    connection.set(f"success:{job.id}", result)


def on_failure(job, connection, kind, *_):
    connection.set(f"failure:{job.id}", kind.__name__)


def wait_for(name, port):
    """Waits for a word from outside, on a connection of its own."""
    client = redis.Redis(port=port, socket_timeout=None)
    client.rpush(f"{name}:started", 1)
    return client.blpop(name)[1].decode()
