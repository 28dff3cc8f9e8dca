//! The top level of a settings file, and what its sections say together.

use model::{Resource, Span};

use super::{
    AlertSettings, ChangeSettings, ExpressionCheck, HostSettings, PlanningSettings, QuerySettings,
    ReceiveSettings, Settings,
    alerts::{self, receiver},
    objective, query,
    remote::{JournalSettings, forward, journal},
    resource, server, store,
    watch::{
        baselines, changes,
        global::{self, Global},
        host, load, receive, scrape,
    },
};
use crate::{
    mistake::{Mistake, Place},
    reader::Reader,
    table::{Key, Otherwise, Table, set, unique},
};

/// A settings file while it is read.
#[derive(Debug)]
pub(super) struct Draft {
    server: server::ServerDraft,
    store: store::StoreDraft,
    journal: JournalSettings,
    query: QuerySettings,
    host: HostSettings,
    receive: ReceiveSettings,
    otlp: receive::OtlpDraft,
    changes: changes::ChangesDraft,
    load: load::LoadDraft,
    global: Global,
    jobs: Vec<scrape::JobDraft>,
    forward: Vec<forward::ForwardDraft>,
    rule_files: Vec<String>,
    policy: bool,
    resources: Vec<resource::ResourceDraft>,
    objectives: objective::ObjectivesDraft,
    baselines: baselines::BaselinesDraft,
    calendar: Vec<resource::calendar::EntryDraft>,
    services: Vec<resource::service::ServiceDraft>,
    planning: PlanningSettings,
    planning_place: Option<Place>,
    alerts: AlertSettings,
    receivers: Vec<receiver::ReceiverDraft>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            server: server::ServerDraft::default(),
            store: store::StoreDraft::default(),
            journal: JournalSettings::default(),
            query: QuerySettings::default(),
            host: HostSettings::default(),
            receive: ReceiveSettings::default(),
            otlp: receive::OtlpDraft::default(),
            changes: changes::ChangesDraft::default(),
            load: load::LoadDraft::default(),
            global: Global::default(),
            jobs: Vec::new(),
            forward: Vec::new(),
            rule_files: Vec::new(),
            policy: true,
            resources: Vec::new(),
            objectives: objective::ObjectivesDraft::default(),
            baselines: baselines::BaselinesDraft::default(),
            calendar: Vec::new(),
            services: Vec::new(),
            planning: PlanningSettings::default(),
            planning_place: None,
            alerts: AlertSettings::default(),
            receivers: Vec::new(),
        }
    }
}

