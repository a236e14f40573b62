//! Names of header fields: octets in, a small number out for those that matter to framing, pairing,
//! rules and diagnosis. Never loses a name: an unknown one stays with its octets in the head.

use std::hash::{Hash, Hasher};

macro_rules! field_names {
    ($($variant:ident = $name:literal,)+) => {
        /// A header field that something in this program looks at, compared without case
        /// (RFC 9110 section 5.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FieldName {
            /// Any other name.
            Other,
            $(#[doc = concat!("`", $name, "`")] $variant,)+
        }

        impl FieldName {
            /// All known names with their spelling in lower case, in the order of their numbers.
            const KNOWN: &'static [(Self, &'static str)] = &[$((Self::$variant, $name),)+];
        }
    };
}

field_names! {
    Accept = "accept",
    AcceptEncoding = "accept-encoding",
    AcceptLanguage = "accept-language",
    AcceptPatch = "accept-patch",
    AcceptRanges = "accept-ranges",
    Age = "age",
    Allow = "allow",
    AuthenticationInfo = "authentication-info",
    Authorization = "authorization",
    CacheControl = "cache-control",
    Connection = "connection",
    ContentDisposition = "content-disposition",
    ContentEncoding = "content-encoding",
    ContentLanguage = "content-language",
    ContentLength = "content-length",
    ContentLengthTwin = "content_length",
    ContentLocation = "content-location",
    ContentRange = "content-range",
    ContentType = "content-type",
    Cookie = "cookie",
    Date = "date",
    Etag = "etag",
    Expect = "expect",
    Expires = "expires",
    Forwarded = "forwarded",
    From = "from",
    Host = "host",
    Http2Settings = "http2-settings",
    IdempotencyKey = "idempotency-key",
    IfMatch = "if-match",
    IfModifiedSince = "if-modified-since",
    IfNoneMatch = "if-none-match",
    IfRange = "if-range",
    IfUnmodifiedSince = "if-unmodified-since",
    KeepAlive = "keep-alive",
    LastModified = "last-modified",
    Link = "link",
    Location = "location",
    MaxForwards = "max-forwards",
    Origin = "origin",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    ProxyStatus = "proxy-status",
    Range = "range",
    Referer = "referer",
    RetryAfter = "retry-after",
    SecWebSocketAccept = "sec-websocket-accept",
    SecWebSocketExtensions = "sec-websocket-extensions",
    SecWebSocketKey = "sec-websocket-key",
    SecWebSocketProtocol = "sec-websocket-protocol",
    SecWebSocketVersion = "sec-websocket-version",
    Server = "server",
    SetCookie = "set-cookie",
    Te = "te",
    Traceparent = "traceparent",
    Trailer = "trailer",
    TransferEncoding = "transfer-encoding",
    TransferEncodingTwin = "transfer_encoding",
    Upgrade = "upgrade",
    UserAgent = "user-agent",
    Vary = "vary",
    Via = "via",
    Warning = "warning",
    WwwAuthenticate = "www-authenticate",
    XForwardedFor = "x-forwarded-for",
    XRequestId = "x-request-id",
}

/// A set of known field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet([u64; 2]);

/// By words, which costs less than by octets.
impl Hash for FieldSet {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
        state.write_u64(self.0[1]);
    }
}

impl FieldSet {
    /// These names.
    pub const fn of(names: &[FieldName]) -> Self {
        let mut set = Self([0; 2]);
        let mut index = 0;
        while index < names.len() {
            set.add(names[index]);
            index += 1;
        }
        set
    }

    /// The word that a name is in, and its bit.
    #[inline]
    const fn place(name: FieldName) -> (usize, u64) {
        let number = name as u8;
        ((number / 64) as usize, 1 << (number % 64))
    }

    /// Adds one.
    #[inline]
    pub const fn add(&mut self, name: FieldName) {
        let (word, bit) = Self::place(name);
        self.0[word] |= bit;
    }

