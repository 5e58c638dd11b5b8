//! The lines of the README, as they stand there.

use larder::{Larder, QueueOptions, Space};
use std::time::Duration;

#[test]
fn the_readme_runs() -> Result<(), Box<dyn std::error::Error>> {
    let larder = Larder::new();
    let db = larder.db();
    db.strings().set_for("session:1", "Ada", Duration::from_hours(1))?;
    db.strings().increment("hits", 1)?;
    db.hashes().set("user:1", "name", "Ada")?;
    let news = larder.topics().subscribe(Space::Channel, b"news", QueueOptions::default());
    larder.call(["PUBLISH", "news", "hello"])?;
    assert_eq!(&*news.recv()?.payload, b"hello");
    Ok(())
}

#[test]
fn these_are_the_lines_of_the_readme() {
    let readme = include_str!("../../../README.md");
    let block =
        readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of Rust");
    let here: Vec<&str> = include_str!("readme.rs").lines().map(str::trim).collect();
    for line in block
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line).trim())
        .filter(|line| !line.is_empty())
    {
        assert!(here.contains(&line), "{line}");
    }
}
