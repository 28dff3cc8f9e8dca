//! A plan from what was typed, without a file.

use std::fs;

use load::{
    Connections, Limits, Load as Amount, Phase, Plan, Profile, Protocol, Quick, Rate, Spacing,
    Trust,
};
use model::Kind;

use super::Wanted;
use crate::{
    args::load::{ConnectionsWord, Much, ProfileArguments, QuickLoad, RequestArguments, Sending},
    fault::Fault,
};

/// The plan, with its profile, and the files that are wanted of its run.
pub(super) fn plan(command: QuickLoad) -> Result<(Plan, Wanted), Fault> {
    let QuickLoad { url, much, request, sending, thresholds, profile, reports, sent } = command;
    let quick = quick(url.unwrap_or_default(), amount(&much), request, sending)?;
    let quick = Quick { thresholds, seed: much.seed, ..quick };
    let plan = quick.plan().map_err(|error| Fault::from_error(error.kind(), &error))?;
    Ok((with_profile(plan, &profile)?, Wanted { watching: profile.watching, reports, sent }))
}

/// A plan with the profile that was asked for.
pub(super) fn with_profile(plan: Plan, profile: &ProfileArguments) -> Result<Plan, Fault> {
    let Some(shape) = profile.profile else { return Ok(plan) };
    let profile = Profile { shape, capacity: profile.capacity, compress: profile.compress };
    plan.with_profile(profile).map_err(|error| Fault::from_error(error.kind(), &error))
}

/// One address with all but rules.
pub(super) fn quick(
    url: String,
    load: Amount,
    request: RequestArguments,
    sending: Sending,
) -> Result<Quick, Fault> {
    let body = match (&request.body_file, request.body) {
        (Some(file), _) => {
            let text = fs::read_to_string(file).map_err(|error| {
                Fault::from_error(Kind::Missing, &error)
                    .help(format!("cannot read {}", file.display()))
            })?;
            Some(text)
        }
        (None, body) => body,
    };
    let limits = Limits {
        in_flight: sending.in_flight,
        timeout: request.timeout.to_duration(),
        workers: sending.workers.map(usize::from),
        ..Limits::default()
    };
    Ok(Quick {
        url,
        load,
        method: request.method,
        headers: request.headers,
        body,
        connections: match sending.connections {
            ConnectionsWord::Shared => Connections::Shared,
            ConnectionsWord::PerUser => Connections::PerUser,
            ConnectionsWord::New => Connections::New,
        },
        protocol: if sending.http2 { Protocol::Http2 } else { Protocol::Http1 },
        allowed: sending.allowed,
        trust: Trust {
            authorities: sending.authorities,
            insecure_skip_verify: sending.insecure_skip_verify,
        },
        thresholds: Vec::new(),
        limits,
        seed: 1,
    })
}

fn amount(much: &Much) -> Amount {
    let (length, ramp) = (much.length.to_duration(), much.ramp.to_duration());
    if let Some(users) = much.users {
        return Amount::Closed { users, length, ramp: ramp.min(length) };
    }
    // With a profile, which says how much, any rate does.
    let rate = much.rate.unwrap_or(1.0);
    let phases =
        [Phase { length: ramp, from: 0.0, to: rate }, Phase { length, from: rate, to: rate }];
    let spacing = if much.poisson { Spacing::Poisson { seed: much.seed } } else { Spacing::Even };
    Amount::Open { rate: Rate::new(&phases), spacing }
}
