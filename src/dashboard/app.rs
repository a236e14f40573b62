//! The state of the dashboard: what is looked at, and how. Snapshots and keys change it (`input`),
//! `view` draws it. Opens no terminal and reads no capture, so that tests can drive it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ask::{Asking, sort_row};
use super::list::List;
use super::order::Answer;
use super::problems::{self, Kind, Problem};
use super::segments::{Segments, Wanted};
use super::theme::Theme;
use super::timeline::Window;
use super::view::Size;
use super::widget::Prompt;
use super::words::Times;
use crate::export::detail::Form;
use crate::filter::Filter;
use crate::flow::Trace;
use crate::rules::Severity;
use crate::secret::Secrets;
use crate::snapshot::{Row, Snapshot, Whole};
use crate::wire::Endpoint;

/// What somebody who opens the dashboard may choose.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is read, for the header: file names, or an interface. Not yet safe to show.
    pub source: String,
    /// Whether packets come while they happen.
    pub live: bool,
    /// Whether a live capture is saved to a file by itself, so that quitting loses nothing.
    pub saved: bool,
    /// Whether secrets are shown from the beginning.
    pub secrets: Secrets,
    /// Colours.
    pub theme: Theme,
    /// Nothing but ASCII.
    pub ascii: bool,
    /// Whether what is not kept can be read again.
    pub again: bool,
    /// A filter to begin with.
    pub filter: Option<Filter>,
}

/// The tabs in their order.
pub(super) const OVERVIEW: usize = 0;
pub(super) const REQUESTS: usize = 1;
pub(super) const ENDPOINTS: usize = 2;
pub(super) const CONNECTIONS: usize = 3;
pub(super) const PROBLEMS: usize = 4;
pub(super) const TABS: usize = 5;

/// What the list of requests is restricted to, beside the filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Only {
    Endpoint(u32),
    Connection(u64),
    Problem(Kind),
    Marked,
}

/// What lies over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Popup {
    /// Lines it is scrolled by.
    Help(usize),
    Copy,
    Save,
    /// Columns of requests, and the chosen one.
    Columns(usize),
    /// Leaving a live capture that is not saved.
    Quit,
}

/// What is being typed.
#[derive(Debug, Clone)]
pub(super) enum Typing {
    Filter(Prompt),
    Jump(Prompt),
}

/// What only the outside can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Put the program to sleep, as Ctrl-Z does.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Take this text to the clipboard.
    Copy(String),
    /// Take events of the mouse, or not.
    Mouse(bool),
    /// Write this into a new file whose name begins and ends so.
    Save {
        /// The name in front of a number, where one is needed.
        name: String,
        /// The end of the name.
        ending: &'static str,
        /// What to write.
        octets: Vec<u8>,
    },
    /// Copy these packets of the capture into a new file whose name begins so.
    SavePackets {
        /// The name in front of a number, where one is needed.
        name: String,
        /// The packets between these ends, client and server.
        ends: BTreeSet<(Endpoint, Endpoint)>,
    },
    /// Read an exchange again, which is not kept whole.
    Recall(u64),
    /// Read every segment of a connection again.
    Trace(Wanted),
}

/// The full view of an exchange.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Detail {
    /// Its number.
    pub id: u64,
    /// Lines it is scrolled by.
    pub scroll: usize,
    /// The pane that scrolls: request, response, timeline, why.
    pub pane: usize,
    /// Whether that pane has all the room.
    pub alone: bool,
    /// Lines there are to scroll, as far as the last picture knew.
    pub lines: usize,
    /// The part of the time that its bars show.
    pub window: Window,
}

