//! What each status code means and demands, in English and Simplified Chinese: in goes a number or
//! a reason phrase, out comes a row of the catalogue or its explanation as text. Static data; reads
//! nothing, and never judges a message (the rules do that).
//!
//! ```text
//! catalogue/   the rows, a file for each class or vendor; mod.rs there is the list
//! language     the two languages, and a text in both
//! phrase       reason phrases: right for this code, or another's?
//! explanation  a row, or a code without one, turned into headings and items
//! layout       items turned into lines that fit a terminal
//! markdown     items turned into pages
//! ```
//!
//! Where older guides and today's RFCs disagree the rows follow the RFC and say so in `remarks`.

mod catalogue;
mod explanation;
mod language;
mod layout;
mod markdown;
mod phrase;

use std::ops::RangeInclusive;

pub use explanation::{Explanation, Section, explain, list};
pub use language::{Language, Text};
pub use layout::wrap;
pub use markdown::{index, markdown, page};
pub use phrase::{phrase_belongs_to, phrase_ok};

use language::text;

/// Status codes that exist: three digits, the first of them 1 to 5 (RFC 9110 section 15).
pub const VALID_CODES: RangeInclusive<u16> = 100..=599;

/// All that is known of one status code.
///
/// Texts may set literal input and directives in backticks, as Markdown does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The number, as on the wire. A few vendors use numbers outside [`VALID_CODES`].
    pub code: u16,
    /// The registered reason phrase, or the vendor's for an unregistered code.
    pub phrase: &'static str,
    /// Other phrases in use for this code: older RFCs, products, common misspellings.
    pub aliases: &'static [&'static str],
    /// How the code stands in IANA's registry.
    pub registration: Registration,
    /// Who uses the code, where it is not registered.
    pub vendor: Option<&'static str>,
    /// The number is written to a product's log and never sent.
    pub log_only: bool,
    /// Where it is defined; empty for a vendor's code.
    pub sources: &'static [Source],
    /// Whether the response has content.
    pub content: Content,
    /// A cache may keep the response without being told for how long (RFC 9110 section 15.1,
    /// "heuristically cacheable").
    pub cacheable: bool,
    /// The meaning in a few words, no more than 37 columns.
    pub gist: Text,
    /// The meaning in a few sentences.
    pub meaning: Text,
    /// Who sends it, where that is not simply the server.
    pub sent_by: Option<Text>,
    /// What the request must and should be like.
    pub request: &'static [Demand],
    /// What the response must and should be like.
    pub response: &'static [Demand],
    /// Typical causes, the most likely first.
    pub causes: &'static [Text],
    /// How packets tell the causes apart.
    pub distinguish: &'static [Text],
    /// What to change.
    pub cures: &'static [Text],
    /// What else is worth knowing, such as where older guides differ from the RFC.
    pub remarks: &'static [Text],
    /// Codes that are near in meaning, the nearest first.
    pub related: &'static [u16],
}

impl Status {
    /// What the rows of registered codes share.
    const REGISTERED: Self = Self {
        code: 0,
        phrase: "",
        aliases: &[],
        registration: Registration::Permanent,
        vendor: None,
        log_only: false,
        sources: &[],
        content: Content::Optional,
        cacheable: false,
        gist: text("", ""),
        meaning: text("", ""),
        sent_by: None,
        request: &[],
        response: &[],
        causes: &[],
        distinguish: &[],
        cures: &[],
        remarks: &[],
        related: &[],
    };

    /// What the rows of vendors' codes share.
    const UNREGISTERED: Self =
        Self { registration: Registration::Unregistered, ..Self::REGISTERED };

    /// The class that the number belongs to.
    pub const fn class(&self) -> Class {
        Class::of(self.code)
    }
}

/// The row of a code, if the catalogue has one.
pub fn lookup(code: u16) -> Option<&'static Status> {
    let index = catalogue::ALL.binary_search_by_key(&code, |status| status.code).ok()?;
    catalogue::ALL.get(index).copied()
}

