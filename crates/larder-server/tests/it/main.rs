//! The server from outside: over sockets, beside a real `redis-server` where one is installed.
#![allow(missing_docs)]

mod abuse;
mod examples;
mod harness;
mod waiting;
