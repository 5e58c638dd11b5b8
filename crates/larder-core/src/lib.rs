//! larder-core.
