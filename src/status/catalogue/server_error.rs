//! Rows of the registered server errors, 500 to 511.

use crate::status::{Content, Registration, Status, may, must_not, rfc, should, text};

pub(super) static INTERNAL_SERVER_ERROR: Status = Status {
    code: 500,
    phrase: "Internal Server Error",
    aliases: &["Internal Error", "Server Error"],
    sources: &[rfc(9110, &["15.6.1"])],
    content: Content::Expected,
    gist: text("the server failed unexpectedly", "服务器内部出错"),
    meaning: text(
        "Something unexpected happened in the server, mostly an exception that nobody caught. The \
         code says nothing more; the reason is in the server's log.",
        "服务器遇到意外情况，多半是未捕获的异常。状态码本身不说明原因，原因在服务器日志里。",
    ),
    sent_by: Some(text(
        "mostly the application; also the web server for configuration errors",
        "多为应用；配置错误时也可能是 Web 服务器",
    )),
    response: &[should(
        "say in its content whether it is for a time",
        "在内容中说明是否为暂时故障",
    )],
    causes: &[
        text(
            "Exception in the application, often set off by one kind of input",
            "应用抛出异常，往往由某类输入触发",
        ),
        text(
            "Something behind it is down: database, cache, another service",
            "后端依赖不可用：数据库、缓存、其他服务",
        ),
        text(
            "Deploy or configuration: missing variable, bad .htaccess, file permissions",
            "部署或配置：缺少变量、.htaccess 有误、文件权限",
        ),
        text("Out of memory, disk full, no file handles left", "内存、磁盘或文件句柄耗尽"),
        text(
            "nginx: internal redirect loop (`rewrite or internal redirection cycle`)",
            "nginx：内部重定向循环（`rewrite or internal redirection cycle`）",
        ),
    ],
    distinguish: &[
        text(
            "One endpoint only: its code. All at once: a dependency, a deploy, or resources.",
            "只有一个接口出错：它自己的代码。同时全部出错：依赖、部署或资源问题。",
        ),
        text(
            "Fails at once: exception or configuration. Fails after a round time (5, 10, 30 s): a \
             timeout of something behind it.",
            "立即失败：异常或配置。经过一段整数时间（5、10、30 秒）才失败：后端依赖超时。",
        ),
        text(
            "Compare failing with good requests of the endpoint: parameter, body, header, size.",
            "对比同一接口成功与失败的请求：参数、主体、报头、大小。",
        ),
        text(
            "In a capture of both sides: the same 500 upstream means the proxy only passed it on.",
            "两侧都抓包：上游同样是 500，说明代理只是转发。",
        ),
    ],
    cures: &[
        text(
            "Find the request in the application's log by time, path and request id (X-Request-ID, \
             traceparent)",
            "按时间、路径和请求 ID（X-Request-ID、traceparent）在应用日志中定位",
        ),
        text(
            "Web server: nginx `error.log`, Apache `error_log`, PHP-FPM log; machine: `dmesg`, \
             `df`, `ulimit -n`",
            "Web 服务器：nginx `error.log`、Apache `error_log`、PHP-FPM 日志；机器：`dmesg`、`df`\
             、`ulimit -n`",
        ),
        text(
            "If it is only for a time answer 503 with Retry-After; never show stack traces or \
             queries to strangers",
            "若只是暂时不可用，应返回 503 并带 Retry-After；不要向外人暴露堆栈或 SQL",
        ),
    ],
    related: &[502, 503, 504, 501],
    ..Status::REGISTERED
};