pub(super) static TABLE: Table<Draft> = Table {
    what: "the settings file",
    keys: &[
        Key {
            name: "listen",
            form: "address",
            otherwise: Otherwise::Is("127.0.0.1:7546"),
            about: "Address and port of pages and API; short for `server: {listen: …}`.",
            read: |reader, field, into| into.server.read_listen(reader, field),
        },
        Key {
            name: "server",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "Where Plimsoll listens and who may ask.",
            read: |reader, field, into| server::TABLE.read(reader, field.node, &mut into.server),
        },
        Key {
            name: "store",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "How samples are kept.",
            read: |reader, field, into| store::TABLE.read(reader, field.node, &mut into.store),
        },
        Key {
            name: "journal",
            form: "section or URL",
            otherwise: Otherwise::Said("a file in the data folder"),
            about: "Where facts are kept: alerts, messages, changes.",
            read: |reader, field, into| journal::read(reader, field, &mut into.journal),
        },
        Key {
            name: "query",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "What one question may cost.",
            read: |reader, field, into| query::TABLE.read(reader, field.node, &mut into.query),
        },
        Key {
            name: "host",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "How this machine is watched.",
            read: |reader, field, into| host::TABLE.read(reader, field.node, &mut into.host),
        },
        Key {
            name: "receive",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "What others may send here.",
            read: |reader, field, into| receive::TABLE.read(reader, field.node, &mut into.receive),
        },
        Key {
            name: "otlp",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "How metrics that OpenTelemetry sends are named, as Prometheus has it.",
            read: |reader, field, into| into.otlp.read(reader, field.node),
        },
        Key {
            name: "changes",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "Who may tell of changes: deployments, settings, failovers.",
            read: |reader, field, into| changes::TABLE.read(reader, field.node, &mut into.changes),
        },
        Key {
            name: "load",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "Which load tests may be scheduled, and when.",
            read: |reader, field, into| load::TABLE.read(reader, field.node, &mut into.load),
        },
        Key {
            name: "forward",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Who is sent all samples that are taken in, by remote write.",
            read: |reader, field, into| into.forward = forward::TABLE.each(reader, field.node),
        },
        Key {
            name: "global",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "What holds for all jobs and rules, as Prometheus has it.",
            read: |reader, field, into| global::TABLE.read(reader, field.node, &mut into.global),
        },
        Key {
            name: "scrape_configs",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "What is scraped, as Prometheus has it.",
            read: |reader, field, into| into.jobs = scrape::TABLE.each(reader, field.node),
        },
        Key {
            name: "rule_files",
            form: "list of globs",
            otherwise: Otherwise::Nothing,
            about: "Prometheus rule files, relative to the settings file.",
            read: |reader, field, into| into.rule_files = reader.texts(field.node),
        },
        Key {
            name: "policy",
            form: "word",
            otherwise: Otherwise::Is("default"),
            about: "`default` watches the resources and objectives of the policy that ships with Plimsoll besides your own; `none` only your own.",
            read: |reader, field, into| {
                let words = [("default", true), ("none", false)];
                set(&mut into.policy, reader.word(field.node, &words));
            },
        },
        Key {
            name: "resources",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Anything with a limit, besides what the policy declares.",
            read: |reader, field, into| into.resources = resource::TABLE.each(reader, field.node),
        },
        Key {
            name: "baselines",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "Of which series the normal band is kept.",
            read: |reader, field, into| {
                baselines::TABLE.read(reader, field.node, &mut into.baselines);
            },
        },
        Key {
            name: "calendar",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Days that are not like others, which forecasts are to know: holidays, sales, launches.",
            read: |reader, field, into| {
                into.calendar = resource::calendar::TABLE.each(reader, field.node);
            },
        },
        Key {
            name: "services",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "What users depend on, with the load it carries and what can limit that.",
            read: |reader, field, into| {
                into.services = resource::service::TABLE.each(reader, field.node);
            },
        },
        Key {
            name: "planning",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "What is planned with: prices, what is reviewed for its size, drivers.",
            read: |reader, field, into| {
                resource::planning::TABLE.read(reader, field.node, &mut into.planning);
                into.planning_place = Some(field.node.place());
            },
        },
        Key {
            name: "objectives",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "KPIs with a target, besides what the policy declares.",
            read: |reader, field, into| {
                into.objectives.drafts = objective::TABLE.each(reader, field.node);
            },
        },
        Key {
            name: "objective_files",
            form: "list of globs",
            otherwise: Otherwise::Nothing,
            about: "Files of objectives, relative to the settings file: `objectives` in this form, or OpenSLO. An objective in a file takes the place of one with the same name here or in the policy.",
            read: |reader, field, into| into.objectives.files = reader.texts(field.node),
        },
        Key {
            name: "objective_parameters",
            form: "map of texts",
            otherwise: Otherwise::Nothing,
            about: objective::PARAMETERS_ABOUT,
            read: |reader, field, into| {
                objective::read_parameters(reader, field, &mut into.objectives.parameters);
            },
        },
        Key {
            name: "alerts",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "Which alerts go to whom.",
            read: |reader, field, into| alerts::TABLE.read(reader, field.node, &mut into.alerts),
        },
        Key {
            name: "receivers",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Who is told of alerts; every receiver is told of all, unless the routing file leads to it.",
            read: |reader, field, into| into.receivers = receiver::TABLE.each(reader, field.node),
        },
    ],
    refused: &[
        (
            "alerting",
            "write who is told of alerts as `receivers`, or name an Alertmanager's configuration as `alerts: {routing: …}`",
        ),
        (
            "remote_write",
            "to send samples on, write `forward`; to take a Prometheus' samples, point its `remote_write` at `/api/v1/write` here",
        ),
        (
            "remote_read",
            "questions go to another server as PromQL: write its address as `query: {remote: {url: …}}`",
        ),
        (
            "scrape_config_files",
            "write the jobs under `scrape_configs`, and their targets in files with `file_sd_configs`",
        ),
        ("storage", "write how samples are kept as `store`"),
        ("tracing", "traces are not sent; remove the section"),
        ("runtime", "nothing to tune here; remove the section"),
        (
            "route",
            "this is an Alertmanager's configuration; name it as `alerts: {routing: …}` in a settings file",
        ),
        ("groups", "this is a rule file; name it under `rule_files` of a settings file"),
    ],
};

