//! What a search asks for, and its answer: the same for all commands that search.
//!
//! Redis reads the words from left to right and looks members up on the way, so that the first thing that is wrong
//! with a line is its error; and of a key that does not exist it asks for no member. Both are kept.

use super::units::{length, position, unit, write_distance, write_position};
use crate::byte_list::ByteList;
use crate::commands::zsets::store::store;
use crate::prelude::*;
use larder_core::value::geo::{Area, Found, Order, Position, Search, SearchPlace, Shape};
use larder_core::value::zset::Zset;
use larder_core::{Slice, Tools, View};

/// The arguments that end every search.
pub(super) const WITH_COORD: Arg = Arg::word("withcoord", "WITHCOORD").optional();
pub(super) const WITH_DIST: Arg = Arg::word("withdist", "WITHDIST").optional();
pub(super) const WITH_HASH: Arg = Arg::word("withhash", "WITHHASH").optional();
pub(super) const COUNT: Arg =
    Arg::block("count", &[Arg::int("count").token("COUNT"), Arg::word("any", "ANY").optional()]).optional();
pub(super) const ORDER: Arg =
    Arg::one_of("order", &[Arg::word("asc", "ASC"), Arg::word("desc", "DESC")]).optional();

/// Which command it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `GEORADIUS`, or without `STORE` its `_RO`.
    Radius { stores: bool },
    /// `GEORADIUSBYMEMBER`, or without `STORE` its `_RO`.
    RadiusByMember { stores: bool },
    /// `GEOSEARCH`.
    Search,
    /// `GEOSEARCHSTORE`.
    SearchStore,
}

impl Form {
    fn is_search(self) -> bool {
        matches!(self, Form::Search | Form::SearchStore)
    }

    /// What is reported where the result is stored.
    fn event(self) -> &'static str {
        if self.is_search() { "geosearchstore" } else { "georadiusstore" }
    }

    /// Whether it has the options `STORE` and `STOREDIST`.
    fn stores(self) -> bool {
        matches!(self, Form::Radius { stores: true } | Form::RadiusByMember { stores: true })
    }
}

/// What is told of each place beside its member.
#[derive(Clone, Copy, Debug, Default)]
struct With {
    distance: bool,
    score: bool,
    position: bool,
}

impl With {
    fn len(self) -> usize {
        usize::from(self.distance) + usize::from(self.score) + usize::from(self.position)
    }
}

/// Where the middle of a search is.
#[derive(Clone, Copy, Debug, Default)]
enum Center {
    #[default]
    Unsaid,
    Place(Position),
    /// The place of a member, if there is a key.
    Member(Option<Position>),
}

impl Center {
    fn of_member(zset: Option<&Zset>, member: &[u8]) -> Result<Center> {
        let Some(zset) = zset else { return Ok(Center::Member(None)) };
        let score = zset.score(member);
        let score = score.ok_or_else(|| Error::general("could not decode requested zset member"))?;
        Ok(Center::Member(Some(Position::of_score(score))))
    }

    fn position(self) -> Option<Position> {
        match self {
            Center::Unsaid => None,
            Center::Place(position) => Some(position),
            Center::Member(position) => position,
        }
    }
}

#[derive(Debug, Default)]
struct Asked<'a> {
    center: Center,
    shape: Option<Shape>,
    /// So many metres is the unit of the lengths.
    unit: f64,
    order: Order,
    count: Option<usize>,
    any: bool,
    with: With,
    store: Option<&'a [u8]>,
    /// Distances are stored, not places.
    store_distance: bool,
}

