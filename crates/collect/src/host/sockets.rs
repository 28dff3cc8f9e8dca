//! Sockets: protocol counters, how many there are, the states of TCP connections, and tracked connections.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use super::{
    Part,
    files::{Files, PartError},
    sheet::Sheet,
};

/// Counters of `/proc/net/{netstat,snmp,snmp6}`, as many as `node_exporter` gives.
#[derive(Debug, Default)]
pub(super) struct Counters {
    name: String,
}

/// Whether `node_exporter` gives this counter.
fn wanted(protocol: &str, name: &str) -> bool {
    if matches!(name, "InErrors" | "InErrs") {
        return true;
    }
    match protocol {
        "Ip" => name == "Forwarding",
        "Ip6" | "IpExt" => matches!(name, "InOctets" | "OutOctets"),
        "Icmp" | "Icmp6" => matches!(name, "InMsgs" | "OutMsgs"),
        "TcpExt" => {
            name.starts_with("Listen")
                || name.starts_with("Syncookies")
                || matches!(name, "TCPSynRetrans" | "TCPTimeouts")
        }
        "Tcp" => matches!(
            name,
            "ActiveOpens"
                | "InSegs"
                | "OutSegs"
                | "OutRsts"
                | "PassiveOpens"
                | "RetransSegs"
                | "CurrEstab"
        ),
        "Udp" | "Udp6" => matches!(
            name,
            "InDatagrams" | "OutDatagrams" | "NoPorts" | "RcvbufErrors" | "SndbufErrors"
        ),
        _ => false,
    }
}

impl Counters {
    fn put(&mut self, protocol: &str, name: &str, number: &str, sheet: &mut Sheet) {
        if !wanted(protocol, name) {
            return;
        }
        let Ok(number) = number.parse() else { return };
        self.name.clear();
        for piece in ["node_netstat_", protocol, "_", name] {
            self.name.push_str(piece);
        }
        sheet.put(&self.name, &[], number);
    }

    /// Pairs of lines: `Tcp: names…`, `Tcp: numbers…`.
    fn pairs(&mut self, path: &str, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let text = files.text(path)?;
        let mut lines = text.lines();
        while let (Some(names), Some(numbers)) = (lines.next(), lines.next()) {
            let (Some((protocol, names)), Some((again, numbers))) =
                (names.split_once(':'), numbers.split_once(':'))
            else {
                return Err(PartError::sense(path, "a line names no protocol"));
            };
            if protocol != again {
                return Err(PartError::sense(path, format!("{protocol} is followed by {again}")));
            }
            let names = names.split_ascii_whitespace();
            for (name, number) in names.zip(numbers.split_ascii_whitespace()) {
                self.put(protocol, name, number, sheet);
            }
        }
        Ok(())
    }
}

impl Part for Counters {
    fn name(&self) -> &'static str {
        "netstat"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        self.pairs("proc/net/netstat", files, sheet)?;
        self.pairs("proc/net/snmp", files, sheet)?;
        let Some(text) = files.optional("proc/net/snmp6")? else { return Ok(()) };
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(key), Some(number)) = (words.next(), words.next()) else { continue };
            // `Udp6InErrors` is of protocol `Udp6`.
            if let Some((protocol, name)) =
                key.find('6').and_then(|at| key.split_at_checked(at + 1))
            {
                self.put(protocol, name, number, sheet);
            }
        }
        Ok(())
    }
}

/// `/proc/net/sockstat` and `/proc/net/sockstat6`
#[derive(Debug, Default)]
pub(super) struct Sockets {
    name: String,
}

