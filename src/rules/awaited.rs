//! Addresses that a client was told, and whether it goes there: what a rule remembers of a redirect
//! or a new resource until the next request of the same client for that address. Bounded.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use hashbrown::{DefaultHashBuilder, HashMap};

use super::reference::{Scheme, Url};
use crate::flow::Mark;
use crate::http::{Exchange, FieldName, Message};
use crate::limits;
use crate::units::Duration;

/// See the module's words. `T` is what the rule wants to know by then.
pub(super) struct Awaited<T> {
    /// By a hash of client and address, since every request asks for one.
    told: HashMap<u64, (Mark, T)>,
    /// In the order in which they came.
    order: VecDeque<(u64, Mark)>,
    hasher: DefaultHashBuilder,
}

impl<T> Default for Awaited<T> {
    fn default() -> Self {
        Self { told: HashMap::new(), order: VecDeque::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<T> Awaited<T> {
    /// What was told about the address that this request asks for, not longer ago than `within`; it
    /// is forgotten by that.
    pub fn take(
        &mut self,
        exchange: &Exchange,
        request: &Message,
        within: Duration,
    ) -> Option<(Mark, T)> {
        if self.order.is_empty() {
            return None;
        }
        self.forget_before(request.first, within);
        let key = match request.head.target() {
            // The common form, without putting an address together.
            target if target.starts_with(b"/") => {
                let host = request.head.value(FieldName::Host)?;
                let host = host.strip_suffix(b":80").unwrap_or(host);
                let end = memchr::memchr(b'#', target).unwrap_or(target.len());
                self.key(exchange, Scheme::Http, host, target.get(..end)?)
            }
            _ => {
                let url = Url::of(&request.head)?;
                self.key(exchange, url.scheme, &url.host, &url.target)
            }
        };
        if self.told.get(&key)?.0.packet > request.first.packet {
            return None;
        }
        self.told.remove(&key)
    }

    /// A client was told an address, at this time.
    pub fn tell(&mut self, exchange: &Exchange, url: &Url, at: Mark, what: T) {
        let key = self.key(exchange, url.scheme, &url.host, &url.target);
        if self.order.len() >= limits::AWAITED_LOCATIONS {
            self.forget_oldest();
        }
        self.order.push_back((key, at));
        self.told.insert(key, (at, what));
    }

    /// Gives back what was told longer ago than `within` and that nobody went for.
    pub fn expired(&mut self, now: Mark, within: Duration) -> Option<T> {
        while self.order.front().is_some_and(|(_, at)| now.since(*at) > within) {
            if let Some(what) = self.forget_oldest() {
                return Some(what);
            }
        }
        None
    }

    /// Gives back all that was told and that nobody went for.
    pub fn rest(&mut self) -> Option<T> {
        while !self.order.is_empty() {
            if let Some(what) = self.forget_oldest() {
                return Some(what);
            }
        }
        None
    }

    fn key(&self, exchange: &Exchange, scheme: Scheme, host: &[u8], target: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        exchange.client.octets().hash(&mut hasher);
        scheme.hash(&mut hasher);
        for octet in host {
            hasher.write_u8(octet.to_ascii_lowercase());
        }
        hasher.write(target);
        hasher.finish()
    }

    fn forget_before(&mut self, now: Mark, within: Duration) {
        while self.order.front().is_some_and(|(_, at)| now.since(*at) > within) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> Option<T> {
        // The same address may have been told again since; that one stays.
        let (key, at) = self.order.pop_front()?;
        self.told.get(&key).filter(|(told, _)| *told == at)?;
        self.told.remove(&key).map(|(_, what)| what)
    }
}