pub(super) static NOT_IMPLEMENTED: Status = Status {
    code: 501,
    phrase: "Not Implemented",
    aliases: &["Method Not Implemented"],
    sources: &[rfc(9110, &["15.6.2"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("the server does not know this method", "服务器不支持该功能"),
    meaning: text(
        "The server lacks what the request needs: above all it does not know the method at all, or \
         the transfer coding.",
        "服务器不具备完成请求所需的功能，最典型的是完全不认识该方法或传输编码。",
    ),
    causes: &[
        text(
            "A WebDAV or invented method at a plain server; lower-case method name",
            "向普通服务器发送 WebDAV 或自造方法；方法名写成小写",
        ),
        text("A Transfer-Encoding other than chunked", "使用了 chunked 以外的 Transfer-Encoding"),
        text("A filter, or a scanner at work", "过滤器拦截，或有人在扫描"),
    ],
    distinguish: &[text(
        "Look at the method's octets: rubbish in front of it is the rest of the request before, \
         whose length was wrong.",
        "看方法的原始字节：前面若有杂乱内容，是上一个请求长度错误的残余。",
    )],
    cures: &[text(
        "Use a method the server knows; method names are in capitals",
        "使用服务器支持的方法；方法名要大写",
    )],
    remarks: &[text(
        "Method known but not for this resource: 405.",
        "认识该方法、只是该资源不支持：405。",
    )],
    related: &[405, 400, 505],
    ..Status::REGISTERED
};

pub(super) static BAD_GATEWAY: Status = Status {
    code: 502,
    phrase: "Bad Gateway",
    aliases: &["Proxy Error", "Bad Gateway or Proxy Error"],
    sources: &[rfc(9110, &["15.6.3"]), rfc(9209, &["2.3"])],
    content: Content::Expected,
    gist: text("no usable answer from the upstream", "网关没有拿到上游的可用响应"),
    meaning: text(
        "A gateway asked the server behind it (the upstream) and got no usable answer: refused, \
         reset, closed too early, or not parseable.",
        "网关向后面的上游服务器转发请求，却没有拿到可用的响应：被拒绝、被重置、提前断开，或无法解\
         析。",
    ),
    sent_by: Some(text(
        "the gateway (nginx, a load balancer, a CDN), or a further one behind it",
        "网关（nginx、负载均衡、CDN），或它后面的另一级网关",
    )),
    response: &[may("name the cause in Proxy-Status", "用 Proxy-Status 说明原因")],
    causes: &[
        text(
            "Upstream down or restarting: its port refuses connections",
            "上游未启动或正在重启：端口拒绝连接",
        ),
        text(
            "Keep-alive race: it closed an idle connection while that was reused",
            "keep-alive 竞争：空闲连接刚被复用，上游就关闭了它",
        ),
        text(
            "Worker died while answering: crash, out of memory, worker timeout",
            "处理中的工作进程死亡：崩溃、内存不足被杀、工作超时",
        ),
        text(
            "Wrong port or protocol: http to a TLS port, FastCGI, failed handshake",
            "端口或协议不对：http 连到 TLS 端口、FastCGI、TLS 握手失败",
        ),
        text(
            "Response head above the gateway's buffer, or bad framing",
            "响应头超过网关缓冲区，或分帧错误",
        ),
        text(
            "nginx: all upstreams count as failed (`no live upstreams`)",
            "nginx：所有上游都被标记为失败（`no live upstreams`）",
        ),
    ],
    distinguish: &[
        text(
            "On the upstream connection, SYN answered by RST: nothing listens there.",
            "在同一抓包的上游连接上，SYN 直接收到 RST：端口没有监听。",
        ),
        text(
            "Reused connection, FIN or RST, no response octet: keep-alive race.",
            "复用的连接，请求刚发出就收到 FIN 或 RST，没有响应字节：keep-alive 竞争。",
        ),
        text(
            "Request ACKed, later FIN or RST, response missing or cut off: worker died.",
            "请求已被 ACK，随后才 FIN 或 RST，响应缺失或中断：工作进程死亡。",
        ),
        text(
            "Whole response and still 502: its head size or framing; TLS alert: handshake.",
            "响应完整仍是 502：响应头过大或分帧错误；出现 TLS alert：握手失败。",
        ),
        text(
            "No packet to any upstream: it decided alone, or that leg was not captured.",
            "没有任何发往上游的报文：网关自己决定的，或这一侧没有抓包。",
        ),
    ],
    cures: &[
        text(
            "nginx `error.log`: `connect() failed (111)`: start it; `prematurely closed`: crash or \
             race; `too big header`: raise `proxy_buffer_size`",
            "nginx `error.log`：`connect() failed (111)` 表示上游未启动；`prematurely closed` 表示\
             崩溃或竞争；`too big header` 则调大 `proxy_buffer_size`",
        ),
        text(
            "Race: upstream keep-alive longer than the gateway's idle time (Node \
             `keepAliveTimeout` above nginx upstream `keepalive_timeout`, 60 s)",
            "竞争：上游 keep-alive 要长于网关空闲时间（Node `keepAliveTimeout` 大于 nginx upstream \
             的 `keepalive_timeout` 60 秒）",
        ),
        text(
            "HAProxy log: SH no response, PH invalid; Envoy: flag UPE",
            "HAProxy 日志：SH 无响应、PH 响应非法；Envoy：标志 UPE",
        ),
    ],
    remarks: &[
        text(
            "HAProxy, Envoy and Apache mostly answer 503 if the connection is refused.",
            "连接被拒绝时，HAProxy、Envoy、Apache 多半返回 503。",
        ),
        text(
            "Older guides call the upstream blameless and unreachable 504. By RFC 9110 its bad \
             answer is what 502 means, and only a timeout is 504.",
            "旧资料称上游本身没有问题、完全连不上才是 504。按 RFC 9110，上游响应无效就是 502，只有\
             超时才是 504。",
        ),
    ],
    related: &[503, 504, 500, 520, 521],
    ..Status::REGISTERED
};

pub(super) static SERVICE_UNAVAILABLE: Status = Status {
    code: 503,
    phrase: "Service Unavailable",
    aliases: &[
        "Service Temporarily Unavailable",
        "Backend fetch failed",
        "Service Unavailable: Back-end server is at capacity",
    ],
    sources: &[rfc(9110, &["15.6.4"])],
    content: Content::Expected,
    gist: text("cannot serve right now", "暂时无法服务"),
    meaning: text(
        "The server works but cannot take this request now: overload, maintenance, or, at a \
         gateway, no upstream to send it to.",
        "服务器在运行，但暂时无法处理请求：过载、维护，或网关没有可用的上游。",
    ),
    sent_by: Some(text(
        "a gateway without a healthy upstream, or the application that sheds load",
        "没有健康上游的网关，或主动降载的应用",
    )),
    response: &[may("carry Retry-After", "携带 Retry-After")],
    causes: &[
        text(
            "No healthy upstream: health checks fail, no ready pod, all servers down",
            "没有健康的上游：健康检查失败、没有就绪的 Pod、全部宕机",
        ),
        text(
            "Upstream refused the connection (HAProxy, Envoy, Apache), or reset it (Envoy)",
            "上游拒绝连接（HAProxy、Envoy、Apache），或重置连接（Envoy）",
        ),
        text(
            "Limits: queue, connections, circuit breaker, worker threads",
            "达到上限：队列、连接数、熔断器、工作线程",
        ),
        text(
            "nginx rate limit (`limit_req` and `limit_conn` answer 503 unless set)",
            "nginx 限流（`limit_req`、`limit_conn` 默认返回 503）",
        ),
        text(
            "Deploy or maintenance; a retry storm that keeps it down",
            "发布或维护；重试风暴使其无法恢复",
        ),
    ],
    distinguish: &[
        text(
            "Fast (some ms) and no upstream packet: the gateway had nobody to ask, if that leg was \
             captured at all.",
            "几毫秒内返回且没有上游报文：网关无处可转发（前提是抓到了这一侧）。",
        ),
        text(
            "SYN to the upstream answered by RST, or RST on the request: refused or reset.",
            "发往上游的 SYN 直接收到 RST，或请求后收到 RST：拒绝或重置。",
        ),
        text(
            "After a fixed wait without an upstream request: a full queue.",
            "等待固定时间且没有上游请求：排队超时。",
        ),
        text(
            "The upstream sent the 503 itself: look there; the gateway only passed it on.",
            "503 来自上游：去查上游，网关只是转发。",
        ),
        text(
            "Starts when the request rate jumps, or repeats follow failures: overload.",
            "请求速率突增时开始，或失败后大量重试：过载。",
        ),
    ],
    cures: &[
        text(
            "HAProxy log: SC refused, sQ queue: `maxconn`, `timeout queue`; stats page for checks",
            "HAProxy 日志：SC 被拒、sQ 排队超时，调 `maxconn`、`timeout queue`；统计页看健康检查",
        ),
        text(
            "Envoy flags: UH no healthy upstream, UF connect failure, UC reset, UO circuit breaker",
            "Envoy 标志：UH 无健康上游、UF 连接失败、UC 被断开、UO 熔断",
        ),
        text(
            "Kubernetes: `kubectl get endpointslices`, readiness probe; Apache: \
             `MaxRequestWorkers`",
            "Kubernetes：`kubectl get endpointslices`、就绪探针；Apache：`MaxRequestWorkers`",
        ),
        text(
            "Clients: back off and obey Retry-After; server: shed load early",
            "客户端：退避并遵守 Retry-After；服务端：尽早降载",
        ),
    ],
    related: &[502, 504, 429, 500],
    ..Status::REGISTERED
};

pub(super) static GATEWAY_TIMEOUT: Status = Status {
    code: 504,
    phrase: "Gateway Timeout",
    aliases: &["Gateway Time-out"],
    sources: &[rfc(9110, &["15.6.5"]), rfc(9209, &["2.3"])],
    content: Content::Expected,
    gist: text("the upstream did not answer in time", "上游没有及时响应"),
    meaning: text(
        "A gateway waited for the server behind it (the upstream) and gave up. The upstream may \
         still be working on the request and may even finish it.",
        "网关等待上游响应，超时放弃。上游可能仍在处理该请求，甚至会执行完成。",
    ),
    sent_by: Some(text(
        "the gateway whose timer ran out first; of several in a row, the shortest",
        "最先到时的网关；多级网关中超时最短的那个",
    )),
    response: &[may("name the cause in Proxy-Status", "用 Proxy-Status 说明原因")],
    causes: &[
        text(
            "Slow work: query, lock, an external service that hangs",
            "处理太慢：慢查询、锁等待、外部服务卡住",
        ),
        text("The gateway's timeout is shorter than the work", "网关超时短于实际处理时间"),
        text(
            "Upstream overloaded: connected, but nobody accepts or reads",
            "上游过载：连接已建立，但没有进程接收或读取",
        ),
        text(
            "Unreachable: a firewall drops the SYN, wrong address",
            "不可达：防火墙丢弃 SYN，或地址错误",
        ),
        text(
            "Packets lost on the way; stale NAT or connection state",
            "途中丢包；NAT 或连接状态已失效",
        ),
    ],
    distinguish: &[
        text(
            "On the upstream connection: SYN repeated, no answer (1, 3, 7 s): unreachable or \
             dropped.",
            "看上游连接：SYN 反复重发（第 1、3、7 秒）无应答：不可达或被丢弃。",
        ),
        text(
            "Request ACKed, then silence until the gateway closes: slow application.",
            "请求已 ACK，之后一直沉默到网关关闭：应用太慢。",
        ),
        text(
            "Request sent again and again without an ACK: a dead path or lost state.",
            "请求反复重传没有 ACK：链路中断或连接状态丢失。",
        ),
        text(
            "All end after the same time (15, 30, 60 s): that is the timer; find whose.",
            "都在同一时长（15、30、60 秒）结束：就是超时值，找出是谁的。",
        ),
        text(
            "The upstream answers afterwards and gets a RST: it was only late.",
            "之后上游才应答并收到 RST：只是来晚了。",
        ),
    ],
    cures: &[
        text(
            "nginx: `proxy_connect_timeout`, `proxy_read_timeout` (60 s), `fastcgi_read_timeout`; \
             ALB: idle timeout (60 s)",
            "nginx：`proxy_connect_timeout`、`proxy_read_timeout`（60 秒）、`fastcgi_read_timeout`\
             ；ALB：空闲超时（60 秒）",
        ),
        text(
            "HAProxy: `timeout server` (log sH), `timeout connect` (sC); Envoy: route `timeout` \
             (15 s, flag UT); Apache: `ProxyTimeout`",
            "HAProxy：`timeout server`（日志 sH）、`timeout connect`（sC）；Envoy：路由 `timeout`\
             （15 秒，标志 UT）；Apache：`ProxyTimeout`",
        ),
        text(
            "Better than a longer timeout: make the work faster, or answer 202 and let the client \
             ask later",
            "与其加长超时，不如优化处理，或返回 202 让客户端稍后查询",
        ),
    ],
    remarks: &[text(
        "Older guides say that the gateway could not connect at all. A refused connection is 502 \
         (or 503); 504 is always about time.",
        "旧资料称“代理无法连接上游”。连接被拒是 502（或 503），504 只与时间有关。",
    )],
    related: &[502, 503, 408, 524, 522],
    ..Status::REGISTERED
};

pub(super) static HTTP_VERSION_NOT_SUPPORTED: Status = Status {
    code: 505,
    phrase: "HTTP Version Not Supported",
    aliases: &["Version Not Supported"],
    sources: &[rfc(9110, &["15.6.6"])],
    content: Content::Expected,
    gist: text("this HTTP version is not supported", "不支持该 HTTP 版本"),
    meaning: text(
        "The server does not support the major version in the request line. For HTTP/1.x this is \
         nearly always an accident of parsing.",
        "服务器不支持请求行中的 HTTP 主版本。若请求是 HTTP/1.x，几乎都是解析失误。",
    ),
    response: &[should("say which versions are supported", "说明支持哪些版本")],
    causes: &[
        text(
            "A space in the target: what follows it is read as the version",
            "请求目标中有空格，其后的内容被当成版本号",
        ),
        text(
            "A tool that writes `HTTP/2.0` in a request line; a filter",
            "工具在请求行里写了 `HTTP/2.0`；或被过滤器拦截",
        ),
    ],
    distinguish: &[text(
        "Look at the request line: more than two spaces.",
        "看请求行：空格多于两个。",
    )],
    cures: &[text("Encode the target (a space is `%20`)", "对请求目标编码（空格写作 `%20`）")],
    related: &[400, 426, 501],
    ..Status::REGISTERED
};

pub(super) static VARIANT_ALSO_NEGOTIATES: Status = Status {
    code: 506,
    phrase: "Variant Also Negotiates",
    aliases: &["Variant also negotiate"],
    sources: &[rfc(2295, &["8.1"])],
    content: Content::Expected,
    gist: text("content negotiation loops", "内容协商配置成环"),
    meaning: text(
        "Transparent content negotiation is set up in a circle: the chosen variant negotiates \
         again. Hardly ever used.",
        "透明内容协商配置错误：选中的变体自身又要协商。几乎不用。",
    ),
    causes: &[text(
        "A type map of Apache mod_negotiation that names itself",
        "Apache mod_negotiation 的 type-map 指向自身",
    )],
    cures: &[text("Correct the type map", "修正 type-map")],
    related: &[300, 406, 500],
    ..Status::REGISTERED
};

pub(super) static INSUFFICIENT_STORAGE: Status = Status {
    code: 507,
    phrase: "Insufficient Storage",
    sources: &[rfc(4918, &["11.5"])],
    content: Content::Expected,
    gist: text("no space left", "存储空间不足"),
    meaning: text(
        "WebDAV: the server cannot store what the request needs. AWS load balancers send it when a \
         redirect URL gets too long.",
        "WebDAV：服务器没有足够空间完成请求。AWS 负载均衡器在重定向 URL 过长时也会返回。",
    ),
    causes: &[text("Quota spent, disk full", "配额用尽，磁盘已满")],
    cures: &[text("Free space or raise the quota", "清理空间或提高配额")],
    related: &[413, 423],
    ..Status::REGISTERED
};

pub(super) static LOOP_DETECTED: Status = Status {
    code: 508,
    phrase: "Loop Detected",
    aliases: &["Resource Limit Is Reached"],
    sources: &[rfc(5842, &["7.2"])],
    content: Content::Expected,
    gist: text("endless loop", "检测到循环"),
    meaning: text(
        "WebDAV: an endless loop in a request with `Depth: infinity`. Shared hosting (CloudLinux, \
         cPanel) sends it when an account uses up its resources.",
        "WebDAV：处理 `Depth: infinity` 时遇到死循环。虚拟主机（CloudLinux、cPanel）用它表示账户资\
         源用尽。",
    ),
    causes: &[
        text("Hosting account at its limit of processes or memory", "主机账户的进程或内存达到上限"),
        text(
            "Bindings in a circle; an API gateway that calls itself",
            "绑定成环；API 网关调用了自己",
        ),
    ],
    cures: &[text(
        "Lower the load or raise the plan; break the circle",
        "降低负载或升级套餐；打破循环",
    )],
    related: &[208, 423, 500],
    ..Status::REGISTERED
};

pub(super) static NOT_EXTENDED: Status = Status {
    code: 510,
    phrase: "Not Extended",
    registration: Registration::Obsoleted,
    sources: &[rfc(2774, &["7"])],
    content: Content::Expected,
    gist: text("obsolete, an extension is missing", "已废弃（缺少扩展）"),
    meaning: text(
        "From an experiment with HTTP extensions that is historic now; IANA marks it obsoleted.",
        "来自早已作废的 HTTP 扩展框架实验；IANA 标注为 OBSOLETED。",
    ),
    causes: &[text("An application that picked the wrong constant", "应用选错了状态码常量")],
    cures: &[text("Use 400, 403 or 501", "改用 400、403 或 501")],
    related: &[501],
    ..Status::REGISTERED
};

pub(super) static NETWORK_AUTHENTICATION_REQUIRED: Status = Status {
    code: 511,
    phrase: "Network Authentication Required",
    sources: &[rfc(6585, &["6"])],
    content: Content::Expected,
    gist: text("log in to the network first", "需要先登录网络"),
    meaning: text(
        "Not from the server: the network itself (captive portal) wants a log-in before it lets \
         traffic through.",
        "并非来自目标服务器：网络自身（认证门户）要求先登录才放行。",
    ),
    sent_by: Some(text("an intercepting proxy; never an origin server", "拦截代理；源站不应发送")),
    response: &[
        should("link to the login page in its content", "在内容中给出登录页链接"),
        must_not("be stored by caches", "被缓存"),
    ],
    causes: &[text(
        "Hotel, airport or guest network; network access control",
        "酒店、机场、访客网络；企业准入控制",
    )],
    distinguish: &[text(
        "Answers for many different hosts look alike and come faster than their servers could.",
        "不同站点的应答都一样，且快得不像来自真正的服务器。",
    )],
    cures: &[text(
        "Open the portal in a browser; let machines in by their address",
        "用浏览器打开认证门户；对设备按地址放行",
    )],
    related: &[407, 302, 403],
    ..Status::REGISTERED
};
