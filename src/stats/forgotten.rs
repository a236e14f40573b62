//! What there was no room for in the memories of rules and diagnosis.

/// What the memories of rules and diagnosis had no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Servers, clients, endpoints and hosts that the rules about traffic no longer watched.
    pub parties: u64,
    /// Exchanges that were judged without what came behind them.
    pub judged_at_once: u64,
    /// Exchanges, connections and signals that diagnosis no longer knew when it looked for evidence.
    pub evidence: u64,
}
