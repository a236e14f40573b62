//! One leg of a failing exchange, moment by moment: the client's own connection to the proxy, or an attempt
//! of the proxy upstream. Facts in one order, for whoever shows them; judges nothing.

use super::attempt::Attempt;
use crate::flow::{Handshake, Mark, Side};
use crate::http::{Exchange, Message};
use crate::wire::Endpoint;

/// What a packet was to a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// The first SYN of so many.
    Syn(u32),
    /// The connection was accepted.
    SynAck,
    /// First octet of the request.
    Request,
    /// Last octet of the request, where it took several packets.
    RequestEnd,
    /// The other side acknowledged the whole request, or more.
    Received,
    /// First octet of the response; its status, where it has one.
    Response(Option<u16>),
    /// Last octet of the response that was seen; whether it was whole.
    ResponseEnd(bool),
    /// A side closed (FIN).
    Fin(Side),
    /// A side reset (RST).
    Reset(Side),
    /// What the network said of it.
    Network(String),
}

/// See the module's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Who asked; port 0 where no connection was seen.
    pub client: Endpoint,
    /// Who was asked; port 0 where it is not known.
    pub server: Endpoint,
    /// The number of the exchange; `None` where there was no request.
    pub transaction: Option<u64>,
    /// In the order of packets.
    pub moments: Vec<(Mark, Moment)>,
}

impl Leg {
    /// The leg that an attempt is.
    pub(super) fn of(attempt: &Attempt<'_>) -> Self {
        // Most have no more.
        let mut moments = Moments(Vec::with_capacity(8));
        if let Some((_, exchange)) = attempt.exchange {
            if exchange.nth == 1 {
                moments.opening(exchange.circumstances.handshake);
            }
            moments.messages(exchange);
            let now = &exchange.circumstances;
            let asked = exchange.request.as_deref();
            let closed = now.fin.iter().chain(&now.reset).flatten().map(|end| end.packet).min();
            // The latest acknowledgement is known; behind an end it is of that end.
            let received = now.acknowledged[0].filter(|at| {
                exchange.response.is_none()
                    && asked.is_some_and(|request| at.packet > request.last.packet)
                    && closed.is_none_or(|closed| at.packet < closed)
            });
            moments.perhaps(received, Moment::Received);
            moments.ends(now.fin, now.reset);
        }
        if let Some(connection) = attempt.connection {
            if attempt.exchange.is_none() {
                moments.opening(connection.handshake);
            }
            moments.ends(connection.fin, connection.reset);
        }
        for trouble in &attempt.trouble {
            moments.0.push((trouble.mark, Moment::Network(trouble.says.clone())));
        }
        Self {
            client: attempt.client,
            server: attempt.server,
            transaction: attempt.exchange.map(|(number, _)| number),
            moments: moments.sorted(),
        }
    }
}

struct Moments(Vec<(Mark, Moment)>);

impl Moments {
    fn perhaps(&mut self, mark: Option<Mark>, moment: Moment) {
        self.0.extend(mark.map(|mark| (mark, moment)));
    }

    fn opening(&mut self, handshake: Handshake) {
        self.perhaps(handshake.syn, Moment::Syn(handshake.syns));
        self.perhaps(handshake.syn_ack, Moment::SynAck);
    }

    fn messages(&mut self, exchange: &Exchange) {
        if let Some(request) = exchange.request.as_deref() {
            self.0.push((request.first, Moment::Request));
            self.end_of(request, Moment::RequestEnd);
        }
        if let Some(response) = exchange.response.as_deref() {
            self.0.push((response.first, Moment::Response(response.head.status())));
            self.end_of(response, Moment::ResponseEnd(response.complete()));
        }
    }

    fn end_of(&mut self, message: &Message, moment: Moment) {
        if message.last.packet != message.first.packet {
            self.0.push((message.last, moment));
        }
    }

    fn ends(&mut self, fin: [Option<Mark>; 2], reset: [Option<Mark>; 2]) {
        for side in Side::BOTH {
            self.perhaps(fin[side.index()], Moment::Fin(side));
            self.perhaps(reset[side.index()], Moment::Reset(side));
        }
    }

    /// In the order of packets, each once.
    fn sorted(mut self) -> Vec<(Mark, Moment)> {
        self.0.sort_by_key(|(mark, _)| mark.packet);
        self.0.dedup();
        self.0
    }
}
