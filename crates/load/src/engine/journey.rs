//! One user's way through a journey: fill in, send, check, take, think.

use std::{borrow::Cow, rc::Rc, sync::Arc, time::Duration};

use http::{HeaderValue, Method, StatusCode, header};
use stats::Chance;
use url::Url;

use super::{
    lines::Lines,
    timer::Deadline,
    wire::{Answer, Failure},
    worker::Worker,
};
use crate::{
    journey::{BodyText, Cookies, Journey, Prepared, Step, Values},
    plan::{BODY_BYTES_KEPT, Connections, Load, Plan},
    record::Trouble,
    target::Origin,
};

/// Headers that another origin may see.
const GOES_ON: [header::HeaderName; 7] = [
    header::HOST,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
];

/// Somebody who takes one journey after the other: a user, or a place for arrivals.
pub(crate) struct Runner {
    worker: Rc<Worker>,
    plan: Arc<Plan>,
    scenario: usize,
    values: Values,
    cookies: Cookies,
    lines: Lines,
    deadline: Deadline,
    /// Each journey is somebody else's, with connections of their own.
    is_new_each_time: bool,
}

impl Runner {
    pub(crate) fn new(worker: Rc<Worker>, scenario: usize) -> Self {
        let plan = Arc::clone(&worker.plan);
        let values = Values { slots: plan.values.clone(), number: 0, chance: Chance::new(0) };
        let lines = Lines::new(Rc::clone(&worker), scenario);
        let deadline = Deadline::new(Arc::clone(&worker.clock));
        let is_new_each_time = plan.scenarios.get(scenario).is_some_and(|scenario| {
            scenario.connections == Connections::PerUser
                && matches!(scenario.load, Load::Open { .. })
        });
        let cookies = Cookies::default();
        Self { worker, plan, scenario, values, cookies, lines, deadline, is_new_each_time }
    }

    /// Takes the journey of this number, which was due then. With `late`, how late its first request leaves is the
    /// generator's own doing.
    pub(crate) async fn journey(&mut self, number: u64, due_ns: u64, late: Option<u64>) {
        let worker = Rc::clone(&self.worker);
        worker.journeys.set(worker.journeys.get() + 1);
        let plan = Arc::clone(&self.plan);
        self.begin(number);
        if let Some(journey) = self.choose(&plan) {
            let took_ns = self.walk(journey, due_ns, late).await;
            let mut recording = worker.recording.borrow_mut();
            match took_ns {
                Some(took_ns) => recording.journeys[self.scenario].record(took_ns),
                None => recording.journeys_broken[self.scenario] += 1,
            }
        }
        worker.journeys.set(worker.journeys.get().saturating_sub(1));
    }

    /// Everything as it is for somebody new. The same number always has the same chance.
    fn begin(&mut self, number: u64) {
        self.values.chance = chance_of(self.plan.seed, self.scenario, number);
        self.values.number = number;
        for (slot, value) in self.values.slots.iter_mut().zip(&self.plan.values) {
            slot.clone_from(value);
        }
        self.cookies.clear();
        if self.is_new_each_time {
            self.lines.forget();
        }
    }

