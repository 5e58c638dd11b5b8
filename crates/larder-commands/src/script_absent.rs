//! What stands in for scripts where they are not part of the build: their commands say so.

use crate::error::Error;
use crate::instance::Instance;

/// No scripts.
#[derive(Debug, Default)]
pub(crate) struct Scripts {}

#[expect(clippy::unused_self, reason = "it answers as the scripts of a build that has them")]
impl Scripts {
    pub(crate) fn is_busy(&self) -> bool {
        false
    }
    pub(crate) fn has_slow(&self) -> bool {
        false
    }
    pub(crate) fn any_lasts(&self) -> bool {
        false
    }
    pub(crate) fn busy_error(&self) -> Error {
        Error::new("BUSY")
    }
    pub(crate) fn count(&self) -> (usize, usize) {
        (0, 0)
    }
    pub(crate) fn function_counts(&self) -> (usize, usize) {
        (0, 0)
    }
    pub(crate) fn machine_bytes(&self) -> usize {
        0
    }
    pub(crate) fn stop(&self, _stop: bool) {}
    pub(crate) fn set_limits(&self, _memory_max: u64, _threshold_ms: u64, _instructions_max: u64) {}
}

#[expect(clippy::unused_self, reason = "it answers as an instance that has scripts")]
impl Instance {
    pub(crate) fn only_reads(&self, _name: &str, _words: &[&[u8]]) -> bool {
        false
    }
    pub(crate) fn runs_long(&self, _name: &str, _words: &[&[u8]]) -> bool {
        false
    }
}

/// Their commands.
pub(crate) mod verbs {
    use crate::prelude::*;

    macro_rules! absent {
        ($($name:ident)*) => {
            $(pub(crate) fn $name(_: &mut Cx<'_>, _: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
                Err(Error::general("scripts are not part of this build (feature `scripts`)"))
            })*
        };
    }

    absent! {
        eval evalsha fcall kill script_load script_exists script_show script_flush script_debug function_load
        function_delete function_dump function_flush function_list function_restore function_stats
    }
}
