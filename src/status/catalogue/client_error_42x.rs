//! Rows of the registered client errors from 421 on.

use crate::status::{Content, Status, may, must, must_not, rfc, should, text};

pub(super) static MISDIRECTED_REQUEST: Status = Status {
    code: 421,
    phrase: "Misdirected Request",
    sources: &[rfc(9110, &["15.5.20", "7.4"])],
    content: Content::Expected,
    gist: text("wrong server for this host", "发到了不负责该域名的服务器"),
    meaning: text(
        "The server cannot answer for this scheme and host: a connection was reused for another \
         name, or the TLS name and Host differ. The client may repeat any method on another \
         connection.",
        "服务器不负责该协议和主机名：连接被复用于其他域名，或 TLS 的 SNI 与 Host 不一致。客户端可\
         以换一条连接重试，任何方法都可以。",
    ),
    response: &[must_not("come from a proxy", "由代理产生")],
    causes: &[
        text(
            "HTTP/2 connection shared between names of one wildcard certificate",
            "同一张泛域名证书下的多个域名共用了 HTTP/2 连接",
        ),
        text("A proxy sends no or the wrong SNI", "代理没有发送 SNI 或发送错误"),
    ],
    distinguish: &[text(
        "Compare the SNI of the TLS hello with the host that answers; HTTP inside TLS is not \
         visible.",
        "对比 TLS 握手中的 SNI 与应答的主机；TLS 内部的 HTTP 看不到。",
    )],
    cures: &[text(
        "Apache: same TLS settings for hosts that share a certificate; nginx: \
         `proxy_ssl_server_name on`",
        "Apache：共用证书的站点使用相同的 TLS 设置；nginx：`proxy_ssl_server_name on`",
    )],
    related: &[400, 404, 503],
    ..Status::REGISTERED
};

pub(super) static UNPROCESSABLE_CONTENT: Status = Status {
    code: 422,
    phrase: "Unprocessable Content",
    aliases: &["Unprocessable Entity"],
    sources: &[rfc(9110, &["15.5.21"])],
    content: Content::Expected,
    gist: text("well-formed, cannot be processed", "格式正确但无法处理"),
    meaning: text(
        "The server knows the media type and the syntax is right, but what it says cannot be done: \
         a field fails validation.",
        "媒体类型和语法都没问题，但内容无法处理：通常是字段校验未通过。",
    ),
    causes: &[text("Validation of a form or an API", "表单或接口校验失败")],
    distinguish: &[text(
        "Nothing is wrong in the packets; the reason is in the body.",
        "报文层面没有问题，原因在主体里。",
    )],
    cures: &[text(
        "Read the errors in the body and correct the fields",
        "查看主体中的错误列表，修正对应字段",
    )],
    related: &[400, 409, 415],
    ..Status::REGISTERED
};

pub(super) static LOCKED: Status = Status {
    code: 423,
    phrase: "Locked",
    sources: &[rfc(4918, &["11.3"])],
    content: Content::Expected,
    gist: text("the resource is locked", "资源被锁定"),
    meaning: text(
        "WebDAV: source or destination is locked. Tencent Cloud uses it for a loop between CDN and \
         origin, Shopify for a locked shop.",
        "WebDAV：源或目标被锁定。腾讯云用它表示 CDN 回源成环，Shopify 用它表示店铺被锁。",
    ),
    request: &[must("submit the lock token in If to go on", "在 If 中提交锁令牌才能继续操作")],
    causes: &[
        text(
            "An open Office document, or a lock left by a crashed client",
            "Office 文档正被打开，或崩溃的客户端遗留了锁",
        ),
        text("Tencent: the origin points back to the CDN", "腾讯云：源站又指回了 CDN"),
    ],
    cures: &[text(
        "UNLOCK it or wait for its timeout; Tencent: give a real origin",
        "执行 UNLOCK 或等锁超时；腾讯云：填写真正的源站",
    )],
    related: &[409, 424, 508],
    ..Status::REGISTERED
};

pub(super) static FAILED_DEPENDENCY: Status = Status {
    code: 424,
    phrase: "Failed Dependency",
    aliases: &["Method Failure"],
    sources: &[rfc(4918, &["11.4"])],
    content: Content::Expected,
    gist: text("not done because another step failed", "因前置操作失败而未执行"),
    meaning: text(
        "WebDAV: this was not done because something it depends on failed; found inside 207. Some \
         APIs use it for an upstream that failed.",
        "WebDAV：所依赖的操作失败，因此本操作未执行，出现在 207 内部。有些接口用它表示上游失败。",
    ),
    causes: &[text("PROPPATCH with one bad property", "PROPPATCH 中有一个属性出错")],
    cures: &[text("Correct the first failed step", "先修复最先失败的操作")],
    related: &[207, 423, 502],
    ..Status::REGISTERED
};

