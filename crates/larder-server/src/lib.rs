//! larder-server.
