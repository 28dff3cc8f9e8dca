//! Requests by chance, and whatever bytes.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart_the_same(
        labels in proptest::collection::btree_map("[a-z]{1,6}", "\\PC{1,10}", 0..4),
        samples in proptest::collection::vec((any::<i64>(), any::<u64>()), 1..20),
    ) {
        let labels = Labels::from_pairs(labels).with(METRIC_NAME, "metric");
        let samples: Vec<Sample> = samples
            .into_iter()
            .map(|(millis, bits)| Sample { time: Time(millis), value: f64::from_bits(bits) })
            .collect();
        let body = encode(&[Series::new(labels.clone(), samples.clone())]).unwrap();
        let decoded = decode(&body, Some("snappy"), &DecodeLimits::default()).unwrap();
        prop_assert_eq!(&decoded.series[0].labels, &labels);
        let bits = |samples: &[Sample]| -> Vec<(i64, u64)> {
            samples.iter().map(|sample| (sample.time.millis(), sample.value.to_bits())).collect()
        };
        prop_assert_eq!(bits(&decoded.series[0].samples), bits(&samples));
        let second = encode_v2(&[Series::new(labels.clone(), samples.clone())]).unwrap();
        let second = decode_as(Protocol::V2, &second, None, &DecodeLimits::default()).unwrap();
        prop_assert_eq!(&second.series[0].labels, &labels);
        prop_assert_eq!(bits(&second.series[0].samples), bits(&samples));
        let plain = Decoder::new().decompress_vec(&body).unwrap();
        let message = WriteRequest::decode(plain.as_slice()).unwrap();
        prop_assert_eq!(message.timeseries[0].samples.len(), samples.len());
    }

    #[test]
    fn a_damaged_request_is_refused_or_can_be_sent_on(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        second in any::<bool>(),
    ) {
        let sample = Sample { time: Time(1_700_000_000_000), value: 0.5 };
        let labels = |name| Labels::from_pairs([(METRIC_NAME, name), ("job", "node"), ("le", "ü")]);
        let mut both = native(vec![histogram(&[1.0, 0.5]), histogram(&[7.0, 0.0, 3.0])]);
        both.samples.push(sample);
        let sent = [Series::new(labels("a"), vec![sample; 2]), both, Series::new(labels("b"), vec![sample])];
        let (protocol, body) = if second {
            (Protocol::V2, encode_v2(&sent).unwrap())
        } else {
            (Protocol::V1, encode(&sent).unwrap())
        };
        let mut message = Decoder::new().decompress_vec(&body).unwrap();
        for (at, byte) in damage {
            let at = at.index(message.len());
            message[at] = byte;
        }
        message.truncate(message.len() - cut.index(message.len()) / 8);
        let limits = DecodeLimits::default();
        if let Ok(found) = decode_as(protocol, &compressed(&message), None, &limits) {
            for (protocol, body) in [
                (Protocol::V1, encode(&found.series).unwrap()),
                (Protocol::V2, encode_v2(&found.series).unwrap()),
            ] {
                let again = decode_as(protocol, &body, None, &limits).unwrap();
                // Not-a-numbers are not equal to themselves.
                prop_assert_eq!(format!("{:?}", again.series), format!("{:?}", found.series));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(decode(&bytes, None, &DecodeLimits::default()));
        for protocol in [Protocol::V1, Protocol::V2] {
            drop(decode_as(protocol, &compressed(&bytes), None, &DecodeLimits::default()));
        }
    }
}
