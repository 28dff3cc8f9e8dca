//! The order of labels, kept from one data point to the next: those of a metric mostly have the same attributes.

use model::METRIC_NAME;

use super::{
    Base, Series,
    names::{is_label_name, push_label_name},
    value::{Attribute, Text},
};
use crate::receive::otlp::{Limits, Options};

/// Where a label's value comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// The data point's own attribute of this number.
    Own(usize),
    Weak(usize),
    Strong(usize),
    /// The metric's name, or what differs between the series of a data point.
    Later,
}

/// Labels in order, without their values.
#[derive(Debug, Default)]
pub(in crate::receive::otlp) struct Layout<'r> {
    /// For these attributes, as sent.
    keys: Vec<&'r str>,
    /// With the labels of this base, and room for this one.
    base: usize,
    extra: &'static str,
    /// Names that had to be made.
    made: String,
    slots: Vec<(Text<'r>, Source)>,
    /// Where the metric's name stands, and the label that differs.
    name: usize,
    later: usize,
    /// Bytes of the longest name.
    longest: usize,
    /// Whether no two labels have the same name.
    plain: bool,
}

impl<'r> Layout<'r> {
    /// Makes this the layout for these attributes, if it is not; says whether it can be used: attributes that make no
    /// label, or several that make the same, are for somebody more careful.
    pub(in crate::receive::otlp) fn fit(
        &mut self,
        attributes: &[Attribute<'r>],
        base: &Base,
        extra: &'static str,
        options: &Options,
    ) -> bool {
        let same = self.base == base.number
            && self.extra == extra
            && self.keys.len() == attributes.len()
            && self.keys.iter().zip(attributes).all(|(key, own)| *key == own.key);
        if !same {
            self.base = base.number;
            self.extra = extra;
            self.keys.clear();
            self.keys.extend(attributes.iter().map(|own| own.key));
            self.plain = self.lay(base, options).is_some();
        }
        self.plain
    }

    fn lay(&mut self, base: &Base, options: &Options) -> Option<()> {
        self.made.clear();
        self.slots.clear();
        for (at, key) in self.keys.iter().enumerate() {
            let name = if key.is_empty() {
                return None;
            } else if !options.strategy.escapes() || is_label_name(key) {
                Text::Sent(key)
            } else {
                let start = self.made.len();
                push_label_name(&mut self.made, key)?;
                Text::Made(start..self.made.len())
            };
            self.slots.push((name, Source::Own(at)));
        }
        let strong = base.strong.iter().enumerate().map(|(at, own)| (own, Source::Strong(at)));
        let weak = base.weak.iter().enumerate().map(|(at, own)| (own, Source::Weak(at)));
        let others = weak.chain(strong).map(|((name, _), source)| (name.as_str(), source));
        for (name, source) in
            others.chain([METRIC_NAME, self.extra].map(|name| (name, Source::Later)))
        {
            let start = self.made.len();
            self.made.push_str(name);
            self.slots.push((Text::Made(start..self.made.len()), source));
        }
        let made = &self.made;
        self.slots.sort_by(|one, other| one.0.get(made).cmp(other.0.get(made)));
        self.longest = self.slots.iter().map(|own| own.0.get(made).len()).max().unwrap_or(0);
        let place = |wanted| self.slots.iter().position(|own| own.0.get(made) == wanted);
        (self.name, self.later) = (place(METRIC_NAME)?, place(self.extra)?);
        let rises = |pair: &[(Text<'r>, Source)]| pair[0].0.get(made) < pair[1].0.get(made);
        self.slots.windows(2).all(rises).then_some(())
    }

    /// The labels of a data point whose attributes this is the layout of.
    pub(in crate::receive::otlp) fn series<'t>(
        &'t self,
        attributes: &'t [Attribute<'r>],
        room: &'t str,
        base: &'t Base,
        limits: &Limits,
    ) -> Result<Series<'t>, String> {
        let mut longest = self.longest;
        let pairs: Vec<_> = self
            .slots
            .iter()
            .map(|(name, source)| {
                let value = match *source {
                    Source::Own(at) => attributes[at].value.get(room),
                    Source::Weak(at) => base.weak[at].1.as_str(),
                    Source::Strong(at) => base.strong[at].1.as_str(),
                    Source::Later => "",
                };
                longest = longest.max(value.len());
                (name.get(&self.made), value)
            })
            .collect();
        let count = pairs.len() - usize::from(self.extra.is_empty());
        super::check(count, longest, limits)?;
        Ok(Series { pairs, extra: self.later, name: self.name })
    }
}

#[cfg(test)]
mod tests {
    use model::LabelsPacker;
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::receive::otlp::{Promote, labels::spots};

    /// What labels a series gets with a name and a label that differs.
    fn told(series: Result<Series<'_>, String>) -> Result<String, String> {
        let mut series = series?;
        Ok(LabelsPacker::default().pack(series.named("name", "later")).to_string())
    }

    proptest! {
        #[test]
        fn a_layout_gives_what_is_found_without_one(
            points in vec(vec(("[ab_.1]{0,2}|le|job", "[xy]{0,1}"), 0..4), 1..4),
            resource in vec(("[ab_.]{1,2}|service.name", "[xy]{0,1}"), 0..3),
        ) {
            let options = Options { promote: Promote::AllBut([].into()), ..Options::default() };
            let base = Base::of_resource(&resource, &options).with_scope(1, &super::super::Scope::default(), &options);
            let mut layout = Layout::default();
            for point in &points {
                let own = point.iter().map(|(key, value)| Attribute { key, value: Text::Sent(value) });
                let mut own: Vec<_> = own.collect();
                if !layout.fit(&own, &base, "le", &options) {
                    continue;
                }
                let laid = told(layout.series(&own, "", &base, &options.limits));
                let (mut room, mut found) = (String::new(), Vec::new());
                spots(&mut own, &options, &mut room, &mut found).expect("attributes that make labels");
                let wanted = told(Series::new(&room, &base, &found, "le", &options.limits));
                prop_assert_eq!(laid, wanted);
            }
        }
    }
}
