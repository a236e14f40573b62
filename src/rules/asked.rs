//! What a request asks for, as numbers: an exchange in, hashes of the address, of the client at this
//! address, of the endpoint and of the host out, reckoned once for all that remember such. Compares
//! nothing itself.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use hashbrown::DefaultHashBuilder;

use super::reference::{Scheme, Url};
use super::report::path_of;
use crate::http::{Exchange, Feature, FieldName, Head, Method};
use crate::wire::Endpoint;

/// Seeded at random, so that nobody can choose addresses that collide.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// An address (scheme, host without a default port and in whatever case, path and query), and the client
/// that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The address.
    pub(super) address: u64,
    /// The client's address and this one.
    pub(super) by_client: u64,
}

/// What is reckoned of a request.
#[derive(Debug, Clone, Copy)]
pub struct Hashes {
    /// The method and the path.
    pub endpoint: u64,
    /// Octets of the path.
    pub(super) path_len: usize,
    /// Host as written; none where there is none.
    pub(super) host: Option<u64>,
    /// What it asks for; none for `CONNECT` and `OPTIONS *`.
    pub(super) asked: Option<Asked>,
}

/// Reckons hashes. The host is mostly the one of the exchange before.
#[derive(Debug, Default)]
pub struct Reckoner {
    latest: Vec<u8>,
    hashes: Option<HostHashes>,
}

/// Of a Host.
#[derive(Debug, Clone, Copy)]
struct HostHashes {
    as_written: u64,
    /// As [`canonical`] writes it; none where there may be more in it than a host.
    canonical: Option<u64>,
}

/// A Host of more octets is not remembered.
const HOST: usize = 256;

impl Reckoner {
    fn host(&mut self, host: &[u8]) -> HostHashes {
        if let Some(hashes) = self.hashes
            && self.latest == host
        {
            return hashes;
        }
        let has_user = memchr::memchr(b'@', host).is_some();
        let canonical = (!has_user).then(|| hash(&canonical(host.trim_ascii())));
        let hashes = HostHashes { as_written: hash(host), canonical };
        if host.len() <= HOST {
            self.latest.clear();
            self.latest.extend_from_slice(host);
            self.hashes = Some(hashes);
        }
        hashes
    }

    /// The hashes of the request of an exchange.
    pub fn of(&mut self, exchange: &Exchange) -> Option<Hashes> {
        let request = &exchange.request.as_deref()?.head;
        let path = path_of(request);
        let (path_len, hash_of_path) = (path.len(), hash(path));
        let method = match request.method() {
            Method::Other => hash(request.method_octets()),
            known => known as u64,
        };
        let host = request.value(FieldName::Host).map(|host| self.host(host));
        // The common form, without putting an address together; where there is no host, the server stands for
        // it.
        let by_server = || (Scheme::Other, hash(&exchange.server.octets()));
        let place = match host {
            Some(host) => host.canonical.map(|host| (Scheme::Http, host)),
            None => Some(by_server()),
        };
        let address = match place.filter(|_| begins_with_path(request)) {
            Some((scheme, host)) => {
                Some(joined(scheme, host, hash_of_path, behind_path(request, path_len)))
            }
            None => Url::of(request).as_ref().map(of),
        };
        // So that every test and fuzzed octet holds the common form against the other.
        debug_assert!(host.is_none() || address == Url::of(request).as_ref().map(of));
        Some(Hashes {
            endpoint: hash_of_path.wrapping_add(method.wrapping_mul(ODD)),
            path_len,
            host: host.map(|host| host.as_written),
            asked: address.map(|address| Asked::at(exchange.client, address)),
        })
    }
}

impl Hashes {
    /// Of the request of an exchange.
    pub fn of(exchange: &Exchange) -> Option<Self> {
        Reckoner::default().of(exchange)
    }
}

/// What keeps small numbers apart that are added to hashes.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Asked {
    fn at(client: Endpoint, address: u64) -> Self {
        let mut hasher = HASHER.build_hasher();
        hasher.write_u128(u128::from_ne_bytes(client.octets()));
        hasher.write_u64(address);
        Self { address, by_client: hasher.finish() }
    }

    /// The same for an address that a client was told.
    pub(super) fn told(client: Endpoint, url: &Url) -> Self {
        Self::at(client, of(url))
    }

    /// The same for a reference in the answer to a request of a client.
    pub(super) fn referred(client: Endpoint, request: &Head, reference: &[u8]) -> Option<Self> {
        // The common form, without putting an address together: a path on the same host.
        let is_plain = matches!(reference, [b'/', behind @ ..] if behind.first() != Some(&b'/'))
            && !reference
                .iter()
                .any(|octet| matches!(octet, b'.' | b'#') || octet.is_ascii_whitespace());
        let host = request.value(FieldName::Host).filter(|host| is_canonical(request, host));
        let resolved = || Some(Self::told(client, &Url::resolve(request, reference)?));
        let Some(host) = host.filter(|_| is_plain && begins_with_path(request)) else {
            return resolved();
        };
        let path_len = memchr::memchr(b'?', reference).unwrap_or(reference.len());
        let (path, rest) = reference.split_at(path_len);
        let asked = Some(Self::at(client, joined(Scheme::Http, hash(host), hash(path), rest)));
        debug_assert_eq!(asked, resolved());
        asked
    }
}

/// A hash of whatever is to be compared with something later.
pub(super) fn hash(octets: &[u8]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write(octets);
    hasher.finish()
}

/// Whether the target of a request is its path and query.
fn begins_with_path(request: &Head) -> bool {
    request.target().first() == Some(&b'/') && request.method() != Method::Connect
}

/// The query of a request whose target begins with its path.
fn behind_path(request: &Head, path_len: usize) -> &[u8] {
    let rest = request.target().get(path_len..).unwrap_or_default();
    let end = match request.features().has(Feature::OtherForm) {
        true => memchr::memchr(b'#', rest).unwrap_or(rest.len()),
        false => rest.len(),
    };
    rest.get(..end).unwrap_or_default()
}

fn of(url: &Url) -> u64 {
    let path_len = memchr::memchr(b'?', &url.target).unwrap_or(url.target.len());
    let (path, rest) = url.target.split_at(path_len);
    joined(url.scheme, hash(&url.host), hash(path), rest)
}

fn joined(scheme: Scheme, host: u64, path: u64, rest: &[u8]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write_u64(host.wrapping_add(scheme as u64));
    hasher.write_u64(path);
    if !rest.is_empty() {
        hasher.write(rest);
    }
    hasher.finish()
}

/// Whether a Host is written as [`canonical`] would write it.
fn is_canonical(request: &Head, host: &[u8]) -> bool {
    !request.features().has(Feature::OddHost)
        && !host.ends_with(b":80")
        && !host.iter().fold(false, |any, octet| any | octet.is_ascii_uppercase())
}

/// A host without a default port, in lower case.
fn canonical(host: &[u8]) -> Vec<u8> {
    host.strip_suffix(b":80").unwrap_or(host).to_ascii_lowercase()
}
