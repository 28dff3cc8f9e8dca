//! Series made while they are sent, for runs that are too long for a file: values are whole numbers that follow
//! from (series, step), so that what a server gives back can be checked to the last unit.

use crate::data::wire::{put_label, put_sample, put_varint};

/// The series of one request, labels encoded once.
#[derive(Debug, Default)]
pub struct Group {
    labels: Vec<Vec<u8>>,
    /// Number of the first series, which decides the values.
    first: u64,
    raw: Vec<u8>,
    sample: Vec<u8>,
    packed: Vec<u8>,
}

/// What a request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Content {
    /// Samples.
    pub count: u64,
    /// The sum of their values.
    pub sum: f64,
}

/// The value of a series at a step: a third is constant, a third counts up, a third jumps about below 1,000.
pub fn value(series: u64, step: u64) -> f64 {
    let value = match series % 3 {
        0 => series % 97,
        1 => step * (1 + series % 7),
        _ => {
            (series.wrapping_mul(7919) ^ step.wrapping_mul(31)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
                >> 54
        }
    };
    value as f64
}

impl Group {
    /// A group whose first series has this number.
    pub fn new(first: u64) -> Self {
        Self { first, ..Self::default() }
    }

    /// Adds a series; labels must be sorted by name.
    pub fn add(&mut self, labels: &[(&str, &str)]) {
        let mut encoded = Vec::new();
        for (name, value) in labels {
            put_label(&mut encoded, name, value);
        }
        self.labels.push(encoded);
    }

    /// The request of one step, compressed, and what it holds.
    pub fn request(&mut self, step: u64, time_ms: i64) -> (&[u8], Content) {
        let mut content = Content::default();
        self.raw.clear();
        for (place, labels) in self.labels.iter().enumerate() {
            let value = value(self.first + place as u64, step);
            self.sample.clear();
            put_sample(&mut self.sample, time_ms, value.to_bits());
            self.raw.push(0x0a); // WriteRequest.timeseries = 1
            put_varint(&mut self.raw, (labels.len() + self.sample.len()) as u64);
            self.raw.extend_from_slice(labels);
            self.raw.extend_from_slice(&self.sample);
            content.count += 1;
            content.sum += value;
        }
        self.packed.resize(snap::raw::max_compress_len(self.raw.len()), 0);
        let bytes = snap::raw::Encoder::new()
            .compress(&self.raw, &mut self.packed)
            .expect("bug: the buffer is large enough");
        (&self.packed[..bytes], content)
    }
}

/// 20 hosts of one rack with 100 series each, under 20 metric names.
pub fn rack(number: u64) -> Group {
    let mut group = Group::new(number * 2000);
    let rack = format!("r{number:02}");
    for host in 0..20 {
        let instance = format!("host-{:04}:9100", number * 20 + host);
        for series in 0..100 {
            let (name, device) =
                (format!("soak_{:02}_total", series % 20), format!("device-{}", series / 20));
            group.add(&[
                ("__name__", &name),
                ("cluster", "c0"),
                ("device", &device),
                ("instance", &instance),
                ("job", "soak"),
                ("rack", &rack),
            ]);
        }
    }
    group
}

/// One pod that lives for a while and never comes back: 100 series.
pub fn pod(number: u64) -> Group {
    let mut group = Group::new(number * 100);
    let pod =
        format!("job-{:06x}-{:05}", number.wrapping_mul(0x9E37_79B9) & 0xff_ffff, number % 99_991);
    let (node, team) = (format!("node-{:03}", number % 200), format!("team-{}", number % 13));
    for series in 0..100 {
        let (name, container) =
            (format!("churn_{:02}", series % 25), format!("container-{}", series / 25));
        group.add(&[
            ("__name__", &name),
            ("container", &container),
            ("job", "cadvisor"),
            ("namespace", &team),
            ("node", &node),
            ("pod", &pod),
            ("uid", &format!("{number:012x}")),
        ]);
    }
    group
}
