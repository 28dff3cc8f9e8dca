//! All settings of a server, as read from one file.

mod alerts;
mod objective;
mod query;
mod remote;
mod resource;
mod secret;
mod sections;
mod server;
mod store;
mod top;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub use alerts::{
    AlertSettings, Channel, HeartbeatIn, HeartbeatOut, MailSecrecy, MailSettings, Receiver,
    WindowSettings,
};
use model::{Labels, Objective, Resource, Service, Span};
pub use objective::{ObjectiveFile, Untaken, read_objectives};
pub use query::QuerySettings;
pub use remote::{Forward, ForwardProtocol, JournalSettings, RemoteQuery};
pub use resource::calendar::{CalendarEntry, CalendarTime};
pub use resource::icalendar::{CalendarDay, CalendarError, CalendarFile, read_icalendar};
pub use resource::planning::PlanningSettings;
pub use secret::{SecretSource, read_secret};
pub(crate) use sections::{Section, sections};
pub use server::ServerSettings;
pub use store::{Downsample, StoreSettings, Sync};
pub use watch::baselines::{BaselineSettings, WatchedBaseline};
pub use watch::changes::{ChangeHook, ChangeSettings, HookSender};
pub use watch::host::{HostSettings, ProcessWatch};
pub use watch::load::LoadSettings;
pub use watch::receive::{
    HistogramForm, OtlpSettings, PromotedAttributes, ReceiveSettings, TranslationStrategy,
};
pub use watch::scrape::{
    Authorization, Relabel, RelabelAction, Scheme, ScrapeJob, ScrapeLimits, TargetGroup,
    TlsSettings,
};

use crate::{
    mistake::{Mistake, Mistakes},
    reader::Reader,
    yaml::{Document, read_text},
};

/// Says what is wrong with a PromQL expression; the caller hands it in, so that reading settings
/// needs no query engine.
pub type ExpressionCheck<'c> = &'c dyn Fn(&str) -> Result<(), String>;

/// What a server is told to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The folder of the settings file, to which globs are relative; empty if there is no file.
    pub base: PathBuf,
    /// Where it listens.
    pub server: ServerSettings,
    /// How samples are kept.
    pub store: StoreSettings,
    /// Where facts are kept.
    pub journal: JournalSettings,
    /// What questions may cost.
    pub query: QuerySettings,
    /// How this machine is watched.
    pub host: HostSettings,
    /// What is scraped.
    pub scrape: Vec<ScrapeJob>,
    /// What may be sent here.
    pub remote_write: ReceiveSettings,
    /// How OpenTelemetry's metrics are named.
    pub otlp: OtlpSettings,
    /// Who may tell of changes.
    pub changes: ChangeSettings,
    /// Which load tests may be scheduled.
    pub load: LoadSettings,
    /// Who is sent the samples that are taken in.
    pub forward: Vec<Forward>,
    /// Prometheus rule files, as globs relative to the settings file.
    pub rule_files: Vec<String>,
    /// Everything with a limit; the default policy's, unless left out or declared anew, included.
    pub resources: Vec<Resource>,
    /// Days that are not like others.
    pub calendar: Vec<CalendarEntry>,
    /// Which of them are the default policy's, by name.
    pub(crate) shipped: BTreeSet<String>,
    /// What users depend on, with what limits it.
    pub services: Vec<Service>,
    /// What is reviewed for its size.
    pub planning: PlanningSettings,
    /// What is promised; the default policy's catalogue, unless left out or declared anew, included.
    pub objectives: Vec<Objective>,
    /// Files of objectives, as globs relative to the settings file.
    pub objective_files: Vec<String>,
    /// What stands for parameters in the objectives of such files.
    pub objective_parameters: BTreeMap<String, String>,
    /// Whether the default policy's resources and objectives are among them.
    pub policy: bool,
    /// Of which series the normal band is kept.
    pub baselines: BaselineSettings,
    /// Which alerts go to whom.
    pub alerts: AlertSettings,
    /// Who is told of alerts.
    pub receivers: Vec<Receiver>,
    /// How often rules and resources are judged.
    pub evaluation_interval: Span,
    /// Labels that name this server to others.
    pub external_labels: Labels,
}

