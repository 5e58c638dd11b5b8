//! `LOLWUT`: a look into the larder.

use crate::commands::connection::hello::REDIS_VERSION;
use crate::prelude::*;
use larder_core::Rng;

pub(crate) static LOLWUT: Command = Command {
    name: "lolwut",
    summary: "Shows a larder with something in it, and the version.",
    since: "5.0.0",
    group: Group::Server,
    arity: -1,
    flags: READONLY | FAST,
    args: &[Arg::int("version").token("VERSION").optional()],
    examples: &["LOLWUT VERSION x", "LOLWUT VERSION"],
    run,
    ..Command::DEFAULT
};

/// How many things stand on a shelf.
const WIDTH: usize = 6;
const SHELVES: usize = 3;

/// What may stand there: three lines each, all of the same width.
const THINGS: [[&str; 3]; 6] = [
    ["  __  ", " |==| ", " |__| "],
    ["  ()  ", " /  \\ ", " \\__/ "],
    ["  ||  ", "  )(  ", " |__| "],
    ["      ", " .--. ", " |##| "],
    ["  _   ", " / \\_ ", " \\___)"],
    ["      ", "      ", "      "],
];

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.from(1).first().is_some_and(|word| is(word, "VERSION")) && args.len() > 2 {
        args.int(2)?;
    }
    let text = format!("{}\n{}\n", drawing(cx.view.random()), versions());
    out.verbatim("txt", text.as_bytes());
    Ok(Done)
}

/// Ours, and that of the Redis it stands for: clients look for the words `Redis ver.`.
fn versions() -> String {
    format!("Larder ver. {}, Redis ver. {REDIS_VERSION}", env!("CARGO_PKG_VERSION"))
}

/// A larder with something different in it each time.
fn drawing(seed: u64) -> String {
    let mut rng = Rng::seeded(seed);
    let board = "=".repeat(WIDTH * 6 + 2);
    let mut lines = vec![format!(".{board}.")];
    for _ in 0..SHELVES {
        let things: Vec<&[&str; 3]> = (0..WIDTH).map(|_| &THINGS[rng.below(THINGS.len())]).collect();
        for row in 0..3 {
            let row: String = things.iter().map(|thing| thing[row]).collect();
            lines.push(format!("| {row} |"));
        }
        lines.push(format!("|{board}|"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walls_are_straight() {
        for seed in 0..50 {
            let text = drawing(seed);
            assert!(text.lines().all(|line| line.len() == WIDTH * 6 + 4), "{text}");
        }
        assert_ne!(drawing(1), drawing(2));
    }

    #[test]
    fn both_versions_are_told() {
        let versions = versions();
        assert!(versions.starts_with("Larder ver. ") && versions.contains("Redis ver. 7."), "{versions}");
    }
}
