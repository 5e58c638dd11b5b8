//! The server from outside: over sockets, beside a real `redis-server` where one is installed.

mod abuse;
mod clients;
mod examples;
mod expiry;
mod geo;
mod harness;
mod hostile;
mod large;
mod limits;
mod payloads;
mod sandbox;
mod script_fuzz;
mod scripts;
mod table;
mod topics;
mod tracking;
mod transactions;
mod unix;
mod waiting;
