//! The terms of mitmproxy, which people paste: `~c 502 ~m POST`. A letter in, the field out that it
//! asks. As there, terms side by side are joined by "and".

use super::evaluate::Which;

/// What stands behind a term, and what it is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// A status code.
    Status,
    /// A regular expression for this field.
    Field(&'static str),
    /// A regular expression for the Content-Type.
    ContentType(Which),
    /// A regular expression for the field lines.
    Lines(Which),
    /// Nothing: the same as this expression.
    Same(&'static str),
}

/// A term.
pub(super) struct Term {
    /// Its name, with the tilde.
    pub name: &'static str,
    pub asks: Asks,
    /// What it means.
    pub meaning: &'static str,
}

const fn term(name: &'static str, asks: Asks, meaning: &'static str) -> Term {
    Term { name, asks, meaning }
}

/// All terms.
pub(super) static TERMS: &[Term] = &[
    term("~c", Asks::Status, "status code"),
    term("~m", Asks::Field("method"), "method"),
    term("~u", Asks::Field("full_url"), "the whole URL"),
    term("~d", Asks::Field("host"), "host"),
    term("~h", Asks::Lines(Which::Either), "header lines"),
    term("~hq", Asks::Lines(Which::Request), "header lines of the request"),
    term("~hs", Asks::Lines(Which::Response), "header lines of the response"),
    term("~t", Asks::ContentType(Which::Either), "Content-Type"),
    term("~tq", Asks::ContentType(Which::Request), "Content-Type of the request"),
    term("~ts", Asks::ContentType(Which::Response), "Content-Type of the response"),
    term("~src", Asks::Field("client"), "address and port of the client"),
    term("~dst", Asks::Field("server"), "address and port of the server"),
    term("~q", Asks::Same("request and not response"), "a request without response"),
    term("~s", Asks::Same("response"), "there is a response"),
    term("~e", Asks::Same("unanswered or truncated"), "the connection broke"),
    term("~all", Asks::Same("all"), "every exchange"),
];
