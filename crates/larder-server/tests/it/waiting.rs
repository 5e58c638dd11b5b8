//! Commands that wait, from outside: order, timeouts, disconnects.
