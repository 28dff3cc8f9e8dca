//! What can go wrong with a request, in kinds that say where to look.

use std::{error::Error, io};

use rustix::io::Errno;

/// Why a request counts as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// Nobody listens.
    Refused,
    /// The target reset the connection.
    Reset,
    /// No connection could be made for another reason.
    Unreachable,
    /// TLS failed: a certificate that is not trusted or has expired, no common version.
    Tls,
    /// Nothing complete came in time.
    Timeout,
    /// The connection ended before the answer began.
    Closed,
    /// The body ended before its announced end.
    CutShort,
    /// What came is no HTTP, or a head that does not end.
    Malformed,
    /// The body is larger than any that is read.
    TooLarge,
    /// A status that is not expected.
    Status,
    /// A check of the answer does not hold.
    Check,
    /// A value that later steps need is not in the answer.
    NotFound,
    /// More redirects than are followed.
    Redirects,
    /// A redirect to somebody whom the plan does not name.
    NotAllowed,
    /// A request that is none once its gaps are filled.
    Request,
    /// A feed has no row left.
    FeedDry,
    /// The run was over before the answer came.
    Unfinished,
    /// This machine has no file handle left: our limit, not the target's.
    FileHandles,
    /// This machine has no local port left: our limit, not the target's.
    Ports,
}

impl Trouble {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 19] = [
        Self::Refused,
        Self::Reset,
        Self::Unreachable,
        Self::Tls,
        Self::Timeout,
        Self::Closed,
        Self::CutShort,
        Self::Malformed,
        Self::TooLarge,
        Self::Status,
        Self::Check,
        Self::NotFound,
        Self::Redirects,
        Self::NotAllowed,
        Self::Request,
        Self::FeedDry,
        Self::Unfinished,
        Self::FileHandles,
        Self::Ports,
    ];

    /// One word for it, in reports and thresholds.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::CutShort => "cut_short",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Status => "status",
            Self::Check => "check",
            Self::NotFound => "not_found",
            Self::Redirects => "redirects",
            Self::NotAllowed => "not_allowed",
            Self::Request => "request",
            Self::FeedDry => "feed_dry",
            Self::Unfinished => "unfinished",
            Self::FileHandles => "file_handles",
            Self::Ports => "ports",
        }
    }

    /// What it means, for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Refused => "nobody listens",
            Self::Reset => "the target reset the connection",
            Self::Unreachable => "no connection could be made",
            Self::Tls => "TLS failed: a certificate that is not trusted or has expired",
            Self::Timeout => "no complete answer in time",
            Self::Closed => "the connection ended before the answer",
            Self::CutShort => "the body ended before its end",
            Self::Malformed => "what came is no HTTP, or a head without end",
            Self::TooLarge => "the body is too large",
            Self::Status => "an unexpected status",
            Self::Check => "a check does not hold",
            Self::NotFound => "a value to be taken is not there",
            Self::Redirects => "too many redirects",
            Self::NotAllowed => "a redirect to an address that the plan does not name",
            Self::Request => "no request once its gaps were filled",
            Self::FeedDry => "a feed has no row left",
            Self::Unfinished => "no answer when the run was over",
            Self::FileHandles => "no file handle left on this machine",
            Self::Ports => "no local port left on this machine",
        }
    }

    /// What to try; nothing where the kind says it.
    pub fn help(self) -> Option<&'static str> {
        match self {
            Self::Refused => Some("is it running, and is the port right?"),
            Self::Unreachable => Some("can this machine reach it at all? `curl -v` says why not"),
            Self::Tls => Some(
                "`curl -v` says what is wrong with it; --authorities (in plans `tls`) trusts an authority of your own",
            ),
            Self::Timeout => Some("ask for less, or wait longer: --timeout (in plans `timeout`)"),
            Self::Malformed => {
                Some("`curl -v` shows what comes; who expects HTTP/2 is asked with --http2")
            }
            Self::Redirects => Some(
                "it may lead in a circle: `curl -vL`; a step follows as many as its `redirects` says",
            ),
            Self::NotAllowed => {
                Some("if that address is yours to load, name it: `allow` in the plan, or --allow")
            }
            Self::FeedDry => {
                Some("give the feed more rows, or let it begin again: `order: in_turn`")
            }
            Self::FileHandles => Some("raise the limit: `ulimit -n`"),
            Self::Ports => Some("keep connections (`shared`), or send from several machines"),
            _ => None,
        }
    }

    /// Whether it is this machine's limit that was met, so that the run says nothing about the target.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::FileHandles | Self::Ports)
    }

    /// What an error of a socket means.
    pub fn of_io(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::MFILE | Errno::NFILE) => return Self::FileHandles,
            Some(Errno::ADDRNOTAVAIL) => return Self::Ports,
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::Reset,
            io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::InvalidData => Self::Tls,
            _ => Self::Unreachable,
        }
    }

    /// What an error of an exchange means; `begun` if the head of the answer had come.
    pub fn of_exchange(error: &hyper::Error, begun: bool) -> Self {
        let ended = if begun { Self::CutShort } else { Self::Closed };
        if error.is_parse() {
            return Self::Malformed;
        }
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            return ended;
        }
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return match Self::of_io(io) {
                    Self::Closed => ended,
                    // Chunks that are none.
                    _ if begun && io.kind() == io::ErrorKind::InvalidInput => Self::Malformed,
                    Self::Unreachable | Self::Tls if begun => Self::CutShort,
                    other => other,
                };
            }
            source = cause.source();
        }
        if begun { Self::CutShort } else { Self::Malformed }
    }
}

