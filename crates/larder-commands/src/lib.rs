//! larder-commands.
