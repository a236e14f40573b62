//! Rows of the interim responses, 100 to 104.

use crate::status::{Content, Registration, Source, Status, must, must_not, rfc, should, text};

pub(super) static CONTINUE: Status = Status {
    code: 100,
    phrase: "Continue",
    sources: &[rfc(9110, &["15.2.1", "10.1.1"])],
    content: Content::Forbidden,
    gist: text("go on, send the body", "请继续发送请求主体"),
    meaning: text(
        "An interim response to a request with `Expect: 100-continue`. The server has read the \
         head, has not rejected it so far, and wants the body now. The final status still follows, \
         and it may be an error.",
        "对带有 `Expect: 100-continue` 的请求的临时响应：服务器读完了请求头，目前没有拒绝，请客户\
         端开始发送主体。之后仍有一个最终状态码，也可能是错误。",
    ),
    request: &[
        must(
            "carry `Expect: 100-continue` if the client waits for the 100",
            "携带 `Expect: 100-continue`（如果客户端要等 100）",
        ),
        must_not("expect a 100 if it has no content", "在没有内容时使用该期望"),
        should(
            "carry everything the server decides on: Authorization, Content-Type, Content-Length",
            "带上服务器做判断所需的字段：Authorization、Content-Type、Content-Length",
        ),
    ],
    response: &[must_not("go to an HTTP/1.0 client", "发给 HTTP/1.0 客户端")],
    causes: &[
        text(
            "The client asked for it: curl, .NET and Java clients add Expect by themselves to \
             larger bodies",
            "客户端主动要求：curl、.NET、Java 客户端对较大的主体会自动加上 Expect",
        ),
        text(
            "A proxy answers 100 on its own before it has asked the origin",
            "代理没有询问源站就自行返回 100",
        ),
        text(
            "An unsolicited 100; harmless, clients must cope with it",
            "未经请求的 100；无害，客户端必须能够忽略",
        ),
    ],
    distinguish: &[
        text(
            "About 1 s between head and body and no 100 on the wire: curl gave up waiting (its \
             default), and some hop swallows the 100.",
            "请求头与主体之间约有 1 秒空隙，且线上没有 100：curl 放弃了等待（默认值），某一跳吞掉\
             了 100。",
        ),
        text(
            "100 follows the head at once but the error comes only after the body: the proxy said \
             yes before the origin could say no.",
            "请求头之后立刻有 100，主体发完才报错：代理抢先同意，源站没有机会拒绝。",
        ),
    ],
    cures: &[
        text(
            "Requests hang for a second: send without it (`curl -H 'Expect:'`) or replace the \
             HTTP/1.0 hop",
            "每次卡住一秒：去掉该字段（`curl -H 'Expect:'`），或更换 HTTP/1.0 的那一跳",
        ),
        text(
            "nginx answers 100 itself: set limits such as `client_max_body_size` in nginx, not \
             only in the application",
            "nginx 会自行回 100：`client_max_body_size` 等限制要配在 nginx 上，而不只是应用里",
        ),
        text(
            "Envoy: `proxy_100_continue: true` leaves the decision to the upstream",
            "Envoy：`proxy_100_continue: true` 把决定权交给上游",
        ),
    ],
    remarks: &[text(
        "Older guides say that the client sends its request again and that it will not be \
         rejected. By RFC 9110 it sends only the body of the same request, and any final status \
         may follow.",
        "旧资料说客户端要“重新发送请求”且“不会被拒绝”。按 RFC 9110，只需继续发送同一请求的主体，最\
         终状态仍可能是任何错误。",
    )],
    related: &[417, 413, 401, 101],
    ..Status::REGISTERED
};

