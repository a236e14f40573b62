//! What keys open, list and close: the full view, the segments of a connection, the requests of a group,
//! and the way from one exchange to another.

use super::app::{App, CONNECTIONS, Detail, ENDPOINTS, Effect, OVERVIEW, Only, PROBLEMS, REQUESTS};
use super::problems::Kind;
use super::segments::{Segments, Wanted};
use super::view::Size;
use crate::filter::Filter;
use crate::snapshot::{ConnectionRow, Whole};
use crate::wire::Endpoint;

/// Lines of history that are kept.
const HISTORY: usize = 100;

impl App {
    /// Every segment of the connection of the exchange that is looked at, or of the selected one.
    pub(super) fn look_at_connection(&mut self) -> Option<Effect> {
        if self.segments.is_some() {
            return None;
        }
        let row = self.chosen().and_then(|id| self.shown.row(id));
        let (wanted, packets) = if let (CONNECTIONS, None) = (self.tab, &self.detail) {
            let number = self.list(CONNECTIONS).current()?;
            let row = self.shown.connections.get(number as usize)?;
            (self.wanted(row.id, (row.client, row.server), row.id), None)
        } else if let Some(row) = row {
            let ends = (row.client, row.server);
            (self.wanted(row.connection, ends, row.packets.0), Some(row.packets))
        } else {
            self.message = Some("choose an exchange or a connection first".to_owned());
            return None;
        };
        let mut segments = Segments::new(wanted, packets);
        if self.options.again {
            self.segments = Some(segments);
            return Some(Effect::Trace(wanted));
        }
        let why = "packets are not kept of what cannot be read twice: this is all that is known. \
                   Save them with -w FILE, and open that file";
        segments.take(Err(why.to_owned()));
        self.segments = Some(segments);
        None
    }

    pub(super) fn wanted(&self, connection: u64, ends: (Endpoint, Endpoint), focus: u64) -> Wanted {
        let (client, server) = ends;
        // Ports are used again: the next connection between the same ends ends this one.
        let again = |row: &&ConnectionRow| {
            row.id > connection
                && ((row.client, row.server) == ends || (row.server, row.client) == ends)
        };
        let until = self.shown.connections.iter().filter(again).map(|row| row.id).min();
        let row = self.shown.connection(connection);
        let over = row.filter(|row| row.ending.is_some()).map(|row| row.last);
        Wanted { connection, client, server, until, over, focus }
    }

    pub(super) fn open(&mut self) -> Option<Effect> {
        if let Some(segments) = &self.segments {
            self.restrict(Only::Connection(segments.wanted.connection));
            return None;
        }
        if let Some(detail) = &mut self.detail {
            if self.size == Size::Full {
                detail.alone = !detail.alone;
            } else {
                self.message = Some("all of it is on one page here: j k".to_owned());
            }
            return None;
        }
        let number = self.list(self.tab).current()?;
        match self.tab {
            OVERVIEW => {
                self.go_to_tab(PROBLEMS);
                self.list_mut(PROBLEMS).selected = Some(number);
            }
            ENDPOINTS => self.restrict(Only::Endpoint(number)),
            CONNECTIONS => {
                let id = self.shown.connections.get(number as usize)?.id;
                self.restrict(Only::Connection(id));
            }
            PROBLEMS => {
                let kind = self.problem(number)?.kind;
                // What concerns no exchange has none to list.
                let shown = self.shown.rows.iter().any(|row| kind.shows(row));
                if shown {
                    self.restrict(Only::Problem(kind));
                } else {
                    let word = "it is about a connection, not about one of its exchanges";
                    self.message = Some(word.to_owned());
                }
            }
            _ => return self.look_at(u64::from(number) + 1),
        }
        None
    }

    /// Opens the full view of an exchange.
    pub(super) fn look_at(&mut self, id: u64) -> Option<Effect> {
        self.segments = None;
        self.detail = Some(Detail { id, ..Detail::default() });
        self.again = None;
        // Lists keep little of each body; who looks at one exchange wants more of its.
        let is_cut = |whole: &Whole| {
            let messages = [whole.exchange.request.as_deref(), whole.exchange.response.as_deref()];
            let mut messages = messages.into_iter().flatten();
            messages.any(|message| (message.preview.len() as u64) < message.content)
        };
        let wanted = match self.shown.whole(id) {
            None => true,
            Some(whole) => self.options.again && is_cut(whole),
        };
        self.recalling = wanted.then_some(id);
        self.recalling.map(Effect::Recall)
    }