pub(super) static TOO_EARLY: Status = Status {
    code: 425,
    phrase: "Too Early",
    aliases: &["Unordered Collection"],
    sources: &[rfc(8470, &["5.2"])],
    content: Content::Expected,
    gist: text("not in TLS early data, please", "拒绝 TLS 早期数据中的请求"),
    meaning: text(
        "The request came in TLS 1.3 early data (0-RTT), where an attacker could replay it. The \
         client repeats it after the handshake.",
        "请求在 TLS 1.3 早期数据（0-RTT）中到达，可能被重放。客户端应在握手完成后重试。",
    ),
    causes: &[text(
        "0-RTT is on (`ssl_early_data on`, CDN) and the method changes something",
        "启用了 0-RTT（`ssl_early_data on` 或 CDN），而方法会修改数据",
    )],
    cures: &[text(
        "nginx: `proxy_set_header Early-Data $ssl_early_data`; no 0-RTT for unsafe methods",
        "nginx：`proxy_set_header Early-Data $ssl_early_data`；不安全的方法不用 0-RTT",
    )],
    related: &[421, 409, 503],
    ..Status::REGISTERED
};

pub(super) static UPGRADE_REQUIRED: Status = Status {
    code: 426,
    phrase: "Upgrade Required",
    sources: &[rfc(9110, &["15.5.22"])],
    content: Content::Expected,
    gist: text("another protocol is required", "必须升级协议"),
    meaning: text(
        "The server does not answer in this protocol, but would in the one that Upgrade names: \
         TLS, a newer HTTP, WebSocket.",
        "服务器不接受当前协议，需改用 Upgrade 所列的协议：TLS、更新的 HTTP 或 WebSocket。",
    ),
    response: &[must(
        "carry Upgrade and `Connection: Upgrade`",
        "携带 Upgrade 与 `Connection: Upgrade`",
    )],
    causes: &[
        text(
            "nginx in front of Envoy or Istio with HTTP/1.0, the old default of `proxy_pass`",
            "nginx 以 HTTP/1.0（`proxy_pass` 的旧默认值）转发给 Envoy 或 Istio",
        ),
        text(
            "WebSocket URI opened with a plain GET, or Upgrade lost in a proxy",
            "用普通 GET 访问 WebSocket 地址，或代理丢掉了 Upgrade",
        ),
    ],
    distinguish: &[text(
        "HTTP/1.0 in the request line on the upstream side names the first cause.",
        "上游一侧的请求行是 HTTP/1.0，即为第一种原因。",
    )],
    cures: &[text(
        "nginx: `proxy_http_version 1.1`; Envoy: `accept_http_10`",
        "nginx：`proxy_http_version 1.1`；Envoy：`accept_http_10`",
    )],
    related: &[101, 400, 505],
    ..Status::REGISTERED
};

pub(super) static PRECONDITION_REQUIRED: Status = Status {
    code: 428,
    phrase: "Precondition Required",
    sources: &[rfc(6585, &["3"])],
    content: Content::Expected,
    gist: text("send it with a condition", "请求必须带条件"),
    meaning: text(
        "The server wants If-Match on changes, so that nobody overwrites what they have not seen.",
        "服务器要求修改时带 If-Match，避免覆盖没看过的内容。",
    ),
    response: &[
        should("explain how to send it again", "说明如何重新提交"),
        must_not("be stored by caches", "被缓存"),
    ],
    causes: &[text("An API with optimistic locking", "使用乐观锁的接口")],
    cures: &[text(
        "GET first, then PUT with `If-Match: ETAG`",
        "先 GET，再用 `If-Match: ETAG` 发 PUT",
    )],
    related: &[412, 409],
    ..Status::REGISTERED
};

