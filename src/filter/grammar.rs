//! The grammar: text in, a [`Node`] or a [`Mistake`] out. Precedence is `or`, then `and`, then `not`.
//!
//! ```text
//! any       = all *( ("or" / "||" / "|") all )
//! all       = one *( ("and" / "&&" / "&") one )        between terms of mitmproxy it may be left out
//! one       = ("not" / "!") one / "(" any ")" / term / test
//! test      = field / field operator operand / status / class / word / quoted
//! field     = name / ["request." / "response."] "header(" quoted ")"
//! operand   = word / quoted / operand ".." operand / "{" *operand "}"
//! ```

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while, take_while1};
use nom::combinator::{not, peek, value};
use nom::sequence::terminated;
use nom::{IResult, Parser};

use super::compare::{self, Op};
use super::evaluate::{Header, Node, Test, Which};
use super::fields::{self, FIELDS};
use super::kind::Kind;
use super::mistake::Mistake;
use super::operand;
use super::suggest::{nearest, slip};
use super::term::{Asks, TERMS};
use super::word::{Place, operand, word};
use crate::http::FieldName;
use crate::limits;

/// What may be asked next where an expression breaks off.
const EXAMPLE: &str = "as in: status >= 500 and path ~ /checkout";
pub(super) const ALL_FIELDS: &str = "all fields: httpwhy explain filter";
const FUNCTIONS: &[(&str, Which)] = &[
    ("header", Which::Either),
    ("request.header", Which::Request),
    ("response.header", Which::Response),
];

pub(super) type Parsed<'t, T> = IResult<&'t str, T, Fault>;

/// What went wrong; the place is counted from the end of the text, as nom sees it.
#[derive(Debug)]
pub(super) struct Fault {
    rest: usize,
    len: usize,
    what: String,
    hint: String,
}

impl Fault {
    /// A fault at the front of `input`, `len` octets long.
    pub fn at(input: &str, len: usize, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { rest: input.len(), len, what: what.into(), hint: hint.into() }
    }

    /// As what ends the reading: nothing else may be tried.
    pub fn fail<T>(self) -> Result<T, nom::Err<Self>> {
        Err(nom::Err::Failure(self))
    }
}

impl<'t> nom::error::ParseError<&'t str> for Fault {
    fn from_error_kind(input: &'t str, _: nom::error::ErrorKind) -> Self {
        Self::at(input, 0, "a condition is expected", EXAMPLE)
    }

    fn append(_: &'t str, _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// Reads a whole expression.
pub(super) fn read(text: &str) -> Result<Node, Mistake> {
    finish(text, whole)
}

/// Reads the name of a field, or `header("NAME")`, and nothing else: the node asks whether it is there.
pub(super) fn named(text: &str) -> Result<Node, Mistake> {
    finish(text, |text| {
        let input = blank(text);
        let (rest, name) = take_while::<_, _, Fault>(of_name).parse(input)?;
        let (rest, node) = match fields::find(name) {
            _ if !name.is_empty() && rest.starts_with('(') => header(input, name, rest)?,
            Some(field) => (rest, Node::Field(field, Test::Present)),
            None => {
                let whole = word(input, Place::Value);
                return unknown(input, if name.is_empty() { whole } else { name });
            }
        };
        match blank(rest) {
            "" if matches!(&node, Node::Field(..) | Node::Header(_, Test::Present)) => {
                Ok((rest, node))
            }
            _ => {
                let what = "the name of a field is expected, and nothing behind it";
                Fault::at(input, input.len(), what, ALL_FIELDS).fail()
            }
        }
    })
}

fn finish<'t>(text: &'t str, read: impl Fn(&'t str) -> Parsed<'t, Node>) -> Result<Node, Mistake> {
    let mistake = |fault: Fault| Mistake {
        text: text.into(),
        at: text.len().saturating_sub(fault.rest),
        len: fault.len,
        what: fault.what,
        hint: fault.hint,
    };
    if text.len() > limits::FILTER_OCTETS {
        let most = limits::FILTER_OCTETS;
        let what = format!("the filter is too long: at most {most} octets");
        return Err(mistake(Fault::at(text, 0, what, "")));
    }
    match read(text) {
        Ok((_, node)) => Ok(node),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(mistake(fault)),
        // The parsers of complete text do not ask for more.
        Err(nom::Err::Incomplete(_)) => Err(mistake(Fault::at("", 0, "it breaks off", EXAMPLE))),
    }
}

fn whole(text: &str) -> Parsed<'_, Node> {
    let (rest, node) = any(text, 0)?;
    let rest = blank(rest);
    match rest.chars().next() {
        None => Ok((rest, node)),
        Some(')') => Fault::at(rest, 1, "there is no `(` to this `)`", "").fail(),
        Some(_) => {
            let hint = "expected `and`, `or` or the end; text with blanks goes in \"quotes\"";
            let len = word(rest, Place::Value).len().max(1);
            Fault::at(rest, len, "two conditions without a word between them", hint).fail()
        }
    }
}

fn any(input: &str, depth: usize) -> Parsed<'_, Node> {
    let (mut rest, first) = all(input, depth)?;
    let mut nodes = vec![first];
    while let Ok((behind, ())) = junction("or", "||", "|", rest) {
        let (behind, node) = all(behind, depth)?;
        nodes.push(node);
        rest = behind;
    }
    Ok((rest, single(nodes, Node::Any)))
}

