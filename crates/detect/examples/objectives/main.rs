//! Prints how often the alerts of objectives call somebody for nothing, and how soon for an outage: `bench/objectives.sh`.

mod simulate;

use simulate::{Guard, Service, quantile};

/// Requests a second.
const TRAFFIC: [f64; 5] = [0.005, 0.02, 0.1, 0.5, 2.0];
/// As long as is usual for such figures: a season.
const DAYS: i64 = 120;
const OUTAGES: u64 = 40;

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() {
    println!(
        "| requests/s | | false pages in 30 d | full outage: median / p95, min | 5 % fail: median / p95, min | not seen in a day |"
    );
    println!("|---|---|---:|---:|---:|---:|");
    for (number, traffic) in (1_u64..).zip(TRAFFIC) {
        for (word, guard) in [("plain", Guard::Plain), ("**guarded**", Guard::Sure)] {
            let Some(service) = Service::new(traffic, guard) else { return };
            let pages = service.clone().false_pages(DAYS, number) as f64 * 30.0 / DAYS as f64;
            let all = service.clone().minutes_to_page(1.0, OUTAGES, number);
            let some = service.minutes_to_page(0.05, OUTAGES, number);
            let missed = some.iter().filter(|minutes| **minutes >= 24 * 60).count();
            println!(
                "| {traffic} | {word} | {pages:.2} | {} / {} | {} / {} | {missed} of {OUTAGES} |",
                quantile(&all, 0.5),
                quantile(&all, 0.95),
                quantile(&some, 0.5),
                quantile(&some, 0.95),
            );
        }
    }
}
