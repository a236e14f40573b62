//! What stands out in a head though nothing is wrong with it: set once, while its octets are read anyway,
//! so that whoever asks later asks for a bit. A first look: what is set has to be looked at, what
//! is not set need not be.

use wide::u8x16;

use super::field::members;
use super::lanes;

/// See the module's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Feature {
    /// The target has a query.
    Query,
    /// The target has an octet that is escaped, or that templates begin with: `%` or `$`.
    Escape,
    /// The target has two dots in a row, or a segment that begins with a dot.
    Dots,
    /// The target has an octet that is no visible one of ASCII.
    OddOctet,
    /// The target is no plain path: it does not begin with a slash, or has a fragment, or the method is
    /// CONNECT.
    OtherForm,
    /// Host has other octets than a name or an IPv4 address with or without a port.
    OddHost,
    /// Connection says something else than `close` or `keep-alive`.
    OtherConnection,
    /// The version is not 1.1.
    OtherVersion,
    /// A status line without a reason phrase.
    NoReason,
}

/// A set of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Features(u16);

impl Features {
    /// How many there are at most.
    pub const ROOM: usize = 16;

    /// These features.
    pub const fn of(features: &[Feature]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < features.len() {
            set |= 1 << features[index] as u8;
            index += 1;
        }
        Self(set)
    }

    /// Adds one if a condition holds.
    pub(super) fn add_if(&mut self, condition: bool, feature: Feature) {
        self.0 |= u16::from(condition) << feature as u8;
    }

    /// Whether one is in it.
    pub const fn has(self, feature: Feature) -> bool {
        self.0 >> feature as u8 & 1 == 1
    }

    /// Those that are in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Adds those of another set.
    pub const fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The numbers of its members, ascending: `feature as u8`.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        members(u64::from(self.0))
    }

    /// What stands out in a request target.
    pub fn of_target(target: &[u8]) -> Self {
        let (mut query, mut escape, mut fragment, mut odd, mut dots) = (0, 0, 0, 0, 0);
        // Whether the octet in front is one that a dot may stand behind to be noticed.
        let mut before = 0;
        for octets in lanes::all(target, b'a') {
            let is = |octet| octets.cmp_eq(u8x16::splat(octet));
            let dot = lanes::set(is(b'.'));
            let slash_or_dot = dot | lanes::set(is(b'/'));
            dots |= dot & (slash_or_dot << 1 | before);
            before = slash_or_dot >> (lanes::COUNT - 1);
            query |= lanes::set(is(b'?'));
            escape |= lanes::set(is(b'%') | is(b'$'));
            fragment |= lanes::set(is(b'#'));
            odd |= lanes::set(lanes::invisible(octets));
        }
        let mut features = Self::default();
        features.add_if(query != 0, Feature::Query);
        features.add_if(escape != 0, Feature::Escape);
        features.add_if(dots != 0, Feature::Dots);
        features.add_if(odd != 0, Feature::OddOctet);
        features.add_if(target.first() != Some(&b'/') || fragment != 0, Feature::OtherForm);
        features
    }

    /// Whether a Host is such a name or address, with or without a port.
    pub(super) fn is_plain_host(value: &[u8]) -> bool {
        let mut name = value;
        let mut digits = 0;
        // A port has at most five digits.
        while let [front @ .., last] = name
            && last.is_ascii_digit()
            && digits < 6
        {
            name = front;
            digits += 1;
        }
        Self::is_plain_name(name.strip_suffix(b":").unwrap_or(value))
    }

    /// Whether a Host is made of nothing but what names and IPv4 addresses are made of.
    fn is_plain_name(value: &[u8]) -> bool {
        value.iter().fold(true, |plain, octet| plain & HOST[usize::from(*octet)])
    }
}

/// Whether each octet may stand in a plain Host.
static HOST: [bool; 256] = {
    let mut host = [false; 256];
    let mut octet = 0;
    while octet < 256 {
        let character = octet as u8;
        host[octet] = matches!(character, b'.' | b'-') || character.is_ascii_alphanumeric();
        octet += 1;
    }
    host
};
