//! Exchanges by what was asked for: method, host and path with its changing parts taken out. A
//! bounded table in order of appearance. Who looks at it while it grows shares what has not
//! changed since.

use std::sync::Arc;

use hashbrown::HashMap;

use super::distribution::Distribution;
use super::outcome::Outcome;
use crate::limits;
use crate::units::Duration;

/// The numbers of one endpoint.
#[derive(Debug, Clone)]
pub struct EndpointCount {
    /// The method as sent; empty for all that did not fit the table together.
    pub method: Arc<[u8]>,
    /// The host as sent; empty where there was none.
    pub host: Arc<[u8]>,
    /// The path, `{}` where it changes; already safe to show.
    pub template: Arc<str>,
    /// Exchanges.
    pub exchanges: u64,
    /// Of those, failures of any kind.
    pub failed: u64,
    /// Final responses by class, 1xx to 5xx (and above).
    pub classes: [u64; 5],
    /// Last octet of the request to the first of the response.
    pub think: Distribution,
    /// Captured octets of content, both ways.
    pub octets: u64,
}

/// Method, host and template.
type Key = (Arc<[u8]>, Arc<[u8]>, Arc<str>);

/// See the module's words.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    known: Vec<Arc<EndpointCount>>,
    index: HashMap<Key, usize>,
    others: Option<Arc<EndpointCount>>,
}

/// What became of one exchange, as its endpoint counts it.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// How it came out.
    pub outcome: Outcome,
    /// The final status.
    pub status: Option<u16>,
    /// Last octet of the request to the first of the response.
    pub think: Option<Duration>,
    /// Captured octets of content, both ways.
    pub octets: u64,
}

impl Endpoints {
    /// All endpoints, and what did not fit the table last.
    pub fn iter(&self) -> impl Iterator<Item = &EndpointCount> {
        self.known.iter().chain(&self.others).map(|count| &**count)
    }

    /// The endpoint of a place in the order of [`Self::iter`].
    pub fn get(&self, place: usize) -> Option<&EndpointCount> {
        self.known.get(place).or(self.others.as_ref()).map(|count| &**count)
    }

    /// How many there are, the others counted as one.
    pub fn len(&self) -> usize {
        self.known.len() + usize::from(self.others.is_some())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether endpoints of more than one host are there.
    pub fn several_hosts(&self) -> bool {
        let mut hosts = self.known.iter().map(|count| &count.host);
        let first = hosts.next();
        hosts.any(|host| Some(host) != first)
    }

    /// The place of an endpoint; a new one is entered while there is room.
    pub fn place(&mut self, method: Arc<[u8]>, host: Arc<[u8]>, template: Arc<str>) -> usize {
        let key = (method, host, template);
        if let Some(place) = self.index.get(&key) {
            return *place;
        }
        if self.known.len() >= limits::ENDPOINTS {
            self.others.get_or_insert_with(|| {
                Arc::new(EndpointCount::new(Arc::default(), Arc::default(), "others".into()))
            });
            return self.known.len();
        }
        let (method, host, template) = key.clone();
        self.known.push(Arc::new(EndpointCount::new(method, host, template)));
        self.index.insert(key, self.known.len() - 1);
        self.known.len() - 1
    }

    /// Counts an exchange of the endpoint at this place.
    pub fn count(&mut self, place: usize, answer: Answer) {
        let Some(count) = self.known.get_mut(place).or(self.others.as_mut()) else { return };
        let count = Arc::make_mut(count);
        count.exchanges += 1;
        count.failed += u64::from(answer.outcome.is_failure());
        if let Some(status) = answer.status {
            let class = usize::from(status / 100).clamp(1, 5) - 1;
            if let Some(count) = count.classes.get_mut(class) {
                *count += 1;
            }
        }
        if let Some(think) = answer.think {
            count.think.record(think);
        }
        count.octets = count.octets.saturating_add(answer.octets);
    }
}

impl EndpointCount {
    fn new(method: Arc<[u8]>, host: Arc<[u8]>, template: Arc<str>) -> Self {
        Self {
            method,
            host,
            template,
            exchanges: 0,
            failed: 0,
            classes: [0; 5],
            think: Distribution::default(),
            octets: 0,
        }
    }

    /// The share of its exchanges, 0 to 1, that ended with 500 or above.
    pub fn server_errors(&self) -> f64 {
        let [.., errors] = self.classes;
        errors as f64 / self.exchanges.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Answer {
        let outcome = if status >= 500 { Outcome::ServerError } else { Outcome::Answered };
        Answer { outcome, status: Some(status), think: None, octets: 10 }
    }

    #[test]
    fn equal_ones_are_counted_together_and_the_table_is_bounded() {
        let mut endpoints = Endpoints::default();
        let mut count = |path: String, status| {
            let place = endpoints.place(b"GET"[..].into(), b"a"[..].into(), path.into());
            endpoints.count(place, answer(status));
            place
        };
        assert_eq!(count("/cart/{}".to_owned(), 200), 0);
        assert_eq!(count("/cart/{}".to_owned(), 502), 0);
        for number in 0..limits::ENDPOINTS + 10 {
            count(format!("/{number}"), 404);
        }
        assert_eq!(endpoints.len(), limits::ENDPOINTS + 1);
        let cart = endpoints.get(0).unwrap();
        assert_eq!((cart.exchanges, cart.failed, cart.classes), (2, 1, [0, 1, 0, 0, 1]));
        let others = endpoints.iter().last().unwrap();
        assert_eq!((others.exchanges, &*others.template), (11, "others"));
        assert!(!endpoints.several_hosts());
    }

    #[test]
    fn a_copy_does_not_change() {
        let mut endpoints = Endpoints::default();
        let place = endpoints.place(b"GET"[..].into(), Arc::default(), "/".into());
        endpoints.count(place, answer(200));
        let copy = endpoints.clone();
        endpoints.count(place, answer(200));
        assert_eq!(copy.get(0).unwrap().exchanges, 1);
        assert_eq!(endpoints.get(0).unwrap().exchanges, 2);
    }
}
