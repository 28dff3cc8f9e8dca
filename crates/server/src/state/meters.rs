//! What the server counts about itself, and how it says so on `/metrics`.

use std::collections::BTreeMap;

use model::MetricKind;
use parking_lot::Mutex;

/// Label sets kept for one metric; more would be somebody else's mistake in a label.
const SERIES_PER_METRIC_MAX: usize = 200;

/// One metric we expose.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Counter or gauge.
    pub kind: MetricKind,
    /// What it counts.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident $kind:ident $name:literal $help:literal)*) => {
        $(
            #[doc = $help]
            pub(crate) const $id: &str = $name;
        )*
        /// Every metric of `/metrics`, in the order in which it is shown.
        pub const DEFINITIONS: &[Definition] = &[$(
            Definition { name: $name, kind: MetricKind::$kind, help: $help },
        )*];
    };
}

metrics! {
    BUILD_INFO Gauge "plimsoll_build_info" "Always 1; the version is in its label."
    START_TIME Gauge "plimsoll_start_time_seconds" "When the server started, in seconds since 1970."
    PROCESS_CPU Counter "process_cpu_seconds_total" "Processor time the process has used, in seconds."
    PROCESS_MEMORY Gauge "process_resident_memory_bytes" "Memory the process holds."
    PROCESS_FILES Gauge "process_open_fds" "Files and sockets the process has open."
    HTTP_REQUESTS Counter "plimsoll_server_requests_total" "Requests answered, by path and status."
    HTTP_LISTENERS Gauge "plimsoll_server_listeners" "Pages that listen for live updates."
    TASKS_ENDED Counter "plimsoll_server_tasks_ended_early_total" "Background tasks that ended although nobody asked them to."
    COLLECT_SAMPLES Counter "plimsoll_collect_samples_total" "Samples taken in, by way in."
    COLLECT_BY_SENDER Counter "plimsoll_collect_sender_samples_total" "Samples that others sent, by way in and sender: its `X-Scope-OrgID`, else its address; `other` beyond a hundred."
    COLLECT_IN_FLIGHT Gauge "plimsoll_collect_in_flight_bytes" "Bytes of bodies that are on their way from senders to the store."
    COLLECT_REFUSED Counter "plimsoll_collect_refused_total" "Batches and bodies refused, by way in and reason."
    COLLECT_POINTS_REFUSED Counter "plimsoll_collect_points_refused_total" "Data points refused out of bodies that were taken, by way in and reason."
    COLLECT_EXEMPLARS Counter "plimsoll_collect_exemplars_total" "Exemplars that came and were not kept, by way in."
    COLLECT_OUT_OF_RANGE Counter "plimsoll_collect_out_of_range_total" "Samples left out because their time lies outside what the store keeps, by way in."
    COLLECT_LEFT_OUT Counter "plimsoll_collect_left_out_total" "Samples left out because their series were new and beyond a limit, by way in."
    COLLECT_SCRAPES Counter "plimsoll_collect_scrapes_total" "Scrapes, by outcome."
    COLLECT_TARGETS Gauge "plimsoll_collect_targets" "Targets, by health."
    COLLECT_HOST_NOTES Gauge "plimsoll_collect_host_notes" "Parts of this host that could not be read last time."
    COLLECT_HOST_SECONDS Counter "plimsoll_collect_host_seconds_total" "Time spent reading this host, in seconds."
    COLLECT_CHANGES Counter "plimsoll_collect_changes_total" "Changes that others told of, by way in (`api`, or a hook's name) and outcome: `new`, `updated`, `known`, `too_often`, `ignored`, `old`, `refused`, `invalid`, `busy`, `lost`."
    STORE_SERIES Gauge "plimsoll_store_series" "Series written to within the last hour."
    STORE_SAMPLES Gauge "plimsoll_store_samples" "Samples kept."
    STORE_PARTS Gauge "plimsoll_store_parts" "Parts on disk."
    STORE_DISK Gauge "plimsoll_store_disk_bytes" "Bytes of parts on disk."
    STORE_LOG Gauge "plimsoll_store_log_bytes" "Bytes of the log."
    STORE_MEMORY Gauge "plimsoll_store_memory_bytes" "Bytes of rows and labels in memory, about."
    STORE_REFUSED Counter "plimsoll_store_writes_refused_total" "Batches the store refused."
    STORE_LEFT_OUT Counter "plimsoll_store_left_out_total" "Samples of new series left out, by limit: `labels`, `label_bytes`, `series`, `series_memory`, `new_series`."
    STORE_SERIES_MEMORY Gauge "plimsoll_store_series_memory_bytes" "Bytes of memory that active series take, about."
    STORE_SERIES_FORGOTTEN Counter "plimsoll_store_series_forgotten_early_total" "Series at rest that were forgotten before their hour was over, to make room."
    STORE_DAYS_COARSE Gauge "plimsoll_store_downsampled_days" "Days on disk that have down-sampled rows."
    STORE_SAMPLES_COARSE Gauge "plimsoll_store_downsampled_samples" "Samples on such days: figures of stretches, and what is left as it came beside them."
    STORE_FOLDED Counter "plimsoll_store_days_downsampled_total" "Days that were down-sampled, or down-sampled further."
    STORE_QUARANTINED Gauge "plimsoll_store_quarantined" "Damaged parts and pieces of log that were set aside."
    STORE_POISONED Gauge "plimsoll_store_poisoned" "1 when the store refuses writes until it is started anew."
    QUERY_ANSWERED Counter "plimsoll_query_answered_total" "Queries answered, by outcome."
    QUERY_SECONDS Counter "plimsoll_query_seconds_total" "Time spent on queries, in seconds."
    QUERY_SAMPLES Counter "plimsoll_query_samples_total" "Samples read by queries."
    QUERY_STEPS Counter "plimsoll_query_steps_total" "Steps of range queries, by whether they were computed or known."
    QUERY_KEPT Gauge "plimsoll_query_kept_bytes" "Bytes of answers that are kept to be used again."
    QUERY_MEMORY Gauge "plimsoll_query_memory_bytes" "Bytes that queries hold now."
    DETECT_EVALUATIONS Counter "plimsoll_detect_evaluations_total" "Evaluations of rules and resources, by outcome."
    DETECT_SECONDS Counter "plimsoll_detect_seconds_total" "Time spent on evaluations, in seconds."
    DETECT_MISSED Counter "plimsoll_detect_evaluations_missed_total" "Evaluations that came too late to be made."
    DETECT_ALERTS Gauge "plimsoll_detect_alerts" "Alerts, by state."
    DETECT_BASELINES Gauge "plimsoll_detect_baselines" "Series of which the normal band is kept, by state: `known`, `young` before a week is over, `left_out` beyond a limit."
    PLAN_FORECASTS Counter "plimsoll_plan_forecasts_total" "Forecasts made, by outcome."
    PLAN_SECONDS Counter "plimsoll_plan_seconds_total" "Time spent on forecasts, in seconds."
    RESPOND_MESSAGES Counter "plimsoll_respond_messages_total" "Messages to receivers, by outcome."
    RESPOND_WAITING Gauge "plimsoll_respond_messages_waiting" "Messages that receivers have not taken yet."
    FORWARD_SENT Counter "plimsoll_forward_samples_sent_total" "Samples that receivers have taken, by receiver."
    FORWARD_BYTES Counter "plimsoll_forward_sent_bytes_total" "Bytes of requests that receivers have taken, by receiver."
    FORWARD_REQUESTS Counter "plimsoll_forward_requests_total" "Requests made to receivers, repeated ones included, by receiver."
    FORWARD_FAILED Counter "plimsoll_forward_requests_failed_total" "Requests that failed and are made again, by receiver."
    FORWARD_RETRIED Counter "plimsoll_forward_samples_retried_total" "Samples in requests that failed and are made again, by receiver."
    FORWARD_DROPPED Counter "plimsoll_forward_samples_dropped_total" "Samples that never reached a receiver, by receiver and reason."
    FORWARD_PENDING Gauge "plimsoll_forward_samples_pending" "Samples that wait for a receiver, by receiver."
    FORWARD_QUEUE Gauge "plimsoll_forward_queue_bytes" "Bytes of a queue on disk, by receiver."
    FORWARD_DELAY Gauge "plimsoll_forward_delay_seconds" "How long the oldest samples under way have waited, by receiver."
    FORWARD_SUCCESS Gauge "plimsoll_forward_last_success_timestamp_seconds" "When a receiver last took something, in seconds since 1970, by receiver."
    FORWARD_CONNECTIONS Gauge "plimsoll_forward_connections" "Connections in use, by receiver."
    JOURNAL_EVENTS Counter "plimsoll_journal_events_total" "Events written to the journal."
    JOURNAL_TROUBLE Gauge "plimsoll_journal_in_trouble" "1 while nothing can be recorded, so that nothing is judged and nobody told."
    JOURNAL_DUTY Gauge "plimsoll_journal_duty" "1 for work that this server does, of those that share a journal, by duty: `judging`, `delivering`."
    JOURNAL_ERRORS Counter "plimsoll_journal_errors_total" "Events that could not be written; their work is done again."
}

