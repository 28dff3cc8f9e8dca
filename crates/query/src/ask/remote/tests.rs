//! What is made of a cluster's answers, and how it is asked, over a transport that follows a script.

use std::{collections::VecDeque, fmt::Write as _, sync::Mutex};

use model::{BudgetSpent, Columns, HistogramSample, Kind, TimeRange, Unlimited};
use testkit::{MemoryStore, TurnedClock, cases};

use super::*;
use crate::{Engine, EngineOptions, InstantSample, Local, MemoryPool, Meter, histogram_buckets};

/// What a transport brings.
type Scripted = Result<Response, TransportError>;

/// Answers what it was told to, and remembers what it was asked.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Scripted>>,
    asked: Mutex<Vec<Request>>,
}

impl Transport for Script {
    fn send(&self, request: &Request, budget: &dyn Budget) -> Scripted {
        self.asked.lock().unwrap().push(request.clone());
        let answer = self.answers.lock().unwrap().pop_front().unwrap();
        if let Ok(response) = &answer {
            budget.hold(response.body.len())?;
        }
        answer
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands among errors")]
fn ok(body: &str) -> Scripted {
    Ok(Response { status: 200, body: body.as_bytes().to_vec() })
}

const EMPTY: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

fn options() -> RemoteOptions {
    RemoteOptions {
        url: "http://cluster".to_owned(),
        timeout: Span::secs(30),
        lookback: Span::minutes(5),
        points_max: 50_000,
        params: Vec::new(),
    }
}

fn remote(answers: impl IntoIterator<Item = Scripted>) -> (TurnedClock, Arc<Script>, Remote) {
    remote_with(options(), answers)
}

fn remote_with(
    options: RemoteOptions,
    answers: impl IntoIterator<Item = Scripted>,
) -> (TurnedClock, Arc<Script>, Remote) {
    let clock = TurnedClock::at(Time(0));
    let script = Arc::new(Script::default());
    script.answers.lock().unwrap().extend(answers);
    let remote = Remote::new(options, Arc::clone(&script) as _, Arc::new(clock.clone()));
    (clock, script, remote)
}

fn instant(remote: &Remote) -> Result<Answer, QueryError> {
    remote.instant(Question::new("up", &Unlimited), Time(1_500))
}

fn everything<'q>() -> Listing<'q> {
    let range = TimeRange { from: Time(0), to: Time(1000) };
    Listing { selectors: &[], range, limit: Some(2), budget: &Unlimited }
}

fn shown_labels(labels: &Labels) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn shown_histogram(sample: &HistogramSample) -> String {
    let own = &sample.histogram;
    let mut text = format!("schema {} {{count:{}, sum:{}", own.schema, own.count, own.sum);
    for bucket in histogram_buckets(own).iter().filter(|bucket| bucket.count != 0.0) {
        let open = if bucket.lower_inside { '[' } else { '(' };
        let close = if bucket.upper_inside { ']' } else { ')' };
        write!(text, ", {open}{},{}{close}:{}", bucket.lower, bucket.upper, bucket.count).unwrap();
    }
    format!("{text}}} @{}", sample.time.millis())
}

fn shown_columns(own: &Columns) -> String {
    let points = own.times.iter().zip(&own.values);
    let mut shown: Vec<String> = points.map(|(time, value)| format!("{value} @{time}")).collect();
    shown.extend(own.histograms.iter().map(shown_histogram));
    format!("  {} {}", shown_labels(&own.labels), shown.join(", "))
}

fn shown_sample(own: &InstantSample) -> String {
    let labels = shown_labels(&own.labels);
    match &own.histogram {
        None => format!("  {labels} {} @{}", own.value, own.time.millis()),
        Some(histogram) => {
            let sample = HistogramSample { time: own.time, histogram: Arc::clone(histogram) };
            format!("  {labels} {}", shown_histogram(&sample))
        }
    }
}

fn shown(answer: &Answer) -> Vec<String> {
    let mut lines = match &answer.value {
        Value::Scalar(own) => vec![format!("scalar {} @{}", own.value, own.time.millis())],
        Value::Text(time, text) => vec![format!("string {text:?} @{}", time.millis())],
        Value::Vector(samples) => {
            [vec!["vector".to_owned()], samples.iter().map(shown_sample).collect()].concat()
        }
        Value::Matrix(series) => {
            [vec!["matrix".to_owned()], series.iter().map(shown_columns).collect()].concat()
        }
    };
    lines.extend(answer.warnings.iter().map(|note| format!("warning: {note}")));
    lines.extend(answer.infos.iter().map(|note| format!("info: {note}")));
    lines
}

fn shown_list<T>(listed: &Listed<T>, show: impl Fn(&T) -> String) -> Vec<String> {
    let mut lines: Vec<String> = listed.rows.iter().map(show).collect();
    lines.extend(listed.warnings.iter().map(|note| format!("warning: {note}")));
    lines
}

#[test]
fn every_case_of_an_answer_is_read_as_it_says() {
    let mut wrong = String::new();
    for case in cases("query/answers").unwrap() {
        let (head, wanted) = case.text.split_once("---\n").unwrap();
        let mut lines = head.splitn(4, '\n');
        let (_, ask) = (lines.next().unwrap(), lines.next().unwrap());
        let status = lines.next().unwrap().parse().unwrap();
        let body = lines.next().unwrap_or_default().trim_end_matches('\n').as_bytes().to_vec();
        let (_, _, remote) = remote([Ok(Response { status, body })]);
        let steps = Steps { from: Time(0), to: Time(60_000), step: Span::secs(15) };
        let question = Question::new("up", &Unlimited);
        let found = match ask {
            "instant" => remote.instant(question, Time(0)).map(|own| shown(&own)),
            "range" => remote.range(question, steps).map(|own| shown(&own)),
            "labels" => remote
                .label_names(everything())
                .map(|own| shown_list(&own, |name| format!("{name:?}"))),
            "series" => remote.series(everything()).map(|own| shown_list(&own, shown_labels)),
            other => panic!("{}: {other:?} cannot be asked", case.name),
        };
        let found = found.unwrap_or_else(|error| {
            vec![format!("error {} {:?}: {error}", error.error_type(), error.kind())]
        });
        if found != wanted.lines().collect::<Vec<_>>() {
            writeln!(wrong, "{}:\n{}", case.path.display(), found.join("\n")).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_question_goes_over_with_all_that_belongs_to_it() {
    let params = vec![("nocache".to_owned(), "0".to_owned()), ("dedup".into(), "true".into())];
    let (_, script, remote) = remote_with(
        RemoteOptions { params, ..options() },
        [ok(EMPTY), ok(r#"{"status":"success","data":[]}"#)],
    );
    instant(&remote).unwrap();
    let selectors = [crate::parse_selector("up{job=~\"a|b\"}").unwrap()];
    remote.label_values("http.code", Listing { selectors: &selectors, ..everything() }).unwrap();
    let asked = script.asked.lock().unwrap();
    assert_eq!((asked[0].path.as_str(), asked[0].post), ("/api/v1/query", true));
    assert_eq!(
        asked[0].form,
        "query=up&lookback_delta=300000ms&max_lookback=300000ms&lookback=300000ms&time=1.500&step=300000ms\
         &timeout=29000ms&nocache=0&dedup=true"
    );
    assert_eq!(
        (asked[1].path.as_str(), asked[1].post),
        ("/api/v1/label/U__http_2e_code/values", false)
    );
    assert_eq!(
        asked[1].form,
        "start=0.000&end=1.000&limit=3&match%5B%5D=%7B__name__%3D%22up%22%2Cjob%3D%7E%22a%7Cb%22%7D\
         &timeout=29000ms&nocache=0&dedup=true"
    );
}

#[test]
fn only_a_whole_answer_answers_who_wants_a_whole_one() {
    let body = |more: &str| ok(&EMPTY.replacen('{', &format!("{{{more},"), 1));
    let partial = || body(r#""isPartial":true"#);
    let away = || body(r#""warnings":["store east is away"]"#);
    let remarked = || body(r#""warnings":["PromQL warning: mixed floats"]"#);
    let (_, script, remote) = remote([partial(), away(), partial(), away(), remarked()]);
    let ask = || remote.instant(Question::new("up", &Unlimited).whole(), Time(0));
    assert!(instant(&remote).is_ok() && instant(&remote).is_ok());
    let told = ask().unwrap_err();
    assert!(told.to_string().starts_with("http://cluster has only a part of the answer: "));
    assert_eq!((told.kind(), told.error_type()), (Kind::Upstream, "unavailable"));
    assert!(ask().unwrap_err().to_string().ends_with("store east is away"));
    assert_eq!(ask().unwrap().warnings, ["PromQL warning: mixed floats"]);
    let asked = script.asked.lock().unwrap();
    assert!(
        !asked[0].form.contains("partial") && asked[2].form.contains("&partial_response=false")
    );
}

#[test]
fn nobody_waits_longer_than_the_budget_has() {
    let (clock, script, remote) = remote([ok(EMPTY)]);
    let meter = Meter::new(Arc::new(clock.clone()), Span::secs(5), 1000);
    clock.turn(Span::secs(3));
    remote.instant(Question::new("up", &meter), Time(0)).unwrap();
    assert_eq!(script.asked.lock().unwrap()[0].deadline, Duration::from_secs(2));
    clock.turn(Span::secs(3));
    let late = remote.instant(Question::new("up", &meter), Time(0)).unwrap_err();
    assert_eq!(late.error_type(), "timeout", "{late}");
    assert_eq!(script.asked.lock().unwrap().len(), 1, "nobody is asked without time");
}

#[test]
fn a_connection_that_breaks_is_tried_once_more_and_never_again() {
    let broken = || Err(TransportError::Broken { cause: "connection reset".to_owned() });
    let (_, script, remote) = remote([broken(), ok(EMPTY), broken(), broken(), ok(EMPTY)]);
    assert!(instant(&remote).is_ok());
    let error = instant(&remote).unwrap_err();
    assert_eq!(error.to_string(), "cannot reach http://cluster: connection reset");
    assert_eq!((error.kind(), error.error_type()), (Kind::Upstream, "unavailable"));
    assert_eq!(script.asked.lock().unwrap().len(), 4);
}

#[test]
fn a_cluster_that_is_down_is_left_alone_for_a_moment() {
    let away = || Err(TransportError::Unreachable { cause: "connection refused".to_owned() });
    let (clock, script, remote) = remote([away(), away(), away(), ok(EMPTY), ok(EMPTY)]);
    for _ in 0..3 {
        assert_eq!(
            instant(&remote).unwrap_err().to_string(),
            "cannot reach http://cluster: connection refused"
        );
    }
    let error = instant(&remote).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach http://cluster: connection refused; it is tried again in 5000 ms"
    );
    assert_eq!(script.asked.lock().unwrap().len(), 3);
    clock.turn(Span::secs(5));
    assert!(instant(&remote).is_ok() && instant(&remote).is_ok());
}

#[test]
fn a_cluster_that_lets_everybody_wait_is_left_alone_too_but_not_for_those_in_a_hurry() {
    let late = || Err(TransportError::Late);
    let (clock, script, remote) = remote((0..8).map(|_| late()));
    let hurried = Meter::new(Arc::new(clock), Span::millis(5), 10);
    for _ in 0..4 {
        let error = remote.instant(Question::new("up", &hurried), Time(0)).unwrap_err();
        assert_eq!(error.to_string(), "http://cluster did not answer within 5 ms");
    }
    for _ in 0..3 {
        assert_eq!(instant(&remote).unwrap_err().error_type(), "timeout");
    }
    let error = instant(&remote).unwrap_err();
    assert!(error.to_string().contains("no answer in time; it is tried again"), "{error}");
    assert_eq!(script.asked.lock().unwrap().len(), 7);
}

#[test]
fn an_answer_takes_samples_and_memory_from_the_budget() {
    let values: Vec<String> = (0..5000).map(|at| format!("[{at},\"1\"]")).collect();
    let body = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{}]}}]}}}}"#,
        values.join(",")
    );
    let bytes = body.len();
    let clock = TurnedClock::at(Time(0));
    let meter = |samples, bytes| {
        Meter::new(Arc::new(clock.clone()), Span::secs(9), samples).with_memory_max(bytes)
    };
    let steps = Steps { from: Time(0), to: Time(5_000_000), step: Span::secs(1) };
    let ask = |meter: &Meter| {
        let (_, _, remote) = remote([ok(&body)]);
        remote.range(Question::new("up", meter), steps)
    };
    let error = ask(&meter(4999, usize::MAX)).unwrap_err();
    assert!(matches!(error, QueryError::Budget(BudgetSpent::Samples { .. })), "{error}");
    let error = ask(&meter(10_000, bytes + 10_000)).unwrap_err();
    assert!(matches!(error, QueryError::Budget(BudgetSpent::Memory { .. })), "{error}");
    // Once it is read, only what was made of the body is held.
    let pool = MemoryPool::new(usize::MAX);
    let enough = meter(10_000, bytes + 100_000).with_pool(pool.clone());
    assert!(ask(&enough).is_ok());
    let held = pool.bytes();
    assert!((5000 * 16..5000 * 16 + 1000).contains(&held), "{held} bytes");
}