/// How often each kind happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    counts: [u64; Trouble::ALL.len()],
}

impl Troubles {
    /// Counts one.
    pub fn add(&mut self, trouble: Trouble) {
        self.add_many(trouble, 1);
    }

    /// Counts several.
    pub fn add_many(&mut self, trouble: Trouble, count: u64) {
        self.counts[trouble as usize] += count;
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in self.counts.iter_mut().zip(&other.counts) {
            *own += others;
        }
    }

    /// How often this happened.
    pub fn count(&self, trouble: Trouble) -> u64 {
        self.counts[trouble as usize]
    }

    /// The kinds that happened, the most frequent first.
    pub fn listed(&self) -> Vec<(Trouble, u64)> {
        let mut listed: Vec<(Trouble, u64)> = Trouble::ALL
            .into_iter()
            .map(|trouble| (trouble, self.count(trouble)))
            .filter(|(_, count)| *count > 0)
            .collect();
        listed.sort_by_key(|(trouble, count)| (std::cmp::Reverse(*count), *trouble));
        listed
    }

    /// How often anything happened.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place_and_its_own_word() {
        let mut words = Vec::new();
        for (place, trouble) in Trouble::ALL.into_iter().enumerate() {
            assert_eq!(trouble as usize, place);
            words.push(trouble.word());
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Trouble::ALL.len());
    }

    #[test]
    fn limits_of_this_machine_are_told_from_those_of_the_target() {
        let of = |errno: Errno| Trouble::of_io(&io::Error::from_raw_os_error(errno.raw_os_error()));
        assert_eq!(of(Errno::MFILE), Trouble::FileHandles);
        assert_eq!(of(Errno::ADDRNOTAVAIL), Trouble::Ports);
        assert_eq!(of(Errno::CONNREFUSED), Trouble::Refused);
        assert!(of(Errno::MFILE).is_ours() && !of(Errno::CONNRESET).is_ours());
    }

    #[test]
    fn the_most_frequent_kind_comes_first() {
        let mut troubles = Troubles::default();
        troubles.add(Trouble::Reset);
        troubles.add_many(Trouble::Timeout, 2);
        assert_eq!(troubles.listed(), [(Trouble::Timeout, 2), (Trouble::Reset, 1)]);
        assert_eq!(troubles.total(), 3);
    }
}
