//! Final status codes and methods, counted in tables of fixed size.

use crate::http::{Exchange, Method};

/// Status codes are at most three digits.
const CODES: usize = 1_000;

/// How often each final status code came.
#[derive(Debug, Clone)]
pub struct Statuses {
    counts: Box<[u64; CODES]>,
    /// Final responses whose status could not be read.
    pub unreadable: u64,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { counts: Box::new([0; CODES]), unreadable: 0 }
    }
}

impl Statuses {
    pub(super) fn add(&mut self, exchange: &Exchange) {
        if exchange.response.is_none() {
            return;
        }
        let code = exchange.status().map(usize::from);
        match code.and_then(|code| self.counts.get_mut(code)) {
            Some(count) => *count += 1,
            None => self.unreadable += 1,
        }
    }

    /// Codes that came, in ascending order, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        (0..).zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }
}

/// The methods that have a name here, in the order of the table.
const NAMED: [(Method, &str); 9] = [
    (Method::Get, "GET"),
    (Method::Head, "HEAD"),
    (Method::Post, "POST"),
    (Method::Put, "PUT"),
    (Method::Delete, "DELETE"),
    (Method::Connect, "CONNECT"),
    (Method::Options, "OPTIONS"),
    (Method::Trace, "TRACE"),
    (Method::Patch, "PATCH"),
];

/// How often each method came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Methods {
    /// By the number of the method.
    counts: [u64; NAMED.len()],
    /// Requests with any other method.
    pub other: u64,
}

impl Methods {
    pub(super) fn add(&mut self, exchange: &Exchange) {
        let Some(method) = exchange.method() else { return };
        match self.counts.get_mut(method as usize) {
            Some(count) => *count += 1,
            None => self.other += 1,
        }
    }

    /// Methods that came, by name, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let count = |method: Method| self.counts.get(method as usize).copied();
        let counted = NAMED.iter().filter_map(move |(method, name)| Some((*name, count(*method)?)));
        counted.filter(|(_, count)| *count > 0)
    }
}
