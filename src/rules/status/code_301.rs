//! 301 (Moved Permanently) and 308 (Permanent Redirect): whether clients remember. Keeps a bounded number
//! of counts.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::http::{FieldName, Method};
use crate::limits;
use crate::rules::reference::Url;
use crate::rules::rule::rule;
use crate::rules::{Check, Guard, Parameter, Report, Scene, Severity, Trigger, Watcher, text};

rule! {
    /// ## What it sees
    /// A client that asks five times for an address that was answered with 301 or 308 each time.
    /// ## Why it matters
    /// Each request costs a detour that is not needed.
    /// ## When it is innocent
    /// Programs without a memory, health checks. `Cache-Control: no-store` on the redirect excuses the
    /// client and is not reported.
    /// ## What to do
    /// Write the new address into the configuration.
    pub static PERMANENT_REDIRECT_IGNORED = {
        id: "permanent-redirect-ignored",
        title: "Client keeps using a URL that was answered with 301/308",
        severity: Severity::Info,
        codes: &["301", "308"],
        source: "RFC 9110 sections 15.4.2, 15.4.9 (future references ought to use the new URI); founding document on 301",
        parameters: &[
            Parameter { name: "times", default: &[5.0], meaning: "requests after which it is reported, once" },
        ],
        guards: &[Guard::RequestKnown],
        message: text(
            "{client} requested {url} {count} times although it is permanently moved ({status}) to {value}; update the configured address.",
            "{client} 已 {count} 次请求 {url},而它已永久迁移({status})到 {value};请更新配置的地址。",
        ),
        check: Check::Watch(
            Trigger::Status(&[(301, 301), (308, 308)]),
            || Box::new(Ignored::default()),
        ),
    }
}

#[derive(Default)]
struct Ignored {
    /// How often, by a hash of client, method and address.
    times: HashMap<u64, u32>,
    order: VecDeque<u64>,
    hasher: DefaultHashBuilder,
}

impl Watcher for Ignored {
    fn exchange(&mut self, scene: &Scene<'_>, report: &mut Report<'_>) {
        let Some((request, response)) = scene.pair() else { return };
        if !matches!(request.head.method(), Method::Get | Method::Head)
            || response.head.lists(FieldName::CacheControl, b"no-store")
        {
            return;
        }
        let Some(url) = Url::of(&request.head) else { return };
        let client = scene.exchange.client.octets();
        let key = self.hasher.hash_one((client, request.head.method_octets(), &url));
        let times = self.times.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            0
        });
        *times += 1;
        let times = *times;
        if f64::from(times) == report.parameter("times") {
            let value = response.head.value(FieldName::Location).unwrap_or_default();
            report.find().plain("count", times).octets("value", value).add();
        }
        while self.order.len() > limits::COUNTED_ADDRESSES {
            if let Some(oldest) = self.order.pop_front() {
                self.times.remove(&oldest);
            }
        }
    }
}
