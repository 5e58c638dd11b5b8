//! What topics promise: counts against a model, order under several publishers, slow subscribers, subscribers that call
//! back, batches and wakes, the end.

use super::*;
use crate::sync::{Mutex, Ordering};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Duration;

fn topics() -> Topics {
    Topics::new(KeyHasher::repeatable(7))
}

/// Long enough for what is certain to come, on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn next(subscription: &Subscription) -> Message {
    subscription.recv_timeout(PATIENCE).unwrap().expect("a message")
}

fn options(len_max: usize, overflow: Overflow) -> QueueOptions {
    QueueOptions { len_max, overflow, ..QueueOptions::default() }
}

fn payloads(subscription: &Subscription) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    let _ = subscription.drain_into(&mut messages);
    messages.iter().map(|message| message.payload.to_vec()).collect()
}

/// Keeps what it gets, counts its wakes, and does something at each delivery.
struct Mailbox<F> {
    got: Mutex<Vec<Message>>,
    wakes: AtomicUsize,
    react: F,
}

impl<F: Fn(&Message) + Send + Sync> Mailbox<F> {
    fn new(react: F) -> Arc<Self> {
        Arc::new(Mailbox { got: Mutex::default(), wakes: AtomicUsize::new(0), react })
    }

    fn payloads(&self) -> Vec<Vec<u8>> {
        self.got.lock().iter().map(|message| message.payload.to_vec()).collect()
    }

    fn wakes(&self) -> usize {
        self.wakes.load(Ordering::Relaxed)
    }
}

impl<F: Fn(&Message) + Send + Sync> Subscriber for Mailbox<F> {
    fn deliver(&self, message: &Message) {
        self.got.lock().push(message.clone());
        (self.react)(message);
    }

    fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Subscribe(usize, Space, &'static [u8]),
    Unsubscribe(usize, Space, &'static [u8]),
    Publish(Space, &'static [u8]),
}

fn step() -> impl Strategy<Value = Step> {
    let names: Vec<&[u8]> =
        vec![b"a", b"ab", b"abc", b"b", b"*", b"a*", b"a?", b"[ab]", b"ab*", b"\\*", b"?b*"];
    let spaces = prop_oneof![Just(Space::Channel), Just(Space::Pattern), Just(Space::Shard)];
    let targets = prop_oneof![Just(Space::Channel), Just(Space::Shard)];
    let name = prop::sample::select(names);
    let subscription = (0..3_usize, spaces, name.clone());
    prop_oneof![
        2 => subscription.clone().prop_map(|(who, space, name)| Step::Subscribe(who, space, name)),
        1 => subscription.prop_map(|(who, space, name)| Step::Unsubscribe(who, space, name)),
        3 => (targets, name).prop_map(|(space, name)| Step::Publish(space, name)),
    ]
}

/// A name as it is received: the channel, and the pattern if it came through one.
type Received = (Space, Vec<u8>, Option<Vec<u8>>);

#[derive(Default)]
struct Model(BTreeSet<(Space, &'static [u8], usize)>);

impl Model {
    fn receive(&self, space: Space, channel: &[u8]) -> Vec<(usize, Received)> {
        let matches = |of: Space, name: &[u8]| match of {
            Space::Pattern => space == Space::Channel && glob::matches(name, channel),
            of => of == space && name == channel,
        };
        let matching = self.0.iter().filter(|(of, name, _)| matches(*of, name));
        let pattern = |of: Space, name: &[u8]| (of == Space::Pattern).then(|| name.to_vec());
        matching.map(|(of, name, who)| (*who, (space, channel.to_vec(), pattern(*of, name)))).collect()
    }

    fn names(&self, space: Space) -> BTreeSet<Vec<u8>> {
        self.0.iter().filter(|(of, ..)| *of == space).map(|(_, name, _)| name.to_vec()).collect()
    }

    fn subscribers(&self, space: Space, name: &[u8]) -> usize {
        self.0.iter().filter(|(of, known, _)| *of == space && *known == name).count()
    }
}

proptest! {
    #[test]
    fn counts_and_messages_agree_with_a_model(steps in prop::collection::vec(step(), 1..60)) {
        let topics = topics();
        let subscriptions: Vec<_> = (0..3).map(|_| topics.subscription(QueueOptions::default())).collect();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Subscribe(who, space, name) => {
                    prop_assert_eq!(subscriptions[who].add(space, name), model.0.insert((space, name, who)));
                }
                Step::Unsubscribe(who, space, name) => {
                    prop_assert_eq!(subscriptions[who].remove(space, name), model.0.remove(&(space, name, who)));
                }
                Step::Publish(space, channel) => {
                    let mut expected = model.receive(space, channel);
                    prop_assert_eq!(topics.publish(space, channel, b"x"), expected.len());
                    let mut got = Vec::new();
                    for (who, subscription) in subscriptions.iter().enumerate() {
                        while let Ok(Some(m)) = subscription.try_recv() {
                            got.push((who, (m.space, m.channel.to_vec(), m.pattern.as_ref().map(|p| p.to_vec()))));
                        }
                    }
                    got.sort();
                    expected.sort();
                    prop_assert_eq!(got, expected);
                }
            }
            for space in [Space::Channel, Space::Pattern, Space::Shard] {
                let names = topics.names(space, None);
                prop_assert_eq!(names.len(), model.names(space).len());
                prop_assert_eq!(names.iter().map(|n| n.to_vec()).collect::<BTreeSet<_>>(), model.names(space));
                for name in [&b"a"[..], b"ab", b"*", b"a*"] {
                    prop_assert_eq!(topics.subscribers(space, name), model.subscribers(space, name));
                }
            }
            let counts = topics.counts();
            let named = |space| model.names(space).len();
            prop_assert_eq!(
                (counts.channels, counts.patterns, counts.shard_channels),
                (named(Space::Channel), named(Space::Pattern), named(Space::Shard))
            );
        }
        drop(subscriptions);
        prop_assert_eq!(topics.counts(), TopicCounts::default());
        prop_assert_eq!(topics.registry.patterns.families(), 0);
    }
}

#[test]
fn names_are_filtered_by_a_pattern() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"news:art", QueueOptions::default());
    subscription.add(Space::Channel, b"news:tech");
    subscription.add(Space::Channel, b"weather");
    subscription.add(Space::Pattern, b"n*");
    let mut names = topics.names(Space::Channel, Some(b"news:*"));
    names.sort();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), [&b"news:art"[..], b"news:tech"]);
    assert_eq!(topics.names(Space::Pattern, Some(b"n\\*")).len(), 1);
    assert!(topics.names(Space::Shard, None).is_empty());
    assert_eq!(topics.publish(Space::Pattern, b"n*", b"x"), 0, "nothing is published to a pattern");
}

#[test]
fn four_publishers_are_heard_by_all_in_one_order() {
    const EACH: usize = 2_000;
    let topics = topics();
    let wide = options(4 * EACH, Overflow::Disconnect);
    let exact: Vec<_> = (0..3).map(|_| topics.subscribe(Space::Channel, b"c", wide)).collect();
    let patterns =
        [topics.subscribe(Space::Pattern, b"c*", wide), topics.subscribe(Space::Pattern, b"*", wide)];
    thread::scope(|scope| {
        for publisher in 0..4_u8 {
            let topics = &topics;
            scope.spawn(move || {
                for n in 0..EACH as u32 {
                    let payload = [&[publisher][..], &n.to_be_bytes()].concat();
                    assert_eq!(topics.publish(Space::Channel, b"c", &payload), 5);
                }
            });
        }
    });
    let mut first = Vec::new();
    exact[0].drain_into(&mut first).unwrap();
    assert_eq!(first.len(), 4 * EACH);
    assert!(first.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1), "no gap");
    for publisher in 0..4 {
        let own = first.iter().filter(|message| message.payload[0] == publisher);
        let own: Vec<_> = own.map(|message| message.payload.clone()).collect();
        assert!(own.is_sorted() && own.len() == EACH, "in the order of the publisher");
    }
    let order: Vec<_> = first.iter().map(|message| message.payload.to_vec()).collect();
    for subscription in exact[1..].iter().chain(&patterns) {
        assert_eq!(payloads(subscription), order);
    }
}

