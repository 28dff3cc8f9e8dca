//! Variables: the latest of a name counts, and a block's own go with it.

/// What Prometheus declares before every template of an alert.
pub(super) const ALERT_VARIABLES: &[&str] = &["labels", "externalLabels", "externalURL", "value"];

/// Variables in the order they were declared.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<T>(Vec<(String, T)>);

impl<T: Default> Scope<T> {
    pub(super) fn new(names: &[&str]) -> Self {
        Self(names.iter().map(|name| ((*name).to_owned(), T::default())).collect())
    }
}

impl<T> Scope<T> {
    pub(super) fn of(variables: Vec<(String, T)>) -> Self {
        Self(variables)
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub(super) fn declare(&mut self, name: &str, value: T) {
        self.0.push((name.to_owned(), value));
    }

    /// Gives a variable that is there another value.
    pub(super) fn assign(&mut self, name: &str, value: T) {
        if let Some((_, own)) = self.0.iter_mut().rev().find(|(own, _)| own == name) {
            *own = value;
        }
    }

    pub(super) fn mark(&self) -> usize {
        self.0.len()
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.0.truncate(mark);
    }
}
