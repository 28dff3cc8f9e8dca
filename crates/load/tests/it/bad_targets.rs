//! Targets that reset, stop half-way, never end, lie about lengths or send people round in circles.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Result, bail};
use load::{Check, Connections, JsonPath, Load, LoadError, Trouble, Word};
use rustix::process::{Resource, getrlimit};

use crate::target::{Target, answer, at_rate, pause, quick, run};

/// Ten requests within a fifth of a second.
fn few() -> Load {
    at_rate(50.0, 200)
}

/// Longer than any answer takes, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(30);
/// For targets that do not answer at all.
const SHORT: Duration = Duration::from_millis(300);

/// What all ten requests to a target come to, the plain way and the general one, which must agree.
fn trouble_of(target: &Target) -> Result<Vec<(Trouble, u64)>> {
    trouble_within(PATIENT, target)
}

fn trouble_within(limit: Duration, target: &Target) -> Result<Vec<(Trouble, u64)>> {
    let plain = told_of(target, false, limit)?;
    assert_eq!(plain.0, told_of(target, true, limit)?.0, "the two ways disagree");
    Ok(plain.0)
}

/// Troubles, statuses and bytes of bodies of ten requests. A step that follows redirects goes the general way.
type ToldOf = (Vec<(Trouble, u64)>, Vec<(u16, u64)>, u64);

fn told_of(target: &Target, is_general: bool, limit: Duration) -> Result<ToldOf> {
    let mut quick = quick(&target.url("/"), few());
    (quick.limits.timeout, quick.limits.drain) = (limit, PATIENT);
    let mut plan = quick.plan()?;
    plan.scenarios[0].journeys[0].steps[0].redirects = u8::from(is_general);
    let (run, _) = run(plan)?;
    let told = run.recording.together();
    assert_eq!(told.count(), 10, "every request ends somehow");
    Ok((told.troubles.listed(), told.statuses, told.body_bytes))
}

#[test]
fn both_ways_understand_every_answer_alike() -> Result<()> {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nConnection: close\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y",
    ] {
        let target = Target::raw(move |mut stream| {
            hear(&mut stream)?;
            stream.write_all(bytes.as_bytes())?;
            Ok(())
        })?;
        let plain = told_of(&target, false, PATIENT)?;
        assert_eq!(plain, told_of(&target, true, PATIENT)?, "{bytes:?}");
    }
    Ok(())
}

/// Reads some of a request, answers with these bytes and closes.
fn closing_after(bytes: &'static [u8]) -> Result<Target> {
    Target::raw(move |mut stream| {
        hear(&mut stream)?;
        stream.write_all(bytes)?;
        Ok(())
    })
}

/// Reads a small request; an answer to what nobody asked would be something else.
fn hear(stream: &mut TcpStream) -> Result<()> {
    anyhow::ensure!(stream.read(&mut [0; 1024])? > 0, "nobody asks");
    Ok(())
}

#[test]
fn nobody_listening_is_told_and_has_its_own_exit_code() -> Result<()> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let (run, verdict) = run(quick(&format!("http://127.0.0.1:{port}/"), few()).plan()?)?;
    let told = run.recording.together();
    assert_eq!(told.troubles.listed(), [(Trouble::Refused, 10)]);
    assert_eq!((verdict.word(), verdict.word().exit_code()), (Word::Unanswered, 5));
    Ok(())
}

#[test]
fn a_connection_that_is_closed_or_reset_before_the_answer_is_told() -> Result<()> {
    let target = closing_after(b"")?;
    let troubles = trouble_of(&target)?;
    let ended =
        troubles.iter().filter(|(trouble, _)| matches!(trouble, Trouble::Closed | Trouble::Reset));
    assert_eq!(ended.map(|(_, count)| count).sum::<u64>(), 10, "{troubles:?}");
    // Closing while what was sent lies unread makes the system send a reset.
    let target = Target::raw(|stream| {
        pause(Duration::from_millis(20));
        drop(stream);
        Ok(())
    })?;
    assert_eq!(trouble_of(&target)?, [(Trouble::Reset, 10)]);
    Ok(())
}

