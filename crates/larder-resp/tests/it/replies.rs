//! Values through encoder and decoder.

use larder_resp::{DecodeError, Decoder, DecoderLimits, Encoder, Proto, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{pieces, repeatable};

fn line() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>().prop_filter("no line ends", |byte| !matches!(byte, b'\r' | b'\n')), 0..12)
}

fn value() -> impl Strategy<Value = Value> {
    let blob = || vec(any::<u8>(), 0..40);
    let leaf = prop_oneof![
        line().prop_map(Value::Simple),
        line().prop_map(Value::Error),
        blob().prop_map(Value::BulkError),
        any::<i64>().prop_map(Value::Integer),
        blob().prop_map(Value::Bulk),
        Just(Value::Null),
        any::<f64>().prop_filter("NaN is not equal to itself", |n| !n.is_nan()).prop_map(Value::Double),
        (-(1_i64 << 54)..1 << 54).prop_map(|n| Value::Double(n as f64 / 1024.0)),
        any::<bool>().prop_map(Value::Boolean),
        "-?[0-9]{1,40}".prop_map(|digits| Value::BigNumber(digits.into())),
        (any::<[u8; 3]>(), blob()).prop_map(|(format, text)| Value::Verbatim(format, text)),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let items = vec(inner.clone(), 0..6);
        let pairs = vec((inner.clone(), inner.clone()), 0..4);
        prop_oneof![
            items.clone().prop_map(Value::Array),
            items.clone().prop_map(Value::Set),
            items.prop_map(Value::Push),
            pairs.clone().prop_map(Value::Map),
            (pairs, inner).prop_map(|(pairs, value)| Value::Attributed(pairs, Box::new(value))),
        ]
    })
}

fn encoded(value: &Value, proto: Proto) -> Vec<u8> {
    let mut wire = Vec::new();
    Encoder::new(&mut wire, proto).value(value);
    wire
}

fn limits() -> DecoderLimits {
    DecoderLimits { keep_attributes: true, ..DecoderLimits::default() }
}

/// All that is found in `wire` when it arrives in pieces and what was taken is dropped at once.
fn decoded(wire: &[u8], lengths: &[usize]) -> (Vec<Value>, Option<DecodeError>) {
    let (mut decoder, mut buf, mut found) = (Decoder::new(limits()), Vec::new(), Vec::new());
    for piece in pieces(wire, lengths) {
        buf.extend_from_slice(piece);
        let mut at = 0;
        loop {
            match decoder.next(&buf, &mut at) {
                Ok(Some(value)) => found.push(value),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
        buf.drain(..at);
    }
    (found, None)
}

/// The same tree as RESP2 shows it, for what RESP2 does not lose.
fn as_resp2(value: &Value) -> Value {
    let all = |items: &[Value]| Value::Array(items.iter().map(as_resp2).collect());
    let spaced =
        |text: &[u8]| text.iter().map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b }).collect();
    match value {
        Value::BulkError(text) => Value::Error(spaced(text)),
        Value::Double(number) => {
            let mut text = Vec::new();
            larder_resp::format_double(*number, &mut text);
            Value::Bulk(text)
        }
        Value::Boolean(yes) => Value::Integer(i64::from(*yes)),
        Value::BigNumber(text) | Value::Verbatim(_, text) => Value::Bulk(text.clone()),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => all(items),
        Value::Map(pairs) => {
            Value::Array(pairs.iter().flat_map(|(k, v)| [as_resp2(k), as_resp2(v)]).collect())
        }
        Value::Attributed(_, value) => as_resp2(value),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(repeatable())]

    #[test]
    fn what_is_encoded_is_one_frame_and_decodes_to_itself(value in value()) {
        let wire = encoded(&value, Proto::Resp3);
        prop_assert_eq!(decoded(&wire, &[usize::MAX]), (vec![value.clone()], None));
        let wire = encoded(&value, Proto::Resp2);
        prop_assert_eq!(decoded(&wire, &[usize::MAX]), (vec![as_resp2(&value)], None));
    }

    #[test]
    fn no_proper_prefix_is_a_frame(value in value(), at in any::<prop::sample::Index>()) {
        let wire = encoded(&value, Proto::Resp3);
        prop_assert_eq!(decoded(&wire[..at.index(wire.len())], &[usize::MAX]), (vec![], None));
    }

    #[test]
    fn cuts_change_nothing(values in vec(value(), 1..4), lengths in vec(1_usize..9, 1..9)) {
        let wire: Vec<u8> = values.iter().flat_map(|value| encoded(value, Proto::Resp3)).collect();
        prop_assert_eq!(decoded(&wire, &lengths), (values, None));
    }

    #[test]
    fn garbage_is_refused_at_the_same_place_however_it_is_cut(
        wire in vec(prop_oneof![
            Just(b"\r\n".to_vec()),
            "[-+:$,#(!=*%~>|_tf0-9]".prop_map(String::into_bytes),
            any::<u8>().prop_map(|byte| vec![byte]),
        ], 0..60),
        lengths in vec(1_usize..5, 1..9),
    ) {
        let wire = wire.concat();
        let whole = format!("{:?}", decoded(&wire, &[usize::MAX]));
        // NaN differs from itself, so compare what is shown.
        prop_assert_eq!(format!("{:?}", decoded(&wire, &lengths)), whole);
    }

    #[test]
    fn a_damaged_frame_does_no_harm(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut wire = encoded(&value, Proto::Resp3);
        let at = at.index(wire.len());
        wire[at] = byte;
        let (found, _) = decoded(&wire, &[usize::MAX]);
        for value in found {
            prop_assert_eq!(decoded(&encoded(&value, Proto::Resp3), &[usize::MAX]).0.len(), 1);
        }
    }

    #[test]
    fn doubles_read_back_as_themselves(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        let mut text = Vec::new();
        larder_resp::format_double(number, &mut text);
        prop_assert!(text.len() <= 25);
        let back: f64 = std::str::from_utf8(&text).unwrap().parse().unwrap();
        prop_assert!(back.to_bits() == bits || number.is_nan() && back.is_nan());
    }
}
