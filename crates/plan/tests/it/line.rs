//! The load line of a service whose truth is known.

use anyhow::{Context, Result, ensure};
use model::{Launch, Outlook, Relation, Service, ServiceLimit, Share, Span, Step, Time, Unit};
use plan::{
    Deployment, LimitPast, LineOptions, LoadLine, Lost, ServicePast, Unknown, dates, load_line,
    say_line,
};
use testkit::planted::{DAYS, Planted, RELEASE_DAY, RELEASE_TIMES, TRUTH};

pub(crate) const NOW: Time = Time(1_795_176_000_000);

pub(crate) fn service() -> Result<Service> {
    let target = |share| Share::new(share).context("a share");
    let mut limits = Vec::new();
    for (name, limit, _) in TRUTH {
        let (relation, unit, share) = match name {
            "connections" => (Relation::Held, Unit::Count, 0.8),
            "cpu" => (Relation::Work, Unit::Share, 0.8),
            "latency" => (Relation::Latency, Unit::Seconds, 1.0),
            "cache" => (Relation::Cached, Unit::Count, 0.8),
            _ => (Relation::Work, Unit::Count, 0.8),
        };
        let step = Step { title: "pool 100 → 150".into(), times: 1.5, cost_month: 0.0 };
        limits.push(ServiceLimit {
            name: name.into(),
            title: name.into(),
            used: name.into(),
            limit: limit.to_string(),
            unit,
            target: target(share)?,
            relation,
            each_replica: name == "cpu",
            copies: None,
            steps: if name == "connections" { vec![step] } else { Vec::new() },
        });
    }
    Ok(Service {
        name: "shop".into(),
        title: "Shop".into(),
        load: "load".into(),
        load_unit: Unit::PerSecond,
        replicas: None,
        zones: None,
        data: model::DataExpressions::default(),
        owner: "shop".into(),
        limits,
        launches: vec![Launch {
            name: "the Q1 launch".into(),
            at: NOW + Span::days(3),
            raises: 0.15,
        }],
    })
}

struct Answer {
    line: LoadLine,
    planted: Planted,
    service: Service,
}

pub(crate) fn confidence() -> Share {
    Share::new(0.9).unwrap_or_else(|| unreachable!())
}

