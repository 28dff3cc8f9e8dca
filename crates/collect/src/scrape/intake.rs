//! Turns an exposition into series to keep: target labels, relabelling, limits, stale markers.
//!
//! The text of a series is remembered with the labels that became of it, so that in the usual scrape, which brings the
//! same series as the one before, no label is built.

use std::collections::HashMap;

use model::{Labels, METRIC_NAME, Metadata, STALE, Sample, Series, Time};

use super::{Target, relabel::relabel};
use crate::exposition::{Format, MetadataLine, MetadataTaker, SampleLine, Taker, labels_of, read};

/// Samples of one scrape, whatever the job allows: what one target can give without harm to the others.
const SAMPLES_MAX: usize = 2_000_000;

/// Texts remembered beyond twice what the last scrape brought before the rest is forgotten.
const SPARE_TEXTS: usize = 1_000;

/// What we remember of a target's series.
#[derive(Debug, Default)]
pub(super) struct Memory {
    texts: HashMap<Box<str>, Text>,
    ids: HashMap<Labels, usize>,
    known: Vec<Known>,
    round: u64,
}

/// What became of a series' text.
#[derive(Debug)]
struct Text {
    /// The series, or nothing if relabelling drops it.
    id: Option<usize>,
    round: u64,
}

#[derive(Debug)]
struct Known {
    labels: Labels,
    /// When it last came.
    round: u64,
    /// Where it stands in the batch of that round.
    place: usize,
    /// It was there after the last scrape, and did not bring its own time stamps: its end must be marked.
    alive: bool,
    own_time: bool,
}

impl Memory {
    /// Marks the end of every series that is still there.
    pub(super) fn end_all(&mut self, at: Time, batch: &mut Vec<Series>) {
        for known in self.known.iter_mut().filter(|known| known.alive) {
            known.alive = false;
            batch.push(marker(&known.labels, at));
        }
    }

    /// Marks the end of series that did not come this time.
    fn end_missing(&mut self, at: Time, batch: &mut Vec<Series>) {
        for known in &mut self.known {
            if known.round == self.round {
                known.alive = !known.own_time;
            } else if known.alive {
                known.alive = false;
                batch.push(marker(&known.labels, at));
            }
        }
    }

    /// Forgets what did not come in this round, if that is much.
    fn tidy(&mut self, scraped: usize) {
        if self.texts.len() <= scraped * 2 + SPARE_TEXTS {
            return;
        }
        let round = self.round;
        self.texts.retain(|_, text| text.round == round);
        self.ids.clear();
        let mut moved = vec![None; self.known.len()];
        let mut kept = Vec::new();
        for (old, known) in std::mem::take(&mut self.known).into_iter().enumerate() {
            if known.round == round {
                moved[old] = Some(kept.len());
                self.ids.insert(known.labels.clone(), kept.len());
                kept.push(known);
            }
        }
        self.known = kept;
        #[expect(clippy::iter_over_hash_type, reason = "each is changed by itself")]
        for text in self.texts.values_mut() {
            text.id = text.id.and_then(|old| moved[old]);
        }
    }
}

fn marker(labels: &Labels, at: Time) -> Series {
    Series::new(labels.clone(), vec![Sample { time: at, value: STALE }])
}

/// What one exposition brought.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) batch: Vec<Series>,
    pub(super) metadata: Vec<Metadata>,
    pub(super) scraped: usize,
    pub(super) kept: usize,
    pub(super) added: usize,
    pub(super) repeated: usize,
    pub(super) out_of_order: usize,
}

/// Takes one exposition of one target.
pub(super) struct Intake<'t> {
    target: &'t Target,
    memory: &'t mut Memory,
    at: Time,
    taken: Taken,
    metadata: MetadataTaker,
}

impl<'t> Intake<'t> {
    pub(super) fn new(target: &'t Target, memory: &'t mut Memory, at: Time) -> Self {
        memory.round += 1;
        Self { target, memory, at, taken: Taken::default(), metadata: MetadataTaker::default() }
    }

    /// All of it, or nothing: on an error the memory still knows what was there before.
    pub(super) fn take(mut self, body: &[u8], format: Format) -> Result<Taken, String> {
        self.taken.batch.reserve(self.memory.known.len());
        read(body, format, &mut self).map_err(|error| error.to_string())?;
        let Self { memory, at, mut taken, metadata, .. } = self;
        memory.end_missing(at, &mut taken.batch);
        memory.tidy(taken.scraped);
        taken.metadata = metadata.found;
        Ok(taken)
    }