/// See the module's words.
pub struct App {
    pub(super) options: Options,
    /// What is drawn …
    pub(super) shown: Arc<Snapshot>,
    /// … and the newest there is; another one while paused.
    pub(super) latest: Arc<Snapshot>,
    pub(super) paused: bool,
    /// Octets of memory that the program takes, where the system tells.
    pub(super) memory: Option<u64>,
    pub(super) tab: usize,
    pub(super) lists: [List; TABS],
    /// The lines of the overview's list are those of problems; which of its boxes is chosen.
    pub(super) problems: Vec<Problem>,
    /// All problems that there ever were: the number of one is its place.
    kinds: Vec<Kind>,
    pub(super) filter: Option<Filter>,
    pub(super) only: Option<Only>,
    pub(super) history: Vec<String>,
    pub(super) recalled: usize,
    pub(super) typing: Option<Typing>,
    pub(super) popup: Option<Popup>,
    pub(super) detail: Option<Detail>,
    pub(super) message: Option<String>,
    /// The number typed in front of a key, and whether one is being typed.
    pub(super) count: usize,
    pub(super) counting: bool,
    pub(super) marked: BTreeSet<u32>,
    pub(super) times: Times,
    /// Columns of requests that somebody chose to see, or not to see.
    pub(super) columns: BTreeMap<&'static str, bool>,
    /// The size of the last picture.
    pub(super) size: Size,
    pub(super) zoom: usize,
    pub(super) follow: bool,
    /// The number that the next exchange had when the newest was followed last.
    pub(super) followed: usize,
    pub(super) secrets: Secrets,
    pub(super) theme: Theme,
    /// The form of bodies, and the one of text that hexadecimal goes back to.
    pub(super) form: Form,
    pub(super) text_form: Form,
    pub(super) mouse: bool,
    pub(super) working: bool,
    /// The filter that the capture was read again for, and which exchanges matched, where that is known.
    asked: Option<(String, Option<Vec<u64>>)>,
    /// The exchange that was read again, as its number and all of it.
    pub(super) again: Option<(u64, Whole)>,
    /// The exchange that is being read again.
    pub(super) recalling: Option<u64>,
    /// The segments of a connection, over everything else.
    pub(super) segments: Option<Segments>,
}

/// What the curves show: seconds, 0 for all.
pub(super) const ZOOMS: [usize; 4] = [0, 60, 300, 900];

/// Columns that requests can be sorted by; the first is the order of completion.
pub(super) const REQUEST_SORTS: [&str; 5] = ["#", "CODE", "TTFB", "TOTAL", "SIZE"];
pub(super) const ENDPOINT_SORTS: [&str; 5] = ["5xx", "REQS", "4xx", "p95", "SIZE"];
pub(super) const CONNECTION_SORTS: [&str; 5] = ["START", "REQS", "FAILED", "AGAIN", "LOST"];

impl App {
    /// An app that shows nothing yet.
    pub fn new(options: Options) -> Self {
        let mut lists: [List; TABS] = std::array::from_fn(|_| List::default());
        if let Some(list) = lists.get_mut(REQUESTS) {
            list.order.reversed = options.live;
        }
        for tab in [ENDPOINTS, CONNECTIONS] {
            if let Some(list) = lists.get_mut(tab) {
                list.order.reversed = tab == ENDPOINTS || options.live;
            }
        }
        Self {
            shown: Arc::default(),
            latest: Arc::default(),
            paused: false,
            memory: None,
            tab: OVERVIEW,
            lists,
            problems: Vec::new(),
            kinds: Vec::new(),
            filter: options.filter.clone(),
            only: None,
            history: Vec::new(),
            recalled: 0,
            typing: None,
            popup: None,
            detail: None,
            message: None,
            count: 0,
            counting: false,
            marked: BTreeSet::new(),
            times: Times::default(),
            columns: BTreeMap::new(),
            size: Size::Full,
            zoom: if options.live { 2 } else { 0 },
            follow: options.live,
            followed: 0,
            secrets: options.secrets,
            theme: options.theme,
            form: Form::Pretty,
            text_form: Form::Pretty,
            mouse: false,
            working: false,
            asked: None,
            again: None,
            recalling: None,
            segments: None,
            options,
        }
    }

    /// A newer snapshot is there.
    pub fn update(&mut self, snapshot: Arc<Snapshot>, memory: Option<u64>) {
        self.latest = snapshot;
        self.memory = memory;
        if !self.paused {
            self.take_latest();
        }
    }

