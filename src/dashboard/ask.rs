//! Which requests a list shows, and by which number they are sorted: a row in, an answer out.

use std::collections::BTreeSet;

use super::app::Only;
use super::order::Answer;
use crate::filter::{Filter, Subject};
use crate::rules::Severity;
use crate::snapshot::{Row, Snapshot};
use crate::units::Duration;

/// The number that requests are sorted by.
pub(super) fn sort_row(row: &Row, sort: usize) -> u64 {
    let time = |time: Option<Duration>| time.map_or(0, |time| time.as_nanos() + 1);
    match sort {
        1 => row.status.map_or(1_000, u64::from),
        2 => time(row.think_time()),
        3 => time(row.total_time()),
        _ => row.size().map_or(0, |size| size + 1),
    }
}

/// Asks of rows whether they are shown.
pub(super) struct Asking<'a> {
    pub shown: &'a Snapshot,
    pub filter: Option<&'a Filter>,
    pub only: Option<Only>,
    pub marked: &'a BTreeSet<u32>,
    /// The numbers of those that match the filter, ascending, where the capture was read again for it.
    pub answers: Option<&'a [u64]>,
}

impl Asking<'_> {
    pub fn row(&self, number: usize) -> Answer {
        if self.only.is_none() && self.filter.is_none() {
            return Answer::Yes;
        }
        let Some(row) = self.shown.rows.get(number) else { return Answer::No };
        let among = match &self.only {
            None => true,
            Some(Only::Endpoint(place)) => row.endpoint == *place,
            Some(Only::Connection(id)) => row.connection == *id,
            Some(Only::Problem(kind)) => kind.shows(row),
            Some(Only::Marked) => {
                u32::try_from(number).is_ok_and(|number| self.marked.contains(&number))
            }
        };
        if !among {
            return Answer::No;
        }
        let Some(filter) = self.filter else { return Answer::Yes };
        let id = number as u64 + 1;
        let Some(whole) = self.shown.whole(id) else {
            return match self.answers.map(|answers| answers.binary_search(&id).is_ok()) {
                Some(true) => Answer::Yes,
                Some(false) => Answer::No,
                None => Answer::Unknown,
            };
        };
        let findings: Vec<(&str, Severity)> =
            whole.findings.iter().map(|finding| (finding.rule.id, finding.severity)).collect();
        let cause = row.blame.as_ref().map(|blame| blame.cause.id);
        let subject = Subject {
            start: self.shown.now.start,
            findings: &findings,
            causes: cause.as_slice(),
            ..Subject::new(id, &whole.exchange)
        };
        if filter.matches(&subject) { Answer::Yes } else { Answer::No }
    }
}
