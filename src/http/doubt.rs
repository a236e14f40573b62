//! What the capture lacks of an exchange: reasons to trust its figures, and what is concluded from it,
//! less than others. Looks at one exchange that is over; judges no capture.

use super::exchange::{Exchange, Pairing, Unanswered};
use super::message::Message;
use crate::flow::Mark;

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// The capture began inside the connection: what came before is not known.
    BeganBefore,
    /// Packets of the opening of the connection are not in the capture.
    OpeningLost,
    /// Octets of the connection are not in the capture; not of this exchange.
    ConnectionLost,
    /// The snap length cut octets of it off.
    OctetsCut,
    /// Octets of it are not in the capture.
    OctetsLost,
    /// Later packets of it carry earlier times: durations are not to be relied on.
    ClockBack,
    /// The request is not in the capture.
    RequestLost,
    /// The response may have been in octets that the capture does not have.
    ResponseLost,
    /// The packets of one side alone are in the capture.
    OneDirection,
}

impl Doubt {
    /// All of them, the lightest first.
    pub const ALL: [Self; 9] = [
        Self::BeganBefore,
        Self::OpeningLost,
        Self::ConnectionLost,
        Self::OctetsCut,
        Self::OctetsLost,
        Self::ClockBack,
        Self::RequestLost,
        Self::ResponseLost,
        Self::OneDirection,
    ];

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeganBefore => "began-before",
            Self::OpeningLost => "opening-lost",
            Self::ConnectionLost => "connection-lost",
            Self::OctetsCut => "octets-cut",
            Self::OctetsLost => "octets-lost",
            Self::ClockBack => "clock-back",
            Self::RequestLost => "request-lost",
            Self::ResponseLost => "response-lost",
            Self::OneDirection => "one-direction",
        }
    }

    /// What it means, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::BeganBefore => "the capture began inside the connection",
            Self::OpeningLost => "packets of the handshake were lost",
            Self::ConnectionLost => "octets elsewhere in the connection were lost",
            Self::OctetsCut => "octets were cut off by the snap length",
            Self::OctetsLost => "octets were lost",
            Self::ClockBack => "later packets have earlier times",
            Self::RequestLost => "the request was not captured",
            Self::ResponseLost => "the response may not have been captured",
            Self::OneDirection => "one direction was captured",
        }
    }

    /// How good an exchange can be at most that has it.
    pub const fn grade(self) -> Grade {
        match self {
            Self::BeganBefore | Self::OpeningLost | Self::ConnectionLost | Self::OctetsCut => {
                Grade::B
            }
            Self::OctetsLost | Self::ClockBack => Grade::C,
            Self::RequestLost | Self::ResponseLost | Self::OneDirection => Grade::D,
        }
    }
}

/// How far what is said of an exchange, or of a capture, can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Grade {
    /// Everything was captured.
    #[default]
    A,
    /// The exchange is whole; something around it is not.
    B,
    /// Parts of it are missing: sizes and durations are bounds.
    C,
    /// A side of it is missing.
    D,
}

impl Grade {
    /// Its letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

/// A set of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doubts(u16);

impl Doubts {
    const fn note(&mut self, doubt: Doubt, is: bool) {
        self.0 |= (is as u16) << doubt as u16;
    }

    /// Whether there is this one.
    pub const fn has(self, doubt: Doubt) -> bool {
        self.0 >> doubt as u16 & 1 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those there are, the lightest first.
    pub fn iter(self) -> impl Iterator<Item = Doubt> {
        // Most exchanges leave none.
        let all = if self.is_empty() { &[][..] } else { &Doubt::ALL };
        all.iter().copied().filter(move |doubt| self.has(*doubt))
    }

    /// The grade that they leave.
    pub fn grade(self) -> Grade {
        self.iter().map(Doubt::grade).max().unwrap_or_default()
    }
}

/// Whether a later packet has an earlier time.
fn runs_back(earlier: Mark, later: Mark) -> bool {
    (earlier.packet < later.packet && later.at < earlier.at)
        || (later.packet < earlier.packet && earlier.at < later.at)
}

impl Exchange {
    /// Whether its packets came one behind the other, as nearly always.
    fn runs_forward(&self) -> bool {
        let (Some(request), Some(response)) = (self.request.as_deref(), self.response.as_deref())
        else {
            return false;
        };
        let marks = [request.first, request.last, response.first, response.last];
        marks.is_sorted_by(|one, next| one.packet <= next.packet && one.at <= next.at)
    }

    /// Whether later packets of it have earlier times.
    pub fn runs_back(&self) -> bool {
        if self.runs_forward() {
            return false;
        }
        let messages = [self.request.as_deref(), self.response.as_deref()];
        let between = match messages {
            [Some(request), Some(response)] => runs_back(request.last, response.first),
            _ => false,
        };
        let mut messages = messages.into_iter().flatten();
        between || messages.any(|message| runs_back(message.first, message.last))
    }

    /// Whether nothing is lacking, and nothing out of order, as nearly always.
    fn is_plain(&self) -> bool {
        let now = &self.circumstances;
        let whole =
            |message: &Message| message.missing == 0 && message.cut == 0 && message.head_whole;
        !(now.midstream || now.one_sided || now.is_holed() || now.handshake.is_torn())
            && self.unanswered.is_none()
            && self.request.as_deref().is_some_and(whole)
            && self.response.as_deref().is_some_and(whole)
            && self.runs_forward()
    }

    /// What the capture lacks of it.
    pub fn doubts(&self) -> Doubts {
        if self.is_plain() {
            return Doubts::default();
        }
        let now = &self.circumstances;
        let messages = [self.request.as_deref(), self.response.as_deref()];
        let messages = || messages.into_iter().flatten();
        let lost = messages().any(|message| message.missing > message.cut || !message.head_whole);
        let not_captured = matches!(self.unanswered, Some(Unanswered::NotCaptured));
        let mut doubts = Doubts::default();
        doubts.note(Doubt::BeganBefore, now.midstream);
        doubts
            .note(Doubt::OpeningLost, !now.midstream && !now.one_sided && now.handshake.is_torn());
        doubts.note(Doubt::OctetsLost, lost && now.is_holed());
        doubts.note(Doubt::ConnectionLost, !lost && !now.one_sided && now.is_holed());
        doubts.note(Doubt::OctetsCut, messages().any(|message| message.cut > 0));
        doubts.note(Doubt::ClockBack, self.runs_back());
        doubts.note(Doubt::RequestLost, self.request.is_none() && self.pairing == Pairing::None);
        doubts.note(Doubt::ResponseLost, not_captured);
        doubts.note(Doubt::OneDirection, now.one_sided);
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_doubt_gives_the_grade() {
        let mut doubts = Doubts::default();
        assert_eq!((doubts.grade(), doubts.is_empty()), (Grade::A, true));
        doubts.note(Doubt::BeganBefore, true);
        doubts.note(Doubt::OctetsLost, false);
        assert_eq!(doubts.grade(), Grade::B);
        doubts.note(Doubt::OneDirection, true);
        assert_eq!(doubts.grade(), Grade::D);
        let names: Vec<_> = doubts.iter().map(Doubt::name).collect();
        assert_eq!(names, ["began-before", "one-direction"]);
    }

    #[test]
    fn doubts_stand_in_the_order_of_their_weight() {
        assert!(Doubt::ALL.is_sorted_by_key(|doubt| (doubt.grade(), *doubt as u16)));
    }
}
