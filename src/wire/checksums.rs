//! How many TCP checksums are wrong, and who sent them: a segment in, counts out. Whether a wrong one is a
//! reason to skip is not decided here.
//!
//! Damage on a wire is rare and hits everybody. Where most of what one host sent looks wrong, the packets
//! were captured on that host before its network card filled the checksums in (checksum offload), and say
//! nothing about the wire.
//!
//! A checksum covers every octet of a body, which nobody else looks at. So of a long capture one segment in
//! [`CHECKSUMS_ONE_OF`] is looked at, by its place in the capture: that is the same in every run.

use std::net::IpAddr;

use super::Endpoint;
use crate::limits::{CHECKSUM_HOSTS, CHECKSUMS_ALL, CHECKSUMS_LEAST, CHECKSUMS_ONE_OF};

/// TCP checksums that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checksums {
    /// How many.
    pub checked: u64,
    /// Of those, wrong ones.
    pub wrong: u64,
    /// Whether all were looked at, and packets with a wrong one skipped.
    pub verified: bool,
    /// Segments that could have been looked at.
    seen: u64,
    /// By sender; the first so many.
    hosts: Vec<Host>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Host {
    address: [u8; 16],
    checked: u64,
    wrong: u64,
}

impl Checksums {
    /// Whether the next segment is to be looked at.
    #[inline]
    pub(super) fn is_due(&mut self) -> bool {
        self.seen += 1;
        self.verified || self.seen <= CHECKSUMS_ALL || self.seen.is_multiple_of(CHECKSUMS_ONE_OF)
    }

    /// One was looked at.
    pub(super) fn add(&mut self, source: [u8; 16], is_right: bool) {
        let wrong = u64::from(!is_right);
        self.checked += 1;
        self.wrong += wrong;
        let place = self.hosts.iter().position(|host| host.address == source);
        if let Some(host) = place.and_then(|place| self.hosts.get_mut(place)) {
            host.checked += 1;
            host.wrong += wrong;
        } else if self.hosts.len() < CHECKSUM_HOSTS {
            self.hosts.push(Host { address: source, checked: 1, wrong });
        }
    }

    /// The hosts of whose segments more than half are wrong, with how many were looked at and how many of
    /// those are wrong, in the order in which they were first seen.
    pub fn mostly_wrong(&self) -> impl Iterator<Item = (IpAddr, u64, u64)> + '_ {
        let unreliable = |host: &&Host| {
            host.checked >= CHECKSUMS_LEAST && host.wrong.saturating_mul(2) > host.checked
        };
        self.hosts
            .iter()
            .filter(unreliable)
            .map(|host| (Endpoint::v6(host.address, 0).address(), host.checked, host.wrong))
    }
}