fn all(input: &str, depth: usize) -> Parsed<'_, Node> {
    let (mut rest, first) = one(input, depth)?;
    let mut nodes = vec![first];
    loop {
        let behind = match junction("and", "&&", "&", rest) {
            Ok((behind, ())) => behind,
            Err(_) => match blank(rest) {
                term if term.starts_with('~') || term.starts_with("!~") => term,
                _ => return Ok((rest, single(nodes, Node::All))),
            },
        };
        let (behind, node) = one(behind, depth)?;
        nodes.push(node);
        rest = behind;
    }
}

fn single(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        Some(node) => {
            nodes.push(node);
            many(nodes)
        }
        None => many(nodes),
    }
}

fn blank(input: &str) -> &str {
    input.trim_start()
}

const fn of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-')
}

/// A word of the language, in any case, that does not go on.
pub(super) fn keyword<'t>(word: &'static str, input: &'t str) -> Parsed<'t, ()> {
    let end = not(peek(take_while1(of_name)));
    value((), terminated(tag_no_case(word), end)).parse(input)
}

fn junction<'t>(
    word: &'static str,
    doubled: &'static str,
    sign: &'static str,
    input: &'t str,
) -> Parsed<'t, ()> {
    let signs = value((), alt((tag(doubled), tag(sign))));
    alt((signs, |input| keyword(word, input))).parse(blank(input))
}

fn one(input: &str, depth: usize) -> Parsed<'_, Node> {
    let input = blank(input);
    if depth > limits::FILTER_DEPTH {
        let what = format!("more than {} parentheses inside one another", limits::FILTER_DEPTH);
        return Fault::at(input, 1, what, "").fail();
    }
    if let Ok((rest, ())) = alt((value((), tag("!")), |i| keyword("not", i))).parse(input) {
        let (rest, node) = one(rest, depth + 1)?;
        return Ok((rest, Node::Not(Box::new(node))));
    }
    if let Some(inside) = input.strip_prefix('(') {
        let (rest, node) = any(inside, depth + 1)?;
        return match blank(rest).strip_prefix(')') {
            Some(rest) => Ok((rest, node)),
            None if blank(rest).is_empty() => {
                Fault::at(input, 1, "this `(` is not closed", "expected a `)`").fail()
            }
            None => {
                let rest = blank(rest);
                let len = word(rest, Place::Value).len().max(1);
                Fault::at(rest, len, "expected `and`, `or` or `)`", "").fail()
            }
        };
    }
    if input.starts_with('~') {
        return term(input);
    }
    test(input)
}

fn test(input: &str) -> Parsed<'_, Node> {
    if input.starts_with(['"', '\'']) {
        let (rest, quoted) = operand(input, Place::Value)?;
        if let Ok((_, (_, sign))) = compare::op(blank(rest)) {
            let what = format!("a field has to stand in front of `{sign}`");
            return Fault::at(input, quoted.whole.len(), what, ALL_FIELDS).fail();
        }
        return Ok((rest, search(quoted.octets()?)));
    }
    let (rest, name) = take_while::<_, _, Fault>(of_name).parse(input)?;
    if !name.is_empty() && rest.starts_with('(') {
        return header(input, name, rest);
    }
    let reserved = ["and", "or", "in", "contains", "matches"];
    if name.is_empty()
        && (rest.is_empty()
            || rest.starts_with(['|', '&', ')', '}', '{', ','])
            || compare::op(rest).is_ok())
        || reserved.iter().any(|word| name.eq_ignore_ascii_case(word))
    {
        let len = if name.is_empty() { usize::from(!rest.is_empty()) } else { name.len() };
        return Fault::at(input, len, "a condition is expected here", EXAMPLE).fail();
    }
    if let Ok((operand, (op, sign))) = compare::op(blank(rest)) {
        let Some(field) = fields::find(name) else { return unknown(input, name) };
        let sign_at = blank(rest);
        return compare::field(field, name, op, (sign_at, sign), operand);
    }
    // A letter that no name has: the word goes on and is one to search for.
    let text = word(input, Place::Value);
    if text.len() > name.len() {
        let rest = input.get(text.len()..).unwrap_or_default();
        return Ok((rest, search(text.as_bytes().into())));
    }
    if let Some(field) = fields::find(name) {
        return Ok((rest, Node::Field(field, Test::Present)));
    }
    // 502, 5xx: a status by itself.
    if name.len() == 3
        && let Some(field) = fields::find("status")
        && let Ok(interval) = operand::interval(Kind::Status, name, false)
    {
        return Ok((rest, Node::Field(field, Test::Within(vec![interval]))));
    }
    // `problms` would be looked for in every target, and a check that waits for it never fail.
    let flags = FIELDS.iter().filter(|field| field.kind == Kind::Flag).map(|field| field.name);
    if let Some(near) = slip(name, flags) {
        let hint = format!("did you mean `{near}`?   to look for the text: \"{name}\"");
        return Fault::at(input, name.len(), format!("unknown word `{name}`"), hint).fail();
    }
    Ok((rest, search(name.as_bytes().into())))
}

