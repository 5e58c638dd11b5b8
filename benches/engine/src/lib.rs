//! The paths that every request takes, each ready to be run again and again.
//!
//! `cargo bench --manifest-path benches/engine/Cargo.toml` times them with criterion, `cargo xtask instructions` counts
//! their instructions under callgrind: one list for both. Engines are seeded and have a clock that stands still, so
//! that a count repeats. What a run adds it also removes, so that each run finds what the one before found.
#![forbid(unsafe_code)]

mod engine;
mod scripts;
mod topics;
mod wire;

/// Something done often.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// What is done, in words joined by hyphens.
    pub name: &'static str,
    /// How many times one run does it.
    pub count: u64,
    /// Makes what it works on, and gives the run.
    pub prepare: fn() -> Box<dyn FnMut()>,
}

/// All that are timed and counted.
pub fn all() -> Vec<Path> {
    [engine::PATHS, wire::PATHS, scripts::PATHS, topics::PATHS].concat()
}

/// What is only timed: ways to do the same as above with more comfort or more promises, to see what these cost.
pub fn only_timed() -> Vec<Path> {
    engine::WAYS.to_vec()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_path_runs_again_and_again_and_has_a_name_of_its_own() {
        let paths = [super::all(), super::only_timed()].concat();
        for (at, path) in paths.iter().enumerate() {
            let mut run = (path.prepare)();
            (0..3).for_each(|_| run());
            assert!(
                path.count > 0 && paths[..at].iter().all(|other| other.name != path.name),
                "{}",
                path.name
            );
        }
    }
}
