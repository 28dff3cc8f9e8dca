//! Bands as the API shows them. Times are milliseconds since 1970.

use std::collections::BTreeMap;

use model::Time;
use serde::Serialize;
use stats::{Band, Basis, Shift};
use utoipa::ToSchema;

use super::super::shape::finite;

/// The bands of series over a range of time.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct BandList {
    /// The time zone whose hours count.
    pub(super) zone: String,
    /// How wide the bands are, as a factor.
    pub(super) width: f64,
    /// From one point to the next, in milliseconds.
    pub(super) step: i64,
    /// The points.
    pub(super) times: Vec<i64>,
    /// One for each series, in order of their labels.
    pub(super) series: Vec<BandView>,
}

/// The band of one series. Each point is what was known then, from what came before.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct BandView {
    /// The series.
    pub(super) labels: BTreeMap<String, String>,
    /// The first reading that was learnt from.
    pub(super) since: Option<i64>,
    /// What the band rests on at the last point: `week` by hour of the week, `day` by hour of the day while there is less than a
    /// week, nothing while there are less than two days.
    pub(super) basis: Option<String>,
    /// The lowest that is usual.
    pub(super) low: Vec<Option<f64>>,
    /// What is most likely.
    pub(super) mid: Vec<Option<f64>>,
    /// The highest that is usual.
    pub(super) high: Vec<Option<f64>>,
    /// When the series last moved to another level, if it did.
    pub(super) shift: Option<ShiftView>,
}

/// A series moved to another level, where its band followed it.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ShiftView {
    /// When it began.
    pub(super) at: i64,
    /// How far it moved.
    pub(super) by: Option<f64>,
    /// How many times as high it is, if it moved in proportion.
    pub(super) times: Option<f64>,
}

/// The bands of series at every hour of the week.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WeekList {
    /// When this was put together.
    pub(super) at: i64,
    /// The time zone whose hours count.
    pub(super) zone: String,
    /// The hour of the week that it is there now, from Monday 0:00.
    pub(super) hour: u8,
    /// One for each series, in order of their labels.
    pub(super) series: Vec<WeekView>,
}

/// The band of one series at every hour of the week, from Monday 0:00, and now.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WeekView {
    /// The series.
    pub(super) labels: BTreeMap<String, String>,
    /// The first reading that was learnt from.
    pub(super) since: Option<i64>,
    /// What the band rests on: `week`, `day`, or nothing while too little is known.
    pub(super) basis: Option<String>,
    /// The last reading.
    pub(super) value: Option<f64>,
    /// The band now.
    pub(super) now: Option<EdgesView>,
    /// 168 bands; nothing where too little is known.
    pub(super) hours: Vec<Option<EdgesView>>,
    /// When the series last moved to another level, if it did.
    pub(super) shift: Option<ShiftView>,
}

/// A band at one moment.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct EdgesView {
    pub(super) low: f64,
    pub(super) mid: f64,
    pub(super) high: f64,
}

/// What is watched.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WatchedList {
    /// When this was put together.
    pub(super) at: i64,
    /// The baselines, the readings of resources first.
    pub(super) baselines: Vec<WatchedView>,
}

/// One baseline.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WatchedView {
    /// Its name, the label `baseline` of the recorded band.
    pub(super) name: String,
    /// Its expression.
    pub(super) expr: String,
    /// How wide its bands are, as a factor.
    pub(super) width: f64,
    /// How many series it has.
    pub(super) series: usize,
    /// How many of them have a band by hour of the week.
    pub(super) known: usize,
    /// How many of them moved to another level within a week.
    pub(super) moved: usize,
    /// How many there was no place for.
    pub(super) left_out: usize,
    /// Up to when readings have been learnt from.
    pub(super) learnt: Option<i64>,
    /// Its series in order of their labels, a thousand at most.
    pub(super) rows: Vec<WatchedRow>,
}

/// A series that is watched.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WatchedRow {
    /// The labels of the recorded band, without those that name it.
    pub(super) labels: BTreeMap<String, String>,
    /// The first reading that was learnt from.
    pub(super) since: Option<i64>,
    /// When it was last seen.
    pub(super) seen: i64,
    /// What the band rests on: `week`, `day`, or nothing while too little is known.
    pub(super) basis: Option<String>,
    /// The band now.
    pub(super) now: Option<EdgesView>,
    /// When it last moved to another level, if it did.
    pub(super) shift: Option<ShiftView>,
}

pub(super) fn word(basis: Option<Basis>) -> Option<String> {
    basis.map(|basis| basis.word().to_owned())
}

pub(super) fn edges(band: Band) -> EdgesView {
    EdgesView { low: band.low, mid: band.mid, high: band.high }
}

pub(super) fn shift_view(shift: Shift) -> ShiftView {
    ShiftView {
        at: Time::from_secs(shift.at).millis(),
        by: finite(shift.by),
        times: shift.times.and_then(finite),
    }
}