#[test]
fn a_pattern_numbers_what_it_passes_on_from_all_channels() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Pattern, b"room:*", QueueOptions::default());
    thread::scope(|scope| {
        for publisher in 0..4 {
            let topics = &topics;
            scope.spawn(move || {
                for n in 0..500 {
                    let room = format!("room:{}", (publisher * 7 + n) % 13);
                    topics.publish(Space::Channel, room.as_bytes(), b"");
                    topics.publish(Space::Channel, b"elsewhere", b"");
                }
            });
        }
    });
    let mut messages = Vec::new();
    assert_eq!(subscription.drain_into(&mut messages), Ok(2_000));
    assert!(messages.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
}

#[test]
fn numbers_go_on_when_a_name_is_subscribed_to_again() {
    let topics = topics();
    for space in [Space::Channel, Space::Pattern] {
        let mut last = 0;
        for _ in 0..3 {
            let subscription = topics.subscribe(space, b"again", QueueOptions::default());
            for _ in 0..4 {
                topics.publish(Space::Channel, b"again", b"");
                let seq = next(&subscription).seq;
                assert!(seq > last);
                last = seq;
            }
        }
    }
}

#[test]
fn a_full_queue_disconnects_by_default() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"c", options(2, Overflow::default()));
    for payload in [b"1", b"2", b"3", b"4"] {
        topics.publish(Space::Channel, b"c", payload);
    }
    assert_eq!(next(&subscription).payload[..], *b"1");
    assert_eq!(next(&subscription).payload[..], *b"2");
    assert_eq!(subscription.recv().unwrap_err(), Closed::TooSlow);
    assert_eq!(subscription.try_recv().unwrap_err(), Closed::TooSlow);
    assert_eq!(subscription.recv_timeout(PATIENCE).unwrap_err(), Closed::TooSlow);
    assert_eq!(subscription.drain_into(&mut Vec::new()), Err(Closed::TooSlow));
    assert_eq!(subscription.lost(), 2);
}

#[test]
fn a_full_queue_can_drop_the_newest_or_the_oldest() {
    for (overflow, kept) in [(Overflow::DropNewest, [1, 2, 3]), (Overflow::DropOldest, [3, 4, 5])] {
        let topics = topics();
        let subscription = topics.subscribe(Space::Channel, b"c", options(3, overflow));
        for n in 1..=5 {
            topics.publish(Space::Channel, b"c", &[n]);
        }
        assert_eq!(subscription.lost(), 2);
        let seqs: Vec<_> = (0..3).map(|_| next(&subscription)).map(|m| (m.seq, m.payload[0])).collect();
        assert_eq!(seqs, kept.map(|n| (u64::from(n), n)), "{overflow:?}: the numbers tell what was lost");
        assert!(matches!(subscription.try_recv(), Ok(None)));
        topics.publish(Space::Channel, b"c", &[6]);
        assert_eq!(next(&subscription).seq, 6);
    }
}

#[test]
fn bytes_bound_a_queue_too_but_an_empty_one_takes_anything() {
    let topics = topics();
    let small = QueueOptions { bytes_max: 3_000, overflow: Overflow::DropOldest, ..QueueOptions::default() };
    let subscription = topics.subscribe(Space::Channel, b"c", small);
    topics.publish(Space::Channel, b"c", &[0; 10_000]);
    assert_eq!((subscription.len(), subscription.lost()), (1, 0));
    for n in 1..=9 {
        topics.publish(Space::Channel, b"c", &[n; 1_000]);
    }
    assert_eq!(payloads(&subscription).iter().map(|payload| payload[0]).collect::<Vec<_>>(), [8, 9]);
    assert_eq!(subscription.lost(), 8);
    topics.publish(Space::Channel, b"c", &[0; 10_000]);
    assert_eq!(subscription.len(), 1, "the bytes of what was taken are free again");
}

