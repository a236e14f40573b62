//! Which request a response answers, and what is given out of both: in order, or by the numbers of the
//! stream where messages were lost.

use std::sync::Arc;

use super::{Connection, Outcome, Pending, Scene};
use crate::flow::Side;
use crate::http::direction::State;
use crate::http::exchange::{self, Event, Exchange, Pairing, Unanswered};
use crate::http::message::MessageEnd;
use crate::units::Duration;

impl Connection {
    /// The place in the queue of the request that a response beginning now answers.
    pub(super) fn asked(&mut self) -> Option<usize> {
        let began = self.server.began;
        if self.given_up > 0 {
            // It answers a request that is not kept any more.
            return None;
        }
        let first_open = self.queue.iter().position(|asked| asked.response.is_none())?;
        if !self.doubt {
            return Some(first_open);
        }
        if self.pipelined {
            return None;
        }
        // A client that asks one thing at a time asks after it has received the whole answer
        // before. So the response that begins here answers the latest request that was sent
        // when everything in front of `began` had been received.
        let mut latest: Option<(usize, u64)> = None;
        for (place, asked) in self.queue.iter().enumerate().skip(first_open) {
            let Some(at) = asked.asked_at else { continue };
            if at > began.offset {
                break;
            }
            if latest.is_some_and(|(_, before)| before == at) {
                return None;
            }
            latest = Some((place, at));
        }
        let (place, at) = latest?;
        if at == began.offset {
            self.doubt &= self.client.state == State::Lost;
        } else if self.queue.get(place)?.nth <= self.lost_behind {
            // Its response may be among what was lost of the server, and the request that this one
            // answers among what was lost of the client.
            return None;
        }
        if let Some(asked) = self.queue.get_mut(place) {
            asked.pairing = Pairing::Recovered;
        }
        Some(place)
    }

    /// The server answers a request of which it has seen a part of the head: it timed out, or grew
    /// too large.
    pub(super) fn asked_in_part(&mut self, scene: &mut Scene<'_>) -> Option<usize> {
        let begun = self.client.is_in_head() && self.queue.is_empty() && self.given_up == 0;
        let seen =
            self.server.began.seen_of_peer.is_some_and(|seen| seen > self.client.began.offset);
        if !begun || !seen {
            return None;
        }
        self.salvage_head(Side::Client, MessageEnd::NextMessage, scene);
        let place = self.asked();
        self.lose_count(Side::Client);
        place
    }

    /// Gives out the requests in front of the one at `place`: their responses were lost. True
    /// where that one is now the first.
    pub(super) fn skip_to(&mut self, place: usize, scene: &mut Scene<'_>) -> bool {
        for _ in 0..place {
            let Some(asked) = self.take_pending(0) else { return false };
            self.emit_unanswered(asked, Unanswered::NotCaptured, scene);
        }
        !self.queue.is_empty()
    }

    /// Requests whose answer cannot come any more are over.
    pub(super) fn settle_unanswered(&mut self, scene: &mut Scene<'_>) {
        if self.ends[Side::Server.index()].is_none() {
            return;
        }
        let client_over = self.ends[Side::Client.index()].is_some();
        while self.queue.front().is_some_and(|asked| asked.request.is_some() || client_over) {
            let Some(asked) = self.take_pending(0) else { break };
            self.emit(asked, scene);
        }
    }

    pub(super) fn emit(&mut self, asked: Pending, scene: &mut Scene<'_>) {
        // Where octets of the server were lost, the answer may have been among them.
        let of_server = scene.facts.health.octets[self.role(Side::Server).index()];
        let lost = self.doubt && of_server > 0;
        let why = match self.ends[Side::Server.index()] {
            _ if lost => Unanswered::NotCaptured,
            Some(how) => Unanswered::Ended(how),
            None => Unanswered::NotCaptured,
        };
        self.emit_unanswered(asked, why, scene);
    }

    pub(super) fn emit_unanswered(
        &mut self,
        asked: Pending,
        why: Unanswered,
        scene: &mut Scene<'_>,
    ) {
        self.give_out(asked, Outcome { why, ..Outcome::of(None, 0) }, scene);
    }

    /// Whether the response in progress began in the segment in which the one before had ended, or
    /// as good as that.
    pub(super) fn contiguous(&self) -> bool {
        const AT_ONCE: Duration = Duration::from_millis(1);
        let began = &self.server.began;
        let Some(ended) = self.answer_ended else { return false };
        !began.boundary || began.mark.since(ended) < AT_ONCE
    }

    pub(super) fn give_out(&mut self, asked: Pending, ends: Outcome, scene: &mut Scene<'_>) {
        if let (Some(waiting), Some(began)) = (&mut scene.out.waiting, asked.began) {
            waiting.end(began);
        }
        let Outcome { switch, why, early, contiguous } = ends;
        let pairing = match (&asked.request, &asked.response) {
            (Some(_), Some(_)) => asked.pairing,
            _ => Pairing::None,
        };
        let unanswered = asked.response.is_none().then_some(why);
        let last = [asked.request.as_ref(), asked.response.as_ref()];
        self.last_done = last
            .into_iter()
            .flatten()
            .map(|message| message.last)
            .chain(self.last_done)
            .max_by_key(|mark| mark.packet);
        scene.out.events.push(Event::Exchange(Arc::new(Exchange {
            connection: scene.facts.id,
            client: self.endpoint(Side::Client, scene.facts),
            server: self.endpoint(Side::Server, scene.facts),
            nth: asked.nth,
            request: asked.request,
            interim: asked.interim,
            interim_count: asked.interim_count,
            response: asked.response,
            pairing,
            switch,
            tunnelled: self.tunnelled_at.is_some_and(|before| asked.nth > before),
            unanswered,
            connect: asked.connect,
            idle_before: asked.idle_before,
            retransmissions: scene.retransmissions().saturating_sub(asked.retransmissions_before),
            before_answer: asked.before_answer,
            early,
            contiguous,
            completed: scene.mark(),
            octets: asked.octets,
            circumstances: exchange::Circumstances::new(scene.facts, self.swapped),
        })));
    }
}