    /// Finds out what becomes of a series that comes for the first time.
    fn learn(&mut self, sample: &SampleLine<'_>) -> Result<Option<usize>, String> {
        let labels = self.with_target(sample);
        let Some(labels) = relabel(labels, &self.target.job.metric_relabel) else {
            return Ok(None);
        };
        if labels.metric_name().is_none() {
            return Err("relabelling leaves a sample without a name".into());
        }
        self.check(&labels)?;
        let memory = &mut *self.memory;
        if let Some(id) = memory.ids.get(&labels) {
            return Ok(Some(*id));
        }
        let id = memory.known.len();
        memory.ids.insert(labels.clone(), id);
        // Round 0 was never.
        memory.known.push(Known { labels, round: 0, place: 0, alive: false, own_time: false });
        Ok(Some(id))
    }

    /// The sample's labels and the target's; of two with one name, one wins or the sample's is renamed.
    fn with_target(&self, sample: &SampleLine<'_>) -> Labels {
        let own = labels_of(&sample.labels);
        let mut all = own.to_builder();
        for (name, value) in self.target.labels.iter() {
            if self.target.job.honor.labels {
                // One that the sample has, even if empty, stays as the sample has it.
                if sample.label(name).is_none() {
                    all.set(name, value);
                }
                continue;
            }
            if let Some(theirs) = own.get(name) {
                let mut renamed = format!("exported_{name}");
                while all.get(&renamed).is_some() || self.target.labels.get(&renamed).is_some() {
                    renamed.insert_str(0, "exported_");
                }
                all.set(renamed, theirs);
            }
            all.set(name, value);
        }
        all.build()
    }

    fn check(&self, labels: &Labels) -> Result<(), String> {
        let limits = &self.target.job.limits;
        let over = |limit: usize, is: usize| limit > 0 && is > limit;
        let name = labels.metric_name().unwrap_or(METRIC_NAME);
        if over(limits.labels, labels.len()) {
            let (is, limit) = (labels.len(), limits.labels);
            return Err(format!(
                "a series of {name} has {is} labels, more than {limit} (label_limit)"
            ));
        }
        for (label, value) in labels.iter() {
            let short: String = label.chars().take(60).collect();
            if over(limits.label_name_bytes, label.len()) {
                let limit = limits.label_name_bytes;
                return Err(format!(
                    "the label {short} of {name} is longer than {limit} bytes (label_name_length_limit)"
                ));
            }
            if over(limits.label_value_bytes, value.len()) {
                let limit = limits.label_value_bytes;
                return Err(format!(
                    "the value of {short} of {name} is longer than {limit} bytes (label_value_length_limit)"
                ));
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), String> {
        self.taken.kept += 1;
        let limit = self.target.job.limits.samples;
        if limit > 0 && self.taken.kept > limit {
            return Err(format!("more than {limit} samples (sample_limit)"));
        }
        Ok(())
    }
}

impl<'b> Taker<'b> for Intake<'_> {
    fn sample(&mut self, sample: &SampleLine<'b>) -> Result<(), String> {
        self.taken.scraped += 1;
        if self.taken.scraped > SAMPLES_MAX {
            return Err(format!("more than {SAMPLES_MAX} samples"));
        }
        let round = self.memory.round;
        let id = if let Some(text) = self.memory.texts.get_mut(sample.series) {
            text.round = round;
            text.id
        } else {
            let id = self.learn(sample)?;
            self.memory.texts.insert(sample.series.into(), Text { id, round });
            id
        };
        let Some(id) = id else { return Ok(()) };
        self.count()?;
        let own_time = sample.time().filter(|_| self.target.job.honor.timestamps);
        let new = Sample { time: own_time.unwrap_or(self.at), value: sample.value };
        let known = &mut self.memory.known[id];
        if known.round != round {
            let new_here = known.round == 0 || known.round + 1 < round;
            known.round = round;
            known.place = self.taken.batch.len();
            known.own_time = own_time.is_some();
            self.taken.added += usize::from(new_here);
            self.taken.batch.push(Series::new(known.labels.clone(), vec![new]));
            return Ok(());
        }
        let samples = &mut self.taken.batch[known.place].samples;
        match samples.last() {
            Some(last) if last.time == new.time => self.taken.repeated += 1,
            last => {
                let late = last.is_some_and(|last| new.time < last.time);
                self.taken.out_of_order += usize::from(late);
                samples.push(new);
            }
        }
        Ok(())
    }

    fn metadata(&mut self, line: &MetadataLine<'b>) -> Result<(), String> {
        self.metadata.take(line);
        Ok(())
    }
}