#[test]
fn a_queue_of_no_length_holds_one_message() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"c", options(0, Overflow::DropOldest));
    topics.publish(Space::Channel, b"c", b"1");
    topics.publish(Space::Channel, b"c", b"2");
    assert_eq!(payloads(&subscription), [b"2"]);
}

/// Waits until so many sleep in the queue, without a clock.
fn until_asleep(subscription: &Subscription, receivers: usize, publishers: usize) {
    while subscription.queue().sleepers() != (receivers, publishers) {
        thread::yield_now();
    }
}

#[test]
fn a_publisher_can_be_made_to_wait() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"c", options(2, Overflow::Block));
    let other = topics.subscribe(Space::Channel, b"c", QueueOptions::default());
    let (lens, got) = thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..100 {
                topics.publish(Space::Channel, b"c", &[n]);
            }
        });
        until_asleep(&subscription, 0, 1);
        let lens = (subscription.len(), other.len());
        (lens, (0..100).map(|_| next(&subscription).payload[0]).collect::<Vec<_>>())
    });
    assert_eq!(lens, (3, 3), "the message of the publisher that waits is queued, and others have it");
    assert_eq!(got, (0..100).collect::<Vec<_>>());
    assert_eq!((subscription.lost(), other.len()), (0, 100));
}

#[test]
fn a_receiver_that_leaves_frees_the_publishers_that_wait_for_it() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"c", options(1, Overflow::Block));
    thread::scope(|scope| {
        let publishers = [(); 2].map(|()| {
            scope.spawn(|| {
                topics.publish(Space::Channel, b"c", b"1");
                topics.publish(Space::Channel, b"c", b"2");
            })
        });
        until_asleep(&subscription, 0, 2);
        drop(subscription);
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
    });
    assert_eq!(topics.counts(), TopicCounts::default());
}

#[test]
fn a_publisher_that_has_to_wait_within_a_batch_wakes_the_others_first() {
    let topics = topics();
    let slow = topics.subscribe(Space::Channel, b"c", options(1, Overflow::Block));
    let other = Mailbox::new(|_| {});
    topics.subscribe_with(Space::Channel, b"c", topics.new_subscriber(), other.clone());
    let woken_meanwhile = thread::scope(|scope| {
        scope.spawn(|| {
            let mut wakes = Wakes::default();
            topics.publish_into(Space::Channel, b"c", b"1", &mut wakes);
            topics.publish_into(Space::Channel, b"c", b"2", &mut wakes);
        });
        until_asleep(&slow, 0, 1);
        let woken = other.wakes();
        next(&slow);
        woken
    });
    assert_eq!((woken_meanwhile, slow.len(), other.wakes()), (1, 1, 1));
}

#[test]
fn a_batch_wakes_each_once() {
    let topics = topics();
    let mailboxes: Vec<_> = (0..3).map(|_| (topics.new_subscriber(), Mailbox::new(|_| {}))).collect();
    for (id, mailbox) in &mailboxes {
        for n in 0..100 {
            topics.subscribe_with(Space::Channel, format!("c{n}").as_bytes(), *id, mailbox.clone());
        }
        topics.subscribe_with(Space::Pattern, b"c*", *id, mailbox.clone());
    }
    let mut wakes = Wakes::default();
    for n in 0..100 {
        assert_eq!(topics.publish_into(Space::Channel, format!("c{n}").as_bytes(), b"", &mut wakes), 6);
    }
    assert!(mailboxes.iter().all(|(_, mailbox)| mailbox.wakes() == 0 && mailbox.got.lock().len() == 200));
    wakes.wake_all();
    assert!(wakes.is_empty());
    assert!(mailboxes.iter().all(|(_, mailbox)| mailbox.wakes() == 1));
    topics.publish_into(Space::Channel, b"c1", b"", &mut wakes);
    topics.publish_into(Space::Channel, b"c1", b"", &mut wakes);
    drop(wakes);
    assert!(mailboxes.iter().all(|(_, mailbox)| mailbox.wakes() == 2), "dropping wakes too");
    topics.publish(Space::Channel, b"nobody", b"");
    topics.publish(Space::Channel, b"c2", b"");
    assert!(mailboxes.iter().all(|(_, mailbox)| mailbox.wakes() == 3));
    let (id, _) = mailboxes[0];
    let names: Vec<_> = (0..101).map(|n| format!("c{n}")).collect();
    assert_eq!(topics.unsubscribe_all(Space::Channel, &names, id), 100);
    assert_eq!(topics.subscribers(Space::Channel, b"c1"), 2);
}

