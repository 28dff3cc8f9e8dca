//! Rule files, receivers and routes are read anew while the server runs. Rules that stay as they are keep their alerts and go on; those of
//! rules that are gone end and say why. Files with a mistake change nothing.

use std::{collections::BTreeMap, error::Error, mem, sync::Arc};

use detect::RuleGroup;
use model::{Change, ChangeKind, Kind, SampleSink as _};
use tokio::sync::Mutex;
use tracing::{error, info, warn};

use super::{Left, Runner, read, run_of, trouble};
use crate::{
    http::chain,
    jobs::{
        blocking,
        delivery::{prepare, take_over},
        forget_vanished,
    },
    start::StartError,
    state::{App, DirectoryFault, OwnGroup, Topic},
};

/// What a reload that was refused is called among troubles.
const REFUSED: &str = "rule files, read anew";

/// The groups that are being evaluated. Who holds it reloads alone.
#[derive(Debug, Default)]
pub(crate) struct Runners(pub(super) Mutex<Vec<Runner>>);

/// What became of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Groups as they are now.
    pub groups: usize,
    /// Of them, those that are as they were.
    pub unchanged: usize,
    /// Whether others are told of alerts now, or otherwise.
    pub routed: bool,
    /// Those of before that are gone.
    pub gone: usize,
}

/// Why rule files that were read anew are not taken. Everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A file cannot be read, or has mistakes.
    #[error(transparent)]
    Files(#[from] StartError),
    /// The settings cannot be read, or have mistakes.
    #[error("{0}")]
    Settings(String),
    /// It is not known who is told of alerts.
    #[error("cannot tell who is told of alerts")]
    Tellings(#[from] Box<DirectoryFault>),
    /// What was told before cannot be read.
    #[error("cannot go on with other receivers")]
    Lost(#[source] Box<dyn Error + Send + Sync>),
    /// A thread broke.
    #[error("reading ended early: a bug of ours")]
    Broken,
}

impl ReloadError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Files(error) => error.kind(),
            Self::Settings(_) => Kind::Invalid,
            Self::Tellings(error) => error.kind(),
            Self::Lost(_) => Kind::Upstream,
            Self::Broken => Kind::Internal,
        }
    }
}

/// A group's file and name.
type Key = (String, String);

fn key(group: &RuleGroup) -> Key {
    (group.file.clone(), group.name.clone())
}

/// Reads the rule files, and who is told of alerts, anew and goes on with what they say.
pub(crate) async fn reload(app: &Arc<App>) -> Result<Reloaded, ReloadError> {
    let mut runners = app.rule_runners.0.lock().await;
    let now = app.clock.now();
    let (groups, routed) = match find(app).await {
        Ok(found) => found,
        Err(refused) => {
            let error = chain(&refused);
            error!(error, "what was read anew has mistakes; everything stays as it is");
            app.rules.refuse(now, error.clone());
            app.board.trouble(REFUSED, Some(error));
            return Err(refused);
        }
    };
    let Sorted { kept, order, gone } = sort(mem::take(&mut *runners), groups);
    let unchanged = kept.len();
    *runners = kept;
    let mut left: BTreeMap<Key, Vec<(Arc<OwnGroup>, Left)>> = BTreeMap::new();
    for runner in gone {
        runner.stop.cancel();
        let own = runner.ended.await.unwrap_or_default();
        left.entry(key(&runner.own.group)).or_default().push((runner.own, own));
    }
    let (mut loaded, mut fresh) = (Vec::new(), Vec::new());
    for place in order {
        let own = match place {
            Place::Kept(own) => own,
            Place::New(group) => {
                let before = left.get_mut(&key(&group)).and_then(Vec::pop);
                let (before, left) = before.unzip();
                let own = OwnGroup::after(group, before.as_deref(), app.clock.elapsed());
                let own = Arc::new(own);
                fresh.push((Arc::clone(&own), left.unwrap_or_default()));
                own
            }
        };
        loaded.push(own);
    }
    let gone = left.values().map(Vec::len).sum();
    let done = Reloaded { groups: loaded.len(), unchanged, routed, gone };
    app.rules.load(loaded, now);
    forget_vanished(app).await;
    end_series(app, left.into_values().flatten().map(|(_, left)| left)).await;
    forget_troubles(app);
    runners.extend(fresh.into_iter().map(|(own, left)| run_of(app, &own, Some(left))));
    drop(runners);
    tell(app, done).await;
    Ok(done)
}

