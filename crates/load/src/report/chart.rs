//! Charts as SVG, drawn here so that a report needs nothing from elsewhere.

use super::html::escape;

/// Size of the drawing; the page scales it to its width.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 170.0;
/// Room for the words at the left and below.
const LEFT: f64 = 64.0;
const BELOW: f64 = 22.0;
const ABOVE: f64 = 8.0;

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
    /// The words at the left and right end of the axis.
    pub(super) ends: (String, String),
    /// Says a value of the upright axis.
    pub(super) say: &'l dyn Fn(f64) -> String,
}

impl Chart<'_> {
    pub(super) fn svg(&self) -> String {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        let top = all().filter_map(|(_, value)| *value).fold(0.0_f64, f64::max);
        let top = if top > 0.0 { top } else { 1.0 };
        let from = all().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
        let to = all().map(|(x, _)| *x).fold(f64::NEG_INFINITY, f64::max);
        let span = if to > from { to - from } else { 1.0 };
        let place = |x: f64, y: f64| {
            let across = LEFT + (x - from) / span * (WIDTH - LEFT - 4.0);
            (across, ABOVE + (1.0 - y / top) * (HEIGHT - ABOVE - BELOW))
        };
        let mut parts = vec![format!(
            r#"<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#,
            escape(self.title)
        )];
        for share in [0.0, 0.5, 1.0] {
            let y = ABOVE + (1.0 - share) * (HEIGHT - ABOVE - BELOW);
            parts.push(format!(
                r#"<path class="grid" d="M{LEFT} {y:.1}H{WIDTH}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                LEFT - 6.0,
                y + 4.0,
                escape(&(self.say)(top * share))
            ));
        }
        for line in &self.lines {
            parts.push(format!(r#"<path class="line {}" d="{}"/>"#, line.class, path(line, place)));
        }
        let foot = HEIGHT - 6.0;
        parts.push(format!(
            r#"<text x="{LEFT}" y="{foot}">{}</text><text x="{WIDTH}" y="{foot}" text-anchor="end">{}</text></svg>"#,
            escape(&self.ends.0),
            escape(&self.ends.1)
        ));
        let legend = self.lines.iter().map(|line| {
            format!(
                r#"<span><svg class="key" viewBox="0 0 24 8"><path class="line {}" d="M0 4H24"/></svg>{}</span>"#,
                line.class,
                escape(line.name)
            )
        });
        parts.push(format!("<figcaption>{}</figcaption></figure>", legend.collect::<String>()));
        parts.concat()
    }
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

    #[test]
    fn a_gap_breaks_the_line_and_nothing_is_drawn_outside() {
        let points = vec![(0.0, Some(1.0)), (1.0, None), (2.0, Some(4.0)), (3.0, Some(2.0))];
        let lines = vec![Line { name: "a <b>", class: "one", points }];
        let say = |value: f64| format!("{value} ms");
        let chart = Chart { title: "t", lines, ends: ("0 s".into(), "3 s".into()), say: &say };
        let svg = chart.svg();
        assert!(svg.contains("M64.0 113.0h0M338.7 8.0h0L476.0 78.0"), "{svg}");
        assert!(svg.contains("a &lt;b&gt;") && svg.contains(">4 ms<"));
    }

    #[test]
    fn a_chart_of_nothing_is_drawn_as_well() {
        let say = |value: f64| value.to_string();
        let chart = Chart { title: "", lines: Vec::new(), ends: Default::default(), say: &say };
        assert!(!chart.svg().contains("NaN"));
    }
}