    /// Adds one; if it is in it already, to another set too.
    #[inline]
    pub(super) const fn add_or_repeat(&mut self, name: FieldName, repeated: &mut Self) {
        let (word, bit) = Self::place(name);
        repeated.0[word] |= self.0[word] & bit;
        self.0[word] |= bit;
    }

    /// Whether one is in it.
    #[inline]
    pub const fn has(self, name: FieldName) -> bool {
        let (word, bit) = Self::place(name);
        self.0[word] & bit != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0[0] | self.0[1] == 0
    }

    /// Those that are in both.
    pub const fn and(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }

    /// Those that are in one or both.
    pub const fn or(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    /// The numbers of its members, ascending: `name as u8`.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        let [low, high] = self.0;
        members(low).chain(members(high).map(|number| number + 64))
    }
}

/// The places of the bits that are set, ascending.
pub(super) fn members(mut rest: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let number = (rest != 0).then_some(rest.trailing_zeros() as u8)?;
        rest &= rest - 1;
        Some(number)
    })
}

const _: () = assert!(FieldName::KNOWN.len() < 128);

/// Slots of the hash table; more than three times the names, so that few share one.
const SLOTS: usize = 256;

/// A name of at most three words: its length, and its octets as words, the last of which overlaps the one
/// before.
#[derive(Clone, Copy)]
struct Words {
    len: usize,
    words: [u64; 3],
}

impl Words {
    const NONE: Self = Self { len: 0, words: [0; 3] };

    /// `None` where it is longer than every known name, or empty.
    #[inline]
    const fn of(name: &[u8]) -> Option<Self> {
        let len = name.len();
        let words = match len {
            8..=16 => [word(name, 0), 0, word(name, len - 8)],
            4..=7 => [half(name, 0) | half(name, len - 4) << 32, 0, 0],
            17..=24 => [word(name, 0), word(name, 8), word(name, len - 8)],
            1..=3 => {
                // First, middle and last cover up to three octets.
                let [first, middle, last] = [name[0], name[len / 2], name[len - 1]];
                [u64::from_le_bytes([first, middle, last, 0, 0, 0, 0, 0]), 0, 0]
            }
            0 | 25.. => return None,
        };
        Some(Self { len, words })
    }

    /// The same for a name in capitals, and for some others.
    #[inline]
    const fn slot(&self) -> usize {
        let [first, middle, last] = self.words;
        let mixed = (first | SMALL)
            ^ (middle | SMALL).rotate_left(13)
            ^ (last | SMALL).rotate_left(29)
            ^ self.len as u64;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % SLOTS
    }
}

/// What makes letters small, which changes other octets too.
const SMALL: u64 = 0x2020_2020_2020_2020;

/// A known name in small letters.
#[derive(Clone, Copy)]
struct Spelling {
    words: Words,
    /// The bit that makes them small where it has letters; others have to be as they are.
    letters: [u64; 3],
    name: FieldName,
}

impl Spelling {
    const NONE: Self = Self { words: Words::NONE, letters: [0; 3], name: FieldName::Other };

    #[inline]
    const fn is(&self, name: &Words) -> bool {
        let [first, middle, last] = name.words;
        let [own_first, own_middle, own_last] = self.words.words;
        let [first_letters, middle_letters, last_letters] = self.letters;
        let differs = ((first | first_letters) ^ own_first)
            | ((middle | middle_letters) ^ own_middle)
            | ((last | last_letters) ^ own_last);
        differs == 0 && self.words.len == name.len
    }
}

#[inline]
const fn word(name: &[u8], at: usize) -> u64 {
    match name.split_at(at).1.first_chunk() {
        Some(octets) => u64::from_le_bytes(*octets),
        None => 0,
    }
}

#[inline]
const fn half(name: &[u8], at: usize) -> u64 {
    match name.split_at(at).1.first_chunk() {
        Some(octets) => u32::from_le_bytes(*octets) as u64,
        None => 0,
    }
}

