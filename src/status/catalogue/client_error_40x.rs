//! Rows of the registered client errors 400 to 409.

use crate::status::{Content, Status, may, must, rfc, should, text};

pub(super) static BAD_REQUEST: Status = Status {
    code: 400,
    phrase: "Bad Request",
    aliases: &["The plain HTTP request was sent to HTTPS port"],
    sources: &[rfc(9110, &["15.5.1"]), rfc(9112, &["2.2", "3.2", "6.3"])],
    content: Content::Expected,
    gist: text("the request is malformed", "请求有误，服务器无法处理"),
    meaning: text(
        "The server cannot or will not handle the request because of what it takes for the \
         client's mistake: syntax, lengths that contradict each other, a missing Host; or, where \
         nothing better fits, content that it does not like.",
        "服务器认为请求本身有误而拒绝处理：语法错误、长度字段自相矛盾、缺少 Host；没有更合适的代码\
         时，也用于不认可的内容。",
    ),
    sent_by: Some(text(
        "any hop; a front proxy often rejects what the application never sees",
        "任何一跳；前置代理拒绝的请求，应用往往根本看不到",
    )),
    response: &[should("say in its content what is wrong", "在内容中说明错在哪里")],
    causes: &[
        text("Bad JSON or parameters, refused by the application", "JSON 或参数有误，被应用拒绝"),
        text(
            "Cookies or other fields too large (431 at Node, Go, Envoy; else 400)",
            "Cookie 等报头过大（Node、Go、Envoy 返回 431，其他多为 400）",
        ),
        text("http sent to a TLS port, or TLS to an http port", "把 http 发到 TLS 端口，或反过来"),
        text(
            "Missing, doubled or invalid Host; a space or raw octets in the target",
            "Host 缺失、重复或非法；请求目标含空格或未编码字节",
        ),
        text(
            "Two lengths, or Content-Length with Transfer-Encoding: bug or smuggling",
            "Content-Length 与 Transfer-Encoding 并存，或两个长度：程序缺陷或请求走私",
        ),
    ],
    distinguish: &[
        text(
            "Look at the octets of the request line and head first; what is wrong there is \
             visible.",
            "先看请求行和请求头的原始字节，语法错误一眼可见。",
        ),
        text(
            "Answer within a round trip, before the body ended, then a close: the front server's \
             parser refused it.",
            "主体没发完就在一个往返内应答并关闭：前端服务器的解析器拒绝了它。",
        ),
        text(
            "Normal head, answered after some time, JSON in the body: the application's \
             validation.",
            "请求头正常，稍后才应答，主体是 JSON：应用的校验失败。",
        ),
        text(
            "An earlier response or request on this connection with extra octets: this request was \
             cut out at the wrong place.",
            "同一连接上之前的报文多出字节：本请求的边界被切错了。",
        ),
    ],
    cures: &[
        text(
            "nginx: `large_client_header_buffers 4 16k`; HAProxy: `show errors`, `tune.bufsize`; \
             Apache: `LimitRequestFieldSize`",
            "nginx：`large_client_header_buffers 4 16k`；HAProxy：`show errors`、`tune.bufsize`；\
             Apache：`LimitRequestFieldSize`",
        ),
        text(
            "Cookies too large: delete them to confirm, then find who sets them",
            "Cookie 过大：先清除以确认，再找出是谁设置的",
        ),
        text(
            "Application: say the reason in the body (RFC 9457 problem details)",
            "应用：在主体中给出原因（RFC 9457）",
        ),
    ],
    remarks: &[text(
        "For content that is well-formed but cannot be processed there is 422 today; 400 is still \
         common.",
        "格式正确但语义无法处理的内容，如今应使用 422；用 400 的仍很多。",
    )],
    related: &[422, 411, 413, 414, 431, 497],
    ..Status::REGISTERED
};

