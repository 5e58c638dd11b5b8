//! The server from outside: over sockets, beside a real `redis-server` where one is installed.

mod abuse;
mod examples;
mod harness;
mod hostile;
mod topics;
mod waiting;
