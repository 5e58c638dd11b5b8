//! Places beside a real Redis: random lines to both servers, and every byte of the replies compared.
//!
//! Distances are sums of sines, the order of an unsorted search is that of the squares of the map, and equal distances
//! are in the order that a sort happens to leave them in: no table of examples would find a slip in any of these.

use crate::harness::{Client, Larder, Redis, shown};
use larder_core::Rng;

/// Lines for each protocol: a few seconds.
const LINES: usize = 2_400;
/// Lines that are sent before their replies are read.
const BATCH: usize = 100;
/// From time to time everything begins anew, with places elsewhere.
const LINES_OF_A_WORLD: usize = 300;

/// Makes lines.
struct Author {
    rng: Rng,
    /// The middle of this world's places, and how far they are from it, in degrees.
    around: (f64, f64, f64),
    members: usize,
    /// Places are so many to a degree: with few, many are the same.
    grid: f64,
    protocol: u8,
}

impl Author {
    fn new(seed: u64, protocol: u8) -> Author {
        Author { rng: Rng::seeded(seed), around: (0.0, 0.0, 1.0), members: 1, grid: 1.0, protocol }
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.rng.below(one_in) == 0
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.rng.below(texts.len())]
    }

    /// Between zero and one.
    fn part(&mut self) -> f64 {
        self.rng.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    /// Another world: near a pole, across the date line, in a town, everywhere.
    fn move_on(&mut self) {
        let middle = [
            (0.0, 0.0),
            (179.99, 0.1),
            (-180.0, 60.0),
            (13.4, 52.5),
            (-70.0, -33.4),
            (30.0, 85.0),
            (100.0, -85.0),
        ];
        let (longitude, latitude) = middle[self.rng.below(middle.len())];
        let spread = [0.000_01, 0.001, 0.05, 1.0, 20.0, 200.0];
        self.around = (longitude, latitude, spread[self.rng.below(spread.len())]);
        self.members = [3, 30, 200, 1_500][self.rng.below(4)];
        self.grid = [1e9, 20.0 / self.around.2, 4.0 / self.around.2][self.rng.below(3)];
    }

    fn degrees(&mut self, middle: f64, most: f64) -> String {
        match self.rng.below(200) {
            0 => format!("{most}"),
            1 => format!("{}", -most),
            2 => self
                .pick(&["0", "-0", "nan", "inf", "x", "", "1e2", "90", "-85.05112879", "180.0000001"])
                .into(),
            _ => {
                let off = middle + (self.part() * 2.0 - 1.0) * self.around.2;
                let off = (off * self.grid).round() / self.grid;
                format!("{}", off.clamp(-most, most))
            }
        }
    }

    fn place(&mut self) -> String {
        let (longitude, latitude, _) = self.around;
        format!("{} {}", self.degrees(longitude, 180.0), self.degrees(latitude, 85.051_128_78))
    }

    fn member(&mut self) -> String {
        format!("m{}", self.rng.below(self.members))
    }

    fn unit(&mut self) -> &'static str {
        if self.chance(100) { "parsec" } else { self.pick(&["m", "km", "ft", "mi", "M", "Km"]) }
    }

    fn length(&mut self) -> String {
        match self.rng.below(40) {
            0 => self.pick(&["0", "inf", "-1", "x", "nan", "1e300", "1e-300", "-0"]).into(),
            1 => "6371".into(),
            // From the grain of the map to beyond the earth, or about the size of the world.
            2..20 => format!("{}", 10_f64.powf(self.part() * 9.0 - 2.0)),
            _ => format!("{}", self.around.2 * 111_000.0 * self.part() * 2.0),
        }
    }

    fn key(&mut self) -> &'static str {
        if self.chance(30) { self.pick(&["none", "text", "scores", "d", "e"]) } else { "places" }
    }

    fn options(&mut self, stores: bool) -> String {
        let mut options = String::new();
        for _ in 0..self.rng.below(5) {
            let option = match self.rng.below(if stores { 9 } else { 7 }) {
                0 => " WITHDIST".into(),
                1 => " WITHCOORD".into(),
                2 => " withhash".into(),
                3 => " ASC".into(),
                4 => " DESC".into(),
                5 if self.chance(30) => {
                    self.pick(&[" COUNT", " COUNT 0", " COUNT x", " ANY", " x", " STORE"]).into()
                }
                5 => format!(" COUNT {}", 1 + self.rng.below(self.members)),
                6 => format!(" COUNT {} ANY", 1 + self.rng.below(20)),
                7 => format!(" STORE {}", self.pick(&["d", "e", "places"])),
                _ => format!(" STOREDIST {}", self.pick(&["d", "e"])),
            };
            options.push_str(&option);
        }
        options
    }

    fn add(&mut self) -> String {
        let mut line = format!("GEOADD {}", self.key());
        for option in [" NX", " XX", " CH"] {
            if self.chance(8) {
                line.push_str(option);
            }
        }
        for _ in 0..=self.rng.below(self.members.min(20)) {
            line += &[" ", &self.place(), " ", &self.member()].concat();
        }
        line
    }

    fn search(&mut self) -> String {
        let mut parts = vec![if self.chance(3) {
            format!("FROMMEMBER {}", self.member())
        } else {
            format!("FROMLONLAT {}", self.place())
        }];
        parts.push(if self.chance(2) {
            format!("BYRADIUS {} {}", self.length(), self.unit())
        } else {
            format!("BYBOX {} {} {}", self.length(), self.length(), self.unit())
        });
        // A part too many, or too few.
        let which = self.rng.below(2);
        match self.rng.below(100) {
            0 => parts.push(parts[which].clone()),
            1 => drop(parts.remove(which)),
            2..20 => parts.reverse(),
            _ => {}
        }
        let (parts, options) = (parts.join(" "), self.options(false));
        if self.chance(5) {
            let options: Vec<&str> = options.split(" WITH").collect();
            let storedist = if self.chance(2) { " STOREDIST" } else { "" };
            format!(
                "GEOSEARCHSTORE {} {} {parts}{}{storedist}",
                self.pick(&["d", "e"]),
                self.key(),
                options[0]
            )
        } else {
            format!("GEOSEARCH {} {parts}{options}", self.key())
        }
    }

    fn radius(&mut self) -> String {
        let read_only = self.chance(2);
        let suffix = if read_only { "_RO" } else { "" };
        let (key, length, unit) = (self.key(), self.length(), self.unit());
        let options = self.options(!read_only);
        if self.chance(2) {
            format!("GEORADIUS{suffix} {key} {} {length} {unit}{options}", self.place())
        } else {
            format!("GEORADIUSBYMEMBER{suffix} {key} {} {length} {unit}{options}", self.member())
        }
    }

    fn line(&mut self) -> String {
        let line = match self.rng.below(20) {
            0..4 => self.add(),
            4..12 => self.search(),
            12..16 => self.radius(),
            16 => format!("GEODIST {} {} {} {}", self.key(), self.member(), self.member(), self.unit()),
            17 => format!("GEOHASH {} {} {}", self.key(), self.member(), self.member()),
            18 => format!("GEOPOS {} {} {}", self.key(), self.member(), self.member()),
            _ => match self.rng.below(4) {
                0 => format!(
                    "ZADD scores {} {}",
                    self.pick(&["-5", "1e300", "-inf", "inf", "1.5", "4503599627370496"]),
                    self.member()
                ),
                1 => "SET text x".into(),
                // Redis 7.0 writes scores with more digits: as texts they cannot be compared, as numbers they can.
                _ => {
                    let scores = if self.protocol == 3 { " WITHSCORES" } else { "" };
                    format!("ZRANGE {} 0 -1{scores}", self.pick(&["places", "d", "e"]))
                }
            },
        };
        // Now and then a word is missing.
        let mut words: Vec<&str> =
            line.split(' ').map(|word| if word.is_empty() { "\"\"" } else { word }).collect();
        if self.chance(80) && words.len() > 2 {
            words.remove(1 + self.rng.below(words.len() - 1));
        }
        words.join(" ")
    }
}

