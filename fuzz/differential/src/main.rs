//! Random data and random queries, answered by the real Prometheus and by Plimsoll, compared at 1e-6.
//!
//! A seed decides everything: the same seed gives the same data, queries and times on every machine.

mod grammar;
mod known;
mod samples;
mod shrink;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, time::Duration};

use grammar::{Grammar, Node, Reader};
use known::Sides;
use rwbench::{
    data::Chance,
    http::{Client, urlencode},
    push::{HEADERS, deliver},
    query::{self, Answer},
    target::{Inst, Target},
};

const USAGE: &str = "differential [--seed 1] [--queries 1000] [--round 250] [--only NUMBER] [--show] [--ask EXPRESSION --at SECONDS] [--work DIR]
  --seed     of the first round; each round of --round queries has data of its own, every other one on the edges of windows
  --only     asks one query of the round of --seed, and shows both answers
  --ask      asks an expression of your own, at a second, over the data of --seed
  --show     prints every query with what became of it
Ends with 3 if any answer differs for a reason that is not known. $PLIMSOLL names our program.";
/// Relative difference up to which numbers are the same.
const TOLERANCE: f64 = 1e-6;
/// Queries tried while one is made smaller.
const TRIES_MAX: usize = 400;

struct Options {
    seed: u64,
    queries: u64,
    round: u64,
    only: Option<u64>,
    show: bool,
    ask: Option<String>,
    at: i64,
    work: PathBuf,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seed: 1,
        queries: 1000,
        round: 250,
        only: None,
        show: false,
        ask: None,
        at: samples::START_S + samples::LENGTH_S / 2,
        work: std::env::temp_dir().join(format!("plimsoll-differential.{}", std::process::id())),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--show" {
            options.show = true;
            continue;
        }
        let value = words.next().ok_or(USAGE)?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word}: {value} is no number"));
        match word.as_str() {
            "--seed" => options.seed = number()?,
            "--queries" => options.queries = number()?,
            "--round" => options.round = number()?.max(1),
            "--only" => options.only = Some(number()?),
            "--ask" => options.ask = Some(value.clone()),
            "--at" => options.at = number()? as i64,
            "--work" => options.work = value.into(),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}

/// When a query is asked.
#[derive(Clone, Copy, Debug)]
enum When {
    At(i64),
    Range { from: i64, to: i64, step: i64 },
}

impl When {
    fn random(chance: &mut Chance) -> Self {
        let mut at =
            |length: i64| samples::START_S + (chance.bits() % (length / 15) as u64) as i64 * 15;
        let (one, other) = (at(samples::LENGTH_S + 600), at(samples::LENGTH_S));
        if chance.share() < 0.4 {
            return Self::At(one);
        }
        let step = [15, 60, 60, 300, 45][(chance.bits() % 5) as usize];
        Self::Range { from: one.min(other), to: one.max(other), step }
    }

    /// Prometheus evaluates subqueries up to the end that was asked for, also where no step needs it, and refuses what
    /// it finds wrong there: with subqueries the end is a step.
    fn fit(self, node: &Node) -> Self {
        match self {
            Self::Range { from, to, step }
                if node.below().iter().any(|part| matches!(part, Node::Sub { .. })) =>
            {
                Self::Range { from, to: to - (to - from) % step, step }
            }
            other => other,
        }
    }

    fn path(self, text: &str) -> String {
        let text = urlencode(text);
        match self {
            Self::At(at) => format!("/api/v1/query?query={text}&time={at}"),
            Self::Range { from, to, step } => {
                format!("/api/v1/query_range?query={text}&start={from}&end={to}&step={step}")
            }
        }
    }
}

/// The two servers of a round, with the same samples.
struct Pair {
    theirs: Client,
    ours: Client,
    reader: Reader,
    _servers: [Inst; 2],
}