pub(super) static UNAUTHORIZED: Status = Status {
    code: 401,
    phrase: "Unauthorized",
    aliases: &[
        "Authorization Required",
        "Authorization Required.",
        "Access Denied",
        "Not Authorized",
        "Unauthorised",
    ],
    sources: &[rfc(9110, &["15.5.2", "11.6.1"])],
    content: Content::Expected,
    gist: text("log in first", "需要认证"),
    meaning: text(
        "The request has no valid credentials for this resource: none at all, wrong ones, or \
         expired ones. The client may repeat it with (other) credentials: password, API key or \
         token.",
        "请求没有携带有效凭证：没有、错误或已过期。客户端可以换用正确的凭证（密码、API key 或令牌\
         ）重试。",
    ),
    request: &[must("carry Authorization when it is repeated", "在重试时携带 Authorization")],
    response: &[must(
        "carry WWW-Authenticate with at least one challenge",
        "携带 WWW-Authenticate，至少包含一个质询",
    )],
    causes: &[
        text(
            "First request of a client that waits to be asked: normal with Basic, Digest, \
             Negotiate",
            "客户端先不带凭证试探：Basic、Digest、Negotiate 的正常流程",
        ),
        text("Token expired or for another audience", "令牌过期，或不是颁发给本服务的"),
        text(
            "Authorization lost on the way: a proxy, CGI, or a redirect to another host",
            "Authorization 在途中丢失：代理、CGI，或重定向到了其他主机",
        ),
        text("Wrong password or key; somebody guessing", "密码或密钥错误；也可能有人在猜密码"),
        text("Clocks differ (signed requests)", "时钟不同步（签名类请求）"),
    ],
    distinguish: &[
        text(
            "No Authorization in the request on the server's side, but on the client's: the proxy \
             dropped it.",
            "客户端一侧有 Authorization、服务器一侧没有：被代理丢掉了。",
        ),
        text(
            "The next request of the connection has it and gets a 200: a normal handshake, not an \
             error.",
            "同一连接的下一个请求带上凭证并得到 200：正常握手，不是错误。",
        ),
        text(
            "The same credentials again and again: the client does not renew them. Many different \
             ones from one address: guessing.",
            "反复使用同一凭证：客户端没有更新；同一地址尝试大量不同凭证：在猜密码。",
        ),
    ],
    cures: &[
        text(
            "Look at the challenge: `error=\"invalid_token\"` says that the token is expired or \
             revoked",
            "查看质询内容：`error=\"invalid_token\"` 表示令牌过期或被吊销",
        ),
        text(
            "Apache with CGI or WSGI: `CGIPassAuth On`, `WSGIPassAuthorization On`; nginx: no \
             empty `proxy_set_header Authorization`",
            "Apache 配 CGI 或 WSGI：`CGIPassAuth On`、`WSGIPassAuthorization On`；nginx：不要把 \
             `proxy_set_header Authorization` 置空",
        ),
        text(
            "Server: always send WWW-Authenticate. Both: check the clock",
            "服务端始终返回 WWW-Authenticate；双方校时",
        ),
    ],
    remarks: &[text(
        "Known but not allowed is 403. To hide a resource some answer 404, but then clients that \
         wait to be asked (Digest) cannot log in.",
        "身份未知用 401，身份已知但无权用 403。有的服务器用 404 掩饰，这会使 Digest 等需要先质询的\
         认证无法进行。",
    )],
    related: &[403, 407, 404, 440, 419],
    ..Status::REGISTERED
};

pub(super) static PAYMENT_REQUIRED: Status = Status {
    code: 402,
    phrase: "Payment Required",
    sources: &[rfc(9110, &["15.5.3"])],
    content: Content::Expected,
    gist: text("pay first (reserved)", "需要付费（保留）"),
    meaning: text(
        "The standard reserves it and says no more. In use for unpaid bills, spent quota and \
         payments between machines; the body says what is meant.",
        "标准仅作保留。实际用于欠费、配额用尽或机器间小额支付，具体含义见主体。",
    ),
    causes: &[text("Unpaid bill, spent quota, frozen account", "欠费、配额用尽、账户冻结")],
    distinguish: &[text(
        "Nothing in the packets tells more than the body does.",
        "除主体外，报文中没有更多线索。",
    )],
    cures: &[text("Read the body, then ask the owner of the service", "查看主体，联系服务提供方")],
    related: &[403, 429],
    ..Status::REGISTERED
};

