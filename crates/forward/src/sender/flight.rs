//! What is under way: windows in the order they were read, each until all of its requests are done with.

use std::collections::VecDeque;

use model::Time;

use crate::Position;

/// Windows under way.
#[derive(Debug, Default)]
pub(super) struct Flight {
    windows: VecDeque<Under>,
    /// The number of the first of them.
    first: u64,
}

#[derive(Debug)]
struct Under {
    next: Position,
    left: usize,
    appended: Option<Time>,
}

impl Flight {
    /// Takes a window with so many requests; gives its number.
    pub(super) fn add(&mut self, next: Position, requests: usize, appended: Option<Time>) -> u64 {
        self.windows.push_back(Under { next, left: requests, appended });
        self.first + self.windows.len() as u64 - 1
    }

    /// One request of a window is done with.
    pub(super) fn done(&mut self, window: u64) {
        let at = window.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(own) = at.and_then(|at| self.windows.get_mut(at)) {
            own.left = own.left.saturating_sub(1);
        }
    }

    /// How far everything is done with, if that is further than before.
    pub(super) fn landed(&mut self) -> Option<Position> {
        let mut landed = None;
        while let Some(own) = self.windows.front().filter(|own| own.left == 0) {
            landed = Some(own.next);
            self.windows.pop_front();
            self.first += 1;
        }
        landed
    }

    /// How many windows are under way.
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    /// When the oldest samples under way were appended.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.windows.iter().find_map(|own| own.appended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lands_when_all_before_it_have() {
        let mut flight = Flight::default();
        let [one, two, three] = [1, 2, 3].map(Position::start_of);
        let first = flight.add(one, 2, Some(Time(1)));
        let second = flight.add(two, 1, Some(Time(2)));
        flight.done(second);
        assert_eq!((flight.landed(), flight.oldest()), (None, Some(Time(1))));
        flight.done(first);
        assert_eq!(flight.landed(), None);
        flight.done(first);
        assert_eq!((flight.landed(), flight.len()), (Some(two), 0));
        flight.add(three, 0, None);
        assert_eq!(flight.landed(), Some(three));
        // What comes late changes nothing.
        flight.done(first);
        let last = flight.add(three, 1, None);
        flight.done(last);
        assert_eq!(flight.landed(), Some(three));
    }
}