/// The bits that make small what is a letter among eight octets in small letters.
const fn letters(word: u64) -> u64 {
    let mut octets = word.to_le_bytes();
    let mut index = 0;
    while index < octets.len() {
        octets[index] = if octets[index].is_ascii_lowercase() { 0x20 } else { 0 };
        index += 1;
    }
    u64::from_le_bytes(octets)
}

/// For each slot a name, or none.
static TABLE: [Spelling; SLOTS] = build();

const fn build() -> [Spelling; SLOTS] {
    let mut table = [Spelling::NONE; SLOTS];
    let mut index = 0;
    while index < FieldName::KNOWN.len() {
        let (name, spelling) = FieldName::KNOWN[index];
        let Some(words) = Words::of(spelling.as_bytes()) else {
            panic!("a known name is too long");
        };
        let mut slot = words.slot();
        while table[slot].words.len != 0 {
            slot = (slot + 1) % SLOTS;
        }
        let [first, middle, last] = words.words;
        let letters = [letters(first), letters(middle), letters(last)];
        table[slot] = Spelling { words, letters, name };
        index += 1;
    }
    table
}

impl FieldName {
    /// Which known name these octets are.
    #[inline]
    pub fn recognise(name: &[u8]) -> Self {
        let Some(name) = Words::of(name) else { return Self::Other };
        let mut slot = name.slot();
        while let Some(known) = TABLE.get(slot)
            && known.words.len != 0
        {
            if known.is(&name) {
                return known.name;
            }
            slot = (slot + 1) % SLOTS;
        }
        Self::Other
    }

    /// The name with this number, `name as u8`.
    #[inline]
    pub(super) fn numbered(number: u8) -> Self {
        let index = usize::from(number).checked_sub(1);
        index.and_then(|index| Self::KNOWN.get(index)).map_or(Self::Other, |(name, _)| *name)
    }

    /// The name in lower case; `None` for [`FieldName::Other`].
    pub fn spelling(self) -> Option<&'static str> {
        let index = (self as usize).checked_sub(1)?;
        Self::KNOWN.get(index).map(|(_, spelling)| *spelling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_recognised_in_any_case() {
        for (name, spelling) in FieldName::KNOWN {
            assert_eq!(FieldName::recognise(spelling.as_bytes()), *name);
            assert_eq!(FieldName::recognise(spelling.to_uppercase().as_bytes()), *name);
            assert_eq!(name.spelling(), Some(*spelling));
        }
    }

    #[test]
    fn one_octet_changed_makes_another_name() {
        for (_, spelling) in FieldName::KNOWN {
            for at in 0..spelling.len() {
                for other in 0..=255 {
                    let mut name = spelling.as_bytes().to_vec();
                    name[at] = other;
                    let same = FieldName::KNOWN
                        .iter()
                        .any(|(_, known)| name.eq_ignore_ascii_case(known.as_bytes()));
                    assert_eq!(FieldName::recognise(&name) != FieldName::Other, same, "{name:?}");
                }
            }
        }
    }

    #[test]
    fn a_set_holds_what_was_added() {
        let mut set = FieldSet::of(&[FieldName::Host, FieldName::XRequestId]);
        assert!(set.has(FieldName::Host) && !set.has(FieldName::Via));
        set.add(FieldName::Via);
        let numbers: Vec<u8> = set.numbers().collect();
        assert_eq!(
            numbers,
            [FieldName::Host, FieldName::Via, FieldName::XRequestId].map(|name| name as u8)
        );
        assert!(set.and(FieldSet::of(&[FieldName::Te])).is_empty());
    }

    #[test]
    fn what_is_nearly_a_name_is_another() {
        let near =
            ["content\rlength", "c0ntent-length", "con\u{7f}ection", "@ge", "ho\u{f3}t", "te\0"];
        let others = ["", "x", "hosts", "content+length", "transfer-encodinG ", "\u{e9}"];
        for name in near.into_iter().chain(others) {
            assert_eq!(FieldName::recognise(name.as_bytes()), FieldName::Other, "{name}");
        }
        assert_eq!(FieldName::Other.spelling(), None);
    }
}
