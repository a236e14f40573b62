//! Records of `-T jsonl` in, what they say of each exchange out.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the records say of an exchange.
#[derive(Default)]
pub struct Said {
    /// It.
    pub exchange: Value,
    /// What rules found in it.
    pub findings: Vec<Value>,
    /// Why it failed.
    pub verdicts: Vec<Value>,
}

/// By the number of the exchange.
pub fn said(records: impl IntoIterator<Item = Value>) -> BTreeMap<u64, Said> {
    let mut said: BTreeMap<u64, Said> = BTreeMap::new();
    for record in records {
        let (id, about) = (record["id"].as_u64(), record["transaction"].as_u64());
        match (record["type"].as_str().expect("a record has a type"), id, about) {
            ("transaction", Some(id), _) => said.entry(id).or_default().exchange = record,
            ("finding", _, Some(id)) => said.entry(id).or_default().findings.push(record),
            ("diagnosis", _, Some(id)) => said.entry(id).or_default().verdicts.push(record),
            _ => {}
        }
    }
    said
}