/// Groups in the order of the files.
enum Place {
    Kept(Arc<OwnGroup>),
    New(RuleGroup),
}

/// Which groups go on, and which do not.
struct Sorted {
    kept: Vec<Runner>,
    order: Vec<Place>,
    gone: Vec<Runner>,
}

fn sort(runners: Vec<Runner>, groups: Vec<RuleGroup>) -> Sorted {
    let mut old: BTreeMap<Key, Vec<Runner>> = BTreeMap::new();
    for runner in runners {
        old.entry(key(&runner.own.group)).or_default().push(runner);
    }
    let (mut kept, mut order) = (Vec::new(), Vec::new());
    for group in groups {
        let same = old.get_mut(&key(&group)).and_then(|own| {
            let at = own.iter().position(|runner| runner.own.group == group)?;
            Some(own.remove(at))
        });
        if let Some(runner) = same {
            order.push(Place::Kept(Arc::clone(&runner.own)));
            kept.push(runner);
        } else {
            order.push(Place::New(group));
        }
    }
    Sorted { kept, order, gone: old.into_values().flatten().collect() }
}

/// The groups of the files as they are now, if nothing is wrong in any; and whether others are told of alerts from now on.
async fn find(app: &Arc<App>) -> Result<(Vec<RuleGroup>, bool), ReloadError> {
    let told = prepare(app).await?;
    let (groups, wrong) =
        blocking(app, |app| read(&app.settings)).await.ok_or(ReloadError::Broken)??;
    if !wrong.is_empty() {
        return Err(StartError::Mistakes(wrong).into());
    }
    let routed = told.is_some();
    if let Some(told) = told {
        take_over(app, told).await?;
    }
    Ok((groups, routed))
}

async fn tell(app: &App, done: Reloaded) {
    let Reloaded { groups, unchanged, routed, gone } = done;
    info!(groups, unchanged, gone, routed, "rule files read anew");
    let now = app.clock.now();
    if unchanged < groups || gone > 0 || routed {
        let others = if routed { "; receivers and routes too" } else { "" };
        let text = format!(
            "rule files read anew: {groups} groups, {unchanged} of them as before, {gone} gone{others}"
        );
        let change = Change::new(now, ChangeKind::Plimsoll, app.host.clone(), text);
        app.note_changes(&[change]).await;
    }
    app.hub.announce(now, &[Topic::Alerts, Topic::Overview]);
}

/// Ends the series that groups wrote which are gone.
async fn end_series(app: &Arc<App>, gone: impl Iterator<Item = Left>) {
    let now = app.clock.now();
    let batch: Vec<_> = gone.flat_map(|left| left.trails.end(now)).collect();
    if !batch.is_empty()
        && let Some(Err(error)) = blocking(app, move |app| app.sink.write(&batch)).await
    {
        warn!(error = chain(&error), "the ends of series were not kept");
    }
}

/// Forgets troubles with files and with rules that are not there any more.
fn forget_troubles(app: &App) {
    let groups = app.rules.groups();
    let known: std::collections::BTreeSet<String> = groups
        .iter()
        .flat_map(|own| own.group.rules.iter().map(|rule| own.subject(rule)))
        .collect();
    for own in app.board.troubles() {
        let of_rule = own.subject.starts_with("rule ") && !known.contains(&own.subject);
        if of_rule || own.subject.starts_with(&trouble("")) || own.subject == REFUSED {
            app.board.trouble(&own.subject, None);
        }
    }
}