    /// Shows the newest snapshot.
    pub(super) fn take_latest(&mut self) {
        self.shown = Arc::clone(&self.latest);
        if self.asks_for_words() {
            self.reset(REQUESTS);
        }
        for tab in [ENDPOINTS, PROBLEMS, OVERVIEW] {
            self.reset(tab);
        }
        if let Some(list) = self.lists.get_mut(CONNECTIONS) {
            list.order.resort();
        }
        self.find_problems();
        while self.work() && !self.working_long() {}
        if self.follow {
            self.followed = self.shown.rows.end();
        }
        if self.follow && self.detail.is_none() {
            let newest_first = self.list(REQUESTS).order.reversed;
            let list = self.list_mut(REQUESTS);
            if newest_first {
                list.selected = None;
            } else {
                list.go(usize::MAX);
            }
        }
    }

    /// Whether going on would take long enough to be felt.
    fn working_long(&self) -> bool {
        self.shown.rows.len() > 100_000
    }

    fn find_problems(&mut self) {
        let mut problems = problems::problems(&self.shown);
        problems.retain(|problem| problem.count > 0);
        for problem in &problems {
            if !self.kinds.contains(&problem.kind) {
                self.kinds.push(problem.kind);
            }
        }
        self.problems = problems;
    }

    /// Whether what the list of requests shows depends on verdicts, which come later.
    fn asks_for_words(&self) -> bool {
        matches!(self.only, Some(Only::Problem(_)))
            || self
                .filter
                .as_ref()
                .is_some_and(|filter| filter.asks_for_findings() || filter.asks_for_causes())
    }

    /// The lines of a list are to be looked for anew.
    pub(super) fn reset(&mut self, tab: usize) {
        self.list_mut(tab).order.reset();
    }

    pub(super) fn list(&self, tab: usize) -> &List {
        self.lists.get(tab).unwrap_or(&self.lists[0])
    }

    pub(super) fn list_mut(&mut self, tab: usize) -> &mut List {
        let tab = if tab < TABS { tab } else { 0 };
        &mut self.lists[tab]
    }

    /// Works a portion of what is left to do for the lists; true where there is more.
    pub fn work(&mut self) -> bool {
        let shown = Arc::clone(&self.shown);
        let (filter, only, marked) = (&self.filter, self.only, &self.marked);
        let rows = &shown.rows;
        let [overview, requests, endpoints, connections, problems] = &mut self.lists;
        let row_key = |number: usize, sort: usize| -> u64 {
            rows.get(number).map_or(0, |row| sort_row(row, sort))
        };
        let sort = requests.sort;
        let key = |number: usize| row_key(number, sort);
        let answers = self.asked.as_ref().and_then(|(text, answers)| {
            let same = filter.as_ref().is_some_and(|filter| filter.text() == text);
            answers.as_deref().filter(|_| same)
        });
        let ask = Asking { shown: &shown, filter: filter.as_ref(), only, marked, answers };
        self.working = requests.order.work(
            (rows.first(), rows.end()),
            |number| ask.row(number),
            (sort > 0).then_some(&key as &dyn Fn(usize) -> u64),
        );
        let sort = endpoints.sort;
        let key = |number: usize| -> u64 {
            shown.endpoints.get(number).map_or(0, |count| match sort {
                0 => {
                    (count.server_errors() * 1e9) as u64 * 1_000_000 + count.exchanges.min(999_999)
                }
                1 => count.exchanges,
                2 => count.classes.get(3).copied().unwrap_or(0),
                3 => count.think.quantile(0.95).map_or(0, |time| time.as_nanos() + 1),
                _ => count.octets,
            })
        };
        endpoints.order.work((0, shown.endpoints.len()), |_| Answer::Yes, Some(&key));
        let sort = connections.sort;
        let log = &shown.connections;
        let key = |number: usize| -> u64 {
            log.get(number).map_or(0, |row| match sort {
                1 => u64::from(row.exchanges),
                2 => u64::from(row.failed),
                3 => u64::from(row.retransmissions),
                _ => row.missing,
            })
        };
        let key = (sort > 0).then_some(&key as &dyn Fn(usize) -> u64);
        let more = connections.order.work((log.first(), log.end()), |_| Answer::Yes, key);
        // Problems are sorted already: their numbers are given in the order of their places.
        let places: Vec<usize> = self
            .kinds
            .iter()
            .map(|kind| {
                let place = self.problems.iter().position(|problem| problem.kind == *kind);
                place.unwrap_or(usize::MAX)
            })
            .collect();
        for list in [overview, problems] {
            let there = |number: usize| match places.get(number) {
                Some(&usize::MAX) | None => Answer::No,
                Some(_) => Answer::Yes,
            };
            let key = |number: usize| places.get(number).map_or(u64::MAX, |place| *place as u64);
            list.order.work((0, places.len()), there, Some(&key));
        }
        // A selected line that is not shown any more gives way to the first.
        let requests = self.list_mut(REQUESTS);
        if !requests.order.is_unfinished()
            && requests.selected.is_some_and(|number| requests.order.place(number).is_none())
        {
            requests.selected = None;
        }
        self.working || more
    }

