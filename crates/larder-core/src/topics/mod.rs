//! stub
#![allow(missing_docs, missing_debug_implementations, clippy::pedantic)]
use std::sync::Arc;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    Channel,
    Pattern,
    Shard,
}
#[derive(Clone, Debug)]
pub struct Message {
    pub channel: Arc<[u8]>,
    pub payload: Arc<[u8]>,
    pub pattern: Option<Arc<[u8]>>,
    pub seq: u64,
    pub space: Space,
}
pub trait Subscriber: Send + Sync {
    fn deliver(&self, message: &Message);
    fn wake(&self);
}
#[derive(Default, Debug)]
pub struct Wakes;
impl Wakes {
    pub fn wake_all(&mut self) {}
}
#[derive(Default, Debug)]
pub struct Topics;
impl Topics {
    pub fn publish_into(&self, _: Space, _: &[u8], _: &[u8], _: &mut Wakes) -> usize {
        0
    }
    pub fn unsubscribe(&self, _: Space, _: &[u8], _: &u64) -> bool {
        false
    }
}
