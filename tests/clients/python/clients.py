"""What the programs of this folder share: where the server is, and how one waits for it."""

import os
import time

PORT = int(os.environ.get("REDIS_PORT", "6379"))

# Longer than anything here takes on a busy machine; only a failure waits for it.
PATIENCE = 60


def eventually(done, what="what was expected"):
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = done()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.002)


def calls(client, command):
    """How often the server has run a command, by its own count."""
    statistics = client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})
    return int(statistics["calls"])