    /// The problem of a number.
    pub(super) fn problem(&self, number: u32) -> Option<&Problem> {
        let kind = self.kinds.get(number as usize)?;
        self.problems.iter().find(|problem| problem.kind == *kind)
    }

    /// The selected row of the list of requests.
    pub(super) fn current_row(&self) -> Option<(u64, &Row)> {
        let number = self.list(REQUESTS).current()? as usize;
        Some((number as u64 + 1, self.shown.rows.get(number)?))
    }

    /// All that is known of an exchange, where it is kept or was read again.
    pub(super) fn whole(&self, id: u64) -> Option<&Whole> {
        let again = self.again.as_ref().filter(|(number, _)| *number == id);
        again.map(|(_, whole)| whole).or_else(|| self.shown.whole(id))
    }

    /// An exchange was read again.
    pub fn recall(&mut self, id: u64, whole: Option<Whole>) {
        self.recalling = self.recalling.filter(|wanted| *wanted != id);
        match whole {
            Some(mut whole) => {
                // What is kept was said with all of the capture in view.
                if let Some(kept) = self.shown.whole(id) {
                    whole.verdicts.clone_from(&kept.verdicts);
                    whole.findings.clone_from(&kept.findings);
                }
                self.again = Some((id, whole));
                self.message = None;
            }
            None => self.message = Some(format!("exchange {id} could not be read again")),
        }
    }

    /// The segments of a connection were read again, or why not.
    pub fn trace(&mut self, connection: u64, found: Result<Trace, String>) {
        if let Some(segments) = &mut self.segments
            && segments.wanted.connection == connection
        {
            segments.take(found);
        }
    }

    /// Whether an exchange is being read again.
    pub(super) const fn is_recalling(&self) -> bool {
        self.recalling.is_some()
    }

    /// The filter that the capture is to be read again for, once: some exchanges that it asks about are
    /// not kept whole, and everything has been read.
    pub fn asks(&mut self) -> Option<Filter> {
        let filter = self.filter.as_ref()?;
        let asked = self.asked.as_ref().is_some_and(|(text, _)| text == filter.text());
        let missing = self.options.again && self.list(REQUESTS).order.unknown() > 0;
        if asked || !missing || self.working || self.latest.now.end.is_none() {
            return None;
        }
        self.asked = Some((filter.text().to_owned(), None));
        Some(filter.clone())
    }

    /// The capture was read again for a filter: these exchanges match, ascending by number.
    pub fn answer(&mut self, text: &str, ids: Vec<u64>) {
        if let Some((asked, answers)) = &mut self.asked
            && asked == text
        {
            *answers = Some(ids);
            self.reset(REQUESTS);
            self.work();
        }
    }

    /// Whether lists are being looked through.
    pub const fn is_working(&self) -> bool {
        self.working
    }

    /// Something that the outside wants to say.
    pub fn tell(&mut self, message: String) {
        self.message = Some(message);
    }

    /// The worst severity there is, for the mark at the tab.
    pub(super) fn worst(&self) -> Option<Severity> {
        self.problems.iter().map(|problem| problem.severity).max()
    }
}