/// A server with the usual limit of steps, in this process.
#[derive(Debug)]
struct Cluster {
    local: Local,
    asked: Mutex<usize>,
}

impl Transport for Cluster {
    fn send(&self, request: &Request, _: &dyn Budget) -> Scripted {
        *self.asked.lock().unwrap() += 1;
        let field = |name: &str| {
            let pairs = request.form.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(own, _)| *own == name).unwrap().1.to_owned()
        };
        let millis = |name: &str| field(name).replace('.', "").parse::<i64>().unwrap();
        let steps = Steps {
            from: Time(millis("start")),
            to: Time(millis("end")),
            step: Span::millis(millis("step")),
        };
        let answer = self.local.range(Question::new(&field("query"), &Unlimited), steps).unwrap();
        let Value::Matrix(series) = answer.value else { panic!("a matrix") };
        let series = series.iter().map(|own| {
            let metric: serde_json::Map<_, _> =
                own.labels.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let points = own.times.iter().zip(&own.values);
            let values: Vec<_> = points
                .map(|(time, value)| serde_json::json!([*time as f64 / 1000.0, value.to_string()]))
                .collect();
            serde_json::json!({ "metric": metric, "values": values })
        });
        let result: Vec<_> = series.collect();
        let body = serde_json::json!({
            "status": "success",
            "data": { "resultType": "matrix", "result": result },
            "infos": ["said by every piece"],
        });
        ok(&body.to_string())
    }
}

