//! An exchange in; out, in a few numbers, all of it that tells which rules look at it. Exchanges of one
//! shape call the same rules.

use std::hash::{Hash, Hasher};

use crate::http::{Features, FieldSet, Flaws, Message};
use crate::rules::rule::Trigger;

/// What of one message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Looks {
    pub flaws: Flaws,
    pub fields: FieldSet,
    pub features: Features,
}

impl Looks {
    /// What a message shows, apart from what calls no rule.
    pub fn of(message: &Message, wanted: Self) -> Self {
        let head = &message.head;
        Self {
            flaws: message.flaws.and(wanted.flaws),
            fields: head.present().and(wanted.fields),
            features: head.features().and(wanted.features),
        }
    }

    /// By what a message shows that it is the one that called a rule; `None` where it may be any.
    pub fn called_by(trigger: Trigger) -> Option<Self> {
        match trigger {
            Trigger::Flaw(flaws) => Some(Self { flaws: Flaws::of(flaws), ..Self::default() }),
            Trigger::Field(fields)
            | Trigger::RequestField(fields)
            | Trigger::ResponseField(fields) => {
                Some(Self { fields: FieldSet::of(fields), ..Self::default() })
            }
            Trigger::Feature(features) => {
                Some(Self { features: Features::of(features), ..Self::default() })
            }
            Trigger::OneOf(triggers) => {
                triggers.iter().try_fold(Self::default(), |mut all, one| {
                    let one = Self::called_by(*one)?;
                    all.flaws.join(one.flaws);
                    all.fields = all.fields.or(one.fields);
                    all.features.join(one.features);
                    Some(all)
                })
            }
            _ => None,
        }
    }

    pub fn meet(self, other: Self) -> bool {
        self.flaws.meets(other.flaws)
            || !self.fields.and(other.fields).is_empty()
            || !self.features.and(other.features).is_empty()
    }
}

/// Whatever else calls rules, one bit each; the triggers of the same names say when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sign {
    Repeated,
    Interim,
    Unanswered,
    Incomplete,
    EarlyResponse,
    Orphan,
    CloseDelimited,
    Failed,
    InVain,
    Sampled,
    AfterClose,
    Contradicts,
    Awaited,
    OtherPhrase,
    LongHead,
    OddDate,
    Pipelined,
    SlowHead,
    SlowResponse,
    Stalled,
    Probing,
}

/// A set of signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Signs(u32);

impl Signs {
    /// How many there are at most.
    pub const ROOM: usize = 32;

    pub fn add_if(&mut self, condition: bool, sign: Sign) {
        self.0 |= u32::from(condition) << sign as u8;
    }

    pub const fn has(self, sign: Sign) -> bool {
        self.0 >> sign as u8 & 1 == 1
    }

    /// The places of its members, ascending: `sign as usize`.
    pub fn places(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let place = (rest != 0).then_some(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(place)
        })
    }
}

/// See the module's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shape {
    pub request: Looks,
    pub response: Looks,
    /// The method's number; beyond all methods where there is no request.
    pub method: u8,
    /// Which kind of status it is; beyond all kinds where there is none that can be read.
    pub status: u8,
    pub signs: Signs,
    /// The guards that the exchange meets, and those that each message does.
    pub met: u16,
    pub met_by_messages: [u16; 2],
    /// The watchers that wait.
    pub waiting: u64,
}

/// By words, which costs less than by what they are made of.
impl Hash for Shape {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { request, response, method, status, signs, met, met_by_messages, waiting } = self;
        request.hash(state);
        response.hash(state);
        let [by_request, by_response] = met_by_messages.map(u64::from);
        state.write_u64(u64::from(*method) << 40 | u64::from(*status) << 32 | u64::from(signs.0));
        state.write_u64(u64::from(*met) << 32 | by_request << 16 | by_response);
        state.write_u64(*waiting);
    }
}
