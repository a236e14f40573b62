//! Rows of unregistered codes that no other file owns.

use crate::status::{Content, Status, text};

pub(super) static CONTENT_DIFFERENT: Status = Status {
    code: 210,
    phrase: "Content Different",
    vendor: Some("WebDAV drafts / HAProxy reason table"),
    content: Content::Optional,
    gist: text("dropped draft code", "已放弃的草案代码"),
    meaning: text(
        "A WebDAV draft's code for an answer that differs from the client's copy; today only a \
         line in tables. Treat it as 200.",
        "WebDAV 旧草案代码，表示返回内容与客户端副本不同，如今只见于短语表。按 200 处理。",
    ),
    causes: &[text(
        "An old WebDAV server, or a mistaken number",
        "老旧的 WebDAV 服务器，或写错了状态码",
    )],
    cures: &[text("Correct the application's status", "更正应用的状态码")],
    related: &[200, 203, 226],
    ..Status::UNREGISTERED
};

pub(super) static THIS_IS_FINE: Status = Status {
    code: 218,
    phrase: "This is fine",
    vendor: Some("Apache HTTP Server"),
    content: Content::Optional,
    gist: text("keep my error page", "保留后端错误页"),
    meaning: text(
        "Used behind Apache's ProxyErrorOverride so that the back end's error page passes \
         unchanged.",
        "用于 Apache 的 ProxyErrorOverride，使后端的错误页原样通过。",
    ),
    causes: &[text(
        "An Apache reverse proxy with `ProxyErrorOverride`",
        "Apache 反向代理启用了 `ProxyErrorOverride`",
    )],
    cures: &[text(
        "Check `ProxyErrorOverride` and the back end's real status",
        "检查 `ProxyErrorOverride` 与后端的真实状态",
    )],
    related: &[200, 500],
    ..Status::UNREGISTERED
};

pub(super) static TOO_MANY_REDIRECTS: Status = Status {
    code: 310,
    phrase: "Too many Redirects",
    vendor: Some("HAProxy reason table"),
    content: Content::Optional,
    gist: text("redirect limit reached", "重定向过多"),
    meaning: text(
        "Not standard: some clients show it when they give up on a chain of redirects.",
        "非标准：部分客户端放弃过长的重定向链时显示。",
    ),
    causes: &[text("A redirect loop", "重定向循环")],
    distinguish: &[text("The same URIs take turns in Location.", "Location 中的 URI 循环出现。")],
    cures: &[text("Break the loop; see 301", "打破循环，参见 301")],
    related: &[301, 302, 508],
    ..Status::UNREGISTERED
};

pub(super) static PAGE_EXPIRED: Status = Status {
    code: 419,
    phrase: "Page Expired",
    aliases: &["Authentication Timeout", "unknown status"],
    vendor: Some("Laravel; Qiniu Cloud"),
    content: Content::Optional,
    gist: text("session or form expired", "会话或表单已过期"),
    meaning: text(
        "Laravel: the CSRF token is missing or expired. Qiniu: the account is frozen. Elsewhere \
         \"Authentication Timeout\".",
        "Laravel：CSRF 令牌缺失或过期。七牛云：账号被冻结。其他场合表示“认证超时”。",
    ),
    causes: &[text(
        "Session expired, cookies blocked, form from a cache",
        "会话过期、Cookie 被阻止、表单来自缓存",
    )],
    distinguish: &[text(
        "Look whether the session cookie comes back and how old the form's GET is.",
        "看会话 Cookie 是否带回，以及获取表单的 GET 有多久。",
    )],
    cures: &[text(
        "Reload the form; check session driver, cookie domain and SameSite",
        "刷新表单；检查会话驱动、Cookie 域与 SameSite",
    )],
    related: &[401, 403, 440],
    ..Status::UNREGISTERED
};

pub(super) static ENHANCE_YOUR_CALM: Status = Status {
    code: 420,
    phrase: "Enhance Your Calm",
    aliases: &["Method Failure", "Unused"],
    vendor: Some("Twitter (v1 API); Spring"),
    content: Content::Optional,
    gist: text("slow down (old Twitter)", "限流（旧版 Twitter）"),
    meaning: text(
        "Twitter's old code for rate limiting, 429 today. In Spring \"Method Failure\".",
        "Twitter 旧版限流代码，现为 429。Spring 中表示方法失败。",
    ),
    causes: &[text("A rate limit in that style", "沿用该风格的限流")],
    cures: &[text("Treat it as 429", "按 429 处理")],
    related: &[429],
    ..Status::UNREGISTERED
};