/// All rows in ascending order of the code.
pub fn all() -> impl ExactSizeIterator<Item = &'static Status> + DoubleEndedIterator {
    catalogue::ALL.iter().copied()
}

/// The class of a status code: its first digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// 100 to 199: an interim response, the final one follows.
    Informational,
    /// 200 to 299.
    Successful,
    /// 300 to 399.
    Redirection,
    /// 400 to 499.
    ClientError,
    /// 500 to 599.
    ServerError,
    /// Any other number: not a valid status code, to be treated as a server error (RFC 9110
    /// section 15).
    Other,
}

impl Class {
    /// The class of any number.
    pub const fn of(code: u16) -> Self {
        match code {
            100..=199 => Self::Informational,
            200..=299 => Self::Successful,
            300..=399 => Self::Redirection,
            400..=499 => Self::ClientError,
            500..=599 => Self::ServerError,
            _ => Self::Other,
        }
    }

    /// The code that an unknown code of this class is treated as (RFC 9110 section 15).
    pub const fn stands_for(self) -> u16 {
        match self {
            Self::Informational => 100,
            Self::Successful => 200,
            Self::Redirection => 300,
            Self::ClientError => 400,
            Self::ServerError | Self::Other => 500,
        }
    }

    /// The name of the class.
    pub const fn name(self) -> Text {
        match self {
            Self::Informational => text("Informational (1xx)", "临时响应（1xx）"),
            Self::Successful => text("Success (2xx)", "成功（2xx）"),
            Self::Redirection => text("Redirection (3xx)", "重定向（3xx）"),
            Self::ClientError => text("Client error (4xx)", "客户端错误（4xx）"),
            Self::ServerError => text("Server error (5xx)", "服务器错误（5xx）"),
            Self::Other => text("Not a valid status code", "不是合法的状态码"),
        }
    }

    /// What the codes of the class have in common.
    pub const fn meaning(self) -> Text {
        match self {
            Self::Informational => text(
                "An interim response, used while client and server negotiate: it has no content, \
                 and a final response follows. HTTP/1.0 clients must not be sent one.",
                "临时响应，只在客户端与服务器沟通期间使用：没有内容，之后还有最终响应。\
                 不得发给 HTTP/1.0 客户端。",
            ),
            Self::Successful => text(
                "The request was received, understood and accepted.",
                "请求已被接收、理解并接受。",
            ),
            Self::Redirection => text(
                "The client has to do something more to get what it wants, mostly to ask again at \
                 the URI in Location.",
                "客户端需要再做一步才能得到所需的资源，通常是向 Location 中的 URI 再发一次请求。",
            ),
            Self::ClientError => text(
                "The server takes the fault to be the client's, which has to change the request \
                 before it tries again.",
                "服务器认为问题出在客户端，客户端应修改请求后再试。",
            ),
            Self::ServerError => text(
                "The server failed at a request that may be in order. The client can only try \
                 again later, at the time in Retry-After if there is one; that is why the class \
                 needs fewer codes than 4xx.",
                "请求可能没有问题，是服务器未能完成。客户端只能稍后重试\
                 （有 Retry-After 时按其时间），因此这一类的代码比 4xx 少。",
            ),
            Self::Other => text(
                "Status codes are three digits from 100 to 599. A client treats any other number \
                 as a server error.",
                "状态码是 100 到 599 的三位数。客户端会把其他数字当作服务器错误。",
            ),
        }
    }
}

/// How a code stands in IANA's registry of status codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Registration {
    /// Registered for good.
    Permanent,
    /// Registered for a time, on behalf of a draft.
    Temporary,
    /// Kept free; must not be used.
    Reserved,
    /// Registered, but what defined it is obsolete.
    Obsoleted,
    /// Not in the registry.
    Unregistered,
}

