//! Redirects behind redirects: how far a client is sent around, and whether in a circle. In come
//! exchanges in their order; remembers the newest chains whose end was not seen.

use crate::flow::Mark;
use crate::http::{FieldName, Message};
use crate::limits;
use crate::rules::asked;
use crate::rules::awaited::Awaited;
use crate::rules::reference;
use crate::rules::report::url;
use crate::rules::rule::rule;
use crate::rules::{
    Check, Guard, Parameter, Report, Scene, Severity, Traffic, Trigger, Watcher, text,
};
use crate::units::Duration;
use crate::wire::Endpoint;

const HOP: Parameter = Parameter {
    name: "hop_s",
    default: &[10.0],
    meaning: "seconds from a redirect to the request that follows it",
};

/// Redirects, and what they lead to.
const WHEN: Trigger =
    Trigger::OneOf(&[Trigger::Status(&[(301, 303), (307, 308)]), Trigger::Awaited]);

rule! {
    /// ## What it sees
    /// A client that follows redirects and is redirected again where it has already been, with the same
    /// method.
    /// ## Why it matters
    /// It never arrives; browsers say "too many redirects".
    /// ## When it is innocent
    /// Logins that pass the same address twice and then let the client in are no loop: it has to be
    /// redirected there again.
    /// ## What to do
    /// Behind a proxy that ends TLS, tell the application the scheme; look for two rules that send to
    /// each other, with and without `www` or the last slash; check that the cookie is accepted.
    pub static REDIRECT_LOOP = {
        id: "redirect-loop",
        title: "Redirect chain returns to a URL it has already visited",
        severity: Severity::Error,
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 section 15.4 SHOULD detect and intervene in cyclical redirections; founding document on 3xx",
        parameters: &[
            Parameter { name: "min_hops", default: &[3.0], meaning: "redirects of a loop at least" },
            HOP,
        ],
        guards: &[Guard::RequestKnown],
        supersedes: &["redirect-chain-long", "redirect-to-self"],
        message: text(
            "{client} is caught in a redirect loop: {chain}.",
            "{client} 陷入重定向循环:{chain}。",
        ),
        check: Check::Watch(WHEN, || Box::new(Loops::default())),
    }

    /// ## What it sees
    /// A client that was redirected more than five times before it arrived, or gave up.
    /// ## Why it matters
    /// Each redirect costs a round trip, often a connection; clients give up after 10 (Go), 20 (browsers)
    /// or 50 (curl).
    /// ## When it is innocent
    /// Logins over several hosts.
    /// ## What to do
    /// Send to the last address at once.
    pub static REDIRECT_CHAIN_LONG = {
        id: "redirect-chain-long",
        title: "Long redirect chain",
        severity: Severity::Notice,
        otherwise: &[(Severity::Warning, "beyond `max`")],
        codes: &["301", "302", "303", "307", "308"],
        source: "RFC 9110 section 15.4 (RFC 2068 recommended at most five)",
        parameters: &[
            Parameter { name: "warn", default: &[5.0], meaning: "redirects that are not too many" },
            Parameter { name: "max", default: &[10.0], meaning: "redirects beyond which it is a warning" },
            HOP,
        ],
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} needed {count} redirects to get from {url} to {other}.",
            "{client} 从 {url} 到 {other} 经历了 {count} 次重定向。",
        ),
        check: Check::Watch(WHEN, || Box::new(LongChains::default())),
    }
}

/// Redirects that a client followed, one behind the other.
#[derive(Default)]
struct Chain {
    /// Method and address of each, the first ones.
    visited: Vec<Box<[u8]>>,
    /// How many there are.
    count: usize,
    /// A hash of the User-Agent, where there is one: several clients may share an address.
    agent: Option<u64>,
    packets: Vec<Mark>,
    looped: bool,
    client: Option<Endpoint>,
}

#[derive(Default)]
struct Chains {
    open: Awaited<Chain>,
}

/// What an exchange means for chains.
enum Step {
    /// It redirects and continues a chain, or begins one.
    Redirected(Chain, reference::Url, Mark),
    /// It is where a chain ends.
    Arrived(Chain),
    None,
}

