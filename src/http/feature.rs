//! What stands out in a head though nothing is wrong with it: set once, while its octets are read anyway,
//! so that whoever asks later asks for a bit. A first look: what is set has to be looked at, what
//! is not set need not be.

use super::field::members;

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
        members(u128::from(self.0))
    }

    /// What stands out in a request target.
    pub fn of_target(target: &[u8]) -> Self {
        let (mut seen, mut dots, mut before) = (0, 0, 0);
        for octet in target {
            let class = CLASSES[usize::from(*octet)];
            seen |= class;
            // A dot behind a dot or a slash.
            dots |= class & before >> 1;
            before = class;
        }
        let mut features = Self::default();
        features.add_if(seen & QUERY != 0, Feature::Query);
        features.add_if(seen & ESCAPE != 0, Feature::Escape);
        features.add_if(dots & DOT != 0, Feature::Dots);
        features.add_if(seen & ODD != 0, Feature::OddOctet);
        let path = target.first() == Some(&b'/') && seen & FRAGMENT == 0;
        features.add_if(!path, Feature::OtherForm);
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
        let mut every = HOST;
        for octet in value {
            every &= CLASSES[usize::from(*octet)];
        }
        every != 0
    }
}

const QUERY: u8 = 1;
const ESCAPE: u8 = 2;
const DOT: u8 = 4;
/// What a dot may stand behind to be noticed: a dot or a slash.
const BEFORE_DOT: u8 = DOT << 1;
const FRAGMENT: u8 = 16;
const ODD: u8 = 32;
const HOST: u8 = 64;

/// What each octet may mean in a target or a Host.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let character = octet as u8;
        classes[octet] = match character {
            b'?' => QUERY,
            b'%' | b'$' => ESCAPE,
            b'.' => DOT | BEFORE_DOT | HOST,
            b'/' => BEFORE_DOT,
            b'#' => FRAGMENT,
            b'-' => HOST,
            _ if character.is_ascii_alphanumeric() => HOST,
            _ if !character.is_ascii_graphic() => ODD,
            _ => 0,
        };
        octet += 1;
    }
    classes
};
