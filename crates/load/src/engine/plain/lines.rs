//! All connections of a worker, and which of them have something to say.

use std::{io, mem::MaybeUninit, os::fd::OwnedFd, time::Duration};

use rustix::{
    event::epoll::{self, CreateFlags, Event, EventData, EventFlags},
    fs::Timespec,
    io::Errno,
};

use super::line::Line;

/// Most sockets that are heard of at once; the others are heard of next.
pub(super) const HEARD_MAX: usize = 128;

/// Connections by their places, which are used again.
pub(super) struct Lines {
    all: Vec<Option<Line>>,
    free: Vec<usize>,
    /// How often a place was used: what is heard of an earlier connection is not taken for the later one's.
    uses: Vec<u32>,
    poll: OwnedFd,
    /// Places of connections that rest, by scenario and origin. The last one to rest is taken first.
    resting: Vec<Vec<usize>>,
    origins: usize,
}

impl Lines {
    pub(super) fn new(scenarios: usize, origins: usize) -> io::Result<Self> {
        let poll = epoll::create(CreateFlags::CLOEXEC)?;
        let resting = vec![Vec::new(); scenarios * origins];
        Ok(Self { all: Vec::new(), free: Vec::new(), uses: Vec::new(), poll, resting, origins })
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

    /// Waits until something is heard, at most this long.
    pub(super) fn wait<'e>(
        &self,
        room: &'e mut [MaybeUninit<Event>],
        most: Duration,
    ) -> io::Result<&'e [Event]> {
        let seconds = i64::try_from(most.as_secs()).unwrap_or(i64::MAX);
        let most = Timespec { tv_sec: seconds, tv_nsec: i64::from(most.subsec_nanos()) };
        match epoll::wait(&self.poll, room, Some(&most)) {
            Ok((heard, _)) => Ok(&*heard),
            Err(Errno::INTR) => Ok(&[]),
            Err(errno) => Err(errno.into()),
        }
    }
}
