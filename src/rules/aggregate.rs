//! Findings in, groups of equal ones out: the same rule, server, method, path template and status
//! are one line with a count, the first and last packet, and a few examples.

use hashbrown::HashMap;

use super::finding::{Finding, Place};
use super::rule::{Rule, Severity};
use crate::limits;
use crate::units::Timestamp;

/// Equal findings.
#[derive(Debug, Clone)]
pub struct Group {
    /// The rule.
    pub rule: &'static Rule,
    /// What they have in common.
    pub place: Place,
    /// The worst severity among them.
    pub severity: Severity,
    /// How many there are.
    pub count: u64,
    /// The first and the last packet.
    pub packets: Option<(u64, u64)>,
    /// When the first and the last one happened.
    pub times: (Timestamp, Timestamp),
    /// The first ones.
    pub examples: Vec<Finding>,
}

/// How many groups are found without comparing names. A power of two.
const AT_HAND: usize = 64;

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    groups: Vec<Group>,
    index: HashMap<(&'static str, Place), usize>,
    /// Where groups stand whose findings came lately, by what tells most of them apart.
    lately: Vec<usize>,
    total: [u64; 4],
    beyond: u64,
}

impl Findings {
    /// Counts a finding.
    pub fn add(&mut self, finding: &Finding) {
        if let Some(count) = self.total.get_mut(finding.severity as usize) {
            *count += 1;
        }
        let Some(place) = self.place(finding) else {
            self.beyond += 1;
            return;
        };
        let Some(group) = self.groups.get_mut(place) else { return };
        group.count += 1;
        group.severity = group.severity.max(finding.severity);
        group.times = (group.times.0.min(finding.at), group.times.1.max(finding.at));
        for packet in &finding.packets {
            let (first, last) = group.packets.unwrap_or((*packet, *packet));
            group.packets = Some((first.min(*packet), last.max(*packet)));
        }
        if group.examples.len() < limits::FINDING_EXAMPLES {
            group.examples.push(finding.detached());
        }
    }

    /// The place of the group of a finding; none where there is no room for a new one.
    fn place(&mut self, finding: &Finding) -> Option<usize> {
        if self.lately.is_empty() {
            self.lately = vec![0; AT_HAND];
        }
        let near = finding.near() % AT_HAND;
        if let Some(place) = self.lately.get(near)
            && self.groups.get(*place).is_some_and(|group| {
                std::ptr::eq(group.rule, finding.rule) && group.place.is_the_very(&finding.place)
            })
        {
            return Some(*place);
        }
        let key = (finding.rule.id, finding.place.clone());
        let place = match self.index.get(&key) {
            Some(place) => *place,
            None if self.groups.len() >= limits::FINDING_GROUPS => return None,
            None => {
                self.groups.push(Group {
                    rule: finding.rule,
                    place: finding.place.clone(),
                    severity: finding.severity,
                    count: 0,
                    packets: None,
                    times: (finding.at, finding.at),
                    examples: Vec::new(),
                });
                self.index.insert(key, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        if let Some(known) = self.lately.get_mut(near) {
            *known = place;
        }
        Some(place)
    }

    /// The groups, the worst first and of the same severity the largest first.
    pub fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by(|one, other| {
            let badness = |group: &Group| (group.severity, group.count);
            let name = |group: &Group| (group.rule.id, group.place.clone());
            badness(other).cmp(&badness(one)).then_with(|| name(one).cmp(&name(other)))
        });
        groups
    }

    /// How many findings of a severity there were.
    pub fn count(&self, severity: Severity) -> u64 {
        self.total.get(severity as usize).copied().unwrap_or_default()
    }

    /// How many findings belong to groups beyond the limit.
    pub const fn beyond(&self) -> u64 {
        self.beyond
    }
}
