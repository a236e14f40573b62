//! What rules found, for people: equal findings are groups already, and of these the ones of one rule at
//! one server are one here, so that a rule that speaks of every endpoint does not fill a page.

use crate::rules::{Findings, Group, Severity};
use crate::units::Count;

/// What one rule found at one server, shown by the worst of its groups.
pub(super) struct Kind<'g> {
    pub worst: &'g Group,
    /// Groups of other endpoints and statuses, and the findings in them.
    further: (u64, u64),
}

impl Kind<'_> {
    /// `and 12 × in 2 other places`, where it is so.
    pub fn elsewhere(&self) -> Option<String> {
        let (places, findings) = self.further;
        let plural = if places == 1 { "" } else { "s" };
        let text = || format!("and {} × in {} other place{plural}", Count(findings), Count(places));
        (places > 0).then(text)
    }
}

/// The kinds of what was found, the worst first, without context that is for those who look at one exchange.
pub(super) fn of(findings: &Findings) -> Vec<Kind<'_>> {
    let groups = findings.groups().into_iter();
    kinds(groups.filter(|group| group.severity > Severity::Info))
}

fn kinds<'g>(groups: impl Iterator<Item = &'g Group>) -> Vec<Kind<'g>> {
    let mut kinds: Vec<Kind<'g>> = Vec::new();
    for group in groups {
        let key = |group: &Group| (group.rule.id, group.place.server);
        match kinds.iter_mut().find(|kind| key(kind.worst) == key(group)) {
            Some(Kind { further: (places, findings), .. }) => {
                *places += 1;
                *findings += group.count;
            }
            None => kinds.push(Kind { worst: group, further: (0, 0) }),
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Place, RULES};
    use crate::units::Timestamp;
    use crate::wire::Endpoint;

    #[test]
    fn a_rule_stands_once_for_each_server() {
        let group = |rule: usize, port: u16, path: &str, count| Group {
            rule: RULES[rule],
            place: Place {
                server: Some(Endpoint::v4([10, 0, 0, 1], port)),
                path: Some(path.into()),
                ..Place::default()
            },
            severity: Severity::Notice,
            count,
            packets: None,
            times: (Timestamp::default(), Timestamp::default()),
            examples: Vec::new(),
        };
        let groups = [
            group(0, 80, "/a", 9),
            group(1, 80, "/a", 8),
            group(0, 80, "/b", 7),
            group(0, 81, "/a", 6),
            group(0, 80, "/c", 5),
        ];
        let kinds = kinds(groups.iter());
        let shown: Vec<_> = kinds.iter().map(|kind| (kind.worst.count, kind.further)).collect();
        assert_eq!(kinds[0].elsewhere().as_deref(), Some("and 12 × in 2 other places"));
        assert_eq!(kinds[1].elsewhere(), None);
        assert_eq!(shown, [(9, (2, 12)), (8, (0, 0)), (6, (0, 0))]);
    }
}