impl<'a> Asked<'a> {
    fn read(args: Args<'a>, form: Form, zset: Option<&Zset>) -> Result<Asked<'a>> {
        let mut asked = Asked { unit: 1.0, ..Asked::default() };
        let mut options = match form {
            Form::Radius { .. } => {
                asked.center = Center::Place(position(args.at(2), args.at(3))?);
                asked.read_circle(&args.0[4..6])?;
                args.options(6)
            }
            Form::RadiusByMember { .. } => {
                asked.center = Center::of_member(zset, args.at(2))?;
                if zset.is_some() {
                    asked.read_circle(&args.0[3..5])?;
                }
                args.options(5)
            }
            Form::Search => args.options(2),
            Form::SearchStore => {
                asked.store = Some(args.at(1));
                args.options(3)
            }
        };
        while let Some(option) = options.next() {
            if !asked.read_common(option, &mut options)? {
                asked.read_special(option, &mut options, form, zset)?;
            }
        }
        asked.check(args, form)?;
        Ok(asked)
    }

    /// An option of every search. `false` where it is none of those.
    fn read_common(&mut self, option: &[u8], options: &mut Options<'a>) -> Result<bool> {
        match () {
            () if is(option, "WITHDIST") => self.with.distance = true,
            () if is(option, "WITHHASH") => self.with.score = true,
            () if is(option, "WITHCOORD") => self.with.position = true,
            () if is(option, "ANY") => self.any = true,
            () if is(option, "ASC") => self.order = Order::NearestFirst,
            () if is(option, "DESC") => self.order = Order::FarthestFirst,
            () if is(option, "COUNT") => {
                let count = options.int()?;
                if count <= 0 {
                    return Err(Error::general("COUNT must be > 0"));
                }
                self.count = Some(usize::try_from(count).unwrap_or(usize::MAX));
            }
            () => return Ok(false),
        }
        Ok(true)
    }

    /// An option of some.
    fn read_special(
        &mut self,
        option: &[u8],
        options: &mut Options<'a>,
        form: Form,
        zset: Option<&Zset>,
    ) -> Result<()> {
        let mut words = |count| options.take_words(count).ok_or(Error::SYNTAX);
        let search = form.is_search();
        match () {
            () if form.stores() && is(option, "STORE") => {
                (self.store, self.store_distance) = (Some(words(1)?[0]), false);
            }
            () if form.stores() && is(option, "STOREDIST") => {
                (self.store, self.store_distance) = (Some(words(1)?[0]), true);
            }
            () if form == Form::SearchStore && is(option, "STOREDIST") => self.store_distance = true,
            () if search && is(option, "FROMMEMBER") && !matches!(self.center, Center::Place(_)) => {
                self.center = Center::of_member(zset, words(1)?[0])?;
            }
            () if search && is(option, "FROMLONLAT") && !matches!(self.center, Center::Member(_)) => {
                let words = words(2)?;
                self.center = Center::Place(position(words[0], words[1])?);
            }
            () if search && is(option, "BYRADIUS") && !matches!(self.shape, Some(Shape::Box { .. })) => {
                self.read_circle(words(2)?)?;
            }
            () if search && is(option, "BYBOX") && !matches!(self.shape, Some(Shape::Circle { .. })) => {
                self.read_box(words(3)?)?;
            }
            () => return Err(Error::SYNTAX),
        }
        Ok(())
    }

    fn read_circle(&mut self, words: &[&[u8]]) -> Result<()> {
        let radius = length(words[0], "radius")?;
        if radius < 0.0 {
            return Err(Error::general("radius cannot be negative"));
        }
        self.unit = unit(words[1])?;
        self.shape = Some(Shape::Circle { radius_m: radius * self.unit });
        Ok(())
    }

    fn read_box(&mut self, words: &[&[u8]]) -> Result<()> {
        let (width, height) = (length(words[0], "width")?, length(words[1], "height")?);
        if width < 0.0 || height < 0.0 {
            return Err(Error::general("height or width cannot be negative"));
        }
        self.unit = unit(words[2])?;
        self.shape = Some(Shape::Box { width_m: width * self.unit, height_m: height * self.unit });
        Ok(())
    }

    /// What only the whole line can be wrong about.
    fn check(&self, args: Args<'_>, form: Form) -> Result<()> {
        let name = || String::from_utf8_lossy(args.at(0));
        if self.store.is_some() && self.with.len() > 0 {
            let what = if form == Form::SearchStore { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(Error::general(format_args!(
                "{what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        if form.is_search() && matches!(self.center, Center::Unsaid) {
            return Err(Error::general(format_args!(
                "exactly one of FROMMEMBER or FROMLONLAT can be specified for {}",
                name()
            )));
        }
        if form.is_search() && self.shape.is_none() {
            return Err(Error::general(format_args!(
                "exactly one of BYRADIUS and BYBOX can be specified for {}",
                name()
            )));
        }
        if self.any && self.count.is_none() {
            return Err(Error::general("the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// The search, where there is a place to search around.
    fn search(&self) -> Option<Search> {
        let (center, shape) = (self.center.position()?, self.shape?);
        let search = Search::within(Area { center, shape }).in_order(self.order);
        Some(match self.count {
            Some(count) if self.any => search.any_of(count),
            Some(count) => search.at_most(count),
            None => search,
        })
    }

    /// The sorted set that is stored.
    fn to_store(&self, found: &[Found<'_>], tools: &Tools<'_>) -> Zset {
        let mut result = Zset::new();
        for place in found {
            let score = if self.store_distance { place.distance_m / self.unit } else { place.score };
            result.insert(tools, place.member, score);
        }
        result
    }

    fn write(&self, found: &[Found<'_>], out: &mut dyn Reply) {
        out.array(found.len());
        for place in found {
            if self.with.len() > 0 {
                out.array(1 + self.with.len());
            }
            out.bulk(place.member);
            if self.with.distance {
                write_distance(out, place.distance_m / self.unit);
            }
            if self.with.score {
                out.int(place.score as i64);
            }
            if self.with.position {
                write_position(out, place.position);
            }
        }
    }
}

/// Searches, and answers or stores what is found.
pub(super) fn search(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, form: Form) -> Result<Outcome> {
    let source = cx.key(args.at(if form == Form::SearchStore { 2 } else { 1 }));
    let (tools, haste) = (cx.view.tools(), cx.haste());
    let zset = cx.view.collection::<Zset>(&source)?;
    let asked = Asked::read(args, form, zset)?;
    let mut found = Vec::new();
    if let (Some(zset), Some(search)) = (zset, asked.search()) {
        if haste.way(zset.len()) != Way::AtOnce {
            match haste.way(search.looks_at(zset)) {
                Way::AtOnce => {}
                Way::Elsewhere => return cx.leave(&source),
                Way::InSlices => return search_in_slices(cx, args, out, form, source),
            }
        }
        found = search.run(zset);
    }
    let Some(destination) = asked.store else {
        asked.write(&found, out);
        return Ok(Done);
    };
    let result = asked.to_store(&found, &tools);
    store(cx, destination, result, form.event(), out)
}

/// What a search in slices has found so far.
#[derive(Default)]
struct Looked<'a> {
    /// Read anew with every attempt: the middle may be the place of a member.
    asked: Asked<'a>,
    search: Option<Search>,
    place: SearchPlace,
    members: ByteList,
    /// Score, position, distance, and which of the members.
    found: Vec<(f64, Position, f64, usize)>,
}

impl<'a> Looked<'a> {
    fn go_on(&mut self, zset: &Zset, args: Args<'a>, form: Form) -> Result<bool> {
        if self.search.is_none() {
            self.asked = Asked::read(args, form, Some(zset))?;
            self.search = self.asked.search();
        }
        let Some(search) = self.search else { return Ok(true) };
        Ok(search.visit_slice(zset, &mut self.place, &mut Slice::default(), |place| {
            self.found.push((place.score, place.position, place.distance_m, self.members.len()));
            self.members.push(place.member);
        }))
    }

    /// What was found, in order, and what was asked.
    fn arranged(&mut self) -> (&Asked<'a>, Vec<Found<'_>>) {
        if let Some(search) = self.search {
            search.arrange(&mut self.found, |(_, _, distance_m, _)| *distance_m);
        }
        let members: Vec<&[u8]> = self.members.iter().collect();
        let found = self.found.iter().map(|&(score, position, distance_m, at)| Found {
            member: members[at],
            score,
            position,
            distance_m,
        });
        (&self.asked, found.collect())
    }
}

/// Searches among many in slices, and orders what was found with the locks let go.
fn search_in_slices<'a>(
    cx: &mut Cx<'_>,
    args: Args<'a>,
    out: &mut dyn Reply,
    form: Form,
    source: Key<'_>,
) -> Result<Outcome> {
    let go_on = |view: &mut View<'_>, looked: &mut Looked<'a>| {
        let Some(entry) = view.peek(&source)? else {
            looked.asked = Asked::read(args, form, None)?;
            return Ok(true);
        };
        looked.go_on(entry.collection()?, args, form)
    };
    let store_it =
        form == Form::SearchStore || form.stores() && Asked::read(args, form, None)?.store.is_some();
    if !store_it {
        let mut looked = cx.read_in_slices(args, &[source], go_on)?;
        let (asked, found) = looked.arranged();
        asked.write(&found, out);
        return Ok(Done);
    }
    let tools = cx.view.tools();
    let (destination, result) = cx.view.in_slices_then(&[source], go_on, |mut looked| {
        let (asked, found) = looked.arranged();
        Ok::<_, Error>((asked.store.unwrap_or_default(), asked.to_store(&found, &tools)))
    })?;
    store(cx, destination, result, form.event(), out)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn the_first_thing_wrong_with_a_line_is_its_error() {
        let mut guest = House::new().guest();
        guest.says("GEOADD g 1 2 a 2 1 b");
        guest.says("SET s x");
        for (line, answer) in [
            (
                "GEORADIUS s x y z parsec",
                "-WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
            ("GEORADIUS g x 91 z parsec", "-ERR value is not a valid float"),
            ("GEORADIUS g 1 91 z parsec", "-ERR invalid longitude,latitude pair 1.000000,91.000000"),
            ("GEORADIUS g 1 2 z parsec", "-ERR need numeric radius"),
            ("GEORADIUS g 1 2 -1 parsec", "-ERR radius cannot be negative"),
            (
                "GEORADIUS g 1 2 1 parsec ASC ASC x",
                "-ERR unsupported unit provided. please use M, KM, FT, MI",
            ),
            ("GEORADIUS_RO g 1 2 1 km STORE s", "-ERR syntax error"),
            ("GEORADIUS g 1 2 1 km STORE", "-ERR syntax error"),
            ("GEORADIUSBYMEMBER g c x y", "-ERR could not decode requested zset member"),
            ("GEORADIUSBYMEMBER none c x y", "[]"),
            ("GEORADIUSBYMEMBER none c x y ANY", "-ERR the ANY argument requires COUNT argument"),
            ("GEOSEARCH g FROMMEMBER a FROMLONLAT 1 2 BYRADIUS 1 m", "-ERR syntax error"),
            ("GEOSEARCH g FROMMEMBER a BYBOX 1 -1 parsec", "-ERR height or width cannot be negative"),
            ("GEOSEARCH g FROMMEMBER a BYBOX -1 x parsec", "-ERR need numeric height"),
            ("GEOSEARCH g FROMMEMBER a BYBOX 1 1 km BYRADIUS 1 km", "-ERR syntax error"),
            (
                "geoSearch g BYBOX 1 1 km ASC",
                "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geoSearch",
            ),
            (
                "GEOSEARCH g FROMMEMBER b COUNT 1 ASC",
                "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH",
            ),
            ("GEOSEARCH g FROMMEMBER b BYRADIUS 1 m COUNT 0", "-ERR COUNT must be > 0"),
            ("GEOSEARCH none FROMMEMBER c BYRADIUS 1 m", "[]"),
            ("GEOSEARCHSTORE s none FROMMEMBER c BYRADIUS 1 m", "(0)"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
        assert_eq!(guest.says("EXISTS s"), "(0)", "an empty result removes what was there");
    }

    #[test]
    fn a_stored_result_is_reported_and_loses_its_deadline() {
        let house = House::new();
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        let (mut guest, mut listener) = (house.guest(), house.guest());
        listener.says("PSUBSCRIBE __keyevent*");
        for (line, event) in [
            ("GEOADD g 1 2 a 2 1 b", "zadd"),
            ("GEOADD g 1 2 a", ""),
            ("GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 km", "geosearchstore"),
            ("EXPIRE d 10", "expire"),
            ("GEORADIUS g 1 2 1000 km STORE d", "georadiusstore"),
            ("GEORADIUS g 1 2 1000 km STORE x STOREDIST g", "georadiusstore"),
            ("GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 1 km", "del"),
            ("GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 1 km", ""),
        ] {
            guest.says(line);
            let heard = listener.hears();
            assert!(
                heard.contains(&format!("__keyevent@0__:{event}")) || event.is_empty() && heard.is_empty(),
                "{heard}"
            );
            if line.starts_with("GEORADIUS g 1 2 1000 km STORE d") {
                assert_eq!(guest.says("TTL d"), "(-1)");
            }
        }
        assert_eq!(guest.says("EXISTS d x"), "(0)", "of several STOREs the last one counts");
        assert_eq!(guest.says("ZSCORE g b"), ",157.2700368029184");
    }
}