pub(super) static TOO_MANY_REQUESTS: Status = Status {
    code: 429,
    phrase: "Too Many Requests",
    sources: &[rfc(6585, &["4"])],
    content: Content::Expected,
    gist: text("rate limit, slow down", "请求过多，被限流"),
    meaning: text(
        "Too many requests in a given time from this user, address or key. It is the client that \
         must slow down; the server may be well.",
        "该用户、地址或密钥在一段时间内请求过多。应由客户端放慢速度，服务器本身可能一切正常。",
    ),
    response: &[
        may("carry Retry-After", "携带 Retry-After"),
        should("explain the limit", "说明限流规则"),
        must_not("be stored by caches", "被缓存"),
    ],
    causes: &[
        text(
            "A client without back-off: loops, many workers, retries",
            "客户端没有退避：循环、并发过多、重试",
        ),
        text(
            "Many users behind one address (NAT, or a proxy whose address is counted)",
            "多个用户共用一个地址（NAT，或限流统计的是代理地址）",
        ),
        text("The limit is too low, or counted per node", "限额过低，或按节点分别计数"),
        text("Quota of an API key spent", "API 密钥的配额用完"),
    ],
    distinguish: &[
        text(
            "Requests per second of this client before the first 429 give the limit in force.",
            "第一个 429 之前该客户端的每秒请求数，就是实际生效的限额。",
        ),
        text(
            "The next attempt comes sooner than Retry-After says: the client does not obey. \
             Repeats of one request: a retry storm.",
            "下一次请求早于 Retry-After：客户端不遵守。同一请求反复出现：重试风暴。",
        ),
        text(
            "All clients at once: the limiter counts the wrong address; look at X-Forwarded-For.",
            "所有客户端同时被限：限流器统计了错误的地址，看 X-Forwarded-For。",
        ),
    ],
    cures: &[
        text(
            "Client: obey Retry-After, back off exponentially with jitter, cache",
            "客户端：遵守 Retry-After，带抖动的指数退避，善用缓存",
        ),
        text(
            "nginx: `limit_req zone=… burst=…`, `limit_req_status 429` (503 unless set), \
             `real_ip_header`",
            "nginx：`limit_req zone=… burst=…`、`limit_req_status 429`（默认 503）、\
             `real_ip_header`",
        ),
        text(
            "HAProxy: `http-request deny deny_status 429` on a stick table; Envoy: \
             `local_ratelimit` or the rate limit service (flag RL)",
            "HAProxy：stick-table 加 `http-request deny deny_status 429`；Envoy：`local_ratelimit` \
             或限流服务（标志 RL）",
        ),
    ],
    related: &[503, 403, 420, 430, 509],
    ..Status::REGISTERED
};

pub(super) static REQUEST_HEADER_FIELDS_TOO_LARGE: Status = Status {
    code: 431,
    phrase: "Request Header Fields Too Large",
    sources: &[rfc(6585, &["5"])],
    content: Content::Expected,
    gist: text("the request head is too large", "请求头过大"),
    meaning: text(
        "One header field or the whole head is too large, nearly always cookies or tokens.",
        "某个报头或整个请求头过大，几乎总是 Cookie 或令牌。",
    ),
    response: &[must_not("be stored by caches", "被缓存")],
    causes: &[text(
        "Cookies that pile up, a large token, a long Referer",
        "Cookie 越积越多、令牌过大、Referer 过长",
    )],
    distinguish: &[text(
        "The size of the head: Node refuses above 16 KiB, Envoy above 60 KiB unless set.",
        "看请求头大小：默认 Node 超过 16 KiB、Envoy 超过 60 KiB 就拒绝。",
    )],
    cures: &[text(
        "Delete cookies, shrink tokens; Node: `--max-http-header-size`; Tomcat: \
         `maxHttpHeaderSize`; Envoy: `max_request_headers_kb`",
        "清理 Cookie、缩小令牌；Node：`--max-http-header-size`；Tomcat：`maxHttpHeaderSize`；Envoy\
         ：`max_request_headers_kb`",
    )],
    remarks: &[text(
        "nginx answers 400 instead (494 in its log).",
        "nginx 返回的是 400（日志中为 494）。",
    )],
    related: &[400, 413, 414, 494],
    ..Status::REGISTERED
};

pub(super) static UNAVAILABLE_FOR_LEGAL_REASONS: Status = Status {
    code: 451,
    phrase: "Unavailable For Legal Reasons",
    aliases: &["Redirect"],
    sources: &[rfc(7725, &["3"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("blocked by law", "因法律要求不可访问"),
    meaning: text(
        "Access is denied because of a legal demand. Exchange ActiveSync uses the number \
         differently: a redirect in X-MS-Location.",
        "因法律要求而拒绝访问。Exchange ActiveSync 另作他用：通过 X-MS-Location 重定向。",
    ),
    response: &[should(
        "explain it, and name who blocks in Link with `rel=\"blocked-by\"`",
        "说明依据，并用 Link 的 `rel=\"blocked-by\"` 标明实施方",
    )],
    causes: &[text(
        "Court order, data protection, blocking by country",
        "法院命令、数据保护法规、地区封锁",
    )],
    cures: &[text("Not a technical fault; talk to whoever blocks", "不是技术故障，请联系实施方")],
    related: &[403, 410, 511],
    ..Status::REGISTERED
};
