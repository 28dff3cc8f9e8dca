//! Relabelling: the small language that rewrites labels of targets and samples, as Prometheus has it.

use model::{Kind, Labels, LabelsBuilder};
use regex::Regex;

use super::md5::shard_number;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelabelAction {
    /// Sets the target label from the replacement if the expression matches.
    Replace,
    /// Keeps only what matches.
    Keep,
    /// Drops what matches.
    Drop,
    /// Keeps only if the joined source equals the target label's value.
    KeepEqual,
    /// Drops if the joined source equals the target label's value.
    DropEqual,
    /// Sets the target label to the hash of the joined source, modulo.
    HashMod,
    /// Copies labels whose names match to the names the replacement makes.
    LabelMap,
    /// Removes labels whose names match.
    LabelDrop,
    /// Removes labels whose names do not match.
    LabelKeep,
    /// Sets the target label to the joined source in lower case.
    Lowercase,
    /// Sets the target label to the joined source in upper case.
    Uppercase,
}

impl RelabelAction {
    /// Every action with the word settings use for it.
    pub const WORDS: [(&'static str, Self); 11] = [
        ("replace", Self::Replace),
        ("keep", Self::Keep),
        ("drop", Self::Drop),
        ("keepequal", Self::KeepEqual),
        ("dropequal", Self::DropEqual),
        ("hashmod", Self::HashMod),
        ("labelmap", Self::LabelMap),
        ("labeldrop", Self::LabelDrop),
        ("labelkeep", Self::LabelKeep),
        ("lowercase", Self::Lowercase),
        ("uppercase", Self::Uppercase),
    ];

    /// The action a word stands for, in whatever case.
    pub fn from_word(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(own, _)| own.eq_ignore_ascii_case(word));
        found.map(|(_, action)| *action)
    }
}

/// A rule as settings write it; [`RelabelRule::new`] checks it.
#[derive(Clone, Debug)]
pub struct RelabelSpec {
    /// Labels whose values are joined.
    pub source_labels: Vec<String>,
    /// What joins them.
    pub separator: String,
    /// The expression, anchored at both ends.
    pub regex: String,
    /// The modulus of `hashmod`.
    pub modulus: u64,
    /// Where the result goes; may hold `$1` when replacing.
    pub target_label: String,
    /// What goes there; may hold `$1` and `${name}`.
    pub replacement: String,
    /// What is done.
    pub action: RelabelAction,
}

/// The defaults of Prometheus.
impl Default for RelabelSpec {
    fn default() -> Self {
        Self {
            source_labels: Vec::new(),
            separator: ";".into(),
            regex: "(.*)".into(),
            modulus: 0,
            target_label: String::new(),
            replacement: "$1".into(),
            action: RelabelAction::Replace,
        }
    }
}

/// A checked rule.
#[derive(Clone, Debug)]
pub struct RelabelRule {
    spec: RelabelSpec,
    regex: Regex,
}

/// Why a rule cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RelabelError {
    /// The expression is wrong.
    #[error("the regular expression {text:?} is not valid")]
    Expression {
        /// As it was given.
        text: String,
        /// Why.
        source: Box<regex::Error>,
    },
    /// The action needs a target label.
    #[error("this action needs target_label")]
    TargetLabel,
    /// `hashmod` needs a modulus.
    #[error("hashmod needs a modulus above 0")]
    Modulus,
}

impl RelabelError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl RelabelRule {
    /// Checks a rule.
    pub fn new(spec: RelabelSpec) -> Result<Self, RelabelError> {
        use RelabelAction as Action;
        let regex = Regex::new(&format!("^(?s:{})$", spec.regex)).map_err(|source| {
            RelabelError::Expression { text: spec.regex.clone(), source: Box::new(source) }
        })?;
        let free = matches!(
            spec.action,
            Action::Keep | Action::Drop | Action::LabelMap | Action::LabelDrop | Action::LabelKeep
        );
        if !free && spec.target_label.is_empty() {
            return Err(RelabelError::TargetLabel);
        }
        if spec.action == Action::HashMod && spec.modulus == 0 {
            return Err(RelabelError::Modulus);
        }
        Ok(Self { spec, regex })
    }

    /// Applies the rule; `false` drops.
    fn apply(&self, labels: &mut LabelsBuilder) -> bool {
        use RelabelAction as Action;
        let joined = self.joined(labels);
        let target = self.spec.target_label.as_str();
        match self.spec.action {
            Action::Keep => return self.regex.is_match(&joined),
            Action::Drop => return !self.regex.is_match(&joined),
            Action::KeepEqual => return labels.get(target).unwrap_or_default() == joined,
            Action::DropEqual => return labels.get(target).unwrap_or_default() != joined,
            Action::Replace => self.replace(&joined, labels),
            Action::Lowercase => drop(labels.set(target, joined.to_lowercase())),
            Action::Uppercase => drop(labels.set(target, joined.to_uppercase())),
            Action::HashMod => {
                let shard = shard_number(&joined) % self.spec.modulus;
                labels.set(target, shard.to_string());
            }
            Action::LabelMap => self.map(labels),
            Action::LabelDrop => self.remove(labels, true),
            Action::LabelKeep => self.remove(labels, false),
        }
        true
    }

    fn joined(&self, labels: &LabelsBuilder) -> String {
        let mut joined = String::new();
        for (at, name) in self.spec.source_labels.iter().enumerate() {
            if at > 0 {
                joined.push_str(&self.spec.separator);
            }
            joined.push_str(labels.get(name).unwrap_or_default());
        }
        joined
    }

