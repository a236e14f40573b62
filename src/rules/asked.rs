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

impl Hashes {
    /// Of the request of an exchange.
    pub fn of(exchange: &Exchange) -> Option<Self> {
        let request = &exchange.request.as_deref()?.head;
        let path = path_of(request);
        let (path_len, hash_of_path) = (path.len(), hash(path));
        let method = match request.method() {
            Method::Other => hash(request.method_octets()),
            known => known as u64,
        };
        let host = request.value(FieldName::Host);
        let hash_of_host = host.map(hash);
        // The common form, without putting an address together.
        let address = match begins_with_path(request) {
            true => {
                let rest = behind_path(request, path_len);
                match (host, hash_of_host) {
                    (Some(host), Some(hash_of_host)) if is_canonical(request, host) => {
                        Some(joined(Scheme::Http, hash_of_host, hash_of_path, rest))
                    }
                    (Some(host), _) if memchr::memchr(b'@', host).is_none() => {
                        let host = hash(&canonical(host.trim_ascii()));
                        Some(joined(Scheme::Http, host, hash_of_path, rest))
                    }
                    (Some(_), _) => Url::of(request).as_ref().map(of),
                    // The server stands for it.
                    (None, _) => {
                        let server = hash(&exchange.server.octets());
                        Some(joined(Scheme::Other, server, hash_of_path, rest))
                    }
                }
            }
            false => Url::of(request).as_ref().map(of),
        };
        Some(Self {
            endpoint: hash_of_path.wrapping_add(method.wrapping_mul(ODD)),
            path_len,
            host: hash_of_host,
            asked: address.map(|address| Asked::at(exchange.client, address)),
        })
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
            && !reference.iter().any(|octet| matches!(octet, b'.' | b'#' | b' ' | b'\t'));
        let host = request.value(FieldName::Host).filter(|host| is_canonical(request, host));
        let Some(host) = host.filter(|_| is_plain && begins_with_path(request)) else {
            return Some(Self::told(client, &Url::resolve(request, reference)?));
        };
        let path_len = memchr::memchr(b'?', reference).unwrap_or(reference.len());
        let (path, rest) = reference.split_at(path_len);
        Some(Self::at(client, joined(Scheme::Http, hash(host), hash(path), rest)))
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
