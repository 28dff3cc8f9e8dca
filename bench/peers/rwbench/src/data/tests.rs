//! The data are what they claim to be.

use super::*;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}
#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}
#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[test]
fn about_a_third_is_constant() {
    let spec = Spec {
        hosts: 40,
        steps: 240,
        interval_s: 15,
        end_s: 1_700_000_100,
        window: 1,
        hosts_per_req: 20,
        seed: 1,
    };
    let (mut constant, mut same, mut n) = (0, 0, 0);
    for h in 0..spec.hosts {
        let mut host = Host::new(&spec, h);
        let mut seen: Vec<Vec<u64>> = vec![Vec::new(); SERIES_PER_HOST];
        for s in 0..spec.steps {
            host.scrape(&spec, s, |i, b, live| {
                if live {
                    seen[i].push(b)
                }
            });
        }
        for v in &seen {
            constant += v.windows(2).all(|w| w[0] == w[1]) as usize;
            same += v.windows(2).filter(|w| w[0] == w[1]).count();
            n += v.len() - 1;
        }
    }
    let share = constant as f64 / (spec.hosts * SERIES_PER_HOST) as f64;
    println!(
        "constant series {share:.3}, samples equal to the one before {:.3}",
        same as f64 / n as f64
    );
    assert!((0.25..0.45).contains(&share));
}

#[test]
fn encoding_is_what_prost_reads() {
    let spec = Spec {
        hosts: 40,
        steps: 30,
        interval_s: 60,
        end_s: 1_700_000_100,
        window: 10,
        hosts_per_req: 20,
        seed: 7,
    };
    let d = std::env::temp_dir().join(format!("rwbench-test-{}", std::process::id()));
    let ds = generate(&spec, &d, "t", 2);
    assert_eq!(ds.frames.len(), 2 * 3);
    let mut total = 0u64;
    let mut last: std::collections::HashMap<Vec<(String, String)>, (i64, f64)> = Default::default();
    let mut buf = Vec::new();
    for f in &ds.frames {
        ds.read(f, &mut buf);
        let raw = snap::raw::Decoder::new().decompress_vec(&buf).unwrap();
        let w = WriteRequest::decode(&raw[..]).unwrap();
        let mut again = Vec::new();
        w.encode(&mut again).unwrap();
        assert_eq!(raw, again, "prost writes the same bytes");
        let n: usize = w.timeseries.iter().map(|t| t.samples.len()).sum();
        assert_eq!(n as u32, f.samples);
        total += n as u64;
        for t in &w.timeseries {
            assert!(t.labels.windows(2).all(|p| p[0].name < p[1].name), "labels sorted");
            assert!((9..=12).contains(&t.labels.len()), "{}", t.labels.len());
            let key: Vec<_> = t.labels.iter().map(|l| (l.name.clone(), l.value.clone())).collect();
            for s in &t.samples {
                assert!(s.timestamp < spec.end_s * 1000 && s.timestamp > ds.step_ms(0));
                if let Some((pt, pv)) = last.get(&key) {
                    assert!(s.timestamp > *pt);
                    let counter = t.labels[0].value.ends_with("_total")
                        || t.labels[0].value.ends_with("_bucket");
                    let rebooted = s.value < *pv;
                    assert!(
                        !counter || !rebooted || s.value.is_nan() || s.value < pv / 2.0,
                        "{key:?} {pv} -> {}",
                        s.value
                    );
                }
                if !s.value.is_nan() {
                    last.insert(key.clone(), (s.timestamp, s.value));
                }
            }
        }
    }
    assert!(ds.names().iter().any(|n| n == "up") && ds.names().len() > 30, "{:?}", ds.names());
    assert_eq!(metric_name(&Host::new(&spec, 3).labels[53]), "up");
    assert_eq!(total, ds.samples());
    assert_eq!(last.len(), 40 * SERIES_PER_HOST);
    std::fs::remove_dir_all(&d).ok();
}