impl Pair {
    fn start(options: &Options, seed: u64, edges: bool) -> Result<Self, String> {
        std::fs::create_dir_all(&options.work).map_err(|error| error.to_string())?;
        let put = |name: &str, text: &str| {
            std::fs::write(options.work.join(name), text).map_err(|error| error.to_string())
        };
        put("prometheus.yml", "global:\n  evaluation_interval: 1m\n")?;
        put(
            "plimsoll.yaml",
            "host:\n  enabled: false\npolicy: none\nstore:\n  retention: 36000d\n",
        )?;
        let lookback = if edges { "4m59s999ms" } else { "5m" };
        let work = options.work.display();
        let theirs = Target {
            name: "prometheus".into(),
            start: format!(
                "prometheus --config.file={work}/prometheus.yml --storage.tsdb.path={{dir}} --web.listen-address=127.0.0.1:{{port}} --web.enable-remote-write-receiver --storage.tsdb.retention.time=100y --query.lookback-delta={lookback} --log.level=warn"
            ),
            ready: "/-/ready".into(),
            ..Target::default()
        };
        let program = std::env::var("PLIMSOLL").unwrap_or_else(|_| "target/debug/plimsoll".into());
        let ours = Target {
            name: "plimsoll".into(),
            start: format!(
                "{program} serve --config {work}/plimsoll.yaml --data {{dir}} --listen 127.0.0.1:{{port}} --log warn"
            ),
            ready: "/-/ready".into(),
            ..Target::default()
        };
        let servers = [
            Inst::fresh(&theirs, &options.work, false)?,
            Inst::fresh(&ours, &options.work, false)?,
        ];
        let [mut theirs, mut ours] = servers
            .each_ref()
            .map(|server| Client::new(server.base.clone(), Duration::from_secs(30)));
        for body in samples::requests(&samples::make(seed, edges)) {
            for client in [&mut theirs, &mut ours] {
                deliver(client, "/api/v1/write", HEADERS, &body, &mut 0)?;
            }
        }
        let reader = if edges { Reader::Closed } else { Reader::Plain };
        Ok(Self { theirs, ours, reader, _servers: servers })
    }

    fn ask(&mut self, node: &Node, when: When) -> (Result<Answer, String>, Result<Answer, String>) {
        let one = |client: &mut Client, reader| {
            let path = when.path(&node.write(reader));
            client
                .request("GET", &path, "", b"")
                .map_err(|error| format!("no answer: {error}"))
                .and_then(|answer| query::parse(&answer.body))
        };
        (one(&mut self.theirs, self.reader), one(&mut self.ours, Reader::Ours))
    }

    /// How an answer differs that was put together from earlier ones, or nothing.
    fn reused(&mut self, node: &Node, when: When) -> Option<String> {
        let When::Range { from, to, step } = when else { return None };
        let text = node.write(Reader::Ours);
        let mut one = |when: When, extra: &str| {
            let path = format!("{}{extra}", when.path(&text));
            self.ours
                .request("GET", &path, "", b"")
                .ok()
                .and_then(|answer| query::parse(&answer.body).ok())
        };
        let middle = from + (to - from) / step * 2 / 3 * step;
        let cold = one(when, "&nocache=1")?;
        one(When::Range { from, to: middle, step }, "");
        let later = from + (to - from) / step / 3 * step;
        for (what, when) in [
            ("what came before", when),
            ("the same", when),
            ("a part", When::Range { from: later, to, step }),
        ] {
            let warm = one(when, "").unwrap_or_default();
            let wanted: Answer = cold
                .iter()
                .map(|(labels, points)| {
                    (
                        labels.clone(),
                        points
                            .iter()
                            .copied()
                            .filter(|point| what != "a part" || point.0 >= later * 1000)
                            .collect::<Vec<_>>(),
                    )
                })
                .filter(|(_, points)| !points.is_empty())
                .collect();
            let found = query::diff(&wanted, &warm, 0.0);
            // `@ start()` and the like depend on the range asked.
            if !found.equal() && (what != "a part" || !text.contains("start()")) {
                return Some(format!("reuse of {what}: {}", found.example));
            }
        }
        None
    }

    fn outcome(&mut self, node: &Node, when: When) -> Outcome {
        let (theirs, ours) = self.ask(node, when);
        let text = match (&theirs, &ours) {
            (Err(theirs), Err(ours))
                if !ours.starts_with("no answer") && !theirs.starts_with("no answer") =>
            {
                return Outcome::Refused;
            }
            (Ok(theirs), Ok(ours)) => {
                let found = query::diff(theirs, ours, TOLERANCE);
                if found.equal() && !found.name_differs {
                    if let Some(text) = self.reused(node, when) {
                        return Outcome::Differs(text);
                    }
                    return if theirs.is_empty() { Outcome::Empty } else { Outcome::Equal };
                }
                found.example
            }
            (Ok(_), Err(ours)) => format!("only we refuse: {ours}"),
            (Err(theirs), _) => format!("only it refuses: {theirs}"),
        };
        let mut known = known::explain(&Sides { node, theirs: &theirs, ours: &ours });
        if known.is_none() {
            // What is wrong further down shows in ways of its own further up.
            known = node.below().into_iter().find_map(|part| self.known_below(part, when));
        }
        known.map_or(Outcome::Differs(text), Outcome::Known)
    }