    pub(super) fn back(&mut self) {
        if self.segments.take().is_some() {
            return;
        }
        if self.detail.take().is_some() {
            return;
        }
        if self.filter.is_some() && self.tab == REQUESTS {
            self.set_filter(None);
        } else if self.only.is_some() && self.tab == REQUESTS {
            let tab = match self.only {
                Some(Only::Endpoint(_)) => ENDPOINTS,
                Some(Only::Connection(_)) => CONNECTIONS,
                Some(Only::Problem(_)) => PROBLEMS,
                _ => REQUESTS,
            };
            self.unrestrict();
            self.go_to_tab(tab);
        } else if self.tab != OVERVIEW {
            self.go_to_tab(OVERVIEW);
        }
    }

    pub(super) fn restrict(&mut self, only: Only) {
        self.only = Some(only);
        self.follow = false;
        self.go_to_tab(REQUESTS);
        self.reset(REQUESTS);
        self.list_mut(REQUESTS).selected = None;
        self.work();
    }

    pub(super) fn unrestrict(&mut self) {
        self.only = None;
        self.reset(REQUESTS);
        self.work();
    }

    pub(super) fn set_filter(&mut self, filter: Option<Filter>) {
        if let Some(filter) = &filter {
            let text = filter.text().to_owned();
            self.history.retain(|line| *line != text);
            self.history.push(text);
            if self.history.len() > HISTORY {
                self.history.remove(0);
            }
        }
        self.filter = filter;
        self.go_to_tab(REQUESTS);
        self.reset(REQUESTS);
        self.work();
    }

    /// The same as often as was typed, or as there are any.
    pub(super) fn failed_times(&mut self, down: bool) -> Option<Effect> {
        let mut last = None;
        for _ in 0..self.count.max(1) {
            last = self.failed(down).or(last);
            if self.message.is_some() {
                break;
            }
        }
        last
    }

    /// To the next exchange that failed, in the order of the list.
    pub(super) fn failed(&mut self, down: bool) -> Option<Effect> {
        if let Some(segments) = &mut self.segments {
            if !segments.odd(down) {
                let way = if down { "below" } else { "above" };
                self.message = Some(format!("nothing odd further {way}"));
            }
            return None;
        }
        if self.tab != REQUESTS {
            self.go_to_tab(REQUESTS);
        }
        let shown = std::sync::Arc::clone(&self.shown);
        let is = |number: u32| {
            shown.rows.get(number as usize).is_some_and(|row| row.outcome.is_failure())
        };
        self.follow = false;
        let list = self.list_mut(REQUESTS);
        let place = list.place();
        let begin = if down { Some(place + 1) } else { place.checked_sub(1) };
        match begin.and_then(|begin| list.order.find(begin, down, is)) {
            Some(place) => {
                list.go(place);
                self.follow_detail()
            }
            None => {
                let way = if down { "below" } else { "above" };
                self.message = Some(format!("no failed exchange further {way}"));
                None
            }
        }
    }

    /// Where the full view is open, it shows the selected exchange.
    pub(super) fn follow_detail(&mut self) -> Option<Effect> {
        self.detail?;
        let (id, _) = self.current_row()?;
        let pane = self.detail.map_or(0, |detail| detail.pane);
        let effect = self.look_at(id);
        if let Some(detail) = &mut self.detail {
            detail.pane = pane;
        }
        effect
    }

    pub(super) fn neighbour(&mut self, step: isize) -> Option<Effect> {
        self.follow = false;
        self.list_mut(REQUESTS).step(step);
        self.follow_detail()
    }

    /// What the list of requests is restricted to, for people.
    pub(super) fn restriction(&self) -> Option<String> {
        Some(match self.only? {
            Only::Endpoint(place) => {
                let endpoint = self.shown.endpoints.get(place as usize)?;
                let method = super::words::safe(&endpoint.method);
                format!("endpoint {method} {}", super::words::template(endpoint, self.secrets))
            }
            Only::Connection(id) => format!("connection {id}"),
            Only::Problem(kind @ Kind::Cause(..)) => format!("why: {}", kind.name()),
            Only::Problem(kind) => format!("problem: {}", kind.name()),
            Only::Marked => "marked".to_owned(),
        })
    }
}