    fn choose<'p>(&mut self, plan: &'p Plan) -> Option<&'p Journey> {
        let journeys = &plan.scenarios.get(self.scenario)?.journeys;
        journeys.get(choose(journeys, &mut self.values.chance)?)
    }

    /// Takes all steps; answers with the time they took without the pauses between them, or nothing if one failed.
    async fn walk(&mut self, journey: &Journey, due_ns: u64, late: Option<u64>) -> Option<u64> {
        let mut trouble = self.feed(journey).err();
        let (mut due_ns, mut late) = (due_ns, late);
        let mut took_ns = 0;
        for step in &journey.steps {
            let done_ns = self.step(step, due_ns, late.take(), trouble.take()).await?;
            took_ns += done_ns.saturating_sub(due_ns);
            due_ns = done_ns;
            if let Some(think) = &step.think {
                let length = think.draw(&mut self.values.chance);
                self.worker.clock.wait(length).await;
                due_ns = done_ns.saturating_add(crate::schedule::nanos(length));
            }
        }
        Some(took_ns)
    }

    /// Takes a row of each feed.
    fn feed(&mut self, journey: &Journey) -> Result<(), Trouble> {
        for (feed, first_slot) in &journey.feeds {
            let feed = self.plan.feeds.get(*feed).ok_or(Trouble::FeedDry)?;
            let row = feed.row(self.values.number, &mut self.values.chance);
            for (offset, cell) in row.ok_or(Trouble::FeedDry)?.iter().enumerate() {
                if let Some(slot) = self.values.slots.get_mut(first_slot + offset) {
                    slot.clone_from(cell);
                }
            }
        }
        Ok(())
    }

    /// One step; answers when it was done, or nothing if it failed.
    async fn step(
        &mut self,
        step: &Step,
        due_ns: u64,
        late: Option<u64>,
        trouble: Option<Trouble>,
    ) -> Option<u64> {
        let worker = Rc::clone(&self.worker);
        let sent_ns = worker.now_ns();
        let on_its_way = worker.begin(step.index, due_ns, sent_ns);
        if let Some(due_ns) = late {
            let lateness = sent_ns.saturating_sub(due_ns);
            worker.recording.borrow_mut().lateness.record(lateness);
        }
        let done = match trouble {
            Some(trouble) => Err(trouble.into()),
            None => self.ask(step, sent_ns).await,
        };
        let (status, body_bytes, trouble) = match done {
            Ok(answer) => {
                let trouble = self.judge(step, &answer).err();
                (answer.status, answer.body_bytes, trouble)
            }
            Err(failure) => (failure.status, 0, Some(failure.trouble)),
        };
        let done_ns = on_its_way.end(status, body_bytes, trouble);
        trouble.is_none().then_some(done_ns)
    }

    /// The request with its redirects, within the time it may take.
    async fn ask(&mut self, step: &Step, sent_ns: u64) -> Result<Answer, Failure> {
        let until = self.worker.start + Duration::from_nanos(sent_ns) + self.plan.limits.timeout;
        let mut origin = step.request.origin;
        let mut request = self.fill(step)?;
        let keep = if step.reads_body() { BODY_BYTES_KEPT } else { 0 };
        let mut redirects = 0;
        loop {
            let exchange = self.lines.exchange(origin, &request, keep);
            let Some(done) = self.deadline.within(until, exchange).await else {
                return Err(Trouble::Timeout.into());
            };
            let answer = done?;
            self.take_cookies(origin, &answer);
            let failure = |trouble| Failure { trouble, status: answer.status };
            if step.redirects == 0 || !is_redirect(answer.status) {
                return Ok(answer);
            }
            if redirects >= step.redirects {
                return Err(failure(Trouble::Redirects));
            }
            redirects += 1;
            let Some(location) = answer.headers.get(header::LOCATION) else { return Ok(answer) };
            let location = location.to_str().ok().ok_or_else(|| failure(Trouble::Malformed))?;
            let next = self.redirected(origin, &request, answer.status, location);
            let (next_origin, next) = next.map_err(failure)?;
            (origin, request) = (next_origin, Cow::Owned(next));
        }
    }

    fn fill<'s>(&mut self, step: &'s Step) -> Result<Cow<'s, Prepared>, Trouble> {
        let mut request = if let Some(prepared) = &step.request.prepared {
            Cow::Borrowed(prepared)
        } else {
            let origin = self.plan.origins.get(step.request.origin);
            let authority = origin.ok_or(Trouble::NotAllowed)?.authority();
            let filled = step.request.fill(&authority, &mut self.values);
            Cow::Owned(filled.ok().ok_or(Trouble::Request)?)
        };
        if let Some(cookies) = self.cookies_for(step.request.origin, &request) {
            request.to_mut().headers.insert(header::COOKIE, cookies);
        }
        Ok(request)
    }

    fn keeps_cookies(&self) -> bool {
        self.plan.scenarios.get(self.scenario).is_some_and(|scenario| scenario.cookies)
    }

    /// What the user's browser would send along. Nearly all requests have nothing of the kind, and are sent as they are.
    fn cookies_for(&self, origin: usize, request: &Prepared) -> Option<HeaderValue> {
        if !self.keeps_cookies() {
            return None;
        }
        HeaderValue::from_str(&self.cookies.header(origin, request.uri.path())?).ok()
    }

    fn take_cookies(&mut self, origin: usize, answer: &Answer) {
        if !self.keeps_cookies() {
            return;
        }
        for value in answer.headers.get_all(header::SET_COOKIE) {
            if let Ok(text) = value.to_str() {
                self.cookies.take(origin, text);
            }
        }
    }

    /// The request that a redirect asks for; only to targets that the plan names.
    fn redirected(
        &self,
        from: usize,
        request: &Prepared,
        status: u16,
        location: &str,
    ) -> Result<(usize, Prepared), Trouble> {
        let here = self.plan.origins.get(from).ok_or(Trouble::NotAllowed)?;
        let base = Url::parse(&format!("{here}{}", request.uri)).ok().ok_or(Trouble::Malformed)?;
        let url = base.join(location).ok().ok_or(Trouble::Malformed)?;
        let wanted = Origin::of(&url).ok_or(Trouble::NotAllowed)?;
        let origin = self.plan.origins.iter().position(|origin| *origin == wanted);
        let origin = origin.ok_or(Trouble::NotAllowed)?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut next = request.clone();
        next.uri = path.parse().ok().ok_or(Trouble::Malformed)?;
        let host = HeaderValue::from_str(&wanted.authority()).ok().ok_or(Trouble::Malformed)?;
        next.headers.insert(header::HOST, host);
        next.headers.remove(header::COOKIE);
        if origin != from {
            // What was meant for one is not shown to another: any header of the plan may be a secret.
            let strange: Vec<_> =
                next.headers.keys().filter(|name| !GOES_ON.contains(name)).cloned().collect();
            for name in strange {
                next.headers.remove(name);
            }
        }
        let keeps_method = matches!(
            StatusCode::from_u16(status),
            Ok(StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
        );
        if !keeps_method && request.method != Method::HEAD {
            next.method = Method::GET;
            next.body.clear();
            next.headers.remove(header::CONTENT_TYPE);
        }
        if let Some(cookies) = self.cookies_for(origin, &next) {
            next.headers.insert(header::COOKIE, cookies);
        }
        Ok((origin, next))
    }

    /// Looks at an answer, and takes from it what later steps need.
    fn judge(&mut self, step: &Step, answer: &Answer) -> Result<(), Trouble> {
        if !step.accepts(answer.status) {
            return Err(Trouble::Status);
        }
        if step.checks.is_empty() && step.extracts.is_empty() {
            return Ok(());
        }
        let mut body = BodyText::new(&answer.body);
        if !step.checks.iter().all(|check| check.holds(&answer.headers, &mut body)) {
            return Err(Trouble::Check);
        }
        for extract in &step.extracts {
            let value = extract.take(&answer.headers, &mut body)?;
            if let Some(slot) = self.values.slots.get_mut(extract.slot) {
                *slot = value;
            }
        }
        Ok(())
    }
}

/// Chance of the journey with this number: the same number always has the same.
pub(crate) fn chance_of(seed: u64, scenario: usize, number: u64) -> Chance {
    let mut mixed = Chance::new(seed ^ ((scenario as u64) << 56) ^ number);
    Chance::new(mixed.bits())
}

/// One of these journeys by chance, as often as their weights say.
pub(crate) fn choose(journeys: &[Journey], chance: &mut Chance) -> Option<usize> {
    if journeys.len() == 1 {
        return Some(0);
    }
    let all: usize = journeys.iter().map(|journey| journey.weight as usize).sum();
    let mut at = chance.below(all);
    journeys.iter().position(|journey| {
        let weight = journey.weight as usize;
        let here = at < weight;
        at = at.saturating_sub(weight);
        here
    })
}

/// Redirects that say where to go: RFC 9110, 15.4.
fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}
