//! Waiting, under runtimes that the engine knows nothing of, and together with clients that wait by command.

use larder::{Larder, QueueOptions, Space, Value};
use std::time::Duration;

/// A worker that takes jobs until it is told to stop.
async fn work(larder: Larder) -> larder::Result<Vec<String>> {
    let mut done = Vec::new();
    loop {
        let job = larder.db().lists().wait_front("jobs").await?;
        match String::from_utf8_lossy(&job).into_owned() {
            stop if stop == "stop" => return Ok(done),
            job => done.push(job),
        }
    }
}

fn give_work(larder: &Larder) {
    for job in ["one", "two", "stop"] {
        larder.db().lists().push_back("jobs", job).unwrap();
    }
}

#[test]
fn a_future_works_under_tokio() {
    let larder = Larder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let done = runtime.block_on(async {
        let worker = tokio::spawn(work(larder.clone()));
        // A timeout of the runtime's drops the future.
        let never = larder.db().lists().wait_front("other");
        assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
        give_work(&larder);
        worker.await.unwrap()
    });
    assert_eq!(done.unwrap(), ["one", "two"]);
    larder.db().lists().push_back("other", "x").unwrap();
    assert_eq!(larder.db().lists().len("other"), Ok(1));
}

#[test]
fn a_future_works_without_a_runtime() {
    let larder = Larder::new();
    let other = larder.clone();
    let giver = std::thread::spawn(move || give_work(&other));
    assert_eq!(pollster::block_on(work(larder)).unwrap(), ["one", "two"]);
    giver.join().unwrap();
}

#[test]
fn commands_and_futures_stand_in_one_queue() {
    let larder = Larder::new();
    let mut connection = larder.connect();
    let waiting = std::thread::spawn(move || connection.call(["BLPOP", "jobs", "0"]));
    while larder.instance().waiting() == 0 {
        std::thread::yield_now();
    }
    let second = larder.db().lists().wait_front("jobs");
    let mut second = std::pin::pin!(second);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    larder.call(["RPUSH", "jobs", "1", "2"]).unwrap();
    let bulk = |text: &str| Value::Bulk(text.as_bytes().to_vec());
    assert_eq!(waiting.join().unwrap(), Ok(Value::Array(vec![bulk("jobs"), bulk("1")])));
    assert_eq!(second.as_mut().poll(&mut cx), std::task::Poll::Ready(Ok(b"2".to_vec())));
}

#[test]
fn messages_can_be_awaited() {
    let larder = Larder::new();
    let news = larder.topics().subscribe(Space::Channel, b"news", QueueOptions::default());
    let other = larder.clone();
    let publisher = std::thread::spawn(move || {
        for word in ["a", "b"] {
            other.call(["PUBLISH", "news", word]).unwrap();
        }
    });
    let received =
        pollster::block_on(async { [news.recv_async().await.unwrap(), news.recv_async().await.unwrap()] });
    assert_eq!(received.map(|message| message.payload.to_vec()), [b"a", b"b"]);
    publisher.join().unwrap();
    // One that is dropped takes nothing with it, and the end is told.
    drop(news.recv_async());
    larder.call(["PUBLISH", "news", "c"]).unwrap();
    news.close();
    assert_eq!(&*pollster::block_on(news.recv_async()).unwrap().payload, b"c");
    assert!(pollster::block_on(news.recv_async()).is_err());
}

#[cfg(feature = "stream")]
#[test]
fn a_subscription_is_a_stream() {
    use futures_util::StreamExt;
    let larder = Larder::new();
    let mut news = larder.topics().subscribe(Space::Pattern, b"news.*", QueueOptions::default());
    let other = larder.clone();
    let publisher = std::thread::spawn(move || {
        for word in ["a", "b", "c"] {
            other.call(["PUBLISH", "news.today", word]).unwrap();
        }
    });
    let words =
        pollster::block_on(news.by_ref().take(3).map(|message| message.payload.to_vec()).collect::<Vec<_>>());
    assert_eq!(words, [b"a", b"b", b"c"]);
    publisher.join().unwrap();
    news.close();
    assert!(pollster::block_on(news.next()).is_none());
}
