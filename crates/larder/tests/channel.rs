//! Subscriptions as crossbeam channels. They are tried here because only the crate that people add is tested with all
//! its features.
#![cfg(feature = "channel")]

use larder::{ChannelSubscription, Larder, Overflow, QueueOptions, Space};

fn channel(larder: &Larder, overflow: Overflow) -> ChannelSubscription {
    let options = QueueOptions { len_max: 2, overflow, ..QueueOptions::default() };
    larder.topics().channel(Space::Channel, b"c", options)
}

fn received(subscription: &ChannelSubscription) -> Vec<Vec<u8>> {
    subscription.try_iter().map(|message| message.payload.to_vec()).collect()
}

#[test]
fn a_full_channel_does_what_it_was_told() {
    let larder = Larder::new();
    for (overflow, expected, lost) in [
        (Overflow::DropNewest, &[b"1", b"2"], 2),
        (Overflow::DropOldest, &[b"3", b"4"], 2),
        (Overflow::Disconnect, &[b"1", b"2"], 2),
    ] {
        let subscription = channel(&larder, overflow);
        for payload in [b"1", b"2", b"3", b"4"] {
            larder.topics().publish(Space::Channel, b"c", payload);
        }
        assert_eq!(received(&subscription), expected.map(|payload| payload.to_vec()), "{overflow:?}");
        assert_eq!(subscription.lost(), lost, "{overflow:?}");
        let closed = subscription.try_recv().is_err_and(|error| error.is_disconnected());
        assert_eq!(closed, overflow == Overflow::Disconnect);
    }
    assert_eq!(larder.topics().publish(Space::Channel, b"c", b"5"), 0, "dropping unsubscribes");
}

#[test]
fn publishers_wait_for_room_and_nothing_is_lost_or_out_of_order() {
    const COUNT: u64 = 1_000;
    let larder = Larder::new();
    let subscription = channel(&larder, Overflow::Block);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..COUNT {
                larder.topics().publish(Space::Channel, b"c", &n.to_le_bytes());
            }
        });
        for n in 0..COUNT {
            assert_eq!(&*subscription.recv().expect("a message").payload, &n.to_le_bytes());
        }
    });
    assert_eq!(subscription.lost(), 0);
}

#[test]
fn a_receiver_that_goes_lets_its_publishers_go() {
    let larder = Larder::new();
    let subscription = channel(&larder, Overflow::Block);
    std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for _ in 0..5 {
                larder.topics().publish(Space::Channel, b"c", b"x");
            }
        });
        while subscription.len() < 2 {
            std::thread::yield_now();
        }
        drop(subscription);
        publisher.join().expect("it ended");
    });
}

#[test]
fn select_waits_for_messages_and_for_what_else_there_is() {
    let larder = Larder::new();
    let news = channel(&larder, Overflow::DropOldest);
    let (press, pressed) = crossbeam_channel::unbounded();
    let publisher = std::thread::spawn(move || {
        larder.topics().publish(Space::Channel, b"c", b"rain");
        press.send('q').expect("somebody listens");
    });
    let (mut messages, mut keys) = (0, 0);
    while (messages, keys) != (1, 1) {
        crossbeam_channel::select! {
            recv(news.receiver()) -> message => {
                assert_eq!(&*message.expect("a message").payload, b"rain");
                messages += 1;
            }
            recv(pressed) -> key => {
                // The publisher's end is gone after its only key.
                keys += usize::from(key == Ok('q'));
            }
        }
    }
    publisher.join().expect("it ended");
}
