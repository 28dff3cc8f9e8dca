//! Of several servers that share a journal, one judges and one delivers, each under a lease. Whoever
//! does not do a piece of work watches the one who does, follows what is recorded, and takes over
//! when nothing is heard of it for a while.

use std::{sync::Arc, time::Duration};

use journal::{JournalError, Lease, LeaseSeen};
use model::Span;
use tracing::{info, warn};

use super::super::rest;
use crate::{
    http::chain,
    jobs::forget_vanished,
    state::{App, Duty, JudgementLost, Topic},
    tasks::Stop,
};

/// How often a lease beats, and is looked at.
const BEAT: Duration = Duration::from_secs(3);
/// Who has been silent for as long is thought dead: five beats.
const SILENT: Duration = Duration::from_secs(15);
/// How long who judges leaves free delivering to others, so that two servers share the work.
const LEFT: Duration = Duration::from_secs(5);
/// How soon a message that another server has recorded is seen.
const LOOK: Duration = Duration::from_millis(250);

/// Keeps, watches and takes leases until told to stop. A journal in a file is all ours.
pub(in crate::jobs) async fn run(app: Arc<App>, stop: Stop) {
    if !app.journal.place().is_shared() {
        stop.cancelled().await;
        return;
    }
    let mut watches = [Watch::default(), Watch::default()];
    let (mut followed, mut troubled) = (0, false);
    loop {
        let mut trouble = None;
        for (watch, duty) in watches.iter_mut().zip([&app.judging, &app.delivering]) {
            trouble = watch.turn(&app, duty).await.err().or(trouble);
        }
        if let Some(error) = &trouble
            && !troubled
        {
            let error = chain(error);
            warn!(error, "cannot see who does which work; it is tried again every 3 s");
        }
        troubled = trouble.is_some();
        if app.judging.journal().is_none() {
            follow(&app, &mut followed).await;
        }
        if rest(&app, &stop, BEAT).await {
            return;
        }
    }
}

/// Wakes the deliverer when another server has recorded something, until told to stop.
pub(in crate::jobs) async fn wake(app: Arc<App>, stop: Stop) {
    if !app.journal.place().is_shared() {
        stop.cancelled().await;
        return;
    }
    let mut seen = 0;
    while !rest(&app, &stop, LOOK).await {
        // Trouble shows where the journal is written to.
        if app.delivering.journal().is_some()
            && app.judging.journal().is_none()
            && let Ok(last) = app.journal.last_seq().await
            && std::mem::replace(&mut seen, last) != last
        {
            app.journal.outbox_turned();
        }
    }
}

/// Shows what another server has judged.
async fn follow(app: &Arc<App>, followed: &mut i64) {
    let Ok(last) = app.journal.last_seq().await else { return };
    if *followed == last {
        return;
    }
    let now = app.clock.now();
    match app.alerts.reload(&app.journal, now, Span::ZERO).await {
        Ok(()) => {
            *followed = last;
            app.hub.announce(now, &[Topic::Alerts, Topic::Overview]);
        }
        Err(error) => warn!(error = chain(&error), "cannot follow what another server judges"),
    }
}

/// What is known of the one who has a lease.
#[derive(Debug, Default)]
struct Watch {
    /// The lease as it was when it last beat, and when that was seen.
    seen: Option<(LeaseSeen, Duration)>,
}

