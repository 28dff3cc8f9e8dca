//! Charts as SVG, drawn here so that a report needs nothing from elsewhere.

use super::html::escape;

/// Size of the drawing; the page scales it to its width.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 210.0;
/// Room for the words at the left and below.
const LEFT: f64 = 66.0;
const RIGHT: f64 = 10.0;
const BELOW: f64 = 24.0;
const ABOVE: f64 = 10.0;
/// Lines across, besides the one at nought: as many as there are at most.
const ACROSS_MAX: f64 = 5.0;
/// A bound that lies higher than so many times all that is drawn would press it flat, and is left out.
const BOUND_TIMES: f64 = 1.5;
/// Size of a small course in a row of a table.
const SMALL: (f64, f64) = (160.0, 28.0);

/// One line of a chart.
pub(super) struct Line<'l> {
    /// Its name in the legend.
    pub(super) name: &'l str,
    /// Its place among the tokens of the page: colour and dashes.
    pub(super) class: &'l str,
    /// Points from left to right; a value that is missing breaks the line.
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// A chart with its words.
pub(super) struct Chart<'l> {
    /// What it shows, for those who cannot see it.
    pub(super) title: &'l str,
    pub(super) lines: Vec<Line<'l>>,
    /// Places on the level axis with their words.
    pub(super) marks: Vec<(f64, String)>,
    /// What must not be passed, with the words of it.
    pub(super) bounds: Vec<(f64, String)>,
    /// Says a value of the upright axis.
    pub(super) say: &'l dyn Fn(f64) -> String,
}

impl Chart<'_> {
    pub(super) fn svg(&self) -> String {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let most = all().filter_map(|(_, value)| *value).fold(0.0_f64, f64::max);
        let shown = self.bounds.iter().filter(|(bound, _)| *bound <= BOUND_TIMES * most);
        let bounds: Vec<&(f64, String)> = shown.collect();
        let most = bounds.iter().map(|(bound, _)| *bound).fold(most, f64::max);
        let step = round_step(most / ACROSS_MAX);
        let top = step * (most / step).ceil().max(1.0);
        let from = all().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
        let to = all().map(|(x, _)| *x).fold(f64::NEG_INFINITY, f64::max);
        let span = if to > from { to - from } else { 1.0 };
        let from = if from.is_finite() { from } else { 0.0 };
        let place = |x: f64, y: f64| {
            let across = LEFT + (x - from) / span * (WIDTH - LEFT - RIGHT);
            (across, ABOVE + (1.0 - y / top) * (HEIGHT - ABOVE - BELOW))
        };
        let mut parts = vec![format!(
            r#"<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
            escape(self.title)
        )];
        let mut value = 0.0;
        while value <= top * 1.001 {
            let (_, y) = place(from, value);
            parts.push(format!(
                r#"<path class="grid" d="M{LEFT} {y:.1}H{}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                escape(&(self.say)(value))
            ));
            value += step;
        }
        parts.extend(self.marked(&place));
        for (bound, words) in bounds {
            let (_, y) = place(from, *bound);
            parts.push(format!(
                r#"<path class="bound" d="M{LEFT} {y:.1}H{}"/><text class="bound" x="{}" y="{:.1}" text-anchor="end">{}</text>"#,
                WIDTH - RIGHT,
                WIDTH - RIGHT - 2.0,
                y - 4.0,
                escape(words)
            ));
        }
        for line in &self.lines {
            parts.push(format!(r#"<path class="line {}" d="{}"/>"#, line.class, path(line, place)));
        }
        parts.push("</svg>".to_owned());
        parts.push(self.legend());
        parts.concat()
    }

    /// The words below, and the lines that stand on them.
    fn marked(&self, place: &dyn Fn(f64, f64) -> (f64, f64)) -> Vec<String> {
        let foot = HEIGHT - BELOW;
        let mark = |(x, words): &(f64, String)| {
            let (across, _) = place(*x, 0.0);
            // Words at the ends stay within the drawing.
            let anchor = match across {
                across if across < LEFT + 12.0 => "start",
                across if across > WIDTH - RIGHT - 24.0 => "end",
                _ => "middle",
            };
            format!(
                r#"<path class="grid" d="M{across:.1} {ABOVE}V{:.1}"/><text x="{across:.1}" y="{:.1}" text-anchor="{anchor}">{}</text>"#,
                foot + 4.0,
                foot + 17.0,
                escape(words)
            )
        };
        self.marks.iter().map(mark).collect()
    }

    fn legend(&self) -> String {
        let legend = self.lines.iter().map(|line| {
            format!(
                r#"<span><svg class="key" viewBox="0 0 24 8"><path class="line {}" d="M0 4H24"/></svg>{}</span>"#,
                line.class,
                escape(line.name)
            )
        });
        format!("<figcaption>{}</figcaption></figure>", legend.collect::<String>())
    }
}

/// Round seconds from the beginning to the end of a run, a handful of them.
pub(super) fn time_marks(length: f64) -> Vec<(f64, String)> {
    const ROUND: [f64; 16] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
        7_200.0, 21_600.0, 86_400.0,
    ];
    let step =
        ROUND.into_iter().find(|step| length / step <= 6.0).unwrap_or_else(|| length.max(1.0));
    let mut marks = Vec::new();
    let mut at = 0.0;
    while at <= length {
        let words = match at {
            at if step >= 3_600.0 => format!("{:.0} h", at / 3_600.0),
            at if step >= 60.0 => format!("{:.0} min", at / 60.0),
            at => format!("{at:.0} s"),
        };
        marks.push((at, words));
        at += step;
    }
    marks
}

