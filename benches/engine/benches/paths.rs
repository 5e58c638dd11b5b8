//! How long the paths take: `cargo bench --manifest-path benches/engine/Cargo.toml`, or with a part of a name.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn paths(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("path");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(30);
    for path in larder_benches::all().into_iter().chain(larder_benches::only_timed()) {
        group.throughput(Throughput::Elements(path.count));
        group.bench_function(path.name, |bencher| {
            let mut run = (path.prepare)();
            bencher.iter(&mut run);
        });
    }
    group.finish();
}

criterion_group!(benches, paths);
criterion_main!(benches);
