//! How the figures of a host walk from scrape to scrape: day and week cycles, resets, gaps, stale markers.

use super::{
    SERIES_PER_HOST, STALE_NAN, Spec,
    host::{CORES, Host},
    step_ms,
};

const P_FAST: [f64; 11] = [0.05, 0.15, 0.35, 0.25, 0.12, 0.05, 0.02, 0.006, 0.003, 0.0008, 0.0002];
const P_SLOW: [f64; 11] = [0.01, 0.04, 0.12, 0.20, 0.25, 0.20, 0.10, 0.05, 0.02, 0.007, 0.003];
const MID: [f64; 11] = [0.004, 0.0075, 0.017, 0.037, 0.075, 0.17, 0.37, 0.75, 1.7, 3.7, 7.0];

impl Host {
    pub(super) fn advance(&mut self, dt: f64, t: f64) {
        let r = &mut self.rng;
        let day = (t / 86400.0) as u64 % 7;
        let week = if day >= 5 { 0.7 } else { 1.0 };
        let diurnal = (1.0 + 0.6 * (t / 86400.0 * std::f64::consts::TAU + self.phase).sin()) * week;
        self.x = 0.95 * self.x + 0.3 * r.normal();
        let inten = self.base * diurnal * (0.25 * self.x).exp();
        let mut usum = 0.0;
        for c in 0..CORES {
            let u = (inten * (0.8 + 0.1 * c as f64) + 0.02 * r.normal()).clamp(0.005, 0.985);
            usum += u;
            let w = 0.3 * r.share();
            let part = [1.0 - u, u * (0.85 - w), u * (0.05 + w * 0.7), u * w * 0.3, u * 0.1];
            for (m, p) in part.iter().enumerate() {
                self.cpu[c][m] += r.round(p * dt * 100.0);
            }
            if self.steal {
                self.cpu[c][5] += r.round(0.002 * dt * 100.0);
            }
        }
        let u = usum / CORES as f64;
        let run = u * CORES as f64 * (1.0 + 0.2 * r.normal()).max(0.0);
        for (i, tau) in [60.0, 300.0, 900.0].iter().enumerate() {
            let a = (-dt / tau).exp();
            self.load[i] = self.load[i] * a + run * (1.0 - a);
        }
        self.anon = (self.anon
            + self.mem_total
                * (0.0015 * r.normal()
                    + 0.002 * (0.35 + 0.1 * diurnal - self.anon / self.mem_total)))
            .clamp(self.mem_total * 0.05, self.mem_total * 0.75);
        self.cached = (self.cached + self.mem_total * 0.0006 * r.normal()).clamp(
            self.mem_total * 0.03,
            self.mem_total * 0.2 + 0.2 * (self.mem_total - self.anon),
        );
        for i in 0..3 {
            let x = self.fs_rate[i] * dt * (0.5 + r.share()) / 4096.0;
            self.fs_avail[i] -= r.round(x) * 4096.0;
            if self.fs_avail[i] < self.fs_size[i] * 0.04 {
                self.fs_avail[i] = (self.fs_size[i] * 0.6 / 4096.0).floor() * 4096.0; // clean-up
            }
        }
        for d in 0..2 {
            let k = if d == 0 { 0.4 } else { 1.6 };
            let x = inten * k * dt * 80.0 * (1.0 + 0.3 * r.normal()).max(0.0);
            let rd = if d == 0 && !self.reads { 0.0 } else { r.round(inten * k * dt * 30.0) };
            let wr = r.round(x);
            self.disk[d][0] += rd * 16384.0;
            self.disk[d][1] += wr * 4096.0 * (1.0 + (r.bits() % 4) as f64);
            self.disk[d][2] += rd;
            self.disk[d][3] += wr;
            self.disk[d][4] += r.round((rd * 0.4 + wr * 0.25).min(dt * 1000.0));
        }
        let x = [(1.0 + 0.15 * r.normal()).max(0.0), (1.0 + 0.15 * r.normal()).max(0.0)];
        let req = [
            r.round(self.rps[0] * dt * diurnal * x[0]),
            r.round(self.rps[1] * dt * diurnal * x[1]),
        ];
        let w = ((u - 0.3) * 1.6).clamp(0.0, 1.0);
        let mut tot = 0.0;
        for h in 0..2 {
            let mut n = 0.0;
            for b in 0..11 {
                let p = P_FAST[b] * (1.0 - w) + P_SLOW[b] * w;
                let k = if dt > 3600.0 { (req[h] * p).floor() } else { r.round(req[h] * p) };
                self.hist[h][b] += k;
                n += k;
                self.hsum[h] += k * MID[b] * (0.9 + 0.2 * r.share());
            }
            tot += n;
        }
        let e5 = r.round(tot * (0.0008 + 0.01 * w * w)).min(tot);
        let e4 = r.round(tot * 0.01).min(tot - e5);
        self.codes[0] += tot - e4 - e5;
        self.codes[1] += e4;
        self.codes[2] += e5;
        let pk = [tot * 6.0 + 20.0 * dt, tot * 5.0 + 15.0 * dt];
        for d in 0..2 {
            let p = r.round(pk[d]);
            let x = p * (300.0 + 500.0 * r.share());
            self.net[d] += r.round(x);
            self.net[2 + d] += p;
            if self.drops {
                self.net[6 + d] += r.round(0.01 * dt);
            }
        }
        for c in 0..2 {
            let k = if c == 0 { 1.5 } else { 0.1 };
            self.ccpu[c] += (inten * k * dt * (1.0 + 0.1 * r.normal()) * 1e9).max(0.0).round();
            self.cmem[c] = (self.cmem[c] * (1.0 + 0.002 * r.normal()))
                .clamp(self.mem_total * 0.005, self.mem_total * 0.25);
            if self.throttled {
                self.cthr[c] += r.round(u * dt * 0.8);
            }
        }
    }

