//! What a request asks for, as a number: an exchange in, hashes of the address and of the client at this
//! address out, reckoned once for all rules that remember addresses. Compares nothing itself.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use hashbrown::DefaultHashBuilder;

use super::reference::{Scheme, Url};
use crate::http::{Exchange, Feature, FieldName, Method};
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

impl Asked {
    /// What the request of an exchange asks for; none for `CONNECT` and `OPTIONS *`. Where there is no
    /// Host, the server stands for it.
    pub fn of(exchange: &Exchange) -> Option<Self> {
        let request = &exchange.request.as_deref()?.head;
        let address = match request.target() {
            // The common form, without putting an address together.
            target if target.first() == Some(&b'/') && request.method() != Method::Connect => {
                let end = match request.features().has(Feature::OtherForm) {
                    true => memchr::memchr(b'#', target).unwrap_or(target.len()),
                    false => target.len(),
                };
                let target = target.get(..end)?;
                match request.value(FieldName::Host) {
                    Some(host) if !request.features().has(Feature::OddHost) => {
                        key(Scheme::Http, host.strip_suffix(b":80").unwrap_or(host), target)
                    }
                    None => key(Scheme::Other, &exchange.server.octets(), target),
                    Some(host) if memchr::memchr(b'@', host).is_none() => {
                        let host = host.trim_ascii();
                        key(Scheme::Http, host.strip_suffix(b":80").unwrap_or(host), target)
                    }
                    Some(_) => of(&Url::of(request)?),
                }
            }
            _ => of(&Url::of(request)?),
        };
        Some(Self { address, by_client: by_client(exchange.client, address) })
    }

    /// The same for an address that a client was told.
    pub(super) fn told(client: Endpoint, url: &Url) -> Self {
        let address = of(url);
        Self { address, by_client: by_client(client, address) }
    }
}

/// A hash of whatever is to be compared with something later.
pub(super) fn hash(octets: &[u8]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write(octets);
    hasher.finish()
}

fn of(url: &Url) -> u64 {
    key(url.scheme, &url.host, &url.target)
}

fn key(scheme: Scheme, host: &[u8], target: &[u8]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write_u8(scheme as u8);
    if host.iter().fold(false, |any, octet| any | octet.is_ascii_uppercase()) {
        hasher.write(&host.to_ascii_lowercase());
    } else {
        hasher.write(host);
    }
    hasher.write_usize(host.len());
    hasher.write(target);
    hasher.finish()
}

fn by_client(client: Endpoint, address: u64) -> u64 {
    let mut hasher = HASHER.build_hasher();
    hasher.write_u128(u128::from_ne_bytes(client.octets()));
    hasher.write_u64(address);
    hasher.finish()
}