/// A word by itself: looked for in host and target. One that was copied from a browser begins with
/// the scheme.
fn search(octets: Box<[u8]>) -> Node {
    let scheme = b"http://";
    let full = octets.get(..scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme));
    match fields::find(if full { "full_url" } else { "url" }) {
        Some(url) => Node::Field(url, Test::Contains(octets)),
        None => Node::Any(Vec::new()),
    }
}

fn unknown<'t, T>(input: &'t str, name: &str) -> Parsed<'t, T> {
    let names = FIELDS
        .iter()
        .flat_map(|field| std::iter::once(field.name).chain(field.aliases.iter().copied()));
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?   {ALL_FIELDS}"),
        None => ALL_FIELDS.to_owned(),
    };
    Fault::at(input, name.len(), format!("unknown field `{name}`"), hint).fail()
}

/// `header("retry-after")`, alone or compared.
fn header<'t>(input: &'t str, name: &'t str, rest: &'t str) -> Parsed<'t, Node> {
    let which = FUNCTIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let Some((_, which)) = which else {
        let known = FUNCTIONS.iter().map(|(known, _)| *known);
        let hint = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}(…)`?"),
            None => "there are header(…), request.header(…) and response.header(…)".to_owned(),
        };
        let what = format!("unknown function `{name}`");
        return Fault::at(input, name.len(), what, hint).fail();
    };
    let inside = blank(rest.strip_prefix('(').unwrap_or(rest));
    let (rest, field) = operand(inside, Place::Value)?;
    let octets = field.octets()?;
    if octets.is_empty() {
        let hint = "as in: header(\"retry-after\")";
        return Fault::at(inside, field.whole.len(), "a field name is expected", hint).fail();
    }
    let Some(rest) = blank(rest).strip_prefix(')') else {
        return Fault::at(blank(rest), 1, "expected a `)` behind the field name", "").fail();
    };
    let header = Header { which: *which, known: FieldName::recognise(&octets), name: octets };
    match compare::op(blank(rest)) {
        Ok((operand, (op, sign))) => compare::header(header, op, (blank(rest), sign), operand),
        Err(_) => Ok((rest, Node::Header(header, Test::Present))),
    }
}

/// A term of mitmproxy.
fn term(input: &str) -> Parsed<'_, Node> {
    let letters = input.bytes().skip(1).take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = input.split_at_checked(letters + 1).unwrap_or((input, ""));
    let Some(term) = TERMS.iter().find(|term| term.name.eq_ignore_ascii_case(name)) else {
        let hint = if matches!(name, "~b" | "~bq" | "~bs") {
            "bodies are not kept, so they cannot be searched".to_owned()
        } else {
            let names: Vec<&str> = TERMS.iter().map(|term| term.name).collect();
            format!("there are {}", names.join(" "))
        };
        return Fault::at(input, name.len(), format!("unknown term `{name}`"), hint).fail();
    };
    let field =
        |name| fields::find(name).map_or_else(|| unknown(input, name), |field| Ok(("", field)));
    match term.asks {
        Asks::Same(text) => {
            let (_, node) = any(text, 0).map_err(|_| {
                nom::Err::Failure(Fault::at(input, name.len(), "a condition is expected", ""))
            })?;
            Ok((rest, node))
        }
        Asks::Status => {
            let (_, status) = field("status")?;
            compare::field(status, name, Op::Equal, (input, name), rest)
        }
        Asks::Field(asked) => {
            let (_, asked) = field(asked)?;
            compare::field(asked, name, Op::Matches, (input, name), rest)
        }
        Asks::ContentType(which) => {
            let known = FieldName::ContentType;
            let header = Header { which, known, name: b"content-type".as_slice().into() };
            compare::header(header, Op::Matches, (input, name), rest)
        }
        Asks::Lines(which) => {
            let (rest, operand) = operand(blank(rest), Place::Regex)?;
            Ok((rest, Node::Lines(which, compare::regex(operand, true)?)))
        }
    }
}