#[test]
fn half_a_body_and_a_wrong_length_are_no_answers() -> Result<()> {
    let target = closing_after(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")?;
    assert_eq!(trouble_of(&target)?, [(Trouble::CutShort, 10)]);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel";
    assert_eq!(trouble_of(&closing_after(chunked)?)?, [(Trouble::CutShort, 10)]);
    let wrong = b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello";
    assert_eq!(trouble_of(&closing_after(wrong)?)?, [(Trouble::Malformed, 10)]);
    Ok(())
}

#[test]
fn what_is_no_http_is_told() -> Result<()> {
    assert_eq!(
        trouble_of(&closing_after(b"SSH-2.0-OpenSSH_9\r\n\r\n")?)?,
        [(Trouble::Malformed, 10)]
    );
    Ok(())
}

#[test]
fn headers_without_end_are_cut_off_and_fill_no_memory() -> Result<()> {
    let target = Target::raw(|mut stream| {
        hear(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        for number in 0_u64.. {
            stream.write_all(format!("X-{number}: {}\r\n", "a".repeat(1000)).as_bytes())?;
        }
        Ok(())
    })?;
    assert_eq!(trouble_of(&target)?, [(Trouble::Malformed, 10)]);
    Ok(())
}

#[test]
fn a_target_that_never_answers_runs_into_the_time_limit() -> Result<()> {
    let target = Target::raw(|stream| {
        pause(Duration::from_secs(3));
        drop(stream);
        Ok(())
    })?;
    assert_eq!(trouble_within(SHORT, &target)?, [(Trouble::Timeout, 10)]);
    // A body that drips is no complete answer either.
    let target = Target::raw(|mut stream| {
        hear(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
        loop {
            stream.write_all(b"x")?;
            pause(Duration::from_millis(10));
        }
    })?;
    assert_eq!(trouble_within(SHORT, &target)?, [(Trouble::Timeout, 10)]);
    Ok(())
}

#[test]
fn a_time_out_counts_as_the_time_that_users_waited() -> Result<()> {
    let target = Target::raw(|stream| {
        pause(Duration::from_secs(3));
        drop(stream);
        Ok(())
    })?;
    let mut quick = quick(&target.url("/"), few());
    quick.limits.timeout = Duration::from_millis(250);
    let (run, _) = run(quick.plan()?)?;
    let all = run.recording.together().all();
    assert!(all.response.least() >= Some(250_000_000), "{:?}", all.response.least());
    Ok(())
}

#[test]
fn kept_connections_that_the_target_closes_are_replaced_and_counted() -> Result<()> {
    // Announces that the connection stays, and closes it a moment after each answer.
    let closing_later = || {
        Target::raw(|mut stream| {
            hear(&mut stream)?;
            stream.write_all(&answer("200 OK", "", "ok"))?;
            pause(Duration::from_millis(5));
            Ok(())
        })
    };
    let target = closing_later()?;
    let (run, _) = run(quick(&target.url("/"), few()).plan()?)?;
    let told = run.recording.together();
    assert_eq!(told.good.count(), 10, "{:?}", told.troubles);
    assert!(run.recording.stale > 0);
    // What may not be sent twice is not.
    let target = closing_later()?;
    let mut posts = quick(&target.url("/"), few());
    posts.method = "POST".to_owned();
    posts.body = Some("x".to_owned());
    let (run, _) = crate::target::run(posts.plan()?)?;
    assert_eq!(run.recording.stale, 0);
    Ok(())
}

#[test]
fn statuses_decide_what_is_good() -> Result<()> {
    let target = Target::answering(|_| answer("503 Service Unavailable", "", "busy"))?;
    let mut quick = quick(&target.url("/"), few());
    quick.connections = Connections::New;
    let (run, verdict) = run(quick.plan()?)?;
    let told = run.recording.together();
    assert_eq!(told.troubles.listed(), [(Trouble::Status, 10)]);
    assert_eq!(told.statuses, [(503, 10)]);
    assert!(!verdict.unanswered, "an error is an answer");
    Ok(())
}

#[test]
fn somebody_whom_the_plan_does_not_allow_is_never_contacted() -> Result<()> {
    // 192.0.2.0/24 is for documentation: nobody is there, and nothing is sent either.
    let refused = run(quick("http://192.0.2.1/", few()).plan()?);
    let Err(error) = refused else { bail!("it ran") };
    let error = error.downcast::<LoadError>()?;
    assert!(matches!(error, LoadError::NotAllowed { .. }), "{error}");
    assert_eq!(error.kind().exit_code(), 4);
    Ok(())
}

#[test]
fn a_stall_in_the_middle_of_an_answer_runs_into_the_time_limit() -> Result<()> {
    let target = Target::raw(|mut stream| {
        hear(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le")?;
        pause(Duration::from_secs(3));
        Ok(())
    })?;
    assert_eq!(trouble_within(SHORT, &target)?, [(Trouble::Timeout, 10)]);
    Ok(())
}

/// As many users as there are file handles are refused before anything is sent, and fewer are served: which of the two
/// it must be is known from what this process may open.
#[test]
fn a_hundred_thousand_users_are_refused_where_there_are_not_as_many_handles_and_served_elsewhere()
-> Result<()> {
    let limit = getrlimit(Resource::Nofile).maximum;
    let target = Target::answering(|_| answer("200 OK", "", ""))?;
    let joining = |users: u32| {
        let (length, ramp) = (Duration::from_millis(200), Duration::from_mins(1));
        run(quick(&target.url("/"), Load::Closed { users, length, ramp }).plan()?)
    };
    for users in [500, 100_000] {
        let done = joining(users);
        if limit.is_some_and(|limit| limit < u64::from(users) + 64) {
            let Err(error) = done else { bail!("{users} users ran with {limit:?} handles") };
            let error = error.downcast::<LoadError>()?;
            assert_eq!(error.kind().exit_code(), 5);
            let LoadError::Handles { wanted, have } = error else { bail!("{error}") };
            assert_eq!((wanted, Some(have)), (u64::from(users) + 64, limit));
        } else {
            // Those who join later than the end never do, and cost nothing.
            let (run, _) = done?;
            let told = run.recording.together();
            assert!(told.good.count() > 0, "{:?}", told.troubles);
            assert_eq!(told.failed.count(), 0, "{:?}", told.troubles);
        }
    }
    Ok(())
}

/// The answer to what a step looks for in these bodies, on either way.
#[test]
fn both_ways_look_at_bodies_alike() -> Result<()> {
    let path = JsonPath::parse("$.ok")?;
    let checks = [Check::Contains("ell".to_owned()), Check::Json(path, Some("true".to_owned()))];
    let bodies = [
        "Content-Length: 5\r\n\r\nhello",
        "Content-Length: 11\r\n\r\n{\"ok\":true}",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Connection: close\r\n\r\nhello until the end",
    ];
    let mut held = 0;
    for (check, body) in checks.iter().flat_map(|check| bodies.map(|body| (check, body))) {
        let target = Target::raw(move |mut stream| {
            hear(&mut stream)?;
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{body}").as_bytes())?;
            Ok(())
        })?;
        let told = |is_general: bool| -> Result<_> {
            let mut plan = quick(&target.url("/"), few()).plan()?;
            let step = &mut plan.scenarios[0].journeys[0].steps[0];
            (step.checks, step.redirects) = (vec![check.clone()], u8::from(is_general));
            let (run, _) = run(plan)?;
            let told = run.recording.together();
            Ok((told.good.count(), told.troubles.count(Trouble::Check), told.body_bytes))
        };
        let plain = told(false)?;
        assert_eq!(plain, told(true)?, "{check:?} {body:?}");
        assert_eq!(plain.0 + plain.1, 10, "{check:?} {body:?}");
        held += plain.0;
    }
    assert_eq!(held, 40, "three of the bodies have the text, and one the value");
    Ok(())
}

#[test]
fn a_name_without_address_is_told() -> Result<()> {
    let refused = run(quick("http://no-such-host.invalid/", few()).plan()?);
    let Err(error) = refused else { bail!("it ran") };
    assert!(matches!(error.downcast::<LoadError>()?, LoadError::Resolve { .. }));
    Ok(())
}
