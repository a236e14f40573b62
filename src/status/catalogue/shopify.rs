//! Rows of the codes of Shopify.

use crate::status::{Content, Status, text};

pub(super) static SHOPIFY_SECURITY_REJECTION: Status = Status {
    code: 430,
    phrase: "Shopify Security Rejection",
    aliases: &["Request Header Fields Too Large"],
    vendor: Some("Shopify"),
    content: Content::Optional,
    gist: text("refused as suspicious", "因可疑被拒绝"),
    meaning: text(
        "Shopify takes the request for malicious, or the client for too busy. A draft once had the \
         number for too large header fields.",
        "Shopify 认为请求可疑或过于频繁而拒绝。早期草案曾用它表示请求头过大。",
    ),
    causes: &[text(
        "Traffic like a bot's, or a forbidden pattern in the query",
        "类似爬虫的流量，或查询串中有可疑内容",
    )],
    cures: &[text("Slow down; look for odd parameters", "降低频率；检查可疑参数")],
    related: &[403, 429, 431],
    ..Status::UNREGISTERED
};

pub(super) static TEMPORARILY_DISABLED: Status = Status {
    code: 540,
    phrase: "Temporarily Disabled",
    vendor: Some("Shopify"),
    content: Content::Optional,
    gist: text("endpoint switched off for now", "接口被临时停用"),
    meaning: text("Shopify has switched the endpoint off for now.", "Shopify 临时停用了该接口。"),
    causes: &[text("The shop or endpoint was disabled", "店铺或接口被停用")],
    cures: &[text("Wait; see Shopify's status page", "等待，查看 Shopify 状态页")],
    related: &[503],
    ..Status::UNREGISTERED
};

pub(super) static UNEXPECTED_TOKEN: Status = Status {
    code: 783,
    phrase: "Unexpected Token",
    vendor: Some("Shopify"),
    content: Content::Optional,
    gist: text("the JSON is malformed", "JSON 语法错误"),
    meaning: text(
        "Outside the valid range: Shopify could not parse the request's JSON.",
        "超出合法范围：Shopify 无法解析请求中的 JSON。",
    ),
    causes: &[text("The client sends malformed JSON", "客户端发送了错误的 JSON")],
    cures: &[text("Validate the body", "校验请求主体")],
    related: &[400],
    ..Status::UNREGISTERED
};
