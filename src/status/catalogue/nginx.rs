//! Rows of the numbers that nginx keeps to its own log (498 and 499 are also sent by others).

use crate::status::{Content, Status, text};

pub(super) static NO_RESPONSE: Status = Status {
    code: 444,
    phrase: "No Response",
    aliases: &["Connection Closed Without Response"],
    vendor: Some("nginx"),
    log_only: true,
    content: Content::Forbidden,
    gist: text("nginx closed without an answer", "nginx 不应答直接关闭"),
    meaning: text(
        "nginx was told to close the connection without a word (`return 444`). The number is in \
         its log only; on the wire there is a FIN or RST and no response.",
        "nginx 被配置为不返回任何内容直接关闭连接（`return 444`）。只出现在日志中，线上只有 FIN 或 \
         RST，没有响应。",
    ),
    causes: &[text(
        "`return 444` for unknown hosts or bots",
        "对未知域名或爬虫配置了 `return 444`",
    )],
    distinguish: &[text(
        "The request is complete, the server closes at once, no response octet.",
        "请求完整，服务器立即关闭，没有任何响应字节。",
    )],
    cures: &[text(
        "Check `server_name`, `default_server` and the deny rules",
        "检查 `server_name`、`default_server` 和拒绝规则",
    )],
    related: &[403, 499],
    ..Status::UNREGISTERED
};

pub(super) static REQUEST_HEADER_TOO_LARGE: Status = Status {
    code: 494,
    phrase: "Request Header Too Large",
    vendor: Some("nginx"),
    log_only: true,
    content: Content::Optional,
    gist: text("request head too large (nginx)", "请求头过大（nginx）"),
    meaning: text(
        "nginx's inner number for a request head that does not fit; the client gets 400.",
        "nginx 内部代码，请求头放不进缓冲区；线上返回 400。",
    ),
    causes: &[text(
        "Cookies or tokens beyond `large_client_header_buffers`",
        "Cookie 或令牌超过 `large_client_header_buffers`",
    )],
    cures: &[text(
        "`large_client_header_buffers 4 16k`, or smaller cookies",
        "`large_client_header_buffers 4 16k`，或缩小 Cookie",
    )],
    related: &[400, 431],
    ..Status::UNREGISTERED
};

pub(super) static SSL_CERTIFICATE_ERROR: Status = Status {
    code: 495,
    phrase: "SSL Certificate Error",
    aliases: &["Client Certificate Verification Error"],
    vendor: Some("nginx"),
    log_only: true,
    content: Content::Optional,
    gist: text("bad client certificate (nginx)", "客户端证书无效（nginx）"),
    meaning: text(
        "nginx's inner number: the client's certificate failed verification; the client gets 400.",
        "nginx 内部代码：客户端证书校验失败；线上返回 400。",
    ),
    causes: &[text(
        "Certificate expired, revoked or of another authority",
        "证书过期、被吊销或由其他 CA 签发",
    )],
    cures: &[text(
        "`ssl_client_certificate`, `ssl_verify_depth`, `ssl_crl`, the clock",
        "检查 `ssl_client_certificate`、`ssl_verify_depth`、`ssl_crl` 和时钟",
    )],
    related: &[400, 496],
    ..Status::UNREGISTERED
};

pub(super) static SSL_CERTIFICATE_REQUIRED: Status = Status {
    code: 496,
    phrase: "SSL Certificate Required",
    aliases: &["No required SSL certificate was sent"],
    vendor: Some("nginx"),
    log_only: true,
    content: Content::Optional,
    gist: text("client certificate missing (nginx)", "缺少客户端证书（nginx）"),
    meaning: text(
        "nginx's inner number: a client certificate is required and none came; the client gets \
         400.",
        "nginx 内部代码：要求客户端证书但没有收到；线上返回 400。",
    ),
    causes: &[text(
        "`ssl_verify_client on`, and the client has none set up",
        "启用了 `ssl_verify_client on`，客户端没有配置证书",
    )],
    cures: &[text(
        "curl `--cert`; or `ssl_verify_client optional`",
        "curl `--cert`；或 `ssl_verify_client optional`",
    )],
    related: &[400, 495],
    ..Status::UNREGISTERED
};

