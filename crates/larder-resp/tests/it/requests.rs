//! Commands through the server's parser.

use larder_resp::{Awaited, Limits, Parsed, RequestParser, Span, encode};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{pieces, repeatable};

/// What a server would have seen.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Command(Vec<Vec<u8>>),
    Http,
    Error(String),
}

/// Feeds `wire` in pieces. What is found does not depend on whether short commands are looked for first.
fn seen(limits: Limits, wire: &[u8], lengths: &[usize]) -> Vec<Seen> {
    let seen = seen_by(limits, wire, lengths, 0);
    for most in [1, 3, usize::MAX] {
        assert_eq!(seen_by(limits, wire, lengths, most), seen, "with {most} short commands at a time");
    }
    seen
}

/// The same with up to so many short commands looked for first. After every second piece, finished commands are removed
/// from the buffer and from the spans.
fn seen_by(limits: Limits, wire: &[u8], lengths: &[usize], most_short: usize) -> Vec<Seen> {
    let mut parser = RequestParser::new(limits);
    let (mut buf, mut at, mut spans, mut seen) = (Vec::new(), 0, Vec::new(), Vec::new());
    for (turn, piece) in pieces(wire, lengths).into_iter().enumerate() {
        buf.extend_from_slice(piece);
        let mut lines = Vec::new();
        parser
            .next_short(&buf, &mut at, &mut spans, most_short, |first, argc| lines.push(first..first + argc));
        let args = |span: &Span| span.of(&buf).to_vec();
        seen.extend(lines.into_iter().map(|line| Seen::Command(spans[line].iter().map(args).collect())));
        loop {
            match parser.next(&buf, &mut at, &mut spans) {
                Ok(Parsed::Command { first, argc }) => {
                    seen.push(Seen::Command(spans[first..first + argc].iter().map(args).collect()));
                }
                Ok(Parsed::Inline(args)) => seen.push(Seen::Command(args)),
                Ok(Parsed::Incomplete { need }) => {
                    assert!(need > 0);
                    break;
                }
                Ok(Parsed::Http) => {
                    seen.push(Seen::Http);
                    return seen;
                }
                Err(error) => {
                    seen.push(Seen::Error(error.to_string()));
                    return seen;
                }
            }
        }
        if turn % 2 == 1 {
            buf.drain(..at);
            at = 0;
            parser.retire(&mut spans);
        }
        assert!(spans.len() <= wire.len() / 6 + 1, "an argument takes six bytes on the wire");
    }
    seen
}

/// The same, with arguments of four bytes and more taken out of the buffer when they have not arrived entirely.
fn seen_apart(wire: &[u8], lengths: &[usize]) -> Vec<Seen> {
    let mut parser = RequestParser::new(Limits::STANDARD);
    let (mut buf, mut at, mut spans, mut seen) = (Vec::new(), 0, Vec::new(), Vec::new());
    let mut bulk: Option<(Awaited, Vec<u8>)> = None;
    let mut bulks = Vec::new();
    for piece in pieces(wire, lengths) {
        let mut piece = piece;
        while !piece.is_empty() {
            let mut found = None;
            if let Some((awaited, bytes)) = &mut bulk {
                let (taken, rest) = piece.split_at(piece.len().min(awaited.len + 2 - bytes.len()));
                bytes.extend_from_slice(taken);
                piece = rest;
                if bytes.len() == awaited.len + 2 {
                    bytes.truncate(awaited.len);
                    bulks.push((awaited.argument, std::mem::take(bytes)));
                    bulk = None;
                    found = parser.pass_over(&mut at, &mut spans);
                }
            } else {
                buf.extend_from_slice(std::mem::take(&mut piece));
            }
            while bulk.is_none() {
                let parsed = match found.take() {
                    Some(parsed) => parsed,
                    None => parser.next(&buf, &mut at, &mut spans).expect("commands"),
                };
                let Parsed::Command { first, argc } = parsed else { break };
                let mut args: Vec<Vec<u8>> =
                    spans[first..first + argc].iter().map(|span| span.of(&buf).to_vec()).collect();
                bulks.drain(..).for_each(|(argument, bytes)| args[argument] = bytes);
                seen.push(Seen::Command(args));
            }
            if bulk.is_none()
                && let Some(awaited) = parser.awaited(4)
            {
                bulk = Some((awaited, buf.split_off(at + awaited.start)));
            }
            buf.drain(..at);
            at = 0;
            parser.retire(&mut spans);
        }
    }
    seen
}

fn commands() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    vec(vec(vec(any::<u8>(), 0..20), 1..6), 1..6)
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => Just(b"\r\n".to_vec()),
        2 => "[*$][0-3]".prop_map(String::into_bytes),
        2 => "[*$][0-9]{1,20}".prop_map(String::into_bytes),
        2 => "[a-z\"' \\\\]{1,6}".prop_map(String::into_bytes),
        1 => Just(b"POST".to_vec()),
        2 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

const SMALL: Limits =
    Limits { args_max: 3, bulk_len_max: 12, line_len_max: 24, command_len_max: 60, unauthenticated: false };

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn commands_arrive_as_they_were_sent(commands in commands(), lengths in vec(1_usize..30, 1..9)) {
        let mut wire = Vec::new();
        for command in &commands {
            encode::command(command, &mut wire);
        }
        let commands: Vec<_> = commands.into_iter().map(Seen::Command).collect();
        prop_assert_eq!(&seen(Limits::STANDARD, &wire, &[usize::MAX]), &commands);
        prop_assert_eq!(&seen(Limits::STANDARD, &wire, &lengths), &commands);
        prop_assert_eq!(&seen(Limits::STANDARD, &wire, &[1]), &commands);
        prop_assert_eq!(&seen_apart(&wire, &lengths), &commands);
        prop_assert_eq!(&seen_apart(&wire, &[1]), &commands);
    }

    #[test]
    fn cuts_change_nothing_in_garbage_either(wire in garbage(), lengths in vec(1_usize..9, 1..9)) {
        for limits in [Limits::STANDARD, Limits::UNAUTHENTICATED, SMALL] {
            let whole = seen(limits, &wire, &[usize::MAX]);
            prop_assert_eq!(&seen(limits, &wire, &lengths), &whole);
            for seen in whole {
                if let Seen::Command(args) = seen {
                    prop_assert!(!args.is_empty());
                    prop_assert!(args.iter().map(Vec::len).sum::<usize>() <= wire.len());
                }
            }
        }
    }

    #[test]
    fn a_quoted_line_is_the_command_it_spells(args in vec(vec(any::<u8>(), 0..8), 1..5)) {
        let quoted = |arg: &Vec<u8>| {
            let hex: Vec<_> = arg.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{}\"", hex.concat())
        };
        let line = args.iter().map(quoted).collect::<Vec<_>>().join(" ") + "\r\n";
        prop_assert_eq!(seen(Limits::STANDARD, line.as_bytes(), &[3]), vec![Seen::Command(args)]);
    }
}

#[test]
fn a_large_command_in_small_pieces_is_read_once() {
    // Were each piece to start over, this would take hours.
    let args = vec![b"0123456789".to_vec(); 200_000];
    let mut wire = Vec::new();
    encode::command(&args, &mut wire);
    assert_eq!(seen(Limits::STANDARD, &wire, &[64]), [Seen::Command(args)]);
}