type Values = BTreeMap<&'static str, BTreeMap<String, f64>>;

/// Everything counted so far.
#[derive(Debug, Default)]
pub(crate) struct Meters(Mutex<Values>);

impl Meters {
    /// Adds to a counter. Labels come ready-made, such as `way="scrape"`, or empty.
    pub(crate) fn add(&self, name: &'static str, labels: &str, amount: f64) {
        self.change(name, labels, |value| *value += amount);
    }

    /// Counts one more.
    pub(crate) fn count(&self, name: &'static str, labels: &str) {
        self.add(name, labels, 1.0);
    }

    /// Sets a gauge, or a counter that somebody else keeps.
    pub(crate) fn set(&self, name: &'static str, labels: &str, value: f64) {
        self.change(name, labels, |own| *own = value);
    }

    fn change(&self, name: &'static str, labels: &str, change: impl FnOnce(&mut f64)) {
        let mut values = self.0.lock();
        let series = values.entry(name).or_default();
        if let Some(value) = series.get_mut(labels) {
            change(value);
            return;
        }
        let labels = if series.len() < SERIES_PER_METRIC_MAX { labels } else { "other=\"true\"" };
        change(series.entry(labels.to_owned()).or_default());
    }

    /// All of it in the text exposition format, version 0.0.4.
    pub(crate) fn expose(&self) -> String {
        let values = self.0.lock();
        let mut lines = Vec::new();
        for definition in DEFINITIONS {
            let Some(series) = values.get(definition.name) else { continue };
            let Definition { name, kind, help } = definition;
            lines.push(format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.word()));
            for (labels, value) in series {
                let value = crate::http::number(*value);
                lines.push(match labels.as_str() {
                    "" => format!("{name} {value}\n"),
                    labels => format!("{name}{{{labels}}} {value}\n"),
                });
            }
        }
        lines.concat()
    }
}