/// A course without words, for a row of a table.
pub(super) fn small(points: &[(f64, f64)]) -> String {
    let ends = |of: fn(&(f64, f64)) -> f64| {
        let all = points.iter().map(of);
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), own| {
            (low.min(own), high.max(own))
        })
    };
    let ((from, to), (_, most)) = (ends(|point| point.0), ends(|point| point.1));
    if to <= from || most <= 0.0 {
        return String::new();
    }
    let (width, height) = SMALL;
    let place = |x: f64, y: f64| {
        ((x - from) / (to - from) * width, 2.0 + (1.0 - y.max(0.0) / most) * (height - 4.0))
    };
    let points = points.iter().map(|(x, y)| (*x, Some(*y))).collect();
    let line = Line { name: "", class: "one", points };
    format!(
        r#"<svg class="small" viewBox="0 0 {width} {height}" aria-hidden="true"><path class="line one" d="{}"/></svg>"#,
        path(&line, place)
    )
}

/// The next round number above: one, two or five times a power of ten.
fn round_step(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    let found = [1.0, 2.0, 5.0].into_iter().find(|times| least <= times * power * 1.001);
    found.unwrap_or(10.0) * power
}

fn path(line: &Line<'_>, place: impl Fn(f64, f64) -> (f64, f64)) -> String {
    let mut drawn = String::new();
    let mut is_down = false;
    for (x, value) in &line.points {
        let Some(value) = value else {
            is_down = false;
            continue;
        };
        let (across, up) = place(*x, *value);
        drawn.push_str(&point(is_down, across, up));
        is_down = true;
    }
    drawn
}

/// The first point of a line is a dot as well, in case it stays alone.
fn point(is_down: bool, across: f64, up: f64) -> String {
    if is_down { format!("L{across:.1} {up:.1}") } else { format!("M{across:.1} {up:.1}h0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, Option<f64>)>, bounds: Vec<(f64, String)>) -> String {
        let lines = vec![Line { name: "a <b>", class: "one", points }];
        let say = |value: f64| format!("{value} ms");
        Chart { title: "t", lines, marks: time_marks(3.0), bounds, say: &say }.svg()
    }

    #[test]
    fn a_gap_breaks_the_line_and_nothing_is_drawn_outside() {
        let points = vec![(0.0, Some(1.0)), (1.0, None), (2.0, Some(4.0)), (3.0, Some(2.0))];
        let svg = chart(points, Vec::new());
        // 4 ms is the highest round line, so it is at the top.
        assert!(svg.contains("M66.0 142.0h0M388.7 10.0h0L550.0 98.0"), "{svg}");
        assert!(svg.contains("a &lt;b&gt;") && svg.contains(">4 ms<") && svg.contains(">3 s<"));
    }

    #[test]
    fn a_bound_is_drawn_where_it_presses_nothing_flat() {
        let points = || vec![(0.0, Some(1.0)), (3.0, Some(4.0))];
        let near = chart(points(), vec![(5.0, "p95 < 5 ms".to_owned())]);
        assert!(near.contains("p95 &lt; 5 ms") && near.contains("class=\"bound\""), "{near}");
        assert!(!chart(points(), vec![(50.0, "far".to_owned())]).contains("far"));
    }

    #[test]
    fn steps_are_round_and_marks_are_few() {
        for (least, step) in [(0.7, 1.0), (1.1, 2.0), (21.0, 50.0), (0.003, 0.005), (6.0, 10.0)] {
            assert!(
                (round_step(least) / step - 1.0).abs() < 1e-9,
                "{least}: {}",
                round_step(least)
            );
        }
        for length in [0.0, 1.0, 7.0, 59.0, 900.0, 1_800.0, 600_000.0] {
            assert!((1..=8).contains(&time_marks(length).len()), "{length}");
        }
        assert_eq!(time_marks(900.0)[1].1, "5 min");
    }

    #[test]
    fn a_chart_of_nothing_is_drawn_as_well() {
        let say = |value: f64| value.to_string();
        let (lines, marks, bounds) = (Vec::new(), time_marks(0.0), Vec::new());
        let chart = Chart { title: "", lines, marks, bounds, say: &say };
        assert!(!chart.svg().contains("NaN") && !chart.svg().contains("inf"));
        assert_eq!(small(&[]), "");
    }
}
