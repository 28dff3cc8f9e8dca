//! The four profiles, compressed, on real sockets.

use std::thread;

use anyhow::Result;
use load::{Profile, Shape, recovery};

use crate::target::{Target, answer, at_rate, quick, run};

/// Fewer workers and shorter phases than these make figures of nothing.
const COMPRESS: f64 = 300.0;

#[test]
fn every_profile_sends_what_it_should_and_is_stamped() -> Result<()> {
    let each = [
        (Shape::Baseline, 50.0, 1),
        (Shape::Progressive, 1560.0, 5),
        (Shape::Spike, 960.0, 3),
        (Shape::Sustained, 480.0, 1),
    ];
    let threads = each.map(|(shape, arrivals, phases)| {
        thread::spawn(move || profile_is_sent(shape, arrivals, phases))
    });
    for thread in threads {
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(())
}

fn profile_is_sent(shape: Shape, arrivals: f64, phases: usize) -> Result<()> {
    let target = Target::answering(|_| answer("200 OK", "", "hello"))?;
    let plan = quick(&target.url("/"), at_rate(7.0, 1000)).plan()?;
    let profile = Profile { shape, capacity: Some(100.0), compress: COMPRESS };
    assert_eq!(profile.phases()?.len(), phases);
    let plan = plan.with_profile(profile)?;
    assert!((plan.expected() - arrivals).abs() < 1e-6, "{shape:?}: {}", plan.expected());
    let (run, verdict) = run(plan)?;
    assert!((target.heard().len() as f64 - arrivals).abs() < 0.5, "{shape:?}");
    assert!(shape == Shape::Spike || recovery(&run).is_none(), "{shape:?}");
    assert_eq!(verdict.trends.is_empty(), shape != Shape::Sustained);
    // Half an hour in six seconds says nothing of what grows.
    assert!(verdict.trends.iter().all(|watching| watching.trend == load::Trend::TooShort));
    let document = load::json(&run, &verdict);
    assert_eq!(document["plan"]["profile"], shape.as_str());
    assert_eq!(document["plan"]["compressed"], COMPRESS);
    assert!(load::text(&run, &verdict).contains("COMPRESSED 300 times"));
    assert!(load::html(&run, &verdict).contains("COMPRESSED 300 times"));
    Ok(())
}
