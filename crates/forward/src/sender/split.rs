//! Takes a refused request apart, so that a few samples that a receiver does not want cost no others.
//!
//! A Prometheus refuses the whole of a request for one sample that it has already, or that is too old. What was sent
//! before a restart of ours, and is sent again, lies at the beginning of each series; so each series is cut in the middle
//! first. When every series has one sample left, the request is cut between series. One that is too large is cut between
//! series at once, as labels take most of its bytes.

use collect::remote_write::{self, DecodeLimits, Protocol, Scratch};
use model::{Batch, BatchSeries};

use super::{answer::Cut, window::Request};

/// Two requests with the samples of one.
#[derive(Debug)]
pub(super) enum Halves {
    /// The earlier samples of each series, and the later ones; to be sent in this order.
    Times([Request; 2]),
    /// Some series with one sample each, and the others; in any order.
    Series([Request; 2]),
}

/// Cuts a request; `None` if it holds one sample, or cannot be read.
pub(super) fn split(request: &Request, protocol: Protocol, cut: Cut) -> Option<Halves> {
    let (mut batch, mut scratch) = (Batch::default(), Scratch::default());
    let (limits, sent_as) = (DecodeLimits::default(), (Some("snappy"), protocol));
    let read = remote_write::decode_into(&request.body, sent_as, &limits, &mut batch, &mut scratch);
    if let Err(error) = read {
        tracing::error!(%error, "a request of ours cannot be read");
        return None;
    }
    let encoded =
        |[first, second]: [Batch; 2]| Some([encode(&first, protocol)?, encode(&second, protocol)?]);
    let series_first = cut == Cut::Size && batch.len() > 1;
    let times = Some(by_time(&batch)).filter(|[_, late]| !late.is_empty() && !series_first);
    if let Some(times) = times {
        encoded(times).map(Halves::Times)
    } else if batch.len() > 1 {
        encoded(by_series(&batch)).map(Halves::Series)
    } else {
        None
    }
}

/// The bytes of a batch, as they are sent.
pub(super) fn encode(batch: &Batch, protocol: Protocol) -> Option<Request> {
    let body = match protocol {
        Protocol::V1 => remote_write::encode(batch.iter()),
        Protocol::V2 => remote_write::encode_v2(batch.iter()),
    };
    match body {
        Ok(body) => Some(Request { body: body.into(), samples: batch.samples() as u64 }),
        Err(error) => {
            tracing::error!(%error, "cannot make a request");
            None
        }
    }
}

/// The first half of each series, and the rest.
fn by_time(batch: &Batch) -> [Batch; 2] {
    let mut halves = [Batch::default(), Batch::default()];
    for own in batch.iter() {
        let (early, late) = own.samples.split_at(own.samples.len().div_ceil(2));
        let (first, second) = own.histograms.split_at(own.histograms.len().div_ceil(2));
        let pieces = [(early, first), (late, second)];
        for (half, (samples, histograms)) in halves.iter_mut().zip(pieces) {
            if !samples.is_empty() || !histograms.is_empty() {
                add(half, BatchSeries { samples, histograms, ..own });
            }
        }
    }
    halves
}

/// The first half of the series, and the rest.
fn by_series(batch: &Batch) -> [Batch; 2] {
    let mut halves = [Batch::default(), Batch::default()];
    for (at, own) in batch.iter().enumerate() {
        add(&mut halves[usize::from(at >= batch.len() / 2)], own);
    }
    halves
}

fn add(batch: &mut Batch, own: BatchSeries<'_>) {
    for sample in own.samples {
        batch.push(*sample);
    }
    for sample in own.histograms {
        batch.push_histogram(sample.clone());
    }
    batch.end_packed(own.labels);
}

#[cfg(test)]
mod tests {
    use model::{Labels, Sample, Time};

    use super::*;

    fn request(series: &[(&str, &[i64])]) -> Request {
        let mut batch = Batch::default();
        for (name, times) in series {
            for time in *times {
                batch.push(Sample { time: Time(*time), value: 1.0 });
            }
            batch.end_packed(Labels::from_pairs([("__name__", *name)]).as_ref());
        }
        encode(&batch, Protocol::V1).unwrap()
    }

    fn told(request: &Request) -> Vec<(String, Vec<i64>)> {
        let (mut batch, mut scratch) = (Batch::default(), Scratch::default());
        let sent_as = (None, Protocol::V1);
        let limits = DecodeLimits::default();
        remote_write::decode_into(&request.body, sent_as, &limits, &mut batch, &mut scratch)
            .unwrap();
        assert_eq!(batch.samples() as u64, request.samples);
        let times = |own: &[Sample]| own.iter().map(|own| own.time.millis()).collect();
        batch.iter().map(|own| (own.labels.to_string(), times(own.samples))).collect()
    }

    fn said(series: &[(&str, &[i64])]) -> Vec<(String, Vec<i64>)> {
        series.iter().map(|(name, times)| ((*name).to_owned(), times.to_vec())).collect()
    }

    #[test]
    fn a_request_is_cut_within_its_series_and_then_between_them() {
        let all = request(&[("a", &[1, 2, 3]), ("b", &[7]), ("c", &[4, 9])]);
        let Some(Halves::Times([early, late])) = split(&all, Protocol::V1, Cut::Blame) else {
            panic!("there are several samples in a series");
        };
        assert_eq!(told(&early), said(&[("a", &[1, 2]), ("b", &[7]), ("c", &[4])]));
        assert_eq!(told(&late), said(&[("a", &[3]), ("c", &[9])]));
        let Some(Halves::Series([one, other])) = split(&late, Protocol::V1, Cut::Blame) else {
            panic!("there is one sample in each series");
        };
        assert_eq!((told(&one), told(&other)), (said(&[("a", &[3])]), said(&[("c", &[9])])));
        assert!(split(&one, Protocol::V1, Cut::Blame).is_none());
    }

    #[test]
    fn a_request_that_is_too_large_is_cut_between_its_series_first() {
        let all = request(&[("a", &[1, 2, 3]), ("b", &[7])]);
        let Some(Halves::Series([one, other])) = split(&all, Protocol::V1, Cut::Size) else {
            panic!("there are several series");
        };
        assert_eq!((told(&one), told(&other)), (said(&[("a", &[1, 2, 3])]), said(&[("b", &[7])])));
        let Some(Halves::Times([early, late])) = split(&one, Protocol::V1, Cut::Size) else {
            panic!("there are several samples");
        };
        assert_eq!((told(&early), told(&late)), (said(&[("a", &[1, 2])]), said(&[("a", &[3])])));
        assert!(split(&other, Protocol::V1, Cut::Size).is_none());
    }
}