impl Chains {
    fn step(&mut self, scene: &Scene<'_>, request: &Message, within: Duration) -> Step {
        let exchange = scene.exchange;
        let agent = request.head.value(FieldName::UserAgent);
        let agent = agent.map(asked::hash);
        let followed = self.open.take(scene, within).map(|(_, chain)| chain);
        let followed = followed
            .filter(|chain| chain.agent.is_none() || agent.is_none() || chain.agent == agent);
        let redirects = matches!(exchange.status(), Some(301..=303 | 307 | 308));
        let location = exchange.response.as_deref().filter(|_| redirects).and_then(|response| {
            Some((reference::location(&request.head, &response.head)?, response.first))
        });
        match (location, followed) {
            (Some((location, at)), followed) => {
                let mut chain = followed.unwrap_or_default();
                chain.agent = chain.agent.or(agent);
                chain.client = Some(exchange.client);
                Step::Redirected(chain, location, at)
            }
            (None, Some(chain)) => Step::Arrived(chain),
            (None, None) => Step::None,
        }
    }
}

impl Chain {
    /// Adds a redirect; true where the chain has been there already.
    fn add(&mut self, request: &Message, at: Mark) -> bool {
        let place = [request.head.method_octets(), b" ", &url(&request.head)].concat();
        let again = self.visited.iter().any(|visited| **visited == *place);
        self.count += 1;
        if self.visited.len() < limits::CHAIN_HOPS {
            self.visited.push(place.into());
            self.packets.push(at);
        }
        again
    }
}

#[derive(Default)]
struct Loops {
    chains: Chains,
}

impl Watcher for Loops {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        let within = report.duration("hop_s");
        if let Step::Redirected(mut chain, location, at) = self.chains.step(scene, request, within)
        {
            let again = chain.add(request, at);
            if again && !chain.looped && chain.count as f64 >= report.parameter("min_hops") {
                chain.looped = true;
                let path = chain.visited.join(&b" -> "[..]);
                let mut draft = report.find().octets("chain", &path);
                for packet in &chain.packets {
                    draft = draft.packet(*packet);
                }
                draft.add();
            }
            self.chains.open.tell(scene, &location, at, chain);
        }
    }
}

#[derive(Default)]
struct LongChains {
    chains: Chains,
}

impl Watcher for LongChains {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some(request) = scene.request() else { return };
        let within = report.duration("hop_s");
        while let Some(chain) = self.chains.open.expired(scene, request.first, within) {
            tell(&chain, None, report);
        }
        match self.chains.step(scene, request, within) {
            Step::Redirected(mut chain, location, at) => {
                chain.looped |= chain.add(request, at);
                self.chains.open.tell(scene, &location, at, chain);
            }
            Step::Arrived(chain) => tell(&chain, Some(&url(&request.head)), report),
            Step::None => {}
        }
    }

    fn waits(&self) -> Option<bool> {
        Some(!self.chains.open.is_empty())
    }

    fn finish(&mut self, now: Mark, _: &Traffic, report: &mut Report<'_>) {
        while let Some(chain) = self.chains.open.rest(now, None) {
            tell(&chain, None, report);
        }
    }
}

/// Reports a chain that is over, where it was long and no circle.
fn tell(chain: &Chain, arrived: Option<&[u8]>, report: &mut Report<'_>) {
    if chain.looped || chain.count as f64 <= report.parameter("warn") {
        return;
    }
    let address = |place: &[u8]| {
        let blank = memchr::memchr(b' ', place).map_or(0, |at| at + 1);
        place.get(blank..).unwrap_or_default().to_vec()
    };
    let first = chain.visited.first().map(|place| address(place)).unwrap_or_default();
    let last = chain.visited.last().map(|place| address(place)).unwrap_or_default();
    let many = chain.count as f64 > report.parameter("max");
    let mut draft = report
        .find()
        .severity_if(many, Severity::Warning)
        .octets("url", &first)
        .plain("count", chain.count)
        .plain("client", chain.client.map_or_else(String::new, |client| client.to_string()))
        .octets("other", arrived.unwrap_or(&last));
    for packet in &chain.packets {
        draft = draft.packet(*packet);
    }
    draft.add();
}