impl Draft {
    /// The settings as far as they could be read; what is wrong stands in the reader. The default
    /// policy is not among the resources yet.
    pub(super) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
        shipped: &[Resource],
    ) -> Settings {
        let interval = self.global.interval(reader);
        let timeout = self.global.scrape_timeout.as_ref().map_or(Span::secs(10), |span| span.value);
        let jobs = self.jobs.into_iter().map(|job| job.finish(reader, interval, timeout));
        let resources = self.resources.into_iter().filter_map(|draft| draft.finish(reader, check));
        let resources = resources.map(|(resource, name)| (resource, Some(name)));
        let resources = unique(reader, "resource", resources.collect());
        // Its own come first, and hide a shipped one of the same name.
        let named = [&resources[..], if self.policy { shipped } else { &[] }].concat();
        let calendar = self.calendar.into_iter();
        let zone = self.baselines.zone();
        let calendar = calendar.filter_map(|draft| draft.finish(reader, &named, zone)).collect();
        let unknown = self
            .planning
            .resources
            .iter()
            .filter(|name| !named.iter().any(|own| own.name == **name));
        for name in unknown {
            let message = format!("`planning`: there is no resource `{name}`");
            let mistake = self.planning_place.map_or_else(
                || Mistake::somewhere(message.clone()),
                |place| Mistake::at(place, message.clone()),
            );
            reader.report(mistake.help("declare it under `resources`"));
        }
        let (objectives, objective_files, objective_parameters) =
            self.objectives.finish(reader, self.policy, check);
        let objectives = unique(reader, "objective", objectives);
        let services = self.services.into_iter();
        let declared = (&named[..], &objectives[..]);
        let services = services.filter_map(|draft| draft.finish(reader, check, declared));
        let services = unique(reader, "service", services.collect());
        let forward = self.forward.into_iter().map(|draft| draft.finish(reader));
        let receivers = self.receivers.into_iter().map(|draft| draft.finish(reader));
        let (mut baselines, watch) = self.baselines.finish(reader, check);
        baselines.watch = unique(reader, "baseline", watch);
        Settings {
            base: std::path::PathBuf::new(),
            server: self.server.finish(reader),
            store: self.store.finish(reader, check),
            journal: self.journal,
            query: self.query,
            host: self.host,
            scrape: unique(reader, "job", jobs.collect()),
            remote_write: self.receive,
            otlp: self.otlp.finish(),
            changes: ChangeSettings {
                hooks: unique(reader, "web hook", self.changes.finish(reader)),
            },
            load: self.load.finish(reader),
            forward: unique(reader, "forward receiver", forward.collect()),
            rule_files: self.rule_files,
            resources,
            calendar,
            shipped: std::collections::BTreeSet::new(),
            services,
            planning: self.planning,
            objective_files,
            objective_parameters,
            objectives,
            policy: self.policy,
            baselines,
            alerts: self.alerts,
            receivers: unique(reader, "receiver", receivers.collect()),
            evaluation_interval: self.global.evaluation_interval.unwrap_or(Span::secs(15)),
            external_labels: self.global.external_labels,
        }
    }
}