pub(super) static FORBIDDEN: Status = Status {
    code: 403,
    phrase: "Forbidden",
    sources: &[rfc(9110, &["15.5.4"])],
    content: Content::Expected,
    gist: text("understood, but not allowed", "理解请求，但拒绝执行"),
    meaning: text(
        "The server understood the request and refuses it. Other credentials may help, the same \
         ones will not. The reason may be who you are, where you come from, when you ask, or what \
         a firewall made of it.",
        "服务器理解请求但拒绝执行。用同样的凭证重试没有意义。原因可能是身份、来源地址、时间段，或\
         防火墙规则。",
    ),
    sent_by: Some(text(
        "the application, the web server, or a firewall or CDN in front of it",
        "应用、Web 服务器，或其前面的防火墙、CDN",
    )),
    response: &[should("say why, if that may be told", "在可以公开的情况下说明原因")],
    causes: &[
        text("Missing permission or scope; CSRF token missing", "缺少权限或 scope；缺少 CSRF 令牌"),
        text("Web application firewall, bot or CDN rule", "WAF、反爬或 CDN 规则拦截"),
        text(
            "Address not on the allow list (or hidden behind a proxy's address)",
            "来源 IP 不在白名单（或被代理地址掩盖）",
        ),
        text(
            "Static files: no read permission, directory without index, SELinux",
            "静态文件：无读权限、目录没有索引页、SELinux",
        ),
        text(
            "Object storage: wrong signature or clock; hot-link protection; in China an \
             unregistered domain",
            "对象存储：签名或时钟错误；防盗链；国内域名未备案",
        ),
    ],
    distinguish: &[
        text(
            "Via or Server differs from that of the 200s: a hop in front refuses, not the \
             application.",
            "Via 或 Server 与正常响应不同：是前面某一跳拒绝的，不是应用。",
        ),
        text(
            "In a capture of both sides: no request to the upstream means that the proxy decided.",
            "两侧都抓包时：没有发往上游的请求，说明是代理自己决定的。",
        ),
        text(
            "Same URI, 200 for other clients: compare address, Referer, User-Agent, cookies.",
            "同一 URI 其他客户端是 200：对比地址、Referer、User-Agent 和 Cookie。",
        ),
    ],
    cures: &[
        text(
            "nginx: `allow`/`deny`, `autoindex`, `namei -l PATH`; Apache: `Require`; HAProxy: \
             `http-request deny`; Envoy: RBAC (`rbac_access_denied`)",
            "nginx：`allow`/`deny`、`autoindex`、`namei -l 路径`；Apache：`Require`；HAProxy：\
             `http-request deny`；Envoy：RBAC（`rbac_access_denied`）",
        ),
        text(
            "Firewall: look the request up in its log; behind a proxy use the real address \
             (`real_ip_header`)",
            "防火墙：按请求查拦截日志；经过代理时取真实地址（`real_ip_header`）",
        ),
    ],
    remarks: &[text(
        "It tells that something is there; a server that will not tell may answer 404. It is a 4xx \
         because something about the request decided, such as its address or the hour.",
        "403 等于承认资源存在；不愿透露的服务器可以返回 404。它属于 4xx，是因为决定因素在请求一方\
         ，例如来源地址或时间段。",
    )],
    related: &[401, 404, 451],
    ..Status::REGISTERED
};