pub(super) static SWITCHING_PROTOCOLS: Status = Status {
    code: 101,
    phrase: "Switching Protocols",
    sources: &[rfc(9110, &["15.2.2", "7.8"]), rfc(6455, &["4.2.2"])],
    content: Content::Forbidden,
    gist: text("now another protocol is spoken", "本连接改用另一种协议"),
    meaning: text(
        "The server accepts the Upgrade that the client offered. Right behind the empty line both \
         sides speak the new protocol on the same TCP connection; it is no longer an HTTP \
         connection. In practice this is nearly always WebSocket.",
        "服务器接受了客户端用 Upgrade 提出的协议。空行之后，双方在同一条 TCP 连接上立即改用新协议\
         ，这条连接不再是 HTTP。实际中几乎都是 WebSocket。",
    ),
    request: &[
        must(
            "offer protocols in Upgrade, with `Connection: Upgrade`",
            "用 Upgrade 列出愿意使用的协议，并带 `Connection: Upgrade`",
        ),
        must(
            "be, for WebSocket, a GET over HTTP/1.1 with Sec-WebSocket-Key and \
             `Sec-WebSocket-Version: 13`",
            "在 WebSocket 握手时是 HTTP/1.1 的 GET，并带 Sec-WebSocket-Key 和 \
             `Sec-WebSocket-Version: 13`",
        ),
    ],
    response: &[
        must(
            "name one that was offered in Upgrade, with `Connection: Upgrade`",
            "用 Upgrade 写明新协议（只能是客户端提出过的），并带 `Connection: Upgrade`",
        ),
        must(
            "carry, for WebSocket, the fitting Sec-WebSocket-Accept",
            "在 WebSocket 握手时携带与密钥相符的 Sec-WebSocket-Accept",
        ),
    ],
    causes: &[
        text("A WebSocket handshake", "WebSocket 握手"),
        text(
            "`docker attach`, `kubectl exec`, vendor tunnels",
            "`docker attach`、`kubectl exec` 以及各厂商的隧道",
        ),
        text("An upgrade to h2c, retired by RFC 9113", "升级到 h2c（RFC 9113 已废止）"),
    ],
    distinguish: &[
        text(
            "200, 400 or 426 in place of 101: compare Upgrade and Connection on both sides of the \
             proxy; unless told otherwise it drops them.",
            "应为 101 却得到 200、400 或 426：对比代理两侧的 Upgrade 与 Connection。它们是逐跳字段\
             ，不配置就会被代理丢掉。",
        ),
        text(
            "101, then a close after a round idle time (60 s): a proxy's idle timeout; whoever \
             sent the first FIN or RST owns it.",
            "101 之后空闲一段整数时间（如 60 秒）就断开：代理的空闲超时；谁先发 FIN 或 RST，就是谁\
             的超时。",
        ),
        text(
            "HTTP messages behind the 101: one side did not switch.",
            "101 之后仍出现 HTTP 报文：有一方没有真正切换。",
        ),
    ],
    cures: &[
        text(
            "nginx: `proxy_http_version 1.1`, `proxy_set_header Upgrade $http_upgrade`, \
             `proxy_set_header Connection \"upgrade\"`, longer `proxy_read_timeout`",
            "nginx：`proxy_http_version 1.1`、`proxy_set_header Upgrade $http_upgrade`、\
             `proxy_set_header Connection \"upgrade\"`，并加长 `proxy_read_timeout`",
        ),
        text(
            "HAProxy: `timeout tunnel`; Envoy: `upgrade_configs` with `upgrade_type: websocket`; \
             Apache: `ProxyPass … upgrade=websocket`",
            "HAProxy：`timeout tunnel`；Envoy：`upgrade_configs` 中设 `upgrade_type: websocket`；\
             Apache：`ProxyPass … upgrade=websocket`",
        ),
        text(
            "Send WebSocket pings more often than the shortest idle timeout on the way",
            "WebSocket ping 的间隔要小于沿途最短的空闲超时",
        ),
    ],
    remarks: &[text(
        "Older guides say that the client closes the connection after 101. It does not: the same \
         connection goes on in the new protocol.",
        "旧资料说客户端收到 101 后会关闭连接。并非如此：同一条连接继续使用，只是换了协议。",
    )],
    related: &[426, 400, 100, 200],
    ..Status::REGISTERED
};

