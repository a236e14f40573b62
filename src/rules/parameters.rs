//! What a user may set about rules: which are ignored, and the numbers that bound them.

use std::collections::BTreeMap;

use super::{find, rule::Rule};

/// See the module's words. The default ignores nothing and changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    set: BTreeMap<(&'static str, &'static str), Box<[f64]>>,
    ignored: Vec<&'static str>,
}

/// Why something could not be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There is no such rule.
    #[error("there is no rule {0:?}; `httpwhy explain` lists them")]
    Rule(String),
    /// The rule has no such parameter.
    #[error("rule {rule} has no parameter {parameter:?}; it has {known}")]
    Parameter {
        /// The rule.
        rule: &'static str,
        /// What was asked for.
        parameter: String,
        /// What there is.
        known: String,
    },
}

impl Parameters {
    /// Sets a parameter of a rule: one value, or a list.
    ///
    /// # Errors
    ///
    /// There is no such rule, or it has no such parameter.
    pub fn set(&mut self, rule: &str, parameter: &str, values: &[f64]) -> Result<(), Unknown> {
        let rule = find(rule).ok_or_else(|| Unknown::Rule(rule.to_owned()))?;
        let known = rule.parameters.iter().find(|known| known.name == parameter);
        let known = known.ok_or_else(|| Unknown::Parameter {
            rule: rule.id,
            parameter: parameter.to_owned(),
            known: match rule.parameters {
                [] => "none".to_owned(),
                some => some.iter().map(|known| known.name).collect::<Vec<_>>().join(", "),
            },
        })?;
        self.set.insert((rule.id, known.name), values.into());
        Ok(())
    }

    /// Keeps a rule silent.
    ///
    /// # Errors
    ///
    /// There is no such rule.
    pub fn ignore(&mut self, rule: &str) -> Result<(), Unknown> {
        let rule = find(rule).ok_or_else(|| Unknown::Rule(rule.to_owned()))?;
        self.ignored.push(rule.id);
        Ok(())
    }

    /// Whether a rule is to be silent.
    pub fn ignores(&self, rule: &Rule) -> bool {
        self.ignored.contains(&rule.id)
    }

    /// The values of a rule's parameters, in their order.
    pub(super) fn of(&self, rule: &Rule) -> Vec<Box<[f64]>> {
        let value = |known: &super::Parameter| match self.set.get(&(rule.id, known.name)) {
            Some(values) => values.clone(),
            None => known.default.into(),
        };
        rule.parameters.iter().map(value).collect()
    }
}
