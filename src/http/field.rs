//! Names of header fields: octets in, a small number out for those that matter to framing, pairing,
//! rules and diagnosis. Never loses a name: an unknown one stays with its octets in the head.

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
pub struct FieldSet(u128);

impl FieldSet {
    /// These names.
    pub const fn of(names: &[FieldName]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < names.len() {
            set |= 1 << names[index] as u8;
            index += 1;
        }
        Self(set)
    }

    /// Adds one.
    pub const fn add(&mut self, name: FieldName) {
        self.0 |= 1 << name as u8;
    }

    /// Whether one is in it.
    pub const fn has(self, name: FieldName) -> bool {
        self.0 >> name as u8 & 1 == 1
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in one or both.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The numbers of its members, ascending: `name as u8`.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let number = (rest != 0).then_some(rest.trailing_zeros() as u8)?;
            rest &= rest - 1;
            Some(number)
        })
    }
}

/// Slots of the hash table; more than three times the names, so that few share one.
const SLOTS: usize = 256;

/// For each slot the index into [`FieldName::KNOWN`] plus one, or 0.
static TABLE: [u8; SLOTS] = build();

const fn build() -> [u8; SLOTS] {
    let mut table = [0; SLOTS];
    let mut index = 0;
    while index < FieldName::KNOWN.len() {
        let mut slot = slot_of(FieldName::KNOWN[index].1.as_bytes());
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = index as u8 + 1;
        index += 1;
    }
    table
}

const fn slot_of(name: &[u8]) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    // Bit 0x20 apart, upper and lower case letters are the same octet.
    let first = (name[0] | 0x20) as usize;
    let middle = (name[len / 2] | 0x20) as usize;
    let last = (name[len - 1] | 0x20) as usize;
    (len * 61 + first * 7 + middle * 29 + last * 3) % SLOTS
}

impl FieldName {
    /// Which known name these octets are.
    pub fn recognise(name: &[u8]) -> Self {
        let mut slot = slot_of(name);
        while let Some(&index) = TABLE.get(slot)
            && index != 0
        {
            if let Some((known, spelling)) = Self::KNOWN.get(usize::from(index) - 1)
                && name.eq_ignore_ascii_case(spelling.as_bytes())
            {
                return *known;
            }
            slot = (slot + 1) % SLOTS;
        }
        Self::Other
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
    fn a_set_holds_what_was_added() {
        assert!(FieldName::KNOWN.len() < 128);
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
        for name in ["", "x", "hosts", "content+length", "transfer-encodinG ", "\u{e9}"] {
            assert_eq!(FieldName::recognise(name.as_bytes()), FieldName::Other, "{name}");
        }
        assert_eq!(FieldName::Other.spelling(), None);
    }
}
