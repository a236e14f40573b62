//! What in an exchange shows that somebody stands between client and origin: a cache, a proxy. No
//! evidence is not evidence of none.

use crate::http::{Exchange, FieldName, Message, Method};

/// Fields by which gateways and content networks give themselves away.
const FIELDS: &[&str] = &[
    "cache-status",
    "x-cache",
    "x-cache-lookup",
    "cf-ray",
    "x-amz-cf-id",
    "x-amz-cf-pop",
    "x-varnish",
    "x-squid-error",
    "x-envoy-upstream-service-time",
    "x-envoy-overloaded",
    "x-kong-upstream-latency",
    "x-kong-proxy-latency",
    "x-kong-response-latency",
    "x-apisix-upstream-status",
    "x-served-by",
    "x-azure-ref",
    "eo-log-uuid",
    "x-nws-log-uuid",
    "ali-swift-global-savetime",
    "eagleid",
    "cdn-loop",
];

/// Parts of Server values of products that pass on what others say, in lower case.
const PRODUCTS: &[&str] = &[
    "nginx",
    "openresty",
    "tengine",
    "envoy",
    "istio",
    "haproxy",
    "varnish",
    "squid",
    "traefik",
    "caddy",
    "awselb",
    "cloudfront",
    "cloudflare",
    "akamaighost",
    "ats/",
    "gws-proxy",
    "microsoft-azure-application-gateway",
    "kong",
    "apisix",
    "bfe",
    "volc-dcdn",
    "edgeone",
    "big-ip",
    "bigip",
    "citrix",
    "netscaler",
    "google frontend",
    "gunicorn-proxy",
    "mod_proxy",
    "yunjiasu",
    "nws",
    "jsp3",
    "byte-nginx",
];

/// Parts of error pages that only gateways write, in lower case.
const PAGES: &[&str] = &[
    "upstream connect error",
    "no healthy upstream",
    "<center>nginx",
    "<center>openresty",
    "<center>tengine",
    "<hr><center>cloudflare",
    "backend fetch failed",
    "the proxy server received an invalid response",
    "the proxy server did not receive a timely response",
    "squid",
    "bad gateway: ",
    "502 - web server received an invalid response",
    "application request routing",
];

/// Fields in which caches say that they answered.
const CACHE_FIELDS: &[&str] = &["x-cache", "cf-cache-status", "x-cache-status", "cache-status"];

/// Whether a response came out of a cache: it has an age, or says so.
pub(super) fn cached(response: &Message) -> bool {
    let head = &response.head;
    let aged = head.value(FieldName::Age).is_some_and(|age| {
        !age.is_empty() && age.iter().all(u8::is_ascii_digit) && age.iter().any(|d| *d != b'0')
    });
    let hit = |value: &[u8]| value.windows(3).any(|word| word.eq_ignore_ascii_case(b"hit"));
    aged || head.has(FieldName::Other)
        && CACHE_FIELDS.iter().any(|name| head.values_named(name).any(hit))
}

/// What shows that the response comes from a gateway: the name of a field, a product, a page, the
/// form of the request.
pub(super) fn gateway(exchange: &Exchange) -> Option<&'static str> {
    let request = exchange.request.as_deref();
    if request.is_some_and(|request| {
        let target = request.head.target();
        request.head.method() == Method::Connect
            || target.first() != Some(&b'/') && memchr::memmem::find(target, b"://").is_some()
    }) {
        return Some("the form of the request");
    }
    let response = exchange.response.as_deref()?;
    let head = &response.head;
    if head.has(FieldName::Via) {
        return Some("Via");
    }
    if head.has(FieldName::ProxyStatus) {
        return Some("Proxy-Status");
    }
    let known = |name: &&&str| head.values_named(name).next().is_some();
    let field = if head.has(FieldName::Other) { FIELDS.iter().find(known) } else { None };
    let product = || {
        let server = head.value(FieldName::Server)?.to_ascii_lowercase();
        PRODUCTS.iter().find(|name| memchr::memmem::find(&server, name.as_bytes()).is_some())
    };
    let page = || {
        let page = response.preview.to_ascii_lowercase();
        PAGES.iter().find(|text| memchr::memmem::find(&page, text.as_bytes()).is_some())
    };
    field.or_else(product).or_else(page).copied()
}

/// Whether something stands between client and origin.
pub(super) fn proxied(exchange: &Exchange) -> bool {
    let request = exchange.request.as_deref();
    request.is_some_and(|request| {
        let head = &request.head;
        head.has(FieldName::Via)
            || head.has(FieldName::Forwarded)
            || head.has(FieldName::XForwardedFor)
    }) || gateway(exchange).is_some()
}