pub(super) static PROCESSING: Status = Status {
    code: 102,
    phrase: "Processing",
    sources: &[rfc(2518, &["10.1"])],
    content: Content::Forbidden,
    gist: text("still working, please wait", "仍在处理，请等待"),
    meaning: text(
        "A WebDAV interim response: a long operation (more than about 20 s) is still being worked \
         on. RFC 4918 dropped it because hardly any client used it; the number is still \
         registered.",
        "WebDAV 的临时响应，表示耗时操作（约 20 秒以上）仍在处理。由于几乎没有客户端使用，RFC 4918 \
         已将其移除，但编号仍在注册表中。",
    ),
    causes: &[
        text(
            "A long COPY, MOVE or PROPFIND on a WebDAV server",
            "WebDAV 服务器上耗时的 COPY、MOVE 或 PROPFIND",
        ),
        text("A framework that sends 102 as a sign of life", "框架把 102 当作“保活”信号发送"),
    ],
    cures: &[text(
        "Don't rely on it to hold off timeouts; answer 202 and offer a resource that shows the \
         progress",
        "不要靠它防止超时；应返回 202 并提供可查询进度的资源",
    )],
    related: &[202, 207, 103],
    ..Status::REGISTERED
};

pub(super) static EARLY_HINTS: Status = Status {
    code: 103,
    phrase: "Early Hints",
    sources: &[rfc(8297, &["2"])],
    content: Content::Forbidden,
    gist: text("fields of the response to come", "提前告知最终响应可能带的报头"),
    meaning: text(
        "An interim response with fields that the final one will probably carry, in practice Link \
         with preload or preconnect, so that the client can fetch them while the server is still \
         working.",
        "临时响应，提前给出最终响应很可能携带的报头（实际上是 Link 的 preload 或 preconnect），让\
         客户端在服务器处理期间先行获取资源。",
    ),
    response: &[should("carry Link, or it says nothing", "携带 Link，否则没有意义")],
    causes: &[text("A CDN or server with early hints switched on", "CDN 或服务器启用了提前提示")],
    cures: &[
        text(
            "Old HTTP/1.1 clients and proxies choke on it: send it only where the client is known \
             to cope",
            "老旧的 HTTP/1.1 客户端和代理可能出错：只对确认支持的客户端发送",
        ),
        text(
            "nginx 1.29 and later: `early_hints`; Apache: `H2EarlyHints`",
            "nginx 1.29 起：`early_hints`；Apache：`H2EarlyHints`",
        ),
    ],
    related: &[200, 100],
    ..Status::REGISTERED
};

pub(super) static UPLOAD_RESUMPTION_SUPPORTED: Status = Status {
    code: 104,
    phrase: "Upload Resumption Supported",
    registration: Registration::Temporary,
    sources: &[Source::Draft("draft-ietf-httpbis-resumable-upload")],
    content: Content::Forbidden,
    gist: text("this upload can be resumed", "本次上传支持断点续传"),
    meaning: text(
        "An interim response of the resumable-upload draft: early in an upload the server names \
         the upload resource in Location, and may report its progress in Upload-Offset, so that an \
         interrupted upload can go on where it stopped.",
        "可续传上传草案的临时响应：上传开始不久，服务器用 Location 给出上传资源的地址，并可用 \
         Upload-Offset 通报进度，中断后可以从断点继续。",
    ),
    response: &[must(
        "carry Location in the first 104 of a new upload (draft)",
        "在新上传的第一个 104 中携带 Location（草案要求）",
    )],
    causes: &[text(
        "Apple's URLSession uploads, tus servers of the second version",
        "Apple URLSession 上传、tus 第二版服务器",
    )],
    cures: &[text(
        "Client and server must implement the same draft version; compare \
         Upload-Draft-Interop-Version on both sides",
        "客户端与服务器须实现同一草案版本；对比双方的 Upload-Draft-Interop-Version",
    )],
    remarks: &[text(
        "The registration is temporary and tied to the draft; the number may change its meaning.",
        "该编号是随草案的临时注册，含义可能变化。",
    )],
    related: &[201, 409, 413, 100],
    ..Status::REGISTERED
};