/// The reference page of our own metrics.
pub fn metrics_reference() -> String {
    let head = "# Metrics of Plimsoll itself\n\n\
        What `/metrics` shows. This page is written by the program: `UPDATE_DOCS=1 cargo test -p server` renews it.\n\n\
        | metric | kind | what |\n| --- | --- | --- |\n";
    let row =
        |own: &Definition| format!("| `{}` | {} | {} |\n", own.name, own.kind.word(), own.help);
    std::iter::once(head.to_owned()).chain(DEFINITIONS.iter().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_exposed_with_help_and_kind() {
        let meters = Meters::default();
        meters.count(COLLECT_SCRAPES, "outcome=\"up\"");
        meters.add(COLLECT_SCRAPES, "outcome=\"up\"", 2.0);
        meters.set(STORE_PARTS, "", 4.0);
        assert_eq!(
            meters.expose(),
            "# HELP plimsoll_collect_scrapes_total Scrapes, by outcome.\n\
             # TYPE plimsoll_collect_scrapes_total counter\n\
             plimsoll_collect_scrapes_total{outcome=\"up\"} 3\n\
             # HELP plimsoll_store_parts Parts on disk.\n\
             # TYPE plimsoll_store_parts gauge\n\
             plimsoll_store_parts 4\n"
        );
    }

    #[test]
    fn labels_without_end_are_put_together() {
        let meters = Meters::default();
        for at in 0..SERIES_PER_METRIC_MAX + 50 {
            meters.count(HTTP_REQUESTS, &format!("path=\"{at}\""));
        }
        assert!(meters.expose().contains("plimsoll_server_requests_total{other=\"true\"} 50"));
    }
}