    fn q4k(v: f64) -> f64 {
        (v / 4096.0).floor() * 4096.0
    }

    fn values(&mut self, out: &mut [f64; SERIES_PER_HOST]) {
        let mut i = 0;
        let mut push = |v: f64| {
            out[i] = v;
            i += 1;
        };
        for c in 0..CORES {
            for m in 0..8 {
                push(self.cpu[c][m] / 100.0);
            }
        }
        let r = &mut self.rng;
        let free = Host::q4k((self.mem_total - self.anon - self.cached).max(self.mem_total * 0.01));
        push(self.mem_total);
        push(free);
        push(Host::q4k(free + self.cached * 0.8));
        push(Host::q4k(self.mem_total * 0.004 + self.cached * 0.01));
        push(Host::q4k(self.cached));
        push(4.0 * 1024.0 * 1024.0 * 1024.0);
        push(self.swap_free);
        push(Host::q4k(self.anon * 0.9 + self.cached * 0.3));
        push(Host::q4k(self.cached * 0.6));
        push((r.bits() % 2000) as f64 * 4096.0);
        for l in self.load {
            push((l * 100.0).round() / 100.0);
        }
        for f in 0..3 {
            push(self.fs_size[f]);
            push(self.fs_avail[f]);
        }
        for d in 0..2 {
            for k in 0..4 {
                push(self.disk[d][k]);
            }
            push(self.disk[d][4] / 1000.0);
        }
        for n in self.net {
            push(n);
        }
        push(1.0);
        push(self.boot);
        push(1.0);
        push(((0.012 + 0.004 * r.normal().abs()) * 1e9).round() / 1e9);
        for h in 0..2 {
            let mut cum = 0.0;
            for b in 0..11 {
                cum += self.hist[h][b];
                push(cum);
            }
            push(self.hsum[h]);
            push(cum);
        }
        for c in self.codes {
            push(c);
        }
        for c in 0..2 {
            push(self.ccpu[c] / 1e9);
            push(Host::q4k(self.cmem[c]));
            push(self.cthr[c]);
        }
        for v in [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0] {
            push(v);
        }
        assert_eq!(i, SERIES_PER_HOST);
    }

    fn reboot(&mut self, now_s: f64) {
        self.cpu = [[0.0; 8]; CORES];
        self.disk = [[0.0; 5]; 2];
        self.net = [0.0; 8];
        self.hist = [[0.0; 11]; 2];
        self.hsum = [0.0; 2];
        self.codes = [0.0; 3];
        self.ccpu = [0.0; 2];
        self.cthr = [0.0; 2];
        self.boot = now_s.floor();
    }

    /// One scrape: calls emit(series, value bits) for each sample it yields.
    pub(super) fn scrape(
        &mut self,
        spec: &Spec,
        step: usize,
        mut emit: impl FnMut(usize, u64, bool),
    ) {
        const UP: usize = 53;
        let dt = spec.interval_s as f64;
        self.advance(dt, step as f64 * dt);
        let mut v = [0.0; SERIES_PER_HOST];
        self.values(&mut v);
        let mut down = self.flaky && self.rng.share() < 0.005;
        if let Some(at) = self.reboot_at {
            if step >= at && step < at + self.reboot_steps {
                down = true;
            }
            if step == at + self.reboot_steps - 1 {
                self.reboot((step_ms(spec, step) / 1000) as f64);
            }
        }
        if down {
            emit(UP, 0f64.to_bits(), true);
            if !self.down_before {
                for s in 0..SERIES_PER_HOST {
                    if s != UP {
                        emit(s, STALE_NAN, false);
                    }
                }
            }
        } else {
            for (s, x) in v.iter().enumerate() {
                emit(s, x.to_bits(), true);
            }
        }
        self.down_before = down;
    }
}
