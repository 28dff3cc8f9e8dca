//! The two forms mean the same, and no bytes do harm.

use collect::otlp::{Format, Histograms, Options, OtlpError, Promote, Scratch, Sent, decode_into};
use model::Batch;
use proptest::{collection::vec, prelude::*};
use prost::Message as _;

use super::{as_json::to_json, made::requests, tell::tell};

fn options(all: bool) -> Options {
    if !all {
        return Options::default();
    }
    Options {
        promote: Promote::AllBut([".".to_owned()].into()),
        keep_identifying: true,
        histograms: Histograms::CustomBuckets,
        promote_scope: true,
        ..Options::default()
    }
}

fn decoded(body: &[u8], format: Format, options: &Options) -> Result<String, OtlpError> {
    let mut batch = Batch::new("test");
    let sent = Sent { body, format, encoding: None };
    let arrived = decode_into(&sent, options, &mut |_| true, &mut batch, &mut Scratch::default())?;
    for series in batch.iter() {
        for sample in series.histograms {
            assert_eq!(sample.histogram.check(), Ok(()), "{}", series.labels);
        }
    }
    Ok(tell(&batch, &arrived))
}

proptest! {
    #[test]
    fn both_forms_give_the_same_series(request in requests(), all in any::<bool>()) {
        let options = options(all);
        let protobuf = decoded(&request.encode_to_vec(), Format::Protobuf, &options);
        let json = decoded(to_json(&request).to_string().as_bytes(), Format::Json, &options);
        prop_assert_eq!(json.as_ref(), protobuf.as_ref());
        prop_assert!(protobuf.is_ok());
    }

    #[test]
    fn changed_and_cut_requests_are_taken_or_refused(
        request in requests(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
        all in any::<bool>(),
    ) {
        let mut protobuf = request.encode_to_vec();
        let mut json = to_json(&request).to_string().into_bytes();
        for (body, format) in [(&mut protobuf, Format::Protobuf), (&mut json, Format::Json)] {
            for (at, byte) in &changes {
                if !body.is_empty() {
                    let at = at.index(body.len());
                    body[at] = *byte;
                }
            }
            body.truncate(end.index(body.len() * 2 + 1));
            if let Err(error) = decoded(body, format, &options(all)) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn any_bytes_are_taken_or_refused(body in vec(any::<u8>(), 0..200)) {
        for format in [Format::Protobuf, Format::Json] {
            if let Err(error) = decoded(&body, format, &Options::default()) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