fn ask<T>(
    planted: &Planted,
    service: &Service,
    deployments: &[Deployment],
    of: impl FnOnce(&ServicePast<'_>, &LoadLine) -> T,
) -> T {
    let limits = service.limits.iter().zip(&planted.used);
    let past = ServicePast {
        times: &planted.times,
        load: &planted.load,
        replicas: Some(3.0),
        zones: Some(2.0),
        limits: limits
            .map(|(declared, (name, limit, used))| LimitPast {
                declared,
                used,
                limit: *limit,
                copies: (*name == "memory").then_some(2.0),
                tested: &[],
            })
            .collect(),
        tested: &[],
        deployments,
        zone: None,
        currency: "",
    };
    let line = load_line(&past, LineOptions { confidence: confidence(), seed: 1 });
    of(&past, &line)
}

fn told(seed: u64) -> Result<Answer> {
    let (planted, service) = (Planted::until(NOW, seed), service()?);
    let line = ask(&planted, &service, &[], |_, line| line.clone());
    Ok(Answer { line, planted, service })
}

#[test]
fn lines_and_the_first_to_bind_are_what_was_planted() -> Result<()> {
    let answer = told(1)?;
    for (name, _, truth) in TRUTH.iter().filter(|(name, ..)| *name != "cache") {
        let limit = answer.line.limits.iter().find(|own| own.name == *name).context("the limit")?;
        let known = limit.known.as_ref().map_err(Clone::clone)?;
        let line = known.line.with_context(|| format!("no line for {name}"))?;
        ensure!((line.mid / truth - 1.0).abs() < 0.08, "{name}: {line:?} for {truth}");
        ensure!(
            line.low <= truth * 1.02 && truth * 0.98 <= line.high,
            "{name}: {line:?} for {truth}"
        );
    }
    let binds = answer.line.binds().context("something binds")?;
    ensure!(binds.name == "connections");
    ensure!(binds.known.as_ref().is_ok_and(|known| known.first > 0.95 && !known.guess));
    let without = answer.line.without_instance().context("three instances are known")?;
    ensure!(without.carries && (without.line - 666.7).abs() < 40.0, "{without:?}");
    let of = |lost: &Lost| answer.line.without.iter().find(|own| own.lost == *lost);
    // Half of the cores, or of the memory, is left: what one of them carries is half of what two did.
    let truth = |name: &str| TRUTH.iter().find(|own| own.0 == name).map_or(f64::NAN, |own| own.2);
    let zone = of(&Lost::Zone).context("two zones")?;
    let wanted = (truth("cpu") / 2.0).min(666.7);
    ensure!((zone.line / wanted - 1.0).abs() < 0.1, "{zone:?} for {wanted}");
    ensure!(zone.carries == (zone.line >= answer.line.load_now));
    let copy = of(&Lost::Copy("memory".into())).context("two copies")?;
    ensure!(copy.line < truth("memory"), "{copy:?}");
    let next = answer.line.next.context("a step helps")?;
    ensure!(next.limit == "connections" && (next.gain - 0.5).abs() < 0.1, "{next:?}");
    Ok(())
}

#[test]
fn a_release_that_makes_requests_dearer_is_found_and_named() -> Result<()> {
    let (planted, service) = (Planted::until(NOW, 2), service()?);
    let released = NOW - Span::days(DAYS - RELEASE_DAY);
    let deployments = [
        Deployment { at: released - Span::days(11), name: "release 4.1".into() },
        Deployment { at: released, name: "release 4.2".into() },
    ];
    ask(&planted, &service, &deployments, |_, line| {
        for limit in &line.limits {
            let known = limit.known.as_ref().map_err(Clone::clone)?;
            let Some(change) = &known.change else {
                ensure!(limit.name != "cpu", "the change of cost was not found");
                continue;
            };
            ensure!(limit.name == "cpu", "{} has no change: {change:?}", limit.name);
            ensure!((change.times / RELEASE_TIMES - 1.0).abs() < 0.07, "{change:?}");
            ensure!(change.since.since(released).0.abs() <= Span::hours(6).0, "{change:?}");
            ensure!(change.cause.as_deref() == Some("release 4.2"), "{change:?}");
        }
        Ok(())
    })
}

#[test]
fn the_dates_hold_with_and_without_the_launch_and_the_sentence_says_them() -> Result<()> {
    let (planted, service) = (Planted::until(NOW, 3), service()?);
    ask(&planted, &service, &[], |past, line| {
        let dates = dates(past, line, &service.launches, confidence()).context("dates")?;
        let by_itself = planted.reached(666.7, (1.0, 0.0)).context("reached")?;
        let launched = planted.reached(666.7, (1.15, 3.0)).context("reached")?;
        let Outlook::Expected(range) = dates.outlook else {
            anyhow::bail!("{:?} for {by_itself:?}", dates.outlook)
        };
        let within =
            |time: Time| range.earliest <= time && range.latest.is_none_or(|latest| time <= latest);
        ensure!(within(by_itself), "{range:?} for {by_itself:?}");
        let Outlook::Expected(with) = dates.with[0].1 else { anyhow::bail!("{dates:?}") };
        ensure!(
            with.earliest <= launched && with.latest.is_none_or(|latest| launched <= latest),
            "{with:?} for {launched:?}"
        );
        ensure!(with.likely < range.likely);
        let said = say_line(&service, line, Some(&dates), "90 %", NOW);
        println!("{said}");
        for words in [
            "limited by connections; now at ",
            "; reached on ",
            " if the Q1 launch happens; ",
            "; cheapest next step: pool 100 → 150, +",
            ", no cost",
        ] {
            ensure!(said.contains(words), "{said}");
        }
        Ok(())
    })
}

#[test]
fn bad_pasts_are_refused_and_never_make_a_line() -> Result<()> {
    let answer = told(4)?;
    let refused = |change: &dyn Fn(&mut Planted)| {
        let mut planted = answer.planted.clone();
        change(&mut planted);
        ask(&planted, &answer.service, &[], |past, line| {
            let connections = line.limits.iter().find(|own| own.name == "connections");
            let why = connections.and_then(|own| own.known.as_ref().err().cloned());
            (why, dates(past, line, &[], confidence()).map(|own| own.outlook))
        })
    };
    let why = |change: &dyn Fn(&mut Planted)| refused(change).0.map(|why| why.to_string());
    let level = why(&|planted| planted.load.fill(300.0));
    ensure!(level.as_deref().is_some_and(|why| why.contains("stayed within 0.0 %")), "{level:?}");
    let units = why(&|planted| planted.used[0].2.iter_mut().for_each(|used| *used *= 100.0));
    ensure!(units.as_deref().is_some_and(|why| why.contains("different units")), "{units:?}");
    let turned = why(&|planted| {
        let load = planted.load.clone();
        planted.used[0].2.iter_mut().zip(load).for_each(|(used, load)| *used = 20_000.0 / load);
    });
    ensure!(turned.as_deref().is_some_and(|why| why.contains("falls as")), "{turned:?}");
    let limitless = refused(&|planted| planted.used[0].1 = f64::NAN).0;
    ensure!(limitless == Some(Unknown::NoLimit));
    let own_way = why(&|planted| {
        let mut chance = stats::Chance::new(3);
        planted.used[0].2.iter_mut().for_each(|used| *used = 20.0 + 30.0 * chance.share());
    });
    ensure!(
        own_way.as_deref().is_some_and(|why| why.contains("load explains only")),
        "{own_way:?}"
    );
    let few = refused(&|planted| {
        planted.times.truncate(3);
        planted.load.truncate(3);
        planted.used.iter_mut().for_each(|own| own.2.truncate(3));
    });
    ensure!(few.0.is_some_and(|why| why.to_string().contains("3 points")) && few.1.is_none());
    Ok(())
}

#[test]
fn a_driver_that_goes_flat_gives_no_confident_date() -> Result<()> {
    let (mut planted, service) = (Planted::until(NOW, 4), service()?);
    // The meter of the load stopped where it was half of the time ago, while everything else went on.
    let half = planted.load.len() / 2;
    let stuck = planted.load[half];
    planted.load[half..].fill(stuck);
    let (line, dated) = ask(&planted, &service, &[], |past, line| {
        (line.clone(), dates(past, line, &[], confidence()))
    });
    ensure!(line.line.is_none() && dated.is_none(), "{:?}", line.line);
    let whys = |line: &LoadLine| -> Vec<String> {
        line.limits.iter().filter_map(|own| Some(own.known.as_ref().err()?.to_string())).collect()
    };
    ensure!(
        whys(&line).iter().all(|why| why.contains("not moved for 21 days")),
        "{:?}",
        whys(&line)
    );
    // Stuck from the beginning, it shows nothing at all.
    planted.load.fill(stuck);
    let (line, dated) = ask(&planted, &service, &[], |past, line| {
        (line.clone(), dates(past, line, &[], confidence()))
    });
    ensure!(line.line.is_none() && dated.is_none(), "{:?}", line.line);
    ensure!(whys(&line).len() == 5, "{:?}", whys(&line));
    ensure!(whys(&line).iter().all(|why| why.contains("stayed within")), "{:?}", whys(&line));
    Ok(())
}