impl Watch {
    async fn turn(&mut self, app: &Arc<App>, duty: &Duty) -> Result<(), JudgementLost> {
        if let Some(journal) = duty.journal()
            && let Some(lease) = journal.held()
        {
            match app.journal.beat(lease).await {
                Err(JournalError::LeaseLost { .. }) => {
                    warn!(duty = duty.name(), "another server has taken over");
                    duty.lose();
                    self.seen = None;
                    return Ok(());
                }
                // While the journal is away nobody writes, and nobody takes over.
                beaten => return Ok(beaten?),
            }
        }
        let seen = match app.journal.lease(duty.name()).await {
            Ok(seen) => seen,
            Err(error) => {
                // Silence while nothing could be heard says nothing.
                self.seen = None;
                return Err(error.into());
            }
        };
        let elapsed = app.clock.elapsed();
        let judges = app.judging.journal().is_some();
        if !self.may_take(seen.as_ref(), &app.server_name, elapsed, judges) {
            return Ok(());
        }
        let now = app.clock.now();
        let taken = app.journal.take_lease(duty.name(), &app.server_name, seen.as_ref(), now);
        match taken.await? {
            Some(lease) => take_up(app, duty, lease).await,
            None => Ok(()),
        }
    }

    /// Whether a lease that looks like this may be taken. Who judges leaves what is free to others
    /// for a moment.
    fn may_take(
        &mut self,
        lease: Option<&LeaseSeen>,
        own_name: &str,
        elapsed: Duration,
        judges: bool,
    ) -> bool {
        let free = LeaseSeen { holder: String::new(), epoch: 0, beat: 0 };
        let lease = lease.unwrap_or(&free);
        if lease.holder == own_name || (lease.holder.is_empty() && !judges) {
            return true;
        }
        let patience = if lease.holder.is_empty() { LEFT } else { SILENT };
        match &self.seen {
            Some((seen, since)) if seen == lease => elapsed.saturating_sub(*since) >= patience,
            _ => {
                self.seen = Some((lease.clone(), elapsed));
                false
            }
        }
    }
}

/// Goes on where the one before stopped.
async fn take_up(app: &Arc<App>, duty: &Duty, lease: Lease) -> Result<(), JudgementLost> {
    let journal = app.journal.under(lease);
    let judges = duty.name() == app.judging.name();
    if judges {
        // What was waiting when the one before went silent was seen by nobody since.
        let away = Span::secs(SILENT.as_secs().cast_signed());
        app.alerts.reload(&journal, app.clock.now(), away).await?;
    }
    duty.take(journal);
    info!(duty = duty.name(), "this server does this work from now on");
    if judges {
        forget_vanished(app).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, epoch: i64, beat: i64) -> LeaseSeen {
        LeaseSeen { holder: holder.into(), epoch, beat }
    }

    #[test]
    fn a_lease_is_taken_when_its_holder_is_silent_and_not_while_it_beats() {
        let mut watch = Watch::default();
        for beat in 0..20 {
            let at = Duration::from_secs(3 * beat);
            let lease = lease("other", 1, beat.cast_signed());
            assert!(!watch.may_take(Some(&lease), "me", at, false));
        }
        let last = lease("other", 1, 19);
        assert!(!watch.may_take(Some(&last), "me", Duration::from_secs(71), false));
        assert!(watch.may_take(Some(&last), "me", Duration::from_secs(72), false));
    }

    #[test]
    fn what_is_free_or_was_ours_is_taken_at_once_unless_we_judge() {
        let at = Duration::ZERO;
        assert!(Watch::default().may_take(None, "me", at, false));
        assert!(Watch::default().may_take(Some(&lease("", 3, 0)), "me", at, false));
        assert!(Watch::default().may_take(Some(&lease("me", 3, 9)), "me", at, true));
        let mut judge = Watch::default();
        assert!(!judge.may_take(None, "me", at, true));
        assert!(!judge.may_take(None, "me", Duration::from_secs(4), true));
        assert!(judge.may_take(None, "me", LEFT, true));
    }

    #[test]
    fn a_lease_that_changed_hands_is_watched_anew() {
        let mut watch = Watch::default();
        assert!(!watch.may_take(Some(&lease("a", 1, 5)), "me", Duration::ZERO, false));
        assert!(!watch.may_take(Some(&lease("b", 2, 5)), "me", SILENT, false));
        assert!(watch.may_take(Some(&lease("b", 2, 5)), "me", SILENT * 2, false));
    }
}
