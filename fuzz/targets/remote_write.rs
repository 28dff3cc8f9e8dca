//! Remote write: any body is decoded or refused. The first byte says whether the rest is packed already.
#![no_main]

use collect::remote_write::{DecodeLimits, Protocol, Scratch, decode_into, encode, encode_v2};
use libfuzzer_sys::fuzz_target;
use model::Batch;

const LIMITS: DecodeLimits = DecodeLimits {
    body_bytes: 1 << 20,
    decoded_bytes: 1 << 20,
    series: 1000,
    samples: 10_000,
    buckets: 10_000,
    labels: 10_000,
    labels_per_series: 64,
    label_bytes: 2048,
};

/// Ours may take more bytes than what was sent.
const LARGER: DecodeLimits = DecodeLimits { body_bytes: 1 << 24, decoded_bytes: 1 << 24, ..LIMITS };

fuzz_target!(|input: &[u8]| {
    let Some((kind, body)) = input.split_first() else { return };
    let packed = if kind % 2 == 0 { body.to_vec() } else { pack(body) };
    let protocol = if kind & 2 == 0 { Protocol::V1 } else { Protocol::V2 };
    let (mut batch, mut again, mut scratch) = (Batch::default(), Batch::default(), Scratch::default());
    if decode_into(&packed, (Some("snappy"), protocol), &LIMITS, &mut batch, &mut scratch).is_ok() {
        // What was taken can be sent on, in either version.
        for (protocol, body) in
            [(Protocol::V1, encode(batch.iter())), (Protocol::V2, encode_v2(batch.iter()))]
        {
            let body = body.expect("what was decoded can be encoded");
            decode_into(&body, (None, protocol), &LARGER, &mut again, &mut scratch)
                .expect("what we encode we decode");
            assert_eq!((batch.len(), batch.samples()), (again.len(), again.samples()));
        }
    }
});

/// Literal snappy: the length, then one chunk as it is.
fn pack(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(body.len() + 16);
    let mut length = body.len();
    while length >= 0x80 {
        packed.push(length as u8 | 0x80);
        length >>= 7;
    }
    packed.push(length as u8);
    for chunk in body.chunks(60) {
        packed.push(((chunk.len() - 1) << 2) as u8);
        packed.extend_from_slice(chunk);
    }
    packed
}
