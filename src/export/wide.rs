//! One line an exchange, for eyes and `grep`.
//!
//! ```text
//! 12  12:04:11.204  192.168.7.20:51514 → 10.0.0.5:8080  502  POST  shop.example/checkout   2 ms   157 B  ✖
//! 12  └ upstream-refused: …
//! ```
//!
//! Why it failed is known only later, so it has a line of its own, with the number of the exchange.

use std::io::{self, Write};

use super::paint::{Page, Style};
use super::{Exporter, Format, Options, Secrets, escape};
use crate::diagnosis::Verdict;
use crate::flow::{End, Side};
use crate::http::{Exchange, FieldName, Unanswered};
use crate::stats::Outcome;
use crate::units::Octets;

/// One line an exchange.
pub(super) const FORMAT: Format = Format {
    name: "wide",
    about: "one line an exchange",
    causes: false,
    open: |options| Box::new(Wide { options, page: Page::new(options.colour), ends: 0 }),
};

/// Columns that the target has at least.
const TARGET: usize = 24;

/// Columns of a host at most: no name in DNS is longer.
const LONGEST_HOST: usize = 255;

/// Columns of a target at most, wherever the line goes: RFC 9110 section 4.1 wants 8,000 octets of it
/// to be understood everywhere, and a line is still one that can be looked at.
const LONGEST_TARGET: usize = 8_000;

/// A terminal of fewer columns shows the server alone …
const NARROW: usize = 112;

/// … and one of still fewer neither sizes nor fractions of a second.
const TINY: usize = 96;

struct Wide {
    options: Options,
    page: Page,
    /// Columns that the two endpoints took at most so far.
    ends: usize,
}

impl Exporter for Wide {
    fn exchange(&mut self, id: u64, exchange: &Exchange, out: &mut dyn Write) -> io::Result<()> {
        let page = &mut self.page;
        page.clear();
        let time = exchange.first().at.to_string();
        let (narrow, tiny) = (self.options.has_fewer(NARROW), self.options.has_fewer(TINY));
        let time = time.get(if tiny { 11..19 } else { 11..23 }).unwrap_or(&time);
        page.put(Style::Dim, &format!("{id:>6}")).add("  ");
        page.add(time).add("  ");
        let ends = if narrow {
            exchange.server.to_string()
        } else {
            format!("{} → {}", exchange.client, exchange.server)
        };
        self.ends = self.ends.max(escape::width(&ends));
        page.add(&format!("{ends:<width$}  ", width = self.ends));
        let outcome = Outcome::of(exchange);
        let style = match (outcome, exchange.status()) {
            (outcome, _) if outcome.is_failure() => Style::Failure,
            (_, Some(400..)) => Style::Warning,
            _ => Style::Plain,
        };
        let status = exchange.status().map_or_else(|| "—".to_owned(), |code| format!("{code:03}"));
        page.put(style, &format!("{status:>3}")).add("  ");
        let request = exchange.request.as_deref();
        let method = request.map_or(&b"\xe2\x80\x94"[..], |request| request.head.method_octets());
        let method = escape::cut(method, 16);
        let target = target(exchange, self.options.secrets);
        let total = exchange.total_time().map_or_else(|| "—".to_owned(), |time| time.to_string());
        let size = exchange.response.as_ref().map(|response| Octets(response.content).to_string());
        let size = size.unwrap_or_else(|| "—".to_owned());
        let remark = remark(outcome, exchange);
        // What stands in front: number, time, ends, status, method; and behind: time, size, remark.
        let front = 6 + 2 + time.len() + 2 + self.ends + 2 + 3 + 2 + 8;
        let behind = if tiny { 12 } else { 22 };
        let rest = |taken| self.options.columns.map(|columns| columns.saturating_sub(taken));
        let room = rest(front + behind + escape::width(remark)).map(|room| room.max(TARGET / 2));
        let target = match room {
            Some(room) => escape::cut(target.as_bytes(), room).into_owned(),
            None => target,
        };
        let pad = room.unwrap_or(TARGET).saturating_sub(escape::width(&target));
        page.add(&format!("{method:<7} {target}")).blanks(pad);
        page.add(&format!("  {total:>8}  "));
        if !tiny {
            page.add(&format!("{size:>8}  "));
        }
        let remark = match rest(front + room.unwrap_or(0) + behind) {
            Some(room) => escape::cut(remark.as_bytes(), room),
            None => remark.into(),
        };
        page.put(style, &remark);
        page.end_line();
        out.write_all(page.as_bytes())
    }

    fn verdict(&mut self, verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
        let page = &mut self.page;
        page.clear();
        let head = format!("{:>6}  └ {}: ", verdict.transaction, verdict.cause.id);
        let taken = escape::width(&head);
        let summary = match self.options.columns {
            Some(columns) => escape::cut(verdict.summary.as_bytes(), columns.saturating_sub(taken)),
            None => escape::text(verdict.summary.as_bytes()),
        };
        page.put(Style::Failure, &head).add(&summary).end_line();
        out.write_all(page.as_bytes())
    }
}

/// Host and target, safe to show.
fn target(exchange: &Exchange, secrets: Secrets) -> String {
    let Some(request) = &exchange.request else {
        return "(request not captured)".to_owned();
    };
    let target = secrets.target(request.head.target());
    let host = request.head.fields().find(|field| field.name == FieldName::Host);
    let host = host.as_ref().filter(|_| target.first() == Some(&b'/'));
    let host = host.map(|field| secrets.value(field)).unwrap_or_default();
    format!("{}{}", escape::cut(&host, LONGEST_HOST), escape::cut(&target, LONGEST_TARGET))
}

fn remark(outcome: Outcome, exchange: &Exchange) -> &'static str {
    match (outcome, exchange.unanswered) {
        (Outcome::ServerError, _) => "✖",
        (Outcome::CutShort, _) => "✖ cut short",
        (_, Some(Unanswered::Ended(End::Fin))) => "✖ closed, no answer",
        (_, Some(Unanswered::Ended(End::Reset(Side::Server)))) => "✖ reset, no answer",
        (_, Some(Unanswered::Ended(End::Reset(Side::Client)))) => "✖ client gave up",
        (_, Some(Unanswered::Ended(End::Idle))) => "✖ no answer",
        (_, Some(_)) => "▲ answer not captured",
        _ if exchange.missing() > 0 => "▲ octets missing",
        _ => "",
    }
}