impl Registration {
    /// The standing in a few words.
    pub const fn name(self) -> Text {
        match self {
            Self::Permanent => text("registered", "已注册"),
            Self::Temporary => text("registered for a time", "临时注册"),
            Self::Reserved => text("reserved", "保留"),
            Self::Obsoleted => text("registered, obsoleted", "已注册，已废弃"),
            Self::Unregistered => text("not registered", "未注册"),
        }
    }
}

/// Where a code is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Sections (or, by their letter, appendices) of an RFC.
    Rfc {
        /// The number of the RFC.
        number: u16,
        /// The sections as the RFC numbers them: `15.6.3`, or `B` for an appendix. The first says
        /// most.
        sections: &'static [&'static str],
    },
    /// An Internet-Draft, by its name without the version.
    Draft(&'static str),
}

impl Source {
    /// The source as one cites it: `RFC 9110 sections 15.5.2, 11.6.1`.
    pub fn cite(self, language: Language) -> String {
        let (number, sections) = match self {
            Self::Draft(name) => return name.to_owned(),
            Self::Rfc { number, sections } => (number, sections),
        };
        let appendix = sections.iter().any(|section| section.starts_with(char::is_alphabetic));
        match (language, appendix) {
            (Language::Chinese, true) => format!("RFC {number} 附录 {}", sections.join("、")),
            (Language::Chinese, false) => format!("RFC {number} 第 {} 节", sections.join("、")),
            (Language::English, _) => {
                let noun = match (appendix, sections.len()) {
                    (true, _) => "appendix",
                    (false, 1) => "section",
                    (false, _) => "sections",
                };
                format!("RFC {number} {noun} {}", sections.join(", "))
            }
        }
    }
}

/// Whether a response has content. A response to HEAD never has (RFC 9110 section 9.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// None may be sent.
    Forbidden,
    /// Normally there; an error without it leaves the user in the dark.
    Expected,
    /// As the sender likes.
    Optional,
}

impl Content {
    /// The rule in a few words.
    pub const fn name(self) -> Text {
        match self {
            Self::Forbidden => text("no content allowed", "不得带内容"),
            Self::Expected => text("content expected", "通常带内容"),
            Self::Optional => text("content optional", "内容可有可无"),
        }
    }
}

/// Something that a request or response has to fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Demand {
    /// How strict it is.
    pub level: Level,
    /// What it is; reads on after the word of the level: "must" "carry Allow".
    pub text: Text,
}

/// How strict a demand is, in the words of RFC 2119.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Required.
    Must,
    /// Forbidden.
    MustNot,
    /// Required unless there is a good reason.
    Should,
    /// Forbidden unless there is a good reason.
    ShouldNot,
    /// Allowed, and of use.
    May,
}

impl Level {
    /// The word for it.
    pub const fn name(self) -> Text {
        match self {
            Self::Must => text("must", "必须"),
            Self::MustNot => text("must not", "不得"),
            Self::Should => text("should", "应当"),
            Self::ShouldNot => text("should not", "不应"),
            Self::May => text("may", "可以"),
        }
    }
}

// So that a row reads as a table and not as code.

const fn rfc(number: u16, sections: &'static [&'static str]) -> Source {
    Source::Rfc { number, sections }
}

const fn must(english: &'static str, chinese: &'static str) -> Demand {
    Demand { level: Level::Must, text: text(english, chinese) }
}

const fn must_not(english: &'static str, chinese: &'static str) -> Demand {
    Demand { level: Level::MustNot, text: text(english, chinese) }
}

const fn should(english: &'static str, chinese: &'static str) -> Demand {
    Demand { level: Level::Should, text: text(english, chinese) }
}

const fn should_not(english: &'static str, chinese: &'static str) -> Demand {
    Demand { level: Level::ShouldNot, text: text(english, chinese) }
}

const fn may(english: &'static str, chinese: &'static str) -> Demand {
    Demand { level: Level::May, text: text(english, chinese) }
}
