"""Kombu's Redis transport: exchanges of each kind, acknowledgement, priorities, fanout, restored messages."""

import socket
import threading
import unittest

import redis
from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.pools import producers

from clients import PATIENCE, PORT, eventually


class Transport(unittest.TestCase):
    def setUp(self):
        self.redis = redis.Redis(port=PORT)
        self.redis.flushall()
        self.addCleanup(self.redis.close)
        self.connection = self.connect()

    def connect(self, **options):
        connection = Connection(f"redis://127.0.0.1:{PORT}/5", transport_options=options)
        self.addCleanup(connection.release)
        return connection

    def drain(self, connection, queues, count, act=lambda message: message.ack()):
        """Takes so many messages from the queues, and gives back what was in them."""
        bodies = []

        def take(body, message):
            act(message)
            bodies.append(body)

        with Consumer(connection, queues, callbacks=[take]):
            while len(bodies) < count:
                connection.drain_events(timeout=PATIENCE)
        return bodies

    def test_direct_and_topic_exchanges(self):
        direct = Exchange("direct", "direct")
        topic = Exchange("topic", "topic")
        queues = [Queue("one", direct, "a"), Queue("two", topic, "log.*"), Queue("three", topic, "#")]
        producer = Producer(self.connection)
        for queue in queues:
            queue(self.connection.default_channel).declare()
        producer.publish({"n": 1}, exchange=direct, routing_key="a")
        producer.publish({"n": 2}, exchange=topic, routing_key="log.error")
        producer.publish({"n": 3}, exchange=topic, routing_key="other")
        self.assertEqual(self.drain(self.connection, queues[:1], 1), [{"n": 1}])
        self.assertEqual(self.drain(self.connection, queues[1:2], 1), [{"n": 2}])
        self.assertEqual(self.drain(self.connection, queues[2:], 2), [{"n": 2}, {"n": 3}])
        with self.assertRaises(socket.timeout):
            self.connection.drain_events(timeout=0.01)

    def test_fanout(self):
        """Everybody who is bound hears a message once; it goes through channels."""
        fanout = Exchange("fan", "fanout")
        heard = []

        def listen(name):
            connection = self.connect()
            heard.append((name, self.drain(connection, [Queue(name, fanout)], 1)))

        listeners = [threading.Thread(target=listen, args=(f"listener-{n}",)) for n in range(3)]
        for listener in listeners:
            listener.start()
        eventually(lambda: sum(int(client["psub"]) for client in self.redis.client_list()) == 3)
        Producer(self.connection).publish("news", exchange=fanout, declare=[fanout])
        for listener in listeners:
            listener.join(PATIENCE)
        self.assertEqual(sorted(heard), [(f"listener-{n}", ["news"]) for n in range(3)])

    def test_messages_that_are_not_acknowledged(self):
        queue = Queue("kept", Exchange("kept"), "kept")
        with producers[self.connection].acquire() as producer:
            for n in range(3):
                producer.publish(n, exchange=queue.exchange, routing_key="kept", declare=[queue])
        other = self.connect()
        taken = self.drain(other, [queue], 3, act=lambda message: None)
        self.assertEqual(sorted(taken), [0, 1, 2])
        other.release()  # gives back what it has not acknowledged
        self.assertEqual(sorted(self.drain(self.connection, [queue], 3)), [0, 1, 2])
        self.assertEqual(self.redis.keys("unacked*"), [])

    def test_messages_whose_consumer_is_silent(self):
        """After the visibility timeout they go to another."""
        queue = Queue("visible", Exchange("visible"), "visible")
        silent = self.connect(visibility_timeout=0)
        Producer(silent).publish("hello", exchange=queue.exchange, routing_key="visible", declare=[queue])
        self.drain(silent, [queue], 1, act=lambda message: None)
        channel = silent.default_channel
        channel.qos.restore_visible(start=0, num=10, interval=1)
        self.assertEqual(self.drain(self.connect(), [queue], 1), ["hello"])

    def test_priorities(self):
        connection = self.connect(queue_order_strategy="priority")
        queue = Queue("ranked", Exchange("ranked"), "ranked")
        producer = Producer(connection)
        for priority in (9, 0, 6, 3):
            producer.publish(priority, exchange=queue.exchange, routing_key="ranked", declare=[queue], priority=priority)
        self.assertEqual(self.drain(connection, [queue], 4), [0, 3, 6, 9])

    def test_simple_queues(self):
        with self.connection.SimpleQueue("simple") as simple:
            for n in range(100):
                simple.put({"n": n}, compression="zlib", serializer="json")
            self.assertEqual(simple.qsize(), 100)
            for n in range(50):
                message = simple.get(timeout=PATIENCE)
                self.assertEqual(message.payload, {"n": n})
                message.ack()
            self.assertEqual(simple.clear(), 50)
            with self.assertRaises(simple.Empty):
                simple.get_nowait()

    def test_prefixed_keys(self):
        connection = self.connect(global_keyprefix="app:")
        queue = Queue("mine", Exchange("mine"), "mine")
        Producer(connection).publish(1, exchange=queue.exchange, routing_key="mine", declare=[queue])
        keys = redis.Redis(port=PORT, db=5).keys("*")
        self.assertTrue(keys and all(key.startswith(b"app:") for key in keys), keys)
        self.assertEqual(self.drain(connection, [queue], 1), [1])


if __name__ == "__main__":
    unittest.main()
