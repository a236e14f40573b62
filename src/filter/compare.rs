//! Comparisons: a field, an operator and what stands behind it in, a tested [`Node`] out, or what
//! does not fit together.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::combinator::value;
use regex::bytes::{Regex, RegexBuilder};

use super::evaluate::{Header, Interval, Network, Node, Test};
use super::fields::Field;
use super::grammar::{Fault, Parsed, keyword};
use super::kind::Kind;
use super::operand::{interval, network};
use super::suggest::nearest;
use super::word::{Operand, Place, operand};
use crate::diagnosis::CAUSES;
use crate::http::Flaw;
use crate::limits;
use crate::rules::RULES;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Matches,
    NotMatches,
    Contains,
    In,
    NotIn,
}

impl Op {
    /// The operator that holds where this one does not, and whether that is the one to ask.
    const fn plain(self) -> (Self, bool) {
        match self {
            Self::NotEqual => (Self::Equal, true),
            Self::NotMatches => (Self::Matches, true),
            Self::NotIn => (Self::In, true),
            plain => (plain, false),
        }
    }
}

/// The operator at the front, and how it is written.
pub(super) fn op(input: &str) -> Parsed<'_, (Op, &str)> {
    let (rest, op) = alt((
        alt((
            value(Op::Equal, tag("==")),
            value(Op::GreaterOrEqual, tag(">=")),
            value(Op::LessOrEqual, tag("<=")),
            value(Op::NotEqual, tag("!=")),
            value(Op::NotMatches, tag("!~")),
            value(Op::Equal, tag("=")),
            value(Op::Greater, tag(">")),
            value(Op::Less, tag("<")),
            value(Op::Matches, tag("~")),
        )),
        alt((
            value(Op::Equal, |i| keyword("eq", i)),
            value(Op::NotEqual, |i| keyword("ne", i)),
            value(Op::Greater, |i| keyword("gt", i)),
            value(Op::GreaterOrEqual, |i| keyword("ge", i)),
            value(Op::Less, |i| keyword("lt", i)),
            value(Op::LessOrEqual, |i| keyword("le", i)),
            value(Op::Matches, |i| keyword("matches", i)),
            value(Op::Contains, |i| keyword("contains", i)),
            value(Op::In, |i| keyword("in", i)),
            value(Op::NotIn, |i| {
                let (rest, ()) = keyword("not", i)?;
                keyword("in", rest.trim_start())
            }),
        )),
    ))
    .parse(input)?;
    let sign = input.get(..input.len() - rest.len()).unwrap_or_default();
    Ok((rest, (op, sign)))
}

/// The comparison of a field. `name` is how it was called, `sign` the operator and all behind it.
pub(super) fn field<'t>(
    field: &'static Field,
    name: &str,
    op: Op,
    sign: (&'t str, &str),
    rest: &'t str,
) -> Parsed<'t, Node> {
    // Wireshark's durations are numbers of seconds.
    let seconds = name.contains('.');
    let (rest, (test, negated)) = test(field.kind, field.name, op, sign, rest, seconds)?;
    Ok((rest, negate(Node::Field(field, test), negated)))
}

/// The comparison of a header field.
pub(super) fn header<'t>(
    header: Header,
    op: Op,
    sign: (&'t str, &str),
    rest: &'t str,
) -> Parsed<'t, Node> {
    let (rest, (test, negated)) = test(Kind::Text, "header", op, sign, rest, false)?;
    Ok((rest, negate(Node::Header(header, test), negated)))
}

fn negate(node: Node, negated: bool) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

/// Reads the operands and makes the test; true where its opposite was asked for.
fn test<'t>(
    kind: Kind,
    name: &str,
    op: Op,
    (sign_at, sign): (&'t str, &str),
    rest: &'t str,
    seconds: bool,
) -> Parsed<'t, (Test, bool)> {
    let (plain, negated) = op.plain();
    let of_text = matches!(kind, Kind::Text | Kind::Name | Kind::Flaw | Kind::Cause | Kind::Rule);
    let fits = match plain {
        Op::Equal => true,
        Op::In => kind != Kind::Flag,
        Op::Matches | Op::Contains => of_text || kind == Kind::Address,
        _ => kind.is_ordered(),
    };
    if !fits {
        let what = format!("`{name}` ({}) cannot be compared with `{sign}`", kind.name());
        let hint = match kind {
            Kind::Flag => "it stands alone",
            Kind::Address => "use = != in ~ contains",
            _ if of_text => "use = != ~ !~ contains in",
            _ => "use = != > >= < <= in",
        };
        return Fault::at(sign_at, sign.len(), what, hint).fail();
    }
    let rest = rest.trim_start();
    if matches!(plain, Op::Matches) {
        let (rest, operand) = operand(rest, Place::Regex)?;
        return Ok((rest, (Test::Matches(regex(operand, false)?), negated)));
    }
    if plain == Op::Contains {
        let (rest, operand) = operand(rest, Place::Value)?;
        return Ok((rest, (Test::Contains(operand.octets()?), negated)));
    }
    let (rest, operands) = operands(rest, plain == Op::In)?;
    if kind == Kind::Flag {
        let Some(operand) = operands.first() else {
            return Fault::at(rest, 0, "a value is expected here", "").fail();
        };
        let Some(set) = truth(operand.raw) else {
            return Err(operand.fault(format!("`{name}` is true or false"), "or stands alone"));
        };
        return Ok((rest, (Test::Present, negated == set)));
    }
    let test = match kind {
        Kind::Flaw | Kind::Cause | Kind::Rule => {
            for operand in &operands {
                known(kind, operand)?;
            }
            Test::OneOfFolded(texts(&operands)?)
        }
        Kind::Name => Test::OneOfFolded(texts(&operands)?),
        Kind::Text => Test::OneOf(texts(&operands)?),
        Kind::Address => {
            // Fields of addresses alone take no port.
            let ports = !name.ends_with("ip");
            let networks: Result<_, _> =
                operands.iter().map(|operand| address(operand, ports)).collect();
            Test::Inside(networks?)
        }
        _ => {
            let read = |operand: &Operand<'_>| {
                let found = interval(kind, operand.raw, seconds);
                found.map_err(|hint| operand.fault(not_a(kind, operand.raw), hint))
            };
            let intervals: Result<Vec<Interval>, _> = operands.iter().map(read).collect();
            Test::Within(intervals?.into_iter().filter_map(|found| bound(plain, found)).collect())
        }
    };
    Ok((rest, (test, negated)))
}