pub(super) static NOT_FOUND: Status = Status {
    code: 404,
    phrase: "Not Found",
    aliases: &["Object Not Found", "File Not Found", "Page Not Found"],
    sources: &[rfc(9110, &["15.5.5"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("nothing at this URI", "该 URI 没有资源"),
    meaning: text(
        "There is nothing at this URI now, or the server does not want to tell. It does not say \
         whether for good; that is 410.",
        "该 URI 目前没有资源，或服务器不愿透露。404 不说明是否永久，永久删除用 410。",
    ),
    sent_by: Some(text(
        "the application, the web server, or a gateway without a matching route",
        "应用、Web 服务器，或没有匹配路由的网关",
    )),
    causes: &[
        text(
            "Wrong path: upper or lower case, missing prefix, doubled slash",
            "路径错误：大小写、缺少前缀、多余斜杠",
        ),
        text(
            "Wrong virtual host: Host does not match, the default server answers",
            "虚拟主机不对：Host 不匹配，由默认站点应答",
        ),
        text(
            "Gateway route or rewrite missing; prefix stripped or not",
            "网关缺少路由或重写；前缀该不该去掉没配好",
        ),
        text(
            "Deployed without its files; an old page asks for new names",
            "部署遗漏文件；旧页面引用了已换名的资源",
        ),
        text("Scanners: many paths that never existed", "扫描器：大量从未存在的路径"),
    ],
    distinguish: &[
        text(
            "Compare target and Host on both sides of the proxy: a prefix added or lost shows at \
             once.",
            "对比代理两侧的请求目标与 Host：前缀多了或少了一目了然。",
        ),
        text(
            "Both sides captured and no upstream request: the gateway had no route. Another Server \
             field or error page: another host answered.",
            "两侧都抓包却没有上游请求：网关没有匹配的路由。Server 或错误页不同：由别的站点应答。",
        ),
        text(
            "One client, many paths, nearly all 404: a scan. Many clients, one path: a broken \
             link; see Referer.",
            "同一客户端、大量路径、几乎全是 404：扫描。大量客户端、同一路径：坏链接，看 Referer。",
        ),
        text(
            "404 and 200 in turn for one URI: back ends that differ.",
            "同一 URI 时而 404 时而 200：后端之间不一致。",
        ),
    ],
    cures: &[
        text(
            "nginx: `root` or `alias`, `try_files $uri /index.html` for single pages, trailing \
             slash of `proxy_pass`, `default_server`",
            "nginx：`root` 与 `alias`、单页应用用 `try_files $uri /index.html`、`proxy_pass` 末尾\
             斜杠、`default_server`",
        ),
        text(
            "HAProxy: `use_backend` and `default_backend`; Envoy: flag NR is no route; Kubernetes: \
             host and path of the Ingress",
            "HAProxy：`use_backend` 与 `default_backend`；Envoy：标志 NR 即没有路由；Kubernetes：\
             检查 Ingress 的 host 与 path",
        ),
    ],
    remarks: &[text(
        "It may hide a 401 or 403 on purpose. A client may create the resource with PUT where the \
         service allows that.",
        "有时故意用来掩饰 401 或 403。若服务允许，客户端可以用 PUT 创建该资源。",
    )],
    related: &[410, 403, 401, 301],
    ..Status::REGISTERED
};

pub(super) static METHOD_NOT_ALLOWED: Status = Status {
    code: 405,
    phrase: "Method Not Allowed",
    aliases: &["Not Allowed", "Method Not Allowd"],
    sources: &[rfc(9110, &["15.5.6", "10.2.1"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("not with this method", "该资源不支持此方法"),
    meaning: text(
        "The server knows the method, but this resource does not support it.",
        "服务器认识这个方法，但该资源不支持。",
    ),
    response: &[must("list the supported methods in Allow", "用 Allow 列出支持的方法")],
    causes: &[
        text(
            "POST to a static file, or a route that has GET only",
            "对静态文件 POST，或该路由只有 GET",
        ),
        text("A redirect turned POST into GET", "重定向把 POST 变成了 GET"),
        text("CORS preflight: nobody handles OPTIONS", "CORS 预检：没有处理 OPTIONS"),
    ],
    distinguish: &[text(
        "An OPTIONS with Access-Control-Request-Method before it: a preflight. A 301 or 302 to the \
         same client just before: a method lost by redirect.",
        "请求是带 Access-Control-Request-Method 的 OPTIONS：预检。之前刚有 301 或 302：方法在重定\
         向中丢失。",
    )],
    cures: &[
        text(
            "nginx serves files for GET and HEAD only: send the path to the application with \
             `proxy_pass`",
            "nginx 的静态文件只接受 GET 和 HEAD：用 `proxy_pass` 把该路径交给应用",
        ),
        text("Register the method and send Allow", "在框架中注册该方法并返回 Allow"),
    ],
    remarks: &[text(
        "Method unknown to the whole server: 501.",
        "整个服务器都不认识该方法时用 501。",
    )],
    related: &[501, 403, 404],
    ..Status::REGISTERED
};

pub(super) static NOT_ACCEPTABLE: Status = Status {
    code: 406,
    phrase: "Not Acceptable",
    sources: &[rfc(9110, &["15.5.7"])],
    content: Content::Expected,
    gist: text("nothing fits your Accept fields", "没有符合 Accept 的表示"),
    meaning: text(
        "No representation fits the Accept fields of the request and the server does not want to \
         send one that does not. It could ignore them and send its favourite with 200.",
        "没有符合请求 Accept 系列字段的表示，服务器又不愿返回不符合的。它也可以忽略这些要求，用 \
         200 返回首选表示。",
    ),
    response: &[should("list what is available", "列出可用的表示")],
    causes: &[
        text(
            "Versioned media types of an API; strict frameworks",
            "接口用媒体类型区分版本；框架检查严格",
        ),
        text("ModSecurity and other filters use it to block", "ModSecurity 等过滤器用它表示拦截"),
    ],
    distinguish: &[text(
        "The request accepts `*/*` or has no Accept field and still gets 406: a filter blocked it.",
        "请求接受 `*/*` 或根本没有 Accept 却得到 406：是过滤器拦截。",
    )],
    cures: &[text(
        "Add `*/*;q=0.1` to Accept; else look into the filter's log",
        "在 Accept 中加上 `*/*;q=0.1`；否则查过滤器日志",
    )],
    related: &[300, 415, 200],
    ..Status::REGISTERED
};

pub(super) static PROXY_AUTHENTICATION_REQUIRED: Status = Status {
    code: 407,
    phrase: "Proxy Authentication Required",
    aliases: &["Unauthorized"],
    sources: &[rfc(9110, &["15.5.8", "11.7"])],
    content: Content::Expected,
    gist: text("log in to the proxy", "需要向代理认证"),
    meaning: text(
        "Like 401, but the proxy wants the credentials, not the server.",
        "与 401 类似，但要求认证的是代理，而不是服务器。",
    ),
    sent_by: Some(text(
        "proxies only; an origin server that sends it is wrongly set up",
        "只有代理会发；源站发送它说明配置有误",
    )),
    request: &[must(
        "carry Proxy-Authorization (not Authorization) when it is repeated",
        "在重试时携带 Proxy-Authorization（不是 Authorization）",
    )],
    response: &[must(
        "carry Proxy-Authenticate (not WWW-Authenticate)",
        "携带 Proxy-Authenticate（不是 WWW-Authenticate）",
    )],
    causes: &[
        text("No proxy password set in a service or tool", "服务或工具没有配置代理密码"),
        text("Password or Kerberos ticket expired", "密码或 Kerberos 票据过期"),
    ],
    distinguish: &[text(
        "Every second request is a 407: NTLM and Negotiate log in per connection; a client that \
         opens new ones pays each time.",
        "每隔一个请求就是 407：NTLM、Negotiate 按连接认证，不断新建连接的客户端每次都要付出代价。",
    )],
    cures: &[text(
        "`http_proxy=http://USER:PASSWORD@PROXY:PORT`, curl `--proxy-user`; Squid: `auth_param`, \
         `acl proxy_auth`",
        "`http_proxy=http://用户:密码@代理:端口`、curl `--proxy-user`；Squid：`auth_param`、`acl \
         proxy_auth`",
    )],
    related: &[401, 511, 403],
    ..Status::REGISTERED
};

pub(super) static REQUEST_TIMEOUT: Status = Status {
    code: 408,
    phrase: "Request Timeout",
    aliases: &["Request Time-out", "Reqeust Timeout"],
    sources: &[rfc(9110, &["15.5.9"])],
    content: Content::Expected,
    gist: text("the request did not arrive in time", "请求没有及时收完"),
    meaning: text(
        "The server waited for a complete request and gave up. It is about the client being slow \
         to send, not about the server being slow to answer. Some send it on an idle connection, \
         just before they close it.",
        "服务器等待完整的请求，等不及而放弃。问题在于客户端发送太慢，而不是服务器应答太慢。有的服\
         务器也会在关闭空闲连接前发送它。",
    ),
    response: &[may("carry `Connection: close`", "携带 `Connection: close`")],
    causes: &[
        text(
            "An idle connection that timed out (browser pre-connect, connection pool)",
            "空闲连接超时（浏览器预连接、连接池）",
        ),
        text(
            "Slow or lossy path from the client; upload from a phone",
            "客户端链路慢或丢包；手机上传",
        ),
        text(
            "The body is shorter than its Content-Length says: the server waits for the rest",
            "主体比 Content-Length 短：服务器在等剩下的字节",
        ),
        text(
            "A client that stalls in the middle; slowloris attacks",
            "客户端中途停住；slowloris 攻击",
        ),
    ],
    distinguish: &[
        text(
            "No request octet before it on the connection: just an idle connection, harmless.",
            "此前连接上没有请求字节：只是空闲连接，无害。",
        ),
        text(
            "Head complete, body short of Content-Length, no gap in the capture: the client \
             declared too much.",
            "请求头完整、主体不足 Content-Length、抓包无缺失：客户端声明的长度过大。",
        ),
        text(
            "Retransmissions or a closed window during the request: the network or the server's \
             reading is slow.",
            "请求期间有重传或窗口为零：网络慢，或服务器读取慢。",
        ),
        text(
            "Steady small pieces from many connections of one address: slowloris.",
            "同一地址的许多连接都在缓慢发送零碎数据：slowloris。",
        ),
    ],
    cures: &[
        text(
            "nginx: `client_header_timeout`, `client_body_timeout` (60 s); Apache: \
             `RequestReadTimeout`; Node: `server.requestTimeout`",
            "nginx：`client_header_timeout`、`client_body_timeout`（60 秒）；Apache：\
             `RequestReadTimeout`；Node：`server.requestTimeout`",
        ),
        text(
            "HAProxy: `timeout http-request`; `option http-ignore-probes` silences idle ones; \
             Envoy: `request_timeout`, `stream_idle_timeout`",
            "HAProxy：`timeout http-request`，`option http-ignore-probes` 可消除空闲 408；Envoy：\
             `request_timeout`、`stream_idle_timeout`",
        ),
        text(
            "Client: repeat it on a new connection; never take a 408 for the answer to the next \
             request",
            "客户端：在新连接上重试；不要把迟到的 408 当成下一个请求的响应",
        ),
    ],
    remarks: &[text(
        "RFC 7231 said to send `Connection: close`; RFC 9110 no longer does, but the server still \
         should close.",
        "RFC 7231 要求发送 `Connection: close`，RFC 9110 已不再要求，但服务器仍应关闭连接。",
    )],
    related: &[504, 400, 499],
    ..Status::REGISTERED
};

pub(super) static CONFLICT: Status = Status {
    code: 409,
    phrase: "Conflict",
    sources: &[rfc(9110, &["15.5.10"])],
    content: Content::Expected,
    gist: text("conflicts with the present state", "与资源当前状态冲突"),
    meaning: text(
        "The request would bring the resource into an impossible or inconsistent state: somebody \
         else changed it, the name is taken, it is busy. The client can resolve it and try again.",
        "请求会使资源处于不可能或不一致的状态：被他人修改、名称已占用、正忙。客户端解决冲突后可以\
         重试。",
    ),
    response: &[should(
        "describe the conflict so that the client can resolve it",
        "说明冲突所在，使客户端能够解决",
    )],
    causes: &[
        text("Duplicate name or key", "名称或键重复"),
        text(
            "Two writers at a time (Kubernetes resourceVersion, Git, CouchDB)",
            "并发写入（Kubernetes resourceVersion、CouchDB 等）",
        ),
        text("WebDAV: the parent collection is missing", "WebDAV：父集合不存在"),
    ],
    distinguish: &[text(
        "The same PUT or POST was sent before and got a 2xx or no answer: a retry that met its own \
         success.",
        "之前发过相同的 PUT 或 POST，得到 2xx 或没有应答：这是重试撞上了自己的成功。",
    )],
    cures: &[
        text(
            "Fetch, merge, send again; use If-Match to notice earlier (412)",
            "重新获取、合并、再提交；用 If-Match 更早发现（412）",
        ),
        text("Make retries safe with an Idempotency-Key", "用 Idempotency-Key 让重试变得安全"),
    ],
    remarks: &[text(
        "Older guides want Location to name the resource in conflict. RFC 9110 gives Location no \
         meaning here.",
        "旧资料建议用 Location 指出冲突的资源；RFC 9110 未对 409 定义 Location。",
    )],
    related: &[412, 422, 423, 428],
    ..Status::REGISTERED
};
