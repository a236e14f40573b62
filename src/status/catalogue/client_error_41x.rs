//! Rows of the registered client errors 410 to 418.

use crate::status::{Content, Registration, Status, may, must, rfc, should, text};

pub(super) static GONE: Status = Status {
    code: 410,
    phrase: "Gone",
    sources: &[rfc(9110, &["15.5.11"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("removed for good", "已永久移除"),
    meaning: text(
        "It was here and was removed on purpose, probably for good, and no new address is known. \
         Clients should delete their links.",
        "资源曾经存在，被有意移除且很可能不再恢复，也没有新地址。客户端应删除链接。",
    ),
    causes: &[
        text("An API version that was switched off", "接口旧版本下线"),
        text("An offer that ended, a deleted account", "活动结束，账户注销"),
    ],
    distinguish: &[text(
        "The same client asks again and again: a job or link that nobody removed.",
        "同一客户端反复请求：有任务或链接没清理。",
    )],
    cures: &[
        text("Client: remove the link or job", "客户端：删除链接或任务"),
        text(
            "Server: if there is a new URI send 301 or 308; nginx: `return 410`",
            "服务端：有新地址就用 301 或 308；nginx：`return 410`",
        ),
    ],
    related: &[404, 301, 451],
    ..Status::REGISTERED
};

pub(super) static LENGTH_REQUIRED: Status = Status {
    code: 411,
    phrase: "Length Required",
    sources: &[rfc(9110, &["15.5.12"])],
    content: Content::Expected,
    gist: text("say how long the body is", "需要 Content-Length"),
    meaning: text(
        "The server does not take this request without Content-Length. Mostly the client sent it \
         chunked and the server, or a gateway on the way, does not take that.",
        "服务器要求请求必须带 Content-Length。多半是客户端用了分块传输，而服务器或途中的网关不接受\
         。",
    ),
    request: &[must("carry Content-Length when it is repeated", "在重试时携带 Content-Length")],
    causes: &[
        text("Chunked upload to object storage or an old server", "向对象存储或老旧服务器分块上传"),
        text(
            "POST without body and without `Content-Length: 0`",
            "POST 没有主体，也没有 `Content-Length: 0`",
        ),
    ],
    distinguish: &[text(
        "Transfer-Encoding in the request: it is the chunking. Content-Length is there on the \
         client's side only: a proxy converted it.",
        "请求带 Transfer-Encoding：是分块的问题。只有客户端一侧有 Content-Length：被代理改成了分块\
         。",
    )],
    cures: &[text(
        "Send a length: buffer the body in the client, or in nginx (`proxy_request_buffering on`)",
        "给出长度：在客户端或 nginx（`proxy_request_buffering on`）缓冲主体",
    )],
    remarks: &[text(
        "Older guides say that a wrong length gets 413. A wrong length is 400; 413 means too \
         large.",
        "旧资料说长度有误返回 413。按规范长度有误应为 400，413 只表示过大。",
    )],
    related: &[413, 400, 501],
    ..Status::REGISTERED
};

pub(super) static PRECONDITION_FAILED: Status = Status {
    code: 412,
    phrase: "Precondition Failed",
    sources: &[rfc(9110, &["15.5.13", "13"])],
    content: Content::Expected,
    gist: text("a condition of the request is false", "请求的前提条件不成立"),
    meaning: text(
        "A condition in the request (If-Match, If-Unmodified-Since, or If-None-Match on a method \
         other than GET and HEAD) is false, so nothing was done. It protects from overwriting what \
         others wrote.",
        "请求的条件（If-Match、If-Unmodified-Since，或 GET、HEAD 以外方法的 If-None-Match）不成立\
         ，操作未执行。它能防止覆盖他人的修改。",
    ),
    request: &[must("carry a condition", "带有条件字段")],
    response: &[may("carry the present ETag", "携带当前的 ETag")],
    causes: &[
        text("Somebody else changed the resource", "资源已被他人修改"),
        text(
            "`If-None-Match: *` and the resource is there already",
            "使用 `If-None-Match: *`，但资源已存在",
        ),
        text(
            "The ETag changed on its way (Apache mod_deflate adds `-gzip`)",
            "ETag 在途中被改（Apache mod_deflate 会加 `-gzip`）",
        ),
    ],
    distinguish: &[text(
        "Compare If-Match with the ETag of the last 200: equal but refused means two back ends or \
         a changed ETag.",
        "对比 If-Match 与最近一次 200 的 ETag：相同却被拒，说明后端不一致或 ETag 被改动。",
    )],
    cures: &[
        text("Fetch, merge, send again with the new ETag", "重新获取、合并，用新的 ETag 再提交"),
        text("Apache: `DeflateAlterETag NoChange`", "Apache：`DeflateAlterETag NoChange`"),
    ],
    remarks: &[text(
        "GET with If-None-Match or If-Modified-Since gives 304, never 412. A server may answer 2xx \
         if the change is already in place.",
        "GET 的 If-None-Match、If-Modified-Since 应得 304 而非 412。若修改早已生效，服务器也可以返\
         回 2xx。",
    )],
    related: &[304, 409, 428, 416],
    ..Status::REGISTERED
};

pub(super) static CONTENT_TOO_LARGE: Status = Status {
    code: 413,
    phrase: "Content Too Large",
    aliases: &["Request Entity Too Large", "Payload Too Large"],
    sources: &[rfc(9110, &["15.5.14"])],
    content: Content::Expected,
    gist: text("the request body is too large", "请求主体过大"),
    meaning: text(
        "The body is larger than the server is willing to take. It may answer before it has read \
         it all, and close the connection.",
        "请求主体超过服务器愿意接受的大小。服务器不必读完就可以应答并关闭连接。",
    ),
    sent_by: Some(text(
        "usually the first proxy on the way; each hop has a limit of its own",
        "通常是最前面的代理；每一跳都有自己的上限",
    )),
    request: &[may(
        "carry `Expect: 100-continue` if it is large, so that no body is sent in vain",
        "在主体较大时携带 `Expect: 100-continue`，免得白发",
    )],
    response: &[should(
        "carry Retry-After if the limit is for a time only",
        "在限制只是临时的时候携带 Retry-After",
    )],
    causes: &[
        text(
            "nginx: `client_max_body_size`, 1 MB unless set",
            "nginx：`client_max_body_size`，默认仅 1 MB",
        ),
        text(
            "The application: PHP 8 MB, IIS 30 MB, Express 100 kB for JSON",
            "应用：PHP 8 MB、IIS 30 MB、Express 的 JSON 100 kB",
        ),
        text(
            "API gateway or CDN limit, often 10 or 100 MB",
            "API 网关或 CDN 的上限，常见为 10 MB 或 100 MB",
        ),
    ],
    distinguish: &[
        text(
            "Answer before the body ended: a proxy looked at Content-Length. After the whole body: \
             the application counted.",
            "主体没发完就应答：代理看 Content-Length 拒绝。收完整个主体才应答：应用自己统计。",
        ),
        text(
            "The client reports \"connection reset\" and no 413: the server closed with unread \
             data; the 413 is in the capture before the RST.",
            "客户端只报“连接被重置”而没看到 413：服务器未读完就关闭；抓包里 RST 之前能看到 413。",
        ),
        text(
            "Several hops: the one without an upstream request is the one that refused.",
            "多级代理：没有向上游转发请求的那一跳就是拒绝者。",
        ),
    ],
    cures: &[
        text(
            "nginx: `client_max_body_size 50m`; Caddy: `request_body max_size`; Apache: \
             `LimitRequestBody`; Envoy: `max_request_bytes` of the buffer filter",
            "nginx：`client_max_body_size 50m`；Caddy：`request_body max_size`；Apache：\
             `LimitRequestBody`；Envoy：buffer 过滤器的 `max_request_bytes`",
        ),
        text(
            "PHP: `post_max_size` and `upload_max_filesize`; Tomcat: `maxPostSize`; Spring: \
             `spring.servlet.multipart.max-request-size`",
            "PHP：`post_max_size`、`upload_max_filesize`；Tomcat：`maxPostSize`；Spring：\
             `spring.servlet.multipart.max-request-size`",
        ),
        text(
            "Resets: nginx `lingering_close always`; better still, upload in parts",
            "连接被重置：nginx `lingering_close always`；更好的办法是分片上传",
        ),
    ],
    remarks: &[text(
        "Called Request Entity Too Large before 2014, then Payload Too Large.",
        "2014 年前名为 Request Entity Too Large，后改称 Payload Too Large。",
    )],
    related: &[411, 414, 431, 507, 100],
    ..Status::REGISTERED
};

pub(super) static URI_TOO_LONG: Status = Status {
    code: 414,
    phrase: "URI Too Long",
    aliases: &["Request-URI Too Long", "Request-URI Too Large", "Request URI Too Long"],
    sources: &[rfc(9110, &["15.5.15"]), rfc(9112, &["3"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("the URI is too long", "URI 过长"),
    meaning: text(
        "The target is longer than the server will take. HTTP sets no limit; every server has one. \
         8000 octets should be supported.",
        "请求目标超过服务器上限。HTTP 没有规定上限，但每个服务器都有；规范建议至少支持 8000 字节。",
    ),
    causes: &[
        text("Data in the query that belongs into a body", "本该放在主体里的数据放进了查询串"),
        text("A redirect loop that adds a parameter each time", "重定向循环，每次都追加参数"),
        text("Probing for buffer overflows", "探测缓冲区溢出"),
    ],
    distinguish: &[text(
        "The target grows from request to request: a redirect loop.",
        "请求目标逐次变长：重定向循环。",
    )],
    cures: &[text(
        "Use POST; else nginx `large_client_header_buffers 4 16k`, Apache `LimitRequestLine`, \
         HAProxy `tune.bufsize`",
        "改用 POST；或调大 nginx `large_client_header_buffers 4 16k`、Apache `LimitRequestLine`、\
         HAProxy `tune.bufsize`",
    )],
    remarks: &[text(
        "Called Request-URI Too Long before 2014.",
        "2014 年前名为 Request-URI Too Long。",
    )],
    related: &[413, 431, 400],
    ..Status::REGISTERED
};

pub(super) static UNSUPPORTED_MEDIA_TYPE: Status = Status {
    code: 415,
    phrase: "Unsupported Media Type",
    sources: &[rfc(9110, &["15.5.16"])],
    content: Content::Expected,
    gist: text("body format not supported", "不支持该主体格式"),
    meaning: text(
        "The server does not take this media type, or this content coding, for this resource.",
        "服务器对该资源不接受这种媒体类型或内容编码。",
    ),
    request: &[should(
        "carry Content-Type, and Content-Encoding if it is compressed",
        "携带 Content-Type（压缩时还有 Content-Encoding）",
    )],
    response: &[should(
        "name in Accept, Accept-Encoding or Accept-Patch what it takes",
        "用 Accept、Accept-Encoding 或 Accept-Patch 说明可接受的格式",
    )],
    causes: &[
        text(
            "Content-Type missing: `application/json` forgotten, curl's form type by default",
            "没有设置 Content-Type：忘了 `application/json`，curl 默认是表单类型",
        ),
        text("Form sent where JSON is expected, or XML", "要求 JSON 却发了表单或 XML"),
        text("Compressed request body", "请求主体被压缩"),
    ],
    distinguish: &[text(
        "Compare Content-Type with that of a request that succeeded.",
        "与成功请求的 Content-Type 对比。",
    )],
    cures: &[text(
        "curl: `-H 'Content-Type: application/json'`; server: register a decoder",
        "curl：`-H 'Content-Type: application/json'`；服务端：注册对应的解码器",
    )],
    remarks: &[text(
        "Right type but broken content is 400, understood but impossible is 422.",
        "类型正确但内容损坏用 400，能读懂但无法处理用 422。",
    )],
    related: &[400, 406, 422],
    ..Status::REGISTERED
};

pub(super) static RANGE_NOT_SATISFIABLE: Status = Status {
    code: 416,
    phrase: "Range Not Satisfiable",
    aliases: &[
        "Requested Range Not Satisfiable",
        "Requestd Range Not Satisfiable",
        "Requested range unsatisfiable",
        "Request Range Not Satisfiable",
    ],
    sources: &[rfc(9110, &["15.5.17", "14.4"])],
    content: Content::Expected,
    gist: text("the range lies outside", "请求的范围超出资源"),
    meaning: text(
        "All the ranges that were asked for begin behind the end of the resource, or there are too \
         many.",
        "请求的所有范围都起始于资源末尾之后，或范围过多。",
    ),
    request: &[must("carry Range", "携带 Range")],
    response: &[should(
        "tell the length: `Content-Range: bytes */LENGTH`",
        "用 `Content-Range: bytes */长度` 给出总长度",
    )],
    causes: &[
        text("A download that is complete is resumed once more", "对已下载完的文件再次续传"),
        text("The file became shorter", "文件变短了"),
    ],
    distinguish: &[text(
        "First position equal to the length in Content-Range: the client already has it all.",
        "起始位置等于 Content-Range 给出的长度：客户端其实已下载完。",
    )],
    cures: &[text(
        "Client: offset equal to length is complete; else start again without Range",
        "客户端：偏移等于总长即已完成；否则去掉 Range 重新下载",
    )],
    remarks: &[text(
        "Older guides give bytes 1-100 of 99 as an example. That one is satisfiable: the answer is \
         206 with bytes 1-98/99; only the first position counts.",
        "旧资料举例“99 字节的资源请求 1-100”。其实可以满足，应返回 206 与 bytes 1-98/99；只看起始\
         位置。",
    )],
    related: &[206, 200, 412],
    ..Status::REGISTERED
};

pub(super) static EXPECTATION_FAILED: Status = Status {
    code: 417,
    phrase: "Expectation Failed",
    sources: &[rfc(9110, &["15.5.18", "10.1.1"])],
    content: Content::Expected,
    gist: text("the Expect field cannot be met", "无法满足 Expect"),
    meaning: text(
        "Some hop does not support what Expect asks for, usually 100-continue.",
        "某一跳不支持 Expect 的要求，通常是 100-continue。",
    ),
    causes: &[text(
        "HTTP/1.0 proxies, old lighttpd, embedded servers",
        "HTTP/1.0 代理、旧版 lighttpd、嵌入式服务器",
    )],
    distinguish: &[text(
        "The client repeats it without Expect: all is well. It gives up: that is the fault to \
         mend.",
        "客户端去掉 Expect 重试：正常。直接放弃：这才是要修的问题。",
    )],
    cures: &[text(
        "Send without it: `curl -H 'Expect:'`, .NET `Expect100Continue = false`",
        "不发送它：`curl -H 'Expect:'`、.NET `Expect100Continue = false`",
    )],
    remarks: &[text(
        "Not the opposite of 100: a server that does not want the body answers with the status \
         that says why (401, 413 …).",
        "它并非 100 的反面：不想要主体的服务器会用说明原因的状态码（401、413 等）拒绝。",
    )],
    related: &[100, 413],
    ..Status::REGISTERED
};

pub(super) static UNUSED_418: Status = Status {
    code: 418,
    phrase: "(Unused)",
    aliases: &["I'm a teapot", "Im a teapot", "Unused"],
    registration: Registration::Reserved,
    sources: &[rfc(9110, &["15.5.19"]), rfc(2324, &["2.3.2"])],
    content: Content::Optional,
    gist: text("reserved (I'm a teapot)", "保留（我是茶壶）"),
    meaning: text(
        "Reserved, because an April joke of 1998 is in use as if it were real. On the wire it is a \
         joke, or a bot filter, or Tencent EdgeOne without a configuration for the domain.",
        "因 1998 年的愚人节玩笑被广泛当真而保留。线上出现时多为玩笑、反爬拦截，或腾讯 EdgeOne 节点\
         上没有该域名的配置。",
    ),
    causes: &[
        text("Bot protection", "反爬拦截"),
        text("Tencent EdgeOne: the domain is not set up", "腾讯 EdgeOne：域名未配置"),
    ],
    cures: &[text(
        "Slow down and identify yourself; EdgeOne: check domain and CNAME",
        "降低频率、表明身份；EdgeOne：检查域名绑定与 CNAME",
    )],
    related: &[403, 429],
    ..Status::REGISTERED
};