pub(super) static HTTP_REQUEST_SENT_TO_HTTPS_PORT: Status = Status {
    code: 497,
    phrase: "HTTP Request Sent to HTTPS Port",
    aliases: &["HTTP to HTTPS"],
    vendor: Some("nginx"),
    log_only: true,
    content: Content::Optional,
    gist: text("plain http at a TLS port (nginx)", "向 TLS 端口发了明文 http"),
    meaning: text(
        "nginx's inner number: plain HTTP came to a TLS port; the client gets 400.",
        "nginx 内部代码：TLS 端口收到明文 HTTP；线上返回 400。",
    ),
    causes: &[
        text(
            "A link or health check with http:// and port 443",
            "链接或健康检查用 http:// 访问 443 端口",
        ),
        text(
            "A TLS terminator in front that forwards plain HTTP to the TLS port",
            "前面的 TLS 终止设备把明文转发到了 TLS 端口",
        ),
    ],
    cures: &[text(
        "Use https, or `error_page 497 =301 https://$host$request_uri`",
        "改用 https，或 `error_page 497 =301 https://$host$request_uri`",
    )],
    related: &[400, 301],
    ..Status::UNREGISTERED
};

pub(super) static INVALID_TOKEN: Status = Status {
    code: 498,
    phrase: "Invalid Token",
    vendor: Some("Esri ArcGIS; nginx (internal)"),
    content: Content::Optional,
    gist: text("token invalid (ArcGIS)", "令牌无效（ArcGIS）"),
    meaning: text(
        "ArcGIS: the token is invalid or expired. Inside nginx the number means \"canceled\" and \
         is not sent.",
        "ArcGIS：令牌无效或已过期。nginx 源码中表示内部“取消”状态，不会发送。",
    ),
    causes: &[text(
        "Token expired, or bound to another Referer or address",
        "令牌过期，或绑定的 Referer、IP 变了",
    )],
    cures: &[text("Get a new token", "重新获取令牌")],
    related: &[401, 499],
    ..Status::UNREGISTERED
};

pub(super) static CLIENT_CLOSED_REQUEST: Status = Status {
    code: 499,
    phrase: "Client Closed Request",
    aliases: &["client has closed connection", "Token Required"],
    vendor: Some("nginx; Esri ArcGIS (Token Required)"),
    log_only: true,
    content: Content::Optional,
    gist: text("the client left before the answer", "客户端在应答前断开"),
    meaning: text(
        "nginx's log entry for a client that closed the connection while the request was still \
         being worked on. It is not on the wire: look for a client's FIN or RST before the first \
         response octet. Other proxies call it ALB 460, HAProxy CD or CH, Envoy DC.",
        "nginx 日志专用：请求还在处理，客户端就关闭了连接。线上没有这个状态码，只有首个响应字节之\
         前客户端的 FIN 或 RST。其他代理：ALB 为 460，HAProxy 为 CD、CH，Envoy 为 DC。",
    ),
    sent_by: Some(text(
        "nobody, nginx only logs it; ArcGIS does send 499, for a missing token",
        "没有人发送，nginx 只写入日志；ArcGIS 会真的返回 499，表示缺少令牌",
    )),
    causes: &[
        text(
            "The timeout of the client, or of the proxy in front, is shorter than the answer takes",
            "客户端或前置代理的超时短于处理时间",
        ),
        text("The upstream is slow: the true fault is there", "上游太慢：真正的问题在那里"),
        text(
            "A user left the page, a search box cancelled the last query",
            "用户离开页面，搜索框取消了上一次查询",
        ),
        text("Health checks that do not wait for the end", "健康检查不等应答结束"),
    ],
    distinguish: &[
        text(
            "Who closes first: the client's FIN or RST comes before any response octet.",
            "看谁先关闭：在任何响应字节之前，先出现客户端的 FIN 或 RST。",
        ),
        text(
            "All after the same time (5, 10, 30 s): a timeout at the client. All different: \
             people.",
            "都在同一时长（5、10、30 秒）后断开：客户端超时；时长各异：人为操作。",
        ),
        text(
            "A half-close: FIN, but the client still reads. Some proxies take it for leaving.",
            "半关闭：客户端发了 FIN 但仍在读取，有些代理会误判为离开。",
        ),
        text(
            "The upstream's answer comes later on its own connection: so long the work really \
             takes.",
            "上游的应答随后才出现：由此可知真实耗时。",
        ),
    ],
    cures: &[
        text(
            "Make it faster, or the client's timeout longer than nginx's `proxy_read_timeout`",
            "优化处理，或让客户端超时长于 nginx 的 `proxy_read_timeout`",
        ),
        text(
            "`proxy_ignore_client_abort on` if the work must be finished; HAProxy: see `option \
             abortonclose`",
            "必须执行完时用 `proxy_ignore_client_abort on`；HAProxy 参考 `option abortonclose`",
        ),
        text(
            "Retries after it: make sure that doing it twice does no harm",
            "客户端断开后往往重试：确保重复执行无害",
        ),
    ],
    related: &[408, 460, 504],
    ..Status::UNREGISTERED
};
