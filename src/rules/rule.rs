//! What a rule is: data that says what it looks at, when it keeps silent and how it speaks, and one
//! function that decides. Judges nothing itself.

use super::report::{Report, Scene};
use super::trail::Aftermath;
use super::watch::Watcher;
use crate::http::{Connection, Feature, FieldName, Flaw, Message, Method};
use crate::status::Text;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Context, and links to causes; hidden in summaries.
    Info,
    /// Doubtful: worth a look.
    Notice,
    /// A SHOULD is broken with visible effect, or it is likely a fault.
    Warning,
    /// A MUST is broken, data are spoiled, messages are out of step, or it is an attack or an outage.
    Error,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Notice, Self::Warning, Self::Error];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// One step milder.
    pub const fn milder(self) -> Self {
        match self {
            Self::Error => Self::Warning,
            Self::Warning => Self::Notice,
            Self::Notice | Self::Info => Self::Info,
        }
    }
}

/// What has to be known before a rule may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// The heads that it looks at were captured whole.
    HeadWhole,
    /// The response stands with its request.
    RequestKnown,
    /// No octet of the connection was lost or cut off up to here; for a rule about messages, of
    /// that side of the connection.
    NoGap,
    /// The connection was seen from its beginning, or it is not the first exchange on it.
    NotMidstream,
    /// The packets of both sides were captured.
    BothDirections,
    /// Request and response are HTTP/1.1.
    NotHttp10,
    /// The response does not come from a cache.
    NotCached,
    /// Never silent, but one step milder behind a proxy, which may have added or removed the field.
    ProxyLower,
    /// What the rule compares with is in the capture; the rule's own memory sees to it.
    MinHistory,
    /// The octets were not decrypted from TLS; so far none ever are.
    NotTls,
}

impl Guard {
    /// The name in documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HeadWhole => "head-whole",
            Self::RequestKnown => "req-known",
            Self::NoGap => "no-gap",
            Self::NotMidstream => "not-midstream",
            Self::BothDirections => "both-directions",
            Self::NotHttp10 => "not-http10",
            Self::NotCached => "not-cached",
            Self::ProxyLower => "proxy-lower",
            Self::MinHistory => "min-history",
            Self::NotTls => "not-tls",
        }
    }

    /// When the rule is silent because of it, in a few words.
    pub const fn silence(self) -> &'static str {
        match self {
            Self::HeadWhole => "a head was not captured whole",
            Self::RequestKnown => "the request is not in the capture",
            Self::NoGap => "octets of the connection are missing",
            Self::NotMidstream => "the capture began inside the connection",
            Self::BothDirections => "the packets of one side are missing",
            Self::NotHttp10 => "one of the messages is HTTP/1.0",
            Self::NotCached => "a cache answered",
            Self::ProxyLower => "never, but it is one step milder behind a proxy",
            Self::MinHistory => "the capture has nothing earlier to compare with",
            Self::NotTls => "the octets were decrypted from TLS",
        }
    }
}

/// A number that a user may set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its values where nobody sets it: one, or a list.
    pub default: &'static [f64],
    /// What it bounds, and in which unit.
    pub meaning: &'static str,
}

/// Which messages a rule about messages looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum On {
    /// Requests.
    Request,
    /// Interim responses.
    Interim,
    /// Interim and final responses.
    Response,
    /// All.
    Any,
}

