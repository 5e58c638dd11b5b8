//! The `larder` program from outside, beside `redis-cli`, against a real server where one is installed.

mod bench;
mod beside_redis_cli;
#[cfg(target_os = "linux")]
mod footprint;
mod server;
mod tools;