#[test]
fn a_subscriber_may_subscribe_unsubscribe_and_publish_when_it_is_delivered_to() {
    let topics = Arc::new(topics());
    let id = topics.new_subscriber();
    let late = Mailbox::new(|_| {});
    let weak = Arc::downgrade(&topics);
    let (late_too, late_id) = (late.clone(), topics.new_subscriber());
    let busy = Mailbox::new(move |message: &Message| {
        let Some(topics) = weak.upgrade() else { return };
        if message.payload[0] == 0 {
            assert!(topics.subscribe_with(Space::Channel, b"c", late_id, late_too.clone()));
            assert!(topics.unsubscribe(Space::Pattern, b"*", id));
            assert_eq!(topics.publish(Space::Channel, b"c", &[1]), 2, "counted, and delivered later");
            assert_eq!(topics.publish(Space::Channel, b"nobody", &[1]), 0);
            assert!(late_too.payloads().is_empty());
        } else if message.payload[0] < 5 {
            // From one message to the next, without the stack growing.
            topics.publish(Space::Channel, b"c", &[message.payload[0] + 1]);
        }
    });
    topics.subscribe_with(Space::Channel, b"c", id, busy.clone());
    topics.subscribe_with(Space::Pattern, b"*", id, busy.clone());
    assert_eq!(topics.publish(Space::Channel, b"c", &[0]), 1, "it left the pattern in the meantime");
    assert_eq!(busy.payloads(), [[0], [1], [2], [3], [4], [5]]);
    assert_eq!(late.payloads(), [[1], [2], [3], [4], [5]]);
    assert_eq!((busy.wakes(), late.wakes()), (1, 1));
}

#[test]
fn subscribers_that_answer_each_other_across_channels_do_not_deadlock() {
    const ROUNDS: u32 = 300;
    let topics = Arc::new(topics());
    let reply_to = |channel: &'static [u8]| {
        let weak = Arc::downgrade(&topics);
        Mailbox::new(move |message: &Message| {
            if let (Some(topics), b"ask") = (weak.upgrade(), &message.payload[..]) {
                topics.publish(Space::Channel, channel, b"answer");
            }
        })
    };
    let (ping, pong) = (reply_to(b"pong"), reply_to(b"ping"));
    topics.subscribe_with(Space::Channel, b"ping", topics.new_subscriber(), ping.clone());
    topics.subscribe_with(Space::Channel, b"pong", topics.new_subscriber(), pong.clone());
    thread::scope(|scope| {
        for channel in [b"ping", b"pong"] {
            let topics = &topics;
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    topics.publish(Space::Channel, channel, b"ask");
                }
            });
        }
    });
    assert_eq!((ping.got.lock().len(), pong.got.lock().len()), (600, 600));
}

#[test]
fn a_subscriber_that_panics_does_not_stop_the_channel() {
    let topics = topics();
    let id = topics.new_subscriber();
    let broken = Mailbox::new(|message: &Message| assert!(message.payload[0] != 0, "as expected"));
    topics.subscribe_with(Space::Channel, b"c", id, broken.clone());
    let publish = |n| topics.publish(Space::Channel, b"c", &[n]);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| publish(0))).is_err());
    assert_eq!(publish(1), 1);
    assert_eq!(broken.payloads(), [[0], [1]]);
}