/// One reply of each; what differs, if anything does.
fn difference(line: &str, larder: &mut Client, redis: &mut Client) -> Option<String> {
    let (ours, theirs) = (larder.receive(), redis.receive());
    let same =
        if line.starts_with("ZRANGE") { shown(&ours) == shown(&theirs) } else { larder.bytes == redis.bytes };
    (!same).then(|| {
        let (ours, theirs) = (larder.bytes.escape_ascii(), redis.bytes.escape_ascii());
        format!("{line}\n  redis:  {theirs}\n  larder: {ours}")
    })
}

#[test]
fn places_are_found_as_redis_finds_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let seed = match std::env::var("LARDER_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => u64::from(std::process::id()) << 16 | u64::from(redis.address.port()),
    };
    for protocol in [2, 3] {
        let mut author = Author::new(seed, protocol);
        let (mut ours, mut theirs) = (larder.client(), redis.client());
        for client in [&mut ours, &mut theirs] {
            client.call(&format!("HELLO {protocol}"));
        }
        let mut lines = Vec::new();
        for batch in 0..LINES / BATCH {
            let begin = lines.len();
            if batch % (LINES_OF_A_WORLD / BATCH) == 0 {
                author.move_on();
                lines.push("FLUSHALL".to_string());
            }
            lines.extend((0..BATCH).map(|_| author.line()));
            for line in &lines[begin..] {
                ours.send(line);
                theirs.send(line);
            }
            for line in &lines[begin..] {
                if let Some(difference) = difference(line, &mut ours, &mut theirs) {
                    let repeat = "cargo test -p larder-server --test it places_are_found";
                    panic!("RESP{protocol}, repeat with LARDER_SEED={seed} {repeat}\n{difference}");
                }
            }
        }
    }
}