fn not_a(kind: Kind, raw: &str) -> String {
    let article = if kind == Kind::Address { "an" } else { "a" };
    format!("`{raw}` is not {article} {}", kind.name())
}

fn texts(operands: &[Operand<'_>]) -> Result<Vec<Box<[u8]>>, nom::Err<Fault>> {
    operands.iter().map(Operand::octets).collect()
}

fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// The numbers that stand so to an interval; `None` where no number does.
fn bound(op: Op, found: Interval) -> Option<Interval> {
    let Interval { base, low, high } = found;
    let (low, high) = match op {
        Op::Greater => (high.checked_add(1)?, i64::MAX),
        Op::GreaterOrEqual => (low, i64::MAX),
        Op::Less => (i64::MIN, low.checked_sub(1)?),
        Op::LessOrEqual => (i64::MIN, high),
        _ => (low, high),
    };
    Some(Interval { base, low, high })
}

fn address(operand: &Operand<'_>, ports: bool) -> Result<Network, nom::Err<Fault>> {
    network(operand.raw, ports).ok_or_else(|| {
        let hint = if network(operand.raw, true).is_some() {
            "an address without a port; ports are asked with server.port = 80"
        } else {
            "as in 10.0.0.5, 10.0.0.0/8, 2001:db8::/32; names are asked with host ="
        };
        operand.fault(not_a(Kind::Address, operand.raw), hint)
    })
}

/// Whether there is such a flaw, cause or rule: a slip would find nothing for ever.
fn known(kind: Kind, operand: &Operand<'_>) -> Result<(), nom::Err<Fault>> {
    let names: Vec<&str> = match kind {
        Kind::Flaw => Flaw::ALL.iter().map(|flaw| flaw.name()).collect(),
        Kind::Rule => RULES.iter().map(|rule| rule.id).collect(),
        _ => CAUSES.iter().map(|cause| cause.id).collect(),
    };
    if names.iter().any(|name| name.eq_ignore_ascii_case(operand.raw)) {
        return Ok(());
    }
    let all = format!("all {}s: httpwhy explain", kind.name());
    let hint = match nearest(operand.raw, names) {
        Some(near) => format!("did you mean `{near}`?   {all}"),
        None => all,
    };
    Err(operand.fault(format!("unknown {} `{}`", kind.name(), operand.raw), hint))
}

/// One operand, or a list of them in braces, with commas or blanks between.
fn operands(input: &str, list: bool) -> Parsed<'_, Vec<Operand<'_>>> {
    let Some(mut rest) = input.strip_prefix('{').filter(|_| list) else {
        let (rest, operand) = operand(input, Place::Value)?;
        return Ok((rest, vec![operand]));
    };
    let mut operands = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix('}') {
            if operands.is_empty() {
                return Fault::at(rest, 1, "the list is empty", "as in {500, 502..504}").fail();
            }
            return Ok((behind, operands));
        }
        if rest.is_empty() {
            return Fault::at(input, 1, "this `{` is not closed", "expected a `}`").fail();
        }
        let (behind, next) = operand(rest, Place::Listed)?;
        operands.push(next);
        rest = behind.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// Compiles a regular expression; of lines, `^` and `$` are the ends of each line.
pub(super) fn regex(operand: Operand<'_>, lines: bool) -> Result<Regex, nom::Err<Fault>> {
    let built = RegexBuilder::new(operand.raw)
        // As the filters of Wireshark and mitmproxy; (?-i) makes case count.
        .case_insensitive(true)
        .unicode(false)
        .multi_line(lines)
        .crlf(lines)
        .nest_limit(limits::FILTER_DEPTH as u32)
        .size_limit(limits::FILTER_REGEX_OCTETS)
        .dfa_size_limit(limits::FILTER_REGEX_OCTETS)
        .build();
    built.map_err(|error| {
        let hint = match &error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        };
        operand.fault("the regular expression cannot be read", hint)
    })
}