/// The resources that ship with Plimsoll, in the form people write them in, with the names of their files for messages.
const POLICY: [(&str, &str); 3] = [
    ("policy/resources.yaml", include_str!("../../../../policy/resources.yaml")),
    ("policy/containers.yaml", include_str!("../../../../policy/containers.yaml")),
    ("policy/pools.yaml", include_str!("../../../../policy/pools.yaml")),
];

impl Settings {
    /// What runs without any settings: this host is watched by the default policy.
    pub fn default_for_host() -> Self {
        #[expect(clippy::expect_used, reason = "the policy is part of this crate and tested")]
        Self::parse("", "", &|_| Ok(())).expect("bug: the default policy cannot be read")
    }

    /// Whether a resource is the default policy's, and not declared anew.
    pub fn is_shipped(&self, resource: &str) -> bool {
        self.shipped.contains(resource)
    }

    /// Reads settings from a text; `name` stands in messages. Files and globs stay as written.
    pub fn parse(name: &str, text: &str, check: ExpressionCheck<'_>) -> Result<Self, Mistakes> {
        let mut resources = shipped().to_vec();
        let mut settings = read(name, text, check, &resources)?;
        if settings.policy {
            resources
                .retain(|shipped| !settings.resources.iter().any(|own| own.name == shipped.name));
            settings.shipped = resources.iter().map(|own| own.name.clone()).collect();
            resources.append(&mut settings.resources);
            settings.resources = resources;
        }
        Ok(settings)
    }

    /// Reads settings from a file; names of secrets' and certificates' files in it, and of the
    /// globs' folder, are relative to its own.
    pub fn load(path: &Path, check: ExpressionCheck<'_>) -> Result<Self, Mistakes> {
        let name = path.display().to_string();
        let text = read_text(path).map_err(|error| {
            Mistake::somewhere(format!("cannot read the settings file {name}: {error}"))
        })?;
        let mut settings = Self::parse(&name, &text, check)?;
        settings.base = path.parent().map(Path::to_path_buf).unwrap_or_default();
        settings.place_files();
        Ok(settings)
    }

    /// Puts the settings file's folder before the names of files.
    fn place_files(&mut self) {
        let base = self.base.clone();
        let place = |path: &mut PathBuf| *path = base.join(&*path);
        self.server.token_file.iter_mut().for_each(place);
        self.journal.password_file.iter_mut().for_each(place);
        self.alerts.routing.iter_mut().for_each(place);
        self.planning.prices.iter_mut().for_each(place);
        self.planning.drivers.iter_mut().for_each(place);
        for receiver in &mut self.receivers {
            receiver.channel.files_mut().into_iter().for_each(place);
        }
        for heartbeat in &mut self.alerts.heartbeat_to {
            heartbeat.url.file_mut().into_iter().for_each(place);
        }
        for hook in &mut self.changes.hooks {
            if let SecretSource::File(path) = &mut hook.secret {
                place(path);
            }
        }
        for job in &mut self.scrape {
            job.tls.ca_file.iter_mut().for_each(place);
            job.authorization.file_mut().into_iter().for_each(place);
        }
        for forward in &mut self.forward {
            forward.tls.ca_file.iter_mut().for_each(place);
            forward.authorization.file_mut().into_iter().for_each(place);
        }
        if let Some(remote) = &mut self.query.remote {
            remote.tls.ca_file.iter_mut().for_each(place);
            remote.authorization.file_mut().into_iter().for_each(place);
        }
    }
}

/// The resources that ship with Plimsoll.
fn shipped() -> &'static [Resource] {
    static SHIPPED: LazyLock<Vec<Resource>> = LazyLock::new(|| {
        let read = |(name, text)| read(name, text, &|_| Ok(()), &[]).map(|own| own.resources);
        let files: Result<Vec<Vec<Resource>>, Mistakes> = POLICY.into_iter().map(read).collect();
        #[expect(clippy::expect_used, reason = "the policy is part of this crate and tested")]
        files.expect("bug: the default policy cannot be read").concat()
    });
    &SHIPPED
}

/// Reads one file; `shipped` are resources that may be named beside its own.
fn read(
    name: &str,
    text: &str,
    check: ExpressionCheck<'_>,
    shipped: &[Resource],
) -> Result<Settings, Mistakes> {
    let document = Document::parse(name, text)?;
    let reader = Reader::new(&document);
    let settings = top::TABLE.one(&reader, reader.root()).finish(&reader, check, shipped);
    reader.finish()?;
    Ok(settings)
}
