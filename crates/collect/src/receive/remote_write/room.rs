//! Room in which the message of a series is written, the same for both versions but for numbers of fields.

use model::BatchSeries;

use super::native;
use crate::receive::wire::{Writer, varint_length};

/// Room that is used for one series after the other.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The message of the series that was written last.
    pub(super) series: Vec<u8>,
    histogram: Vec<u8>,
}

impl Room {
    /// Begins a series.
    pub(super) fn start(&mut self) -> &mut Vec<u8> {
        self.series.clear();
        &mut self.series
    }

    /// Writes samples as field 2, and native histograms as this field.
    pub(super) fn samples(&mut self, series: &BatchSeries<'_>, histogram_field: u8) {
        let mut writer = Writer(&mut self.series);
        for sample in series.samples {
            let millis = sample.time.millis().cast_unsigned();
            writer.head(2, 10 + varint_length(millis));
            writer.fixed64(1, sample.value.to_bits());
            writer.number(2, millis);
        }
        for sample in series.histograms {
            self.histogram.clear();
            native::write(sample, &mut self.histogram);
            writer.bytes(histogram_field, &self.histogram);
        }
    }
}