pub(super) static BANDWIDTH_LIMIT_EXCEEDED: Status = Status {
    code: 509,
    phrase: "Bandwidth Limit Exceeded",
    vendor: Some("Apache bw/limited, cPanel"),
    content: Content::Optional,
    gist: text("traffic allowance used up", "流量超额"),
    meaning: text("The site has used up its traffic allowance.", "站点流量超出限额。"),
    causes: &[text(
        "Monthly quota of shared hosting; others link to your images",
        "虚拟主机月流量用尽；图片被盗链",
    )],
    cures: &[text("Raise the quota or wait; stop hot-linking", "提高配额或等待；设置防盗链")],
    related: &[429, 503],
    ..Status::UNREGISTERED
};

pub(super) static FREQUENCY_CAPPED: Status = Status {
    code: 514,
    phrase: "Frequency Capped",
    vendor: Some("Tencent Cloud CDN"),
    content: Content::Optional,
    gist: text("too many requests from one address", "触发 IP 限频"),
    meaning: text(
        "More requests from one address than the CDN allows.",
        "腾讯云 CDN：单个 IP 的访问频率超过限制。",
    ),
    causes: &[text(
        "A busy client, or many behind one NAT address",
        "客户端请求过多，或多人共用一个 NAT 地址",
    )],
    cures: &[text("Adjust the limit in the CDN's console", "在 CDN 控制台调整限频")],
    related: &[429],
    ..Status::UNREGISTERED
};

pub(super) static SITE_IS_OVERLOADED: Status = Status {
    code: 529,
    phrase: "Site is overloaded",
    aliases: &["Overloaded"],
    vendor: Some("Qualys SSL Labs; Anthropic API; others"),
    content: Content::Optional,
    gist: text("overloaded, try later", "服务过载，请稍后重试"),
    meaning: text("The service is overloaded.", "服务过载，请稍后重试。"),
    causes: &[text("The provider is at capacity", "服务方容量不足")],
    cures: &[text("Back off exponentially", "指数退避重试")],
    related: &[503, 429],
    ..Status::UNREGISTERED
};

pub(super) static NETWORK_READ_TIMEOUT_ERROR: Status = Status {
    code: 598,
    phrase: "Network Read Timeout Error",
    vendor: Some("some HTTP proxies (informal)"),
    content: Content::Optional,
    gist: text("read from the upstream timed out", "读取上游超时"),
    meaning: text(
        "Informal, mostly in logs: a proxy's read from the upstream timed out.",
        "非正式代码，多见于日志：代理读取上游超时。",
    ),
    causes: &[text("The upstream stopped in the middle", "上游中途停止发送")],
    cures: &[text("As for 504", "同 504")],
    related: &[504],
    ..Status::UNREGISTERED
};

pub(super) static NETWORK_CONNECT_TIMEOUT_ERROR: Status = Status {
    code: 599,
    phrase: "Network Connect Timeout Error",
    vendor: Some("some HTTP proxies (informal); Tornado client; Qiniu Cloud"),
    content: Content::Optional,
    gist: text("connecting to the upstream timed out", "连接上游超时"),
    meaning: text(
        "Informal: a proxy's connection to the upstream timed out. Tornado's client shows it \
         without any response on the wire; Qiniu sends it for a failure of its own.",
        "非正式：代理连接上游超时。Tornado 客户端在没有任何响应时自行生成；七牛云表示服务端操作失\
         败。",
    ),
    causes: &[text("The upstream cannot be reached", "上游不可达")],
    distinguish: &[text(
        "No response on the wire at all: the client made the number up.",
        "线上根本没有响应：是客户端自行生成的。",
    )],
    cures: &[text(
        "As for 504; Qiniu: give X-Reqid to the support",
        "同 504；七牛云：向客服提供 X-Reqid",
    )],
    related: &[504, 500],
    ..Status::UNREGISTERED
};

pub(super) static REQUEST_DENIED: Status = Status {
    code: 999,
    phrase: "Request Denied",
    vendor: Some("LinkedIn"),
    content: Content::Optional,
    gist: text("crawler refused (LinkedIn)", "拒绝爬虫（LinkedIn）"),
    meaning: text(
        "Outside the valid range: LinkedIn's answer to crawlers, formerly Yahoo's too.",
        "超出合法范围：LinkedIn 拒绝爬虫时返回，Yahoo 也曾使用。",
    ),
    causes: &[text(
        "A crawler without login, or an address of a data centre",
        "未登录的爬虫，或来自数据中心的地址",
    )],
    cures: &[text("Use the official API; slow down", "使用官方 API；降低频率")],
    related: &[403, 429],
    ..Status::UNREGISTERED
};