#[test]
fn one_encoding_serves_all() {
    let topics = topics();
    let subscriptions: Vec<_> =
        (0..10).map(|_| topics.subscribe(Space::Channel, b"c", QueueOptions::default())).collect();
    topics.publish(Space::Channel, b"c", b"hi");
    let encoded = AtomicUsize::new(0);
    for subscription in &subscriptions {
        let message = next(subscription);
        let encode = |parts: &Parts| {
            encoded.fetch_add(1, Ordering::Relaxed);
            [b"+", &parts.payload[..]].concat()
        };
        assert_eq!(message.encoded(Encoding::First, encode), b"+hi");
    }
    let message = {
        topics.publish(Space::Channel, b"c", b"ho");
        next(&subscriptions[0])
    };
    assert_eq!(message.encoded(Encoding::Second, |_| b"2".to_vec()), b"2");
    assert_eq!(message.encoded(Encoding::First, |_| b"1".to_vec()), b"1");
    assert_eq!(encoded.load(Ordering::Relaxed), 1);
}

#[test]
fn patterns_and_the_channel_share_one_payload() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"ab", QueueOptions::default());
    for pattern in [&b"a*"[..], b"ab", b"*b", b"?"] {
        subscription.add(Space::Pattern, pattern);
    }
    assert_eq!(topics.publish(Space::Channel, b"ab", b"p"), 4);
    let messages: Vec<_> = (0..4).map(|_| next(&subscription)).collect();
    let patterns: Vec<_> = messages.iter().map(|m| m.pattern.as_deref()).collect();
    assert_eq!(patterns, [None, Some(&b"a*"[..]), Some(b"ab"), Some(b"*b")], "the oldest pattern first");
    assert!(messages.iter().all(|m| Arc::ptr_eq(&m.payload, &messages[0].payload)));
}

#[test]
fn thousands_of_patterns_are_found_by_their_prefixes() {
    let topics = topics();
    let subscription = topics.subscription(QueueOptions::default());
    let long = "x".repeat(200);
    for n in 0..3_000 {
        subscription.add(Space::Pattern, format!("room:{n}:*").as_bytes());
    }
    subscription.add(Space::Pattern, format!("{long}?").as_bytes());
    assert_eq!(topics.publish(Space::Channel, b"room:17:chat", b""), 1);
    assert_eq!(topics.publish(Space::Channel, b"room:17", b""), 0);
    assert_eq!(topics.publish(Space::Channel, format!("{long}y").as_bytes(), b""), 1);
    assert_eq!(topics.publish(Space::Channel, long.as_bytes(), b""), 0);
    let full = topics.used_bytes();
    drop(subscription);
    assert!(topics.used_bytes() < full);
    assert_eq!(topics.registry.patterns.families(), 0);
}

#[test]
fn the_end_of_the_topics_ends_those_who_wait() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Shard, b"c", QueueOptions::default());
    topics.publish(Space::Shard, b"c", b"last");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| subscription.iter().map(|m| m.payload.to_vec()).collect::<Vec<_>>());
        until_asleep(&subscription, 1, 0);
        drop(topics);
        assert_eq!(waiting.join().unwrap(), [b"last"]);
    });
    assert_eq!(subscription.recv().unwrap_err(), Closed::Ended);
    assert!(!subscription.add(Space::Channel, b"d"), "there is nothing to subscribe to");
}

#[test]
fn a_receiver_gives_up_when_its_time_is_over() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"c", QueueOptions::default());
    assert!(matches!(subscription.recv_timeout(Duration::from_millis(1)), Ok(None)));
    topics.publish(Space::Channel, b"c", b"1");
    assert_eq!(subscription.recv_timeout(Duration::ZERO).unwrap().unwrap().seq, 1);
}

#[test]
fn a_sleeping_receiver_is_woken_by_every_batch() {
    let topics = topics();
    let subscription = topics.subscribe(Space::Channel, b"c", QueueOptions::default());
    let seqs = thread::scope(|scope| {
        let receiver = scope.spawn(|| (0..200).map(|_| next(&subscription).seq).collect::<Vec<_>>());
        for _ in 0..100 {
            let mut wakes = Wakes::default();
            topics.publish_into(Space::Channel, b"c", b"", &mut wakes);
            topics.publish_into(Space::Channel, b"c", b"", &mut wakes);
        }
        receiver.join().unwrap()
    });
    assert_eq!(seqs, (1..=200).collect::<Vec<_>>());
}
