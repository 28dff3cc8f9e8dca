//! Network interfaces: what they carried and lost, and what they can carry.

use std::collections::BTreeMap;

use regex::Regex;

use super::{
    Part,
    files::{Files, PartError},
    sheet::Sheet,
};

/// Columns of `/proc/net/dev` in their order.
const FIELDS: [&str; 16] = [
    "node_network_receive_bytes_total",
    "node_network_receive_packets_total",
    "node_network_receive_errs_total",
    "node_network_receive_drop_total",
    "node_network_receive_fifo_total",
    "node_network_receive_frame_total",
    "node_network_receive_compressed_total",
    "node_network_receive_multicast_total",
    "node_network_transmit_bytes_total",
    "node_network_transmit_packets_total",
    "node_network_transmit_errs_total",
    "node_network_transmit_drop_total",
    "node_network_transmit_fifo_total",
    "node_network_transmit_colls_total",
    "node_network_transmit_carrier_total",
    "node_network_transmit_compressed_total",
];

/// What an interface is changes seldom, and asking some drivers for it is slow: once in so many rounds will do.
const TRAITS_EVERY: u32 = 12;

/// Interfaces whose files under `/sys` are read; beyond it (thousands of containers) only the counters are.
const SYS_INTERFACES_MAX: usize = 200;

/// What an interface is, under `/sys/class/net`.
#[derive(Clone, Copy, Debug, Default)]
struct Traits {
    up: Option<bool>,
    carrier: Option<f64>,
    mtu_bytes: Option<f64>,
    speed_bytes: Option<f64>,
    queue_length: Option<f64>,
}

impl Traits {
    fn read(files: &mut Files, device: &str) -> Self {
        let mut number = |name: &str| files.number(&format!("sys/class/net/{device}/{name}"));
        let carrier = number("carrier");
        let mtu_bytes = number("mtu");
        // Megabits a second; -1 where the interface has no speed of its own.
        let speed_bytes =
            number("speed").filter(|speed| *speed >= 0.0).map(|speed| speed * 125_000.0);
        let queue_length = number("tx_queue_len");
        let state = files.text(&format!("sys/class/net/{device}/operstate"));
        let up = state.ok().map(|state| state.trim() == "up");
        Self { up, carrier, mtu_bytes, speed_bytes, queue_length }
    }
}

/// `/proc/net/dev` and `/sys/class/net`
#[derive(Debug)]
pub(super) struct Interfaces {
    exclude: Option<Regex>,
    traits: BTreeMap<Box<str>, Traits>,
    rounds: u32,
}

impl Interfaces {
    pub(super) fn new(exclude: Option<Regex>) -> Self {
        Self { exclude, traits: BTreeMap::new(), rounds: 0 }
    }

    fn traits(&mut self, files: &mut Files, devices: &[String], sheet: &mut Sheet) {
        if self.rounds.is_multiple_of(TRAITS_EVERY) {
            self.traits.clear();
        }
        self.rounds = self.rounds.wrapping_add(1);
        for device in devices.iter().take(SYS_INTERFACES_MAX) {
            let labels = [("device", device.as_str())];
            let no_handler =
                files.number(&format!("sys/class/net/{device}/statistics/rx_nohandler"));
            if let Some(count) = no_handler {
                sheet.put("node_network_receive_nohandler_total", &labels, count);
            }
            let found = match self.traits.get(device.as_str()) {
                Some(known) => *known,
                None => Traits::read(files, device),
            };
            self.traits.insert(device.as_str().into(), found);
            let up = found.up.map(|up| if up { 1.0 } else { 0.0 });
            for (metric, value) in [
                ("node_network_up", up),
                ("node_network_carrier", found.carrier),
                ("node_network_mtu_bytes", found.mtu_bytes),
                ("node_network_speed_bytes", found.speed_bytes),
                ("node_network_transmit_queue_length", found.queue_length),
            ] {
                if let Some(value) = value {
                    sheet.put(metric, &labels, value);
                }
            }
        }
    }
}

impl Part for Interfaces {
    fn name(&self) -> &'static str {
        "netdev"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let text = files.text("proc/net/dev")?;
        let mut devices = Vec::new();
        // Two lines of head, then `eth0: 1 2 3 …`; the name ends at the last colon, since aliases hold one.
        for line in text.lines().skip(2) {
            let Some((device, numbers)) = line.rsplit_once(':') else {
                return Err(PartError::sense("proc/net/dev", "a line names no interface"));
            };
            let device = device.trim();
            if self.exclude.as_ref().is_some_and(|exclude| exclude.is_match(device)) {
                continue;
            }
            for (metric, word) in FIELDS.iter().zip(numbers.split_ascii_whitespace()) {
                let number = word.parse().map_err(|_not_a_number| {
                    PartError::sense("proc/net/dev", format!("{word:?} is not a number"))
                })?;
                sheet.put(metric, &[("device", device)], number);
            }
            devices.push(device.to_owned());
        }
        self.traits(files, &devices, sheet);
        Ok(())
    }
}
