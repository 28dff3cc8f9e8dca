//! All connections of a worker, and which of them have something to say.

use std::{io, mem::MaybeUninit, os::fd::OwnedFd, time::Duration};

use rustix::{
    event::epoll::{self, CreateFlags, Event, EventData, EventFlags},
    fs::Timespec,
    io::Errno,
};

use super::line::Line;
use crate::engine::timer::{set_once, system_timer};

/// Most sockets that are heard of at once; the others are heard of next.
pub(super) const HEARD_MAX: usize = 128;
/// The name of the timer among those of connections, of which there are fewer.
const TIMER: u64 = u64::MAX;

/// Connections by their places, which are used again.
pub(super) struct Lines {
    all: Vec<Option<Line>>,
    free: Vec<usize>,
    /// How often a place was used: what is heard of an earlier connection is not taken for the later one's.
    uses: Vec<u32>,
    poll: OwnedFd,
    /// Goes off when it is time; waits of `epoll` itself count whole milliseconds on older systems.
    timer: OwnedFd,
    /// When that is, unless it has gone off.
    set_ns: Option<u64>,
    /// Places of connections that rest, by scenario and origin. The last one to rest is taken first.
    resting: Vec<Vec<usize>>,
    origins: usize,
}

impl Lines {
    pub(super) fn new(scenarios: usize, origins: usize) -> io::Result<Self> {
        let (poll, timer) = (epoll::create(CreateFlags::CLOEXEC)?, system_timer()?);
        // Told once each time it goes off, so that nobody has to read it.
        epoll::add(&poll, &timer, EventData::new_u64(TIMER), EventFlags::IN | EventFlags::ET)?;
        let resting = vec![Vec::new(); scenarios * origins];
        let (all, free, uses) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { all, free, uses, poll, timer, set_ns: None, resting, origins })
    }

    /// Adds a connection that is being made.
    pub(super) fn add(&mut self, line: Line) -> io::Result<usize> {
        let place = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.uses.push(0);
            self.all.len() - 1
        });
        self.uses[place] = self.uses[place].wrapping_add(1);
        let heard = epoll::add(&self.poll, &line.socket, self.name(place), EventFlags::OUT);
        if let Err(errno) = heard {
            self.free.push(place);
            return Err(errno.into());
        }
        self.all[place] = Some(line);
        Ok(place)
    }

    fn name(&self, place: usize) -> EventData {
        EventData::new_u64((u64::from(self.uses[place]) << 32) | place as u64)
    }

    /// The place that is meant, if it is still the same connection's.
    pub(super) fn place_of(&self, event: &Event) -> Option<usize> {
        let name = event.data.u64();
        let place = usize::try_from(name & u64::from(u32::MAX)).ok()?;
        let is_same = self.uses.get(place).is_some_and(|uses| u64::from(*uses) == name >> 32);
        (is_same && self.all[place].is_some()).then_some(place)
    }

    pub(super) fn get(&mut self, place: usize) -> Option<&mut Line> {
        self.all.get_mut(place)?.as_mut()
    }

    /// Every connection with its place.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &Line)> {
        let all = self.all.iter().enumerate();
        all.filter_map(|(place, line)| line.as_ref().map(|line| (place, line)))
    }

    /// Ends a connection, and hands over what is left of it.
    pub(super) fn remove(&mut self, place: usize) -> Option<Line> {
        let line = self.all.get_mut(place)?.take()?;
        self.free.push(place);
        // Closing it would do, had nobody else a copy.
        if let Err(errno) = epoll::delete(&self.poll, &line.socket) {
            debug_assert_eq!(errno, Errno::NOENT, "it was added");
        }
        Some(line)
    }

    /// Asks to hear when there is something to read, and with `write` also when more can be sent.
    pub(super) fn hear(&self, place: usize, write: bool) -> io::Result<()> {
        let Some(Some(line)) = self.all.get(place) else { return Ok(()) };
        let flags = if write { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
        Ok(epoll::modify(&self.poll, &line.socket, self.name(place), flags)?)
    }

    /// Lets a connection rest.
    pub(super) fn rest(&mut self, place: usize, scenario: usize, origin: usize) {
        self.resting[scenario * self.origins + origin].push(place);
    }

    /// The connection that has rested the shortest.
    pub(super) fn rested(&mut self, scenario: usize, origin: usize) -> Option<usize> {
        self.resting[scenario * self.origins + origin].pop()
    }

    /// Takes a connection out of those that rest.
    pub(super) fn wake(&mut self, place: usize) {
        for places in &mut self.resting {
            places.retain(|other| *other != place);
        }
    }

    /// Waits until something is heard, at most this long, which is until then. Setting the timer costs a call, so it is
    /// left as it is while it goes off at that moment anyway.
    pub(super) fn wait<'e>(
        &mut self,
        room: &'e mut [MaybeUninit<Event>],
        (most, until_ns): (Duration, u64),
    ) -> io::Result<&'e [Event]> {
        if !most.is_zero() && self.set_ns != Some(until_ns) {
            set_once(&self.timer, most)?;
            self.set_ns = Some(until_ns);
        }
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match epoll::wait(&self.poll, room, most.is_zero().then_some(&at_once)) {
            Ok((heard, _)) => {
                if heard.iter().any(|event| event.data.u64() == TIMER) {
                    self.set_ns = None;
                }
                Ok(&*heard)
            }
            Err(Errno::INTR) => Ok(&[]),
            Err(errno) => Err(errno.into()),
        }
    }
}
