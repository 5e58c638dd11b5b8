//! A typed line: split into arguments, and judged whether it may be written to the history file.

/// The arguments of a line, with the quoting rules of `redis-cli`; `None` where quotes do not balance.
pub(crate) fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    larder_resp::split_arguments(line)
}

/// The repetitions that a number before a command asks for, as in `5 PING`, and the command.
pub(crate) fn repetitions(mut args: Vec<Vec<u8>>) -> (u64, Vec<Vec<u8>>) {
    let times = match args.first() {
        Some(first) if args.len() > 1 => std::str::from_utf8(first).ok().and_then(|text| text.parse().ok()),
        _ => None,
    };
    match times {
        Some(times) if times > 0 => {
            args.remove(0);
            (times, args)
        }
        _ => (1, args),
    }
}

/// Whether the command may hold a password, which a history file must not keep.
pub(crate) fn is_secret(args: &[Vec<u8>]) -> bool {
    let word = |at: usize| args.get(at).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let holds = |name: &str| args.iter().any(|arg| arg.eq_ignore_ascii_case(name.as_bytes()));
    match word(0).as_slice() {
        b"auth" => true,
        b"acl" => word(1) == b"setuser",
        b"hello" => holds("auth"),
        b"migrate" => holds("auth") || holds("auth2"),
        b"config" => word(1) == b"set" && ["requirepass", "masterauth", "masteruser"].into_iter().any(holds),
        b"sentinel" => holds("auth-pass") || holds("auth-user"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_secret, repetitions, split};

    fn args(line: &str) -> Vec<Vec<u8>> {
        split(line.as_bytes()).expect("balanced")
    }

    #[test]
    fn a_number_before_a_command_repeats_it() {
        assert_eq!(repetitions(args("5 PING")), (5, args("PING")));
        assert_eq!(repetitions(args("5")), (1, args("5")));
        assert_eq!(repetitions(args("0 PING")), (1, args("0 PING")));
        assert_eq!(repetitions(args("-1 PING")), (1, args("-1 PING")));
        assert_eq!(repetitions(args("GET 5")), (1, args("GET 5")));
    }

    #[test]
    fn passwords_stay_out_of_the_history() {
        for line in [
            "AUTH x",
            "acl SetUser joe >x",
            "HELLO 3 AUTH u p",
            "CONFIG SET maxmemory 1 requirepass x",
            "MIGRATE h 1 k 0 10 AUTH x",
        ] {
            assert!(is_secret(&args(line)), "{line}");
        }
        for line in ["", "GET auth", "ACL LIST", "HELLO 3", "CONFIG GET requirepass", "SET acl setuser"] {
            assert!(!is_secret(&args(line)), "{line}");
        }
    }
}
