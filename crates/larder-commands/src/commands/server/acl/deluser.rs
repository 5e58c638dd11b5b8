//! `ACL DELUSER`: removes users, and closes their connections.

use crate::prelude::*;
use crate::users::DEFAULT_USER;

pub(super) static DELUSER: Command = Command {
    name: "deluser",
    summary: "Removes users and closes their connections.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of names",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username").multiple()],
    examples: &[
        "ACL DELUSER default",
        "ACL DELUSER nobody",
        "ACL SETUSER ann",
        "ACL DELUSER ann nobody",
        "ACL USERS",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let names = args.from(2);
    if names.contains(&DEFAULT_USER) {
        return Err(Error::general("The 'default' user cannot be removed"));
    }
    let removed = names.iter().filter(|name| cx.instance.remove_user(name)).count();
    out.count(removed);
    // Whoever removes itself hears of it first.
    cx.session.closing |= names.contains(&&*cx.session.user.name) && removed > 0;
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn who_is_removed_is_closed() {
        let house = House::new();
        let (mut admin, mut guest) = (house.guest(), house.guest());
        admin.says("ACL SETUSER u on nopass +@all ~*");
        guest.says("AUTH u x");
        assert_eq!(guest.says("ACL WHOAMI"), "\"u\"");
        assert_eq!(admin.says("ACL DELUSER u"), "(1)");
        let told = admin.says("CLIENT LIST");
        assert!(!told.contains("user=u "), "{told}");
    }
}
