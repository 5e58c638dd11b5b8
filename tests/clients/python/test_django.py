"""Django's caches and sessions: its own Redis backend, and django-redis."""

import unittest

import django
from django.conf import settings

from clients import PATIENCE, PORT, eventually


def redis_at(database, backend, **more):
    return {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{PORT}/{database}", **more}


settings.configure(
    CACHES={
        "default": redis_at(1, "django.core.cache.backends.redis.RedisCache"),
        "django-redis": redis_at(2, "django_redis.cache.RedisCache", KEY_PREFIX="app"),
        "herd": redis_at(
            3, "django_redis.cache.RedisCache", OPTIONS={"CLIENT_CLASS": "django_redis.client.HerdClient"}
        ),
    },
    INSTALLED_APPS=["django.contrib.sessions"],
    SECRET_KEY="only for tests",
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    USE_TZ=True,
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402  (after the settings)
from django.core.cache import caches  # noqa: E402
from django_redis import get_redis_connection  # noqa: E402


class Cache:
    name = None

    def setUp(self):
        self.cache = caches[self.name]
        self.cache.clear()

    def test_values(self):
        for value in ("text", 17, 2.5, None, True, b"\0\xff", {"a": [1, 2]}, "ü" * 100_000):
            self.cache.set("key", value)
            self.assertEqual(self.cache.get("key", "absent"), value)
        self.assertTrue(self.cache.delete("key"))
        self.assertFalse(self.cache.delete("key"))
        self.assertEqual(self.cache.get("key", "absent"), "absent")

    def test_adding(self):
        self.assertTrue(self.cache.add("key", 1))
        self.assertFalse(self.cache.add("key", 2))
        self.assertEqual(self.cache.get_or_set("key", 3), 1)
        self.assertEqual(self.cache.get_or_set("other", lambda: 3), 3)
        self.assertIn("key", self.cache)
        self.assertNotIn("none", self.cache)

    def test_many(self):
        self.assertFalse(self.cache.set_many({f"k{n}": n for n in range(200)}, timeout=PATIENCE))
        self.assertEqual(self.cache.get_many(["k1", "k199", "none"]), {"k1": 1, "k199": 199})
        self.cache.delete_many(["k1", "k2"])
        self.assertEqual(self.cache.get_many(["k1", "k2", "k3"]), {"k3": 3})
        self.cache.clear()
        self.assertEqual(self.cache.get_many(["k3", "k4"]), {})

    def test_timeouts(self):
        self.cache.set("never", 1, timeout=0)
        self.assertNotIn("never", self.cache)
        self.cache.set("long", 1, timeout=PATIENCE)
        self.assertTrue(self.cache.touch("long", 0) in (True, None))
        self.cache.set("soon", 1, timeout=1)
        self.assertTrue(self.cache.touch("soon", None))
        self.assertFalse(self.cache.touch("none", 1))
        self.cache.set("gone", 1, timeout=1)
        eventually(lambda: self.cache.get("gone") is None)
        self.assertEqual(self.cache.get("soon"), 1)

    def test_versions(self):
        self.cache.set("key", "first", version=1)
        self.cache.set("key", "second", version=2)
        self.assertEqual((self.cache.get("key"), self.cache.get("key", version=2)), ("first", "second"))
        self.assertEqual(self.cache.incr_version("key", delta=2), 3)
        self.assertEqual((self.cache.get("key"), self.cache.get("key", version=3)), (None, "first"))


class Counters:
    def test_counters(self):
        self.cache.set("n", 1)
        self.assertEqual((self.cache.incr("n", 41), self.cache.decr("n", 2)), (42, 40))
        self.assertEqual(self.cache.get("n"), 40)
        with self.assertRaises(ValueError):
            self.cache.incr("none")


class DjangoItself(Cache, Counters, unittest.TestCase):
    name = "default"

    def test_sessions(self):
        session = SessionStore()
        session["cart"] = [1, 2, 3]
        session.save()
        again = SessionStore(session.session_key)
        self.assertEqual(again["cart"], [1, 2, 3])
        again.cycle_key()
        self.assertFalse(SessionStore().exists(session.session_key))
        again.flush()
        self.assertIsNone(again.session_key)


class Herd(Cache, unittest.TestCase):
    name = "herd"

    def test_timeouts(self):
        """This client keeps values a little longer than asked, so that one reader renews them."""
        self.cache.set("key", 1, timeout=PATIENCE)
        self.assertGreater(self.cache.client.get_client().ttl(self.cache.make_key("key")), PATIENCE)

    def test_versions(self):
        """Moving a value to another version is not for this client."""


class DjangoRedis(Cache, Counters, unittest.TestCase):
    name = "django-redis"

    def test_more_than_a_cache(self):
        self.cache.set("key", 1, timeout=PATIENCE)
        self.assertGreater(self.cache.ttl("key"), PATIENCE - 30)
        self.assertTrue(self.cache.persist("key"))
        self.assertIsNone(self.cache.ttl("key"))
        self.assertTrue(self.cache.expire("key", timeout=PATIENCE))
        self.assertTrue(self.cache.pexpire("key", timeout=PATIENCE * 1000))
        self.assertGreater(self.cache.pttl("key"), 1000)
        self.assertTrue(self.cache.set("once", 1, nx=True))
        self.assertFalse(self.cache.set("once", 2, nx=True))

    def test_patterns(self):
        self.cache.set_many({f"user:{n}": n for n in range(300)})
        self.cache.set("other", 1)
        self.assertEqual(len(self.cache.keys("user:*")), 300)
        self.assertEqual(len(set(self.cache.iter_keys("user:*", itersize=10))), 300)
        self.assertEqual(self.cache.delete_pattern("user:*", itersize=25), 300)
        self.assertEqual(self.cache.keys("*"), ["other"])

    def test_collections(self):
        self.assertEqual(self.cache.sadd("s", "a", "b"), 2)
        self.assertEqual(self.cache.smembers("s"), {"a", "b"})
        self.assertEqual(self.cache.hset("h", "field", {"x": 1}), 1)
        self.assertEqual(self.cache.hkeys("h"), ["field"])
        self.assertTrue(self.cache.hexists("h", "field"))

    def test_locks(self):
        with self.cache.lock("lock", timeout=PATIENCE):
            self.assertFalse(self.cache.lock("lock").acquire(blocking=False))
        self.assertTrue(self.cache.lock("lock", timeout=PATIENCE).acquire(blocking=False))

    def test_the_client_below(self):
        client = get_redis_connection("django-redis")
        self.cache.set("key", 17)
        self.assertEqual(client.keys("*"), [b"app:1:key"])
        self.assertEqual(client.get("app:1:key"), b"17")
        client.publish("news", "x")


if __name__ == "__main__":
    unittest.main()
