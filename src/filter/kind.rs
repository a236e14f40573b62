//! Kinds of values: what they look like, for people, and whether they have an order. How they are
//! read is in `operand`.

/// What kind of values a field has, and so what it can be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is so or it is not: stands alone.
    Flag,
    /// A whole number.
    Number,
    /// A status code; `5xx` stands for all that begin with 5.
    Status,
    /// The first digit of a status code.
    Class,
    /// A length of time: `300ms`, `1.5s`, `1m30s`.
    Duration,
    /// A number of octets: `10k`, `2MB`, `1MiB`.
    Size,
    /// An instant: `2026-11-22T12:04:11Z`, `12:04:11` of the first day, or `+30s` from the first packet.
    Time,
    /// A version of HTTP: `1.1`.
    Version,
    /// Text; `=` and `in` tell upper from lower case.
    Text,
    /// Text; `=` and `in` do not tell upper from lower case.
    Name,
    /// The name of a flaw of a message.
    Flaw,
    /// The name of a cause of failure.
    Cause,
    /// The name of a rule.
    Rule,
    /// How bad a finding is.
    Severity,
    /// An address, a network `10.0.0.0/8`, or an address with a port.
    Address,
}

impl Kind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::Flag,
        Self::Number,
        Self::Status,
        Self::Class,
        Self::Duration,
        Self::Size,
        Self::Time,
        Self::Version,
        Self::Text,
        Self::Name,
        Self::Flaw,
        Self::Cause,
        Self::Rule,
        Self::Severity,
        Self::Address,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "yes or no",
            Self::Number => "number",
            Self::Status => "status",
            Self::Class => "class",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Time => "time",
            Self::Version => "version",
            Self::Text => "text",
            Self::Name => "name",
            Self::Flaw => "flaw",
            Self::Cause => "cause",
            Self::Rule => "rule",
            Self::Severity => "severity",
            Self::Address => "address",
        }
    }

    /// What its values look like.
    pub const fn looks(self) -> &'static str {
        match self {
            Self::Flag => "stands alone",
            Self::Number => "12",
            Self::Status => "502, or 5xx for a class",
            Self::Class => "5, or 5xx",
            Self::Duration => "300ms, 1.5s, 1m30s; units ns us ms s m h",
            Self::Size => "512, 10k, 2MB (powers of ten), 1MiB (of two)",
            Self::Time => "2026-11-22T12:04:11Z, 12:04:11 (UTC), +30s from the first packet",
            Self::Version => "1.1",
            Self::Text => "a word, or \"text in quotes\"; = tells A from a",
            Self::Name => "as text; = does not tell A from a",
            Self::Flaw => "bare-lf; httpwhy explain lists all",
            Self::Cause => "stale-keepalive; httpwhy explain lists all",
            Self::Rule => "body-on-204; httpwhy explain lists all",
            Self::Severity => "info, notice, warning, error",
            Self::Address => "10.0.0.5, 10.0.0.0/8, 2001:db8::/32, 10.0.0.5:8080, :8080",
        }
    }

    /// Whether its values have an order.
    pub const fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Number
                | Self::Status
                | Self::Class
                | Self::Duration
                | Self::Size
                | Self::Time
                | Self::Version
                | Self::Severity
        )
    }
}