    /// Whether a part differs by itself, at any of the times the whole may ask it, for a reason that is known.
    fn known_below(&mut self, part: &Node, when: When) -> Option<&'static str> {
        if !part.can_be_asked() || !known::may_explain(part) {
            return None;
        }
        let wide = When::Range {
            from: samples::START_S,
            to: samples::START_S + samples::LENGTH_S + 900,
            step: 15,
        };
        [when, wide].into_iter().find_map(|when| {
            let (theirs, ours) = self.ask(part, when);
            known::explain(&Sides { node: part, theirs: &theirs, ours: &ours })
        })
    }

    /// A smaller query that differs too, for a reason that is not known.
    fn shrink(&mut self, node: &Node, when: When, text: String) -> (Node, When, String) {
        let (mut node, mut when, mut text) = (node.clone(), when, text);
        let mut tries = 0;
        'smaller: while tries < TRIES_MAX {
            for candidate in shrink::simpler(&node) {
                tries += 1;
                if let Outcome::Differs(found) = self.outcome(&candidate, when) {
                    (node, text) = (candidate, found);
                    continue 'smaller;
                }
                if tries >= TRIES_MAX {
                    break 'smaller;
                }
            }
            break;
        }
        let times: Vec<i64> = if let When::Range { from, to, step } = when {
            (from..=to).step_by(step as usize).collect()
        } else {
            Vec::new()
        };
        for at in times {
            if let Outcome::Differs(found) = self.outcome(&node, When::At(at)) {
                (when, text) = (When::At(at), found);
                break;
            }
        }
        (node, when, text)
    }
}

enum Outcome {
    Equal,
    Empty,
    Refused,
    Known(&'static str),
    Differs(String),
}

fn main() -> ExitCode {
    let outcome = options().and_then(|options| {
        let outcome = run(&options);
        // What is left of a run that failed is worth a look; of others nothing.
        if outcome.is_ok() {
            drop(std::fs::remove_dir_all(&options.work));
        }
        outcome
    });
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(3),
        Err(text) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<usize, String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut differ = 0;
    for round in 0..options.queries.div_ceil(options.round) {
        let seed = options.seed + round;
        let edges = seed % 2 == 0;
        let mut pair = Pair::start(options, seed, edges)?;
        if let Some(text) = &options.ask {
            let node = Node::Select { text: text.clone(), modifier: String::new() };
            let (theirs, ours) = pair.ask(&node, When::At(options.at));
            println!("theirs: {theirs:?}\nours: {ours:?}");
            return Ok(0);
        }
        for number in 0..options.round.min(options.queries - round * options.round) {
            if options.only.is_some_and(|only| only != number) {
                continue;
            }
            let node = Grammar::new(seed, number, edges).vector(grammar::DEPTH);
            let when = When::random(&mut Chance::new(seed, number + 1_000_000)).fit(&node);
            let outcome = pair.outcome(&node, when);
            let word = match &outcome {
                Outcome::Equal => "equal".to_owned(),
                Outcome::Empty => "equal, nothing found".to_owned(),
                Outcome::Refused => "refused by both".to_owned(),
                Outcome::Known(why) => format!("known: {why}"),
                Outcome::Differs(_) => "DIFFERS".to_owned(),
            };
            if options.show || options.only.is_some() {
                println!("{seed}:{number} {word}: {} {when:?}", node.write(Reader::Ours));
            }
            if options.only.is_some() {
                let (theirs, ours) = pair.ask(&node, when);
                println!("theirs: {theirs:?}\nours: {ours:?}");
            }
            *counts.entry(word).or_default() += 1;
            if let Outcome::Differs(text) = outcome {
                differ += 1;
                let (small, at, found) = pair.shrink(&node, when, text.clone());
                println!(
                    "- --seed {seed} --only {number}: {text}\n    {} {when:?}",
                    node.write(Reader::Ours)
                );
                println!("    smaller: {} {at:?}: {found}", small.write(Reader::Ours));
            }
        }
        if options.only.is_some() {
            break;
        }
    }
    println!(
        "beside the real prometheus: {} queries from seed {}",
        counts.values().sum::<usize>(),
        options.seed
    );
    for (what, count) in &counts {
        println!("  {count:6} {what}");
    }
    Ok(differ)
}
