//! One page for a browser: totals, drawings over time, causes with their evidence, findings, failed
//! and slowest exchanges, servers, statuses, what the capture lacks. One file without a reference
//! to anything outside, and without a script: it can be sent, kept and printed. Written at the end;
//! keeps a bounded number of exchanges until then.

mod chart;
mod groups;
mod listed;
mod page;
mod section;
mod series;

use std::io::{self, Write};

use super::{Exporter, Format, Options, Secrets};
use crate::diagnosis::Verdict;
use crate::http::Exchange;
use crate::limits;
use crate::rules::{Finding, Severity};
use crate::snapshot::Summary;
use crate::stats::Statistics;
use crate::units::{Count, Duration};
use listed::Listed;
use page::Page;
use series::Series;

/// A page for a browser.
pub(super) const FORMAT: Format = Format {
    name: "html",
    about: "one page for a browser, with charts: causes, findings, failed and slowest exchanges",
    causes: false,
    open: |options| {
        Box::new(Html {
            options,
            series: Series::default(),
            failed: Vec::new(),
            slowest: Vec::new(),
            verdicts: Vec::new(),
        })
    },
};

/// Failed exchanges that are listed: what a browser scrolls with ease.
const FAILED: usize = 200;

/// Markup before everything else. The policy keeps a browser from fetching or running anything, even
/// if something slipped through.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta name=\"referrer\" content=\"no-referrer\"><title>httpwhy</title>\n<style>\n";

const STYLE: &str = include_str!("style.css");

struct Html {
    options: Options,
    series: Series,
    /// The first exchanges that failed.
    failed: Vec<Listed>,
    /// The exchanges that took longest, the longest first; the earlier of two that took as long.
    slowest: Vec<(Duration, Listed)>,
    /// The first verdict of each cause about each server.
    verdicts: Vec<Verdict>,
}

impl Exporter for Html {
    fn exchange(&mut self, id: u64, exchange: &Exchange, _out: &mut dyn Write) -> io::Result<()> {
        let (outcome, kind) = listed::kind(exchange);
        self.series.add(exchange.first().at, kind, exchange.think_time());
        if outcome.is_failure() && self.failed.len() < FAILED {
            self.failed.push(Listed::new(id, exchange, outcome, self.options));
        }
        if let Some(total) = exchange.total_time() {
            let place = self.slowest.partition_point(|(other, _)| *other >= total);
            if place < self.options.top {
                let listed = Listed::new(id, exchange, outcome, self.options);
                self.slowest.insert(place, (total, listed));
                self.slowest.truncate(self.options.top);
            }
        }
        Ok(())
    }

    fn verdict(&mut self, verdict: &Verdict, _out: &mut dyn Write) -> io::Result<()> {
        for listed in self.listed(verdict.transaction) {
            listed.explain(verdict);
        }
        let same =
            |known: &Verdict| known.cause == verdict.cause && known.upstream == verdict.upstream;
        if self.verdicts.len() < limits::FAILURES && !self.verdicts.iter().any(same) {
            self.verdicts.push(verdict.clone());
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, _out: &mut dyn Write) -> io::Result<()> {
        if let Some(id) = finding.transaction.filter(|_| finding.severity > Severity::Info) {
            for listed in self.listed(id) {
                listed.note(finding);
            }
        }
        Ok(())
    }

    fn end(
        &mut self,
        summary: &Summary,
        statistics: &Statistics,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut page = Page::default();
        page.raw(HEAD).raw(STYLE).raw("</style></head>\n<body>\n");
        section::title(&mut page, summary);
        if self.options.secrets == Secrets::Shown {
            page.raw("<p class=\"warn\">Secrets are shown. Do not publish this as it is.</p>\n");
        }
        page.raw("<dl class=\"totals\">");
        section::totals(&mut page, statistics);
        page.raw("</dl>\n<div class=\"two\">");
        chart::over_time(&mut page, &self.series);
        chart::times(&mut page, &self.series);
        page.raw("</div>\n");
        section::causes(&mut page, statistics, &self.verdicts, self.options.top);
        self.failed(&mut page, statistics);
        section::findings(&mut page, statistics, self.options.top);
        self.slowest(&mut page);
        groups::write(&mut page, statistics, self.options);
        section::statuses(&mut page, statistics);
        section::quality(&mut page, summary, statistics);
        page.raw("<footer>Made by httpwhy ").text(env!("CARGO_PKG_VERSION"));
        page.raw(". Packet numbers are those of Wireshark; times are in UTC.</footer>\n");
        page.raw("</body></html>\n");
        out.write_all(page.as_bytes())
    }
}

impl Html {
    /// Where an exchange is listed.
    fn listed(&mut self, id: u64) -> impl Iterator<Item = &mut Listed> {
        let failed = self.failed.binary_search_by_key(&id, |listed| listed.id).ok();
        let failed = failed.and_then(|place| self.failed.get_mut(place));
        let slowest = self.slowest.iter_mut().map(|(_, listed)| listed);
        failed.into_iter().chain(slowest.filter(move |listed| listed.id == id))
    }

    fn failed(&self, page: &mut Page, statistics: &Statistics) {
        if self.failed.is_empty() {
            return;
        }
        page.raw("<section id=\"failed\"><h2>Failed exchanges</h2>");
        listed::table(page, self.failed.iter());
        let more = statistics.outcomes.failed().saturating_sub(self.failed.len() as u64);
        if more > 0 {
            page.raw("<p class=\"soft\">and ").show(Count(more)).raw(" more</p>");
        }
        page.raw("</section>\n");
    }

    fn slowest(&self, page: &mut Page) {
        if self.slowest.is_empty() {
            return;
        }
        page.raw("<section id=\"slowest\"><h2>Slowest exchanges</h2>");
        listed::table(page, self.slowest.iter().map(|(_, listed)| listed));
        page.raw("</section>\n");
    }
}