#[test]
fn a_range_with_too_many_steps_is_asked_in_pieces_that_make_up_the_whole() {
    let store = Arc::new(MemoryStore::new());
    // One series begins late, so that not every piece has it; neither lies on the steps.
    let add = |job, from: i64, until: i64| {
        let samples = (from..until).map(|at| (at * 60_000 + 11, (at as f64).sin() / 3.0));
        store.add(&Labels::from_pairs([("__name__", "m"), ("job", job)]), samples);
    };
    add("b", 0, 7000);
    add("a", 4000, 6000);
    let local = |points_max| {
        let engine = Engine::new(EngineOptions { points_max, ..EngineOptions::default() });
        Local::new(engine, Arc::clone(&store) as _)
    };
    let cluster = Arc::new(Cluster { local: local(11_000), asked: Mutex::default() });
    let clock = Arc::new(TurnedClock::at(Time(0)));
    let remote = Remote::new(options(), Arc::clone(&cluster) as _, clock);
    let steps = Steps { from: Time(777), to: Time(420_000_123), step: Span::millis(12_345) };
    let question = Question::new("m", &Unlimited);
    let whole = remote.range(question, steps).unwrap();
    assert_eq!(whole.value, local(50_000).range(question, steps).unwrap().value);
    assert_eq!(whole.infos, ["said by every piece"]);
    assert_eq!(*cluster.asked.lock().unwrap(), 4);
    let refused = remote.range(Question::new("m @ end()", &Unlimited), steps).unwrap_err();
    assert!(refused.to_string().contains("start(), end() and range()"), "{refused}");
    let too_many = Steps { step: Span::secs(1), ..steps };
    let refused = remote.range(question, too_many).unwrap_err();
    assert!(refused.to_string().contains("50000 points"), "{refused}");
    assert_eq!(*cluster.asked.lock().unwrap(), 4);
}

#[test]
fn what_is_explained_is_one_question_elsewhere() {
    let (clock, _, remote) = remote([ok(EMPTY)]);
    let told = remote.explain(Question::new("up", &Unlimited), Time(0), &clock).unwrap();
    assert_eq!(told.plan.what, "up, asked of http://cluster");
}

proptest::proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(
        status in proptest::sample::select(vec![200_u16, 400, 503]),
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"status\"", "\"success\"", "\"error\"", "\"data\"", "null",
            "\"resultType\"", "\"vector\"", "\"matrix\"", "\"result\"", "\"metric\"", "\"value\"",
            "\"values\"", "\"histograms\"", "\"buckets\"", "1", "-1e400", "\"NaN\"", "\u{fffd}", "<",
        ]), 0..40),
    ) {
        let body = parts.concat().into_bytes();
        let (_, _, remote) = remote([Ok(Response { status, body })]);
        if let Err(error) = instant(&remote) {
            proptest::prop_assert!(!error.to_string().is_empty());
        }
    }
}