    fn replace(&self, joined: &str, labels: &mut LabelsBuilder) {
        let Some(captures) = self.regex.captures(joined) else { return };
        let (mut target, mut value) = (String::new(), String::new());
        captures.expand(&self.spec.target_label, &mut target);
        captures.expand(&self.spec.replacement, &mut value);
        if !target.is_empty() {
            labels.set(target, value);
        }
    }

    fn map(&self, labels: &mut LabelsBuilder) {
        let before = labels.clone().build();
        for (name, value) in before.iter() {
            if self.regex.is_match(name) {
                let renamed = self.regex.replace(name, self.spec.replacement.as_str());
                if !renamed.is_empty() {
                    labels.set(&*renamed, value);
                }
            }
        }
    }

    fn remove(&self, labels: &mut LabelsBuilder, matching: bool) {
        let before = labels.clone().build();
        for (name, _) in before.iter().filter(|(name, _)| self.regex.is_match(name) == matching) {
            labels.remove(name);
        }
    }
}

/// The labels after all rules, or `None` if a rule drops them.
pub fn relabel(labels: Labels, rules: &[RelabelRule]) -> Option<Labels> {
    if rules.is_empty() {
        return Some(labels);
    }
    let mut builder = labels.to_builder();
    for rule in rules {
        if !rule.apply(&mut builder) {
            return None;
        }
    }
    Some(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(action: RelabelAction, change: impl FnOnce(&mut RelabelSpec)) -> RelabelRule {
        let mut spec = RelabelSpec { action, ..RelabelSpec::default() };
        change(&mut spec);
        RelabelRule::new(spec).unwrap()
    }

    fn after(rule: &RelabelRule) -> Option<String> {
        let labels = Labels::from_pairs([("a", "foo"), ("b", "bar"), ("__meta_zone", "Eu-1")]);
        relabel(labels, std::slice::from_ref(rule)).map(|labels| labels.to_string())
    }

    #[test]
    fn replace_joins_matches_and_sets() {
        let found = after(&rule(RelabelAction::Replace, |spec| {
            spec.source_labels = vec!["a".into(), "b".into()];
            spec.regex = "f(.*);(.*)r".into();
            spec.target_label = "d".into();
            spec.replacement = "ch${1}-${2}".into();
        }));
        assert_eq!(found.unwrap(), r#"{__meta_zone="Eu-1",a="foo",b="bar",d="choo-ba"}"#);
    }

    #[test]
    fn replace_with_nothing_removes_and_without_a_match_leaves() {
        let empty = after(&rule(RelabelAction::Replace, |spec| {
            spec.source_labels = vec!["a".into()];
            spec.target_label = "b".into();
            spec.replacement = String::new();
        }));
        assert_eq!(empty.unwrap(), r#"{__meta_zone="Eu-1",a="foo"}"#);
        let other = after(&rule(RelabelAction::Replace, |spec| {
            spec.source_labels = vec!["a".into()];
            spec.regex = "fo".into();
            spec.target_label = "b".into();
        }));
        assert!(other.unwrap().contains(r#"b="bar""#));
    }

    #[test]
    fn keep_and_drop_look_at_the_whole_value() {
        let with = |action, regex: &str| {
            after(&rule(action, |spec| {
                spec.source_labels = vec!["a".into()];
                spec.regex = regex.into();
            }))
            .is_some()
        };
        assert!(with(RelabelAction::Keep, "fo+") && !with(RelabelAction::Keep, "f"));
        assert!(!with(RelabelAction::Drop, "fo+") && with(RelabelAction::Drop, "f"));
    }

    #[test]
    fn labels_are_mapped_dropped_and_kept_by_name() {
        let mapped = after(&rule(RelabelAction::LabelMap, |spec| {
            spec.regex = "__meta_(.+)".into();
        }));
        assert!(mapped.unwrap().contains(r#"zone="Eu-1""#));
        let dropped = after(&rule(RelabelAction::LabelDrop, |spec| spec.regex = "[ab]".into()));
        assert_eq!(dropped.unwrap(), r#"{__meta_zone="Eu-1"}"#);
        let kept = after(&rule(RelabelAction::LabelKeep, |spec| spec.regex = "[ab]".into()));
        assert_eq!(kept.unwrap(), r#"{a="foo",b="bar"}"#);
    }

    #[test]
    fn the_shard_is_that_of_prometheus() {
        // The last eight bytes of the MD5 of "foo" are edef654fccc4a4d8.
        let found = after(&rule(RelabelAction::HashMod, |spec| {
            spec.source_labels = vec!["a".into()];
            spec.target_label = "shard".into();
            spec.modulus = 1000;
        }));
        let shard = 0xedef_654f_ccc4_a4d8_u64 % 1000;
        assert!(found.unwrap().contains(&format!("shard=\"{shard}\"")));
    }

    #[test]
    fn case_is_changed() {
        let found = after(&rule(RelabelAction::Lowercase, |spec| {
            spec.source_labels = vec!["__meta_zone".into()];
            spec.target_label = "zone".into();
        }));
        assert!(found.unwrap().contains(r#"zone="eu-1""#));
    }

    #[test]
    fn incomplete_rules_are_refused() {
        let spec = RelabelSpec::default();
        assert!(matches!(RelabelRule::new(spec.clone()), Err(RelabelError::TargetLabel)));
        let spec = RelabelSpec { regex: "(".into(), target_label: "a".into(), ..spec };
        assert!(matches!(RelabelRule::new(spec), Err(RelabelError::Expression { .. })));
    }
}
