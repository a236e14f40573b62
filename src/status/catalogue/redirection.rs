//! Rows of the registered redirections, 300 to 308.

use crate::status::{Content, Registration, Status, must, rfc, should, should_not, text};

pub(super) static MULTIPLE_CHOICES: Status = Status {
    code: 300,
    phrase: "Multiple Choices",
    sources: &[rfc(9110, &["15.4.1"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("several versions, choose one", "有多个版本可选"),
    meaning: text(
        "The resource has several representations and the server leaves the choice to the client. \
         It may as well send the one it prefers with 200.",
        "资源有多种表示，服务器让客户端选择。服务器也可以直接用 200 返回首选的一种。",
    ),
    response: &[
        should("carry Location if there is a preferred choice", "在有首选时携带 Location"),
        should("list the choices in its content", "在内容中列出各个选项"),
    ],
    causes: &[text(
        "Apache mod_speling or mod_negotiation found several files",
        "Apache 的 mod_speling 或 mod_negotiation 匹配到多个文件",
    )],
    cures: &[text(
        "Ask exactly: Accept, Accept-Language, or a URI from the list",
        "明确指定 Accept、Accept-Language，或从列表中选一个 URI",
    )],
    related: &[302, 406, 409],
    ..Status::REGISTERED
};

pub(super) static MOVED_PERMANENTLY: Status = Status {
    code: 301,
    phrase: "Moved Permanently",
    sources: &[rfc(9110, &["15.4.2"])],
    content: Content::Optional,
    cacheable: true,
    gist: text("moved for good", "已永久迁移"),
    meaning: text(
        "The resource has a new URI for good; use that one from now on. A client may turn POST \
         into GET when it follows. It may be cached, so a wrong 301 sticks.",
        "资源已永久换了 URI，今后应使用新地址。客户端跟随时可能把 POST 变成 GET。默认可缓存，配错\
         后影响很久。",
    ),
    response: &[
        should("carry Location with the new URI", "用 Location 给出新的 URI"),
        should("carry a short text with a link", "附一段带链接的简短说明"),
    ],
    causes: &[
        text(
            "http to https, www or not, trailing slash, a site that moved",
            "http 跳 https、带不带 www、末尾斜杠、站点迁移",
        ),
        text(
            "A loop: the application behind a TLS terminator takes every request for http",
            "循环：TLS 终止设备后面的应用把所有请求都当成 http",
        ),
    ],
    distinguish: &[
        text(
            "The same client asks for the URI that it was just sent away from: a loop. Compare \
             Location with Host and target of the next request.",
            "同一客户端又请求刚被重定向走的 URI：循环。对比 Location 与下一个请求的 Host 和目标。",
        ),
        text(
            "POST before, GET after, body gone: the client changed the method; use 308.",
            "之前是 POST，之后变成没有主体的 GET：客户端改了方法；应使用 308。",
        ),
    ],
    cures: &[
        text(
            "nginx: `return 301 https://$host$request_uri`; HAProxy: `http-request redirect scheme \
             https code 301`; Envoy: `https_redirect: true`",
            "nginx：`return 301 https://$host$request_uri`；HAProxy：`http-request redirect scheme \
             https code 301`；Envoy：`https_redirect: true`",
        ),
        text(
            "Loop: pass X-Forwarded-Proto on, and make the application trust it",
            "循环：转发 X-Forwarded-Proto，并让应用信任它",
        ),
        text(
            "Limit the memory of browsers with `Cache-Control: max-age` until you are sure",
            "确认无误之前用 `Cache-Control: max-age` 限制浏览器的记忆",
        ),
    ],
    related: &[302, 307, 308, 410],
    ..Status::REGISTERED
};

pub(super) static FOUND: Status = Status {
    code: 302,
    phrase: "Found",
    aliases: &["Moved Temporarily", "Object moved", "Redirect", "Temporary Redirect Found"],
    sources: &[rfc(9110, &["15.4.3"])],
    content: Content::Optional,
    gist: text("temporarily elsewhere", "临时位于别处"),
    meaning: text(
        "The resource is elsewhere for now; keep using the old URI later. A client may turn POST \
         into GET, and most do. Because of that 303 (do change to GET) or 307 (keep the method) \
         says it better.",
        "资源临时在别处，以后仍用原 URI。客户端可以把 POST 改成 GET，多数也确实如此。因此用 303（\
         改为 GET）或 307（保持方法）更明确。",
    ),
    response: &[
        should("carry Location", "携带 Location"),
        should("carry a short text with a link", "附一段带链接的简短说明"),
    ],
    causes: &[
        text(
            "Redirect to a login page; the default redirect of frameworks",
            "跳转到登录页；框架默认的重定向",
        ),
        text("A proxy's wrong scheme or host in Location", "Location 中的协议或主机名被代理写错"),
    ],
    distinguish: &[
        text(
            "PUT, PATCH or DELETE turned into GET after it: only POST may be changed; the client \
             is at fault.",
            "跟随后 PUT、PATCH、DELETE 变成 GET：规范只允许改 POST，是客户端的问题。",
        ),
        text(
            "Location names an internal host or port: the application does not know its public \
             name.",
            "Location 指向内部主机或端口：应用不知道自己的公网名称。",
        ),
    ],
    cures: &[
        text(
            "After a POST send 303; to keep the method send 307",
            "POST 之后用 303；需要保持方法用 307",
        ),
        text(
            "Wrong Location: set Host and X-Forwarded-Proto in the proxy, or nginx \
             `proxy_redirect`, Apache `ProxyPassReverse`",
            "Location 写错：在代理上设置 Host 与 X-Forwarded-Proto，或用 nginx `proxy_redirect`、\
             Apache `ProxyPassReverse`",
        ),
    ],
    remarks: &[text(
        "HTTP/1.0 called it Moved Temporarily. Older guides want it treated as 307; RFC 9110 \
         allows the change from POST to GET.",
        "HTTP/1.0 中名为 Moved Temporarily。旧资料认为应像 307 一样处理；RFC 9110 允许把 POST 改为 \
         GET。",
    )],
    related: &[301, 303, 307],
    ..Status::REGISTERED
};

pub(super) static SEE_OTHER: Status = Status {
    code: 303,
    phrase: "See Other",
    sources: &[rfc(9110, &["15.4.4"])],
    content: Content::Optional,
    gist: text("done, now GET the result there", "已处理，请用 GET 取结果"),
    meaning: text(
        "The request was handled; its result is at Location and is to be fetched with GET (the \
         pattern POST, redirect, GET). For a GET it means: this cannot be sent, but that resource \
         describes it.",
        "请求已处理，结果在 Location，请用 GET 获取（即“POST-重定向-GET”模式）。对 GET 则表示：资\
         源本身无法发送，但那个资源描述了它。",
    ),
    response: &[
        should("carry Location", "携带 Location"),
        should("carry a short text with a link", "附一段带链接的简短说明"),
    ],
    causes: &[text(
        "A form was sent; a job of a 202 is finished",
        "提交了表单；或 202 的任务已完成",
    )],
    distinguish: &[text(
        "The client repeats POST at Location: its redirect handling is wrong.",
        "客户端对 Location 重复 POST：其重定向处理有误。",
    )],
    cures: &[text(
        "Correct the client: GET (or HEAD) after 303, whatever the method was",
        "修正客户端：无论原来是什么方法，303 之后都用 GET（或 HEAD）",
    )],
    remarks: &[text(
        "Older guides recommend it for canonical URIs. By RFC 9110 the new URI is not equivalent \
         to the old; use 301 or 308 for that.",
        "旧资料建议用它规范化 URI。按 RFC 9110，新 URI 并不等同于原 URI；规范化请用 301 或 308。",
    )],
    related: &[302, 307, 201, 202],
    ..Status::REGISTERED
};

pub(super) static NOT_MODIFIED: Status = Status {
    code: 304,
    phrase: "Not Modified",
    sources: &[rfc(9110, &["15.4.5"]), rfc(9111, &["4.3.4"])],
    content: Content::Forbidden,
    gist: text("your copy is still good", "你的副本仍然有效"),
    meaning: text(
        "The conditional GET or HEAD would have given a 200, but the client's copy is current, so \
         nothing is sent again. The header fields refresh the stored response.",
        "条件 GET 或 HEAD 本应得到 200，但客户端手里的副本仍是最新的，因此不再重发。报头用来更新已\
         缓存的响应。",
    ),
    request: &[must(
        "be conditional: If-None-Match or If-Modified-Since",
        "是条件请求：If-None-Match 或 If-Modified-Since",
    )],
    response: &[
        must(
            "carry Date, ETag, Content-Location, Vary, Cache-Control and Expires, each where a 200 \
             would",
            "带上 200 会带的 Date、ETag、Content-Location、Vary、Cache-Control、Expires",
        ),
        should_not("carry other metadata of the representation", "携带其他描述表示的字段"),
    ],
    causes: &[
        text(
            "A browser or cache checks its copy: normal and wanted",
            "浏览器或缓存在校验副本：正常且有益",
        ),
        text(
            "Unwanted: a proxy added a condition, or a cache mixed up variants (Vary)",
            "不该出现时：代理擅自加了条件，或缓存混淆了不同版本（Vary）",
        ),
        text(
            "Stale content: the ETag or Last-Modified did not change with the file",
            "内容陈旧：文件变了，ETag 或 Last-Modified 却没变",
        ),
    ],
    distinguish: &[
        text(
            "Compare If-None-Match with the ETag of the 304 and of the last 200 for the URI: \
             different values need a look.",
            "对比 If-None-Match 与该 304 以及此前 200 的 ETag：不一致就要查。",
        ),
        text(
            "No condition in the request on this side of the proxy: the proxy added it or answered \
             from its cache.",
            "代理这一侧的请求没有条件：是代理加的，或直接由其缓存应答。",
        ),
        text(
            "A Content-Length here is allowed and counts no octets; octets behind the empty line \
             break the connection.",
            "304 可以带 Content-Length，但不对应任何字节；空行之后若真有字节，连接就会错位。",
        ),
        text(
            "200 with the same ETag again and again: validation does not work and costs bandwidth.",
            "反复返回相同 ETag 的 200：校验没有生效，浪费带宽。",
        ),
    ],
    cures: &[
        text(
            "Make ETags equal on all nodes (Apache `FileETag MTime Size`), and set Vary",
            "让各节点的 ETag 一致（Apache `FileETag MTime Size`），并正确设置 Vary",
        ),
        text(
            "Say what you mean: `Cache-Control: no-cache` is to ask each time, `no-store` is not \
             to keep",
            "`Cache-Control: no-cache` 表示每次校验，`no-store` 表示不保存，按需选择",
        ),
    ],
    remarks: &[text(
        "RFC 2616, and guides after it, wanted Expires, Cache-Control and Vary only if they \
         changed. RFC 9110 wants them whenever a 200 would have them.",
        "RFC 2616 及沿用它的资料要求 Expires、Cache-Control、Vary 变化时才发；RFC 9110 要求凡 200 \
         会有就必须有。",
    )],
    related: &[200, 206, 412],
    ..Status::REGISTERED
};

pub(super) static USE_PROXY: Status = Status {
    code: 305,
    phrase: "Use Proxy",
    sources: &[rfc(9110, &["15.4.6"]), rfc(7231, &["B"])],
    content: Content::Optional,
    gist: text("deprecated, repeat by proxy", "已废弃的“通过代理重发”"),
    meaning: text(
        "Deprecated. The request should have been repeated through the proxy in Location; clients \
         ignore it, as anyone could redirect traffic that way.",
        "已废弃。本意是通过 Location 中的代理重发请求；因任何人都能借此劫持流量，客户端一律忽略。",
    ),
    causes: &[text(
        "Ancient software, or somebody injecting traffic",
        "年代久远的软件，或有人注入流量",
    )],
    cures: &[text(
        "Don't use it: hand out proxies by PAC or policy, and send 307 for mirrors",
        "不要使用：代理设置用 PAC 或策略下发，镜像站点用 307",
    )],
    remarks: &[text(
        "Older guides describe it as usable for mirrors. It has been deprecated since RFC 7231.",
        "旧资料称可用于镜像站点；RFC 7231 起已废弃。",
    )],
    related: &[306, 307, 407],
    ..Status::REGISTERED
};

pub(super) static UNUSED_306: Status = Status {
    code: 306,
    phrase: "(Unused)",
    aliases: &["Switch Proxy", "Unused", "Reserved"],
    registration: Registration::Reserved,
    sources: &[rfc(9110, &["15.4.7"])],
    content: Content::Optional,
    gist: text("reserved, never sent", "保留，不应出现"),
    meaning: text(
        "Reserved. An early draft had it as Switch Proxy; no published standard gives it a \
         meaning.",
        "保留编号。早期草案曾称 Switch Proxy，正式标准从未赋予含义。",
    ),
    causes: &[text("An application with a wrong number", "应用写错了状态码")],
    cures: &[text("Find the application that sends it and correct it", "找到发送它的应用并更正")],
    related: &[305],
    ..Status::REGISTERED
};

pub(super) static TEMPORARY_REDIRECT: Status = Status {
    code: 307,
    phrase: "Temporary Redirect",
    aliases: &["Internal Redirect", "Redirect"],
    sources: &[rfc(9110, &["15.4.8"])],
    content: Content::Optional,
    gist: text("temporarily elsewhere, same method", "临时在别处，方法不变"),
    meaning: text(
        "The resource is elsewhere for now and nothing was done yet. The client repeats the whole \
         request at Location: same method, same body.",
        "资源临时在别处，请求尚未执行。客户端应向 Location 重新提交整个请求：方法和主体都不变。",
    ),
    response: &[
        should("carry Location", "携带 Location"),
        should("carry a short text with a link", "附一段带链接的简短说明"),
    ],
    causes: &[
        text("Load shifting, mirrors, maintenance", "负载调度、镜像、维护"),
        text(
            "http to https made by the browser itself (HSTS); that one is never on the wire",
            "浏览器自己把 http 换成 https（HSTS）；这种不会出现在线上",
        ),
    ],
    distinguish: &[text(
        "The next request has another method or no body: the client's redirect handling is wrong.",
        "下一个请求方法变了或没有主体：客户端的重定向处理有误。",
    )],
    cures: &[text(
        "Client: a body that is a stream cannot be sent twice; buffer it",
        "客户端：流式主体无法重发，需要先缓冲",
    )],
    remarks: &[text(
        "For GET there is no difference to 303; for others 303 means done, 307 means not done.",
        "对 GET 与 303 没有区别；对其他方法，303 表示已执行，307 表示未执行。",
    )],
    related: &[302, 303, 308],
    ..Status::REGISTERED
};

pub(super) static PERMANENT_REDIRECT: Status = Status {
    code: 308,
    phrase: "Permanent Redirect",
    aliases: &["Resume Incomplete"],
    sources: &[rfc(9110, &["15.4.9"]), rfc(7538, &["3"])],
    content: Content::Optional,
    cacheable: true,
    gist: text("moved for good, same method", "已永久迁移，方法不变"),
    meaning: text(
        "Like 301, but the client must keep method and body. The right code to move an API for \
         good.",
        "与 301 相同，但客户端必须保持方法和主体。永久迁移接口时应使用它。",
    ),
    response: &[should("carry Location", "携带 Location")],
    causes: &[text("An API or its http address moved", "接口迁移，或从 http 迁到 https")],
    cures: &[text(
        "Clients older than 2014 take it for 300: send 301 to those",
        "2014 年之前的客户端会当作 300：对它们改用 301",
    )],
    related: &[301, 307],
    ..Status::REGISTERED
};
