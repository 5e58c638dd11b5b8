//! One path, run once for callgrind to count: `instructions NAME`. Without a name, lists the paths and how many times a
//! run does what each is about.
//!
//! callgrind is told to collect while `counted` runs, so what prepares the path does not count.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let paths = larder_benches::all();
    let Some(name) = std::env::args().nth(1) else {
        paths.iter().for_each(|path| println!("{}\t{}", path.name, path.count));
        return ExitCode::SUCCESS;
    };
    let Some(path) = paths.iter().find(|path| path.name == name) else {
        eprintln!("instructions: there is no path {name}; without a name, all are listed");
        return ExitCode::from(2);
    };
    let mut run = (path.prepare)();
    // What the first run allocates once is no part of the path.
    run();
    counted(&mut run);
    ExitCode::SUCCESS
}

#[inline(never)]
fn counted(run: &mut dyn FnMut()) {
    run();
    // So that the call above is not the last thing here, and stays a call.
    std::hint::black_box(());
}