/// What calls a rule: nearly every exchange is healthy, and calls next to none.
#[derive(Debug, Clone, Copy)]
pub enum Trigger {
    /// Every exchange. To be used where nothing cheaper tells.
    Always,
    /// A message has one of these flaws.
    Flaw(&'static [Flaw]),
    /// A message has one of these fields.
    Field(&'static [FieldName]),
    /// The request has one of these fields.
    RequestField(&'static [FieldName]),
    /// The final response has one of these fields.
    ResponseField(&'static [FieldName]),
    /// A message has one of these features.
    Feature(&'static [Feature]),
    /// A message has more than one line of one of these fields.
    Repeated(&'static [FieldName]),
    /// The status, of the final or an interim response, lies in one of these ranges, ends included.
    Status(&'static [(u16, u16)]),
    /// The status, of the final or an interim response, is one that this holds of.
    StatusWhere(fn(u16) -> bool),
    /// The request has one of these methods.
    Method(&'static [Method]),
    /// There are interim responses.
    Interim,
    /// There is no final response.
    Unanswered,
    /// The final response did not come whole, or there is none.
    Incomplete,
    /// The response came before the request was whole.
    EarlyResponse,
    /// The response has no request.
    Orphan,
    /// The body of the response ends with the connection.
    CloseDelimited,
    /// The request has none of these fields.
    RequestLacks(&'static [FieldName]),
    /// A head has more octets, or more field lines, than the least that a parameter of the rule allows:
    /// of octets, or where it is called `fields`, of lines.
    LongHead,
    /// The reason phrase of a response is none, or another one than is registered for its status.
    OtherPhrase,
    /// A date field of a message cannot be read.
    OddDate,
    /// The request began before the response in front of it on the connection was whole.
    Pipelined,
    /// A message before it on the connection announced its end.
    AfterClose,
    /// The connection is over; for rules that look once an exchange is settled.
    ConnectionOver,
    /// The final response has none of these fields.
    ResponseLacks(&'static [FieldName]),
    /// The head of the request took longer than a second, or never ended.
    SlowHead,
    /// The final response began more than half a second behind the head of the request.
    SlowResponse,
    /// The final response paused for more than half a second.
    Stalled,
    /// The target of the request looks as if somebody looked for weaknesses; a first look.
    Probing,
    /// The server failed in this exchange: 5xx, or a number that is no status code, or no answer.
    Failed,
    /// The server has failed within its last thousand exchanges, this one included, and what is asked for
    /// may have been asked for in vain before.
    InVain,
    /// The server has failed within its last thousand exchanges, and it is one of every thirty-two of its
    /// responses.
    Sampled,
    /// The answer is 404 and another one for the same address was not, or the other way round, with other
    /// credentials.
    Contradicts,
    /// The client asks for an address that it was told, or told something about, as a rule that remembers
    /// such addresses waits for; a first look.
    Awaited,
    /// One of these holds.
    OneOf(&'static [Trigger]),
}

/// How a rule looks.
#[derive(Clone, Copy)]
pub enum Check {
    /// At each message of an exchange, as soon as the exchange is over.
    Message(On, Trigger, fn(&Message, &Scene<'_>, &mut Report<'_>)),
    /// At each exchange, as soon as it is over.
    Exchange(Trigger, fn(&Scene<'_>, &mut Report<'_>)),
    /// At each exchange, once nothing more can belong to it: the next exchange or the end of the
    /// connection is known.
    Settled(Trigger, fn(&Scene<'_>, &Aftermath<'_>, &mut Report<'_>)),
    /// At each connection when it is over.
    Connection(fn(&Connection, &Aftermath<'_>, &mut Report<'_>)),
    /// At exchanges that call it, in their order, with a bounded memory.
    Watch(Trigger, fn() -> Box<dyn Watcher>),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Message(..) => "Message",
            Self::Exchange(..) => "Exchange",
            Self::Settled(..) => "Settled",
            Self::Connection(..) => "Connection",
            Self::Watch(..) => "Watch",
        })
    }
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name: stable, lower case with hyphens. It names what is wrong, not the cure.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// How bad else, and when.
    pub otherwise: &'static [(Severity, &'static str)],
    /// The status codes that it belongs to, as written in documentation: `204`, `2xx`; empty for
    /// all.
    pub codes: &'static [&'static str],
    /// Where the demand is made.
    pub source: &'static str,
    /// What a user may set.
    pub parameters: &'static [Parameter],
    /// When it keeps silent.
    pub guards: &'static [Guard],
    /// Rules whose findings about the same thing this one makes superfluous.
    pub supersedes: &'static [&'static str],
    /// What it says, with names in braces.
    pub message: Text,
    /// How it looks.
    pub check: Check,
    /// Its documentation, with four headings.
    pub documentation: &'static str,
    /// The source file of the rule.
    pub file: &'static str,
}

impl Rule {
    /// What rules share that say nothing else.
    pub(super) const PLAIN: Self = Self {
        id: "",
        title: "",
        severity: Severity::Info,
        otherwise: &[],
        codes: &[],
        source: "",
        parameters: &[],
        guards: &[],
        supersedes: &[],
        message: Text { english: "", chinese: "" },
        check: Check::Exchange(Trigger::Always, |_, _| {}),
        documentation: "",
        file: "",
    };

    /// Whether it has a guard.
    pub fn has(&self, guard: Guard) -> bool {
        self.guards.contains(&guard)
    }
}

/// One rule as one block: the documentation comment is data.
macro_rules! rule {
    ($($(#[doc = $doc:literal])+ $vis:vis static $name:ident = { $($key:ident: $value:expr,)+ })+) => {
        $(
            // Some rules say everything.
            #[allow(clippy::needless_update)]
            #[doc = concat!("The rule `", stringify!($name), "`; its documentation is data.")]
            $vis static $name: $crate::rules::Rule = $crate::rules::Rule {
                documentation: concat!($($doc, "\n"),+),
                file: file!(),
                $($key: $value,)+
                ..$crate::rules::Rule::PLAIN
            };
        )+
    };
}
pub(super) use rule;
