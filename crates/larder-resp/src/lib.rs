//! larder-resp.