impl Sockets {
    fn lines(&mut self, text: &str, sheet: &mut Sheet) {
        let page_bytes = rustix::param::page_size() as f64;
        for line in text.lines() {
            let Some((protocol, fields)) = line.split_once(':') else { continue };
            let mut words = fields.split_ascii_whitespace();
            while let (Some(name), Some(number)) = (words.next(), words.next()) {
                let Ok(number) = number.parse::<f64>() else { continue };
                self.name.clear();
                for piece in ["node_sockstat_", protocol, "_", name] {
                    self.name.push_str(piece);
                }
                sheet.put(&self.name, &[], number);
                // Pages, which is of use to nobody.
                if name == "mem" && matches!(protocol, "TCP" | "UDP") {
                    self.name.push_str("_bytes");
                    sheet.put(&self.name, &[], number * page_bytes);
                }
            }
        }
    }
}

impl Part for Sockets {
    fn name(&self) -> &'static str {
        "sockstat"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        self.lines(files.text("proc/net/sockstat")?, sheet);
        if let Some(text) = files.optional("proc/net/sockstat6")? {
            self.lines(text, sheet);
        }
        Ok(())
    }
}

/// States by their number in `/proc/net/tcp`, from 1 (`include/net/tcp_states.h`).
const STATES: [&str; 11] = [
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
];

/// Rounds between two lists. The kernel walks its whole table for one, however few connections there are: 5 ms on a
/// machine with 24 GiB. How many are established and waiting is told by [`Counters`] and [`Sockets`] every round.
const LISTED_EVERY: u32 = 6;

/// With more connections than this, listing costs about a microsecond for each, and is done less often.
const LISTED_OFTEN_MAX: f64 = 5_000.0;

/// Rounds between two lists of very many connections.
const LISTED_SELDOM: u32 = 24;

/// Bytes of a list: about a million connections of 150 bytes.
const LIST_BYTES_MAX: u64 = 150 << 20;

/// `/proc/net/tcp` and `/proc/net/tcp6`
#[derive(Debug, Default)]
pub(super) struct States {
    counts: [f64; STATES.len()],
    rounds_left: u32,
}

impl States {
    fn count(&mut self, path: &str, files: &mut Files) -> Result<(), PartError> {
        let error = |source| PartError::Read { path: path.to_owned(), source };
        let file = match File::open(files.at(path)) {
            Ok(file) => file,
            // No IPv6.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(error(source)),
        };
        let mut reader = BufReader::with_capacity(64 << 10, file.take(LIST_BYTES_MAX));
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).map_err(error)? == 0 {
                return Ok(());
            }
            // `0: 0100007F:1D7A 00000000:0000 0A …`; the line of names has no number there.
            let state = line.split_ascii_whitespace().nth(3);
            let state = state.and_then(|word| usize::from_str_radix(word, 16).ok());
            if let Some(count) = state.and_then(|state| self.counts.get_mut(state.wrapping_sub(1)))
            {
                *count += 1.0;
            }
        }
    }
}

impl Part for States {
    fn name(&self) -> &'static str {
        "tcpstat"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        if self.rounds_left == 0 {
            self.counts = [0.0; STATES.len()];
            self.count("proc/net/tcp", files)?;
            self.count("proc/net/tcp6", files)?;
            let all: f64 = self.counts.iter().sum();
            self.rounds_left = if all > LISTED_OFTEN_MAX { LISTED_SELDOM } else { LISTED_EVERY };
        }
        self.rounds_left -= 1;
        for (state, count) in STATES.iter().zip(self.counts) {
            sheet.put("node_tcp_connection_states", &[("state", state)], count);
        }
        Ok(())
    }
}

/// Connections the firewall tracks, where it does.
#[derive(Debug)]
pub(super) struct Conntrack;

impl Part for Conntrack {
    fn name(&self) -> &'static str {
        "conntrack"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        if let Some(count) = files.number("proc/sys/net/netfilter/nf_conntrack_count") {
            sheet.put("node_nf_conntrack_entries", &[], count);
        }
        if let Some(limit) = files.number("proc/sys/net/netfilter/nf_conntrack_max") {
            sheet.put("node_nf_conntrack_entries_limit", &[], limit);
        }
        Ok(())
    }
}
