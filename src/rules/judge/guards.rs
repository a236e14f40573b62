//! An exchange or a connection in, the guards that it meets out: what a rule may rely on.

use crate::http::{Connection, Exchange, Kind, Message, Pairing, Version};
use crate::rules::evidence;
use crate::rules::rule::Guard;

/// The bit that stands for a guard.
pub(super) const fn bit(guard: Guard) -> u16 {
    1 << guard as u16
}

/// Guards that are met whatever is known, or that are looked at elsewhere.
const MET: u16 = bit(Guard::ProxyLower) | bit(Guard::MinHistory) | bit(Guard::NotTls);

/// Which guards the facts of an exchange meet.
pub(super) struct Known {
    pub met: u16,
}

impl Known {
    pub fn of(exchange: &Exchange) -> Self {
        let circumstances = &exchange.circumstances;
        let (request, response) = (exchange.request.as_deref(), exchange.response.as_deref());
        let whole = |message: Option<&Message>| message.is_none_or(|message| message.head_whole);
        let current = |message: Option<&Message>| {
            message.is_none_or(|message| message.head.version() == Some(Version::HTTP_11))
        };
        let mut met = MET | bit(Guard::NotCached);
        let mut met_if = |condition: bool, guard| met |= if condition { bit(guard) } else { 0 };
        met_if(whole(request) && whole(response), Guard::HeadWhole);
        let paired = response.is_none() || exchange.pairing != Pairing::None;
        met_if(request.is_some() && paired, Guard::RequestKnown);
        met_if(circumstances.missing == [0; 2], Guard::NoGap);
        met_if(!circumstances.midstream || exchange.nth > 1, Guard::NotMidstream);
        met_if(!circumstances.one_sided, Guard::BothDirections);
        met_if(current(request) && current(response), Guard::NotHttp10);
        Self { met }
    }

    pub fn allows(&self, guards: u16, exchange: &Exchange) -> bool {
        guards & !self.met == 0
            && (guards & bit(Guard::NotCached) == 0
                || !exchange.response.as_deref().is_some_and(evidence::cached))
    }
}

/// Guards that each message meets by itself, for a rule that looks at messages.
const OF_MESSAGES: u16 = bit(Guard::HeadWhole) | bit(Guard::NoGap);

/// Which of [`OF_MESSAGES`] a message meets.
pub(super) fn of_message(message: &Message, exchange: &Exchange) -> u16 {
    let side = match message.head.kind() {
        Kind::Request => 0,
        Kind::Response => 1,
    };
    let missing = exchange.circumstances.missing.get(side);
    let whole = missing.is_some_and(|octets| *octets == 0);
    let met_if = |condition: bool, guard| if condition { bit(guard) } else { 0 };
    met_if(message.head_whole, Guard::HeadWhole) | met_if(whole, Guard::NoGap)
}

/// The guards that an exchange meets, as far as they concern one message of it, which meets these.
pub(super) const fn with_message(met: u16, own: u16) -> u16 {
    met & !OF_MESSAGES | own
}

/// Which guards a connection meets.
pub(super) fn of_connection(connection: &Connection) -> u16 {
    let mut met = MET | bit(Guard::HeadWhole) | bit(Guard::RequestKnown);
    let mut met_if = |condition: bool, guard| met |= if condition { bit(guard) } else { 0 };
    met_if(connection.lost == [false; 2], Guard::NoGap);
    met_if(!connection.midstream, Guard::NotMidstream);
    met_if(!connection.one_sided, Guard::BothDirections);
    met
}
