//! Rows of the registered codes that mean success, 200 to 226.

use crate::status::{Content, Status, may, must, must_not, rfc, should, text};

pub(super) static OK: Status = Status {
    code: 200,
    phrase: "OK",
    aliases: &["Connection established", "Tunnel established", "Assumed OK", "Okay"],
    sources: &[rfc(9110, &["15.3.1"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("success", "成功"),
    meaning: text(
        "The request succeeded and no other 2xx says it more exactly. What the content is depends \
         on the method: the resource for GET, the outcome for POST, PUT and DELETE; after a 200 to \
         CONNECT the connection is a tunnel.",
        "请求成功，且没有更确切的 2xx。内容取决于方法：GET 为资源的表示，POST、PUT、DELETE 为操作\
         结果；CONNECT 得到 200 后，连接变为隧道。",
    ),
    response: &[
        must("carry Date, if the origin has a clock", "携带 Date（源站有时钟时）"),
        should(
            "declare its length (Content-Length or chunked) and, with content, Content-Type",
            "给出长度（Content-Length 或分块），有内容时带 Content-Type",
        ),
        should("carry ETag or Last-Modified for GET", "对 GET 携带 ETag 或 Last-Modified"),
        must_not(
            "carry Content-Length or Transfer-Encoding if it answers CONNECT",
            "在响应 CONNECT 时携带 Content-Length 或 Transfer-Encoding",
        ),
    ],
    causes: &[
        text("All is well", "一切正常"),
        text("An error page sent with 200 (a \"soft\" error)", "错误页面被标成 200（“软”错误）"),
    ],
    distinguish: &[
        text(
            "A 200 that stops short of its Content-Length, or without the last chunk, is a \
             failure: look at who closed first.",
            "主体短于 Content-Length 或缺少最后一个分块的 200 其实是失败：看是谁先关闭了连接。",
        ),
        text(
            "Neither Content-Length nor chunked: only the close ends it, so an abort looks like \
             the end.",
            "既无 Content-Length 也非分块：只能靠关闭连接表示结束，中断与正常结束无法区分。",
        ),
    ],
    cures: &[text(
        "Say 201, 202, 204, 206 or 304 where they fit, and never wrap errors in 200",
        "有更合适的 201、202、204、206、304 就用它们；不要把错误包装成 200",
    )],
    related: &[201, 202, 204, 206, 304],
    ..Status::REGISTERED
};

pub(super) static CREATED: Status = Status {
    code: 201,
    phrase: "Created",
    sources: &[rfc(9110, &["15.3.2", "9.3.3"])],
    content: Content::Expected,
    gist: text("a new resource was created", "已创建新资源"),
    meaning: text(
        "The request created one or more resources. Location names the main one; without it, it is \
         the target URI itself, as usual after PUT.",
        "请求创建了新资源。Location 给出主要资源的 URI；没有 Location 时就是请求的 URI 本身（常见\
         于 PUT）。",
    ),
    response: &[
        should("carry Location after POST", "在 POST 之后携带 Location"),
        should(
            "describe the new resource in its content and link to it",
            "在内容中描述新资源并给出链接",
        ),
    ],
    causes: &[text("POST to a collection, PUT to a new URI", "向集合 POST，或 PUT 到新的 URI")],
    cures: &[text(
        "Add Location in the application; behind a TLS terminator a relative reference avoids a \
         wrong scheme",
        "在应用中补上 Location；位于 TLS 终止设备之后时，用相对引用可避免协议写错",
    )],
    related: &[200, 202, 204, 303, 409],
    ..Status::REGISTERED
};

pub(super) static ACCEPTED: Status = Status {
    code: 202,
    phrase: "Accepted",
    sources: &[rfc(9110, &["15.3.3"])],
    content: Content::Expected,
    gist: text("taken, will be done later", "已受理，稍后处理"),
    meaning: text(
        "The request was taken but not carried out yet; it may still fail, and HTTP has no way to \
         send the outcome later. Right for asynchronous or long jobs.",
        "请求已受理但尚未执行，最终仍可能失败，HTTP 也无法事后补发结果。适合异步操作或耗时任务。",
    ),
    response: &[
        should(
            "describe the state and point to a resource that shows the progress, or estimate when \
             it will be done",
            "说明当前状态并指向可查询进度的资源，或给出预计完成时间",
        ),
        may("carry Retry-After as the polling interval", "用 Retry-After 给出轮询间隔"),
    ],
    causes: &[text("Jobs, message queues, mail", "后台任务、消息队列、发送邮件")],
    cures: &[text(
        "Make the job a resource (`/jobs/42`); when it is done answer 303 to the result",
        "把任务暴露为资源（如 `/jobs/42`），完成后用 303 指向结果",
    )],
    related: &[201, 303, 102],
    ..Status::REGISTERED
};

pub(super) static NON_AUTHORITATIVE_INFORMATION: Status = Status {
    code: 203,
    phrase: "Non-Authoritative Information",
    sources: &[rfc(9110, &["15.3.4", "7.7"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("success, content changed by a proxy", "成功，但内容被代理改动过"),
    meaning: text(
        "Like 200, but a transforming proxy changed the content on its way (compressed images, \
         filtered, converted).",
        "与 200 相同，但内容在途中被转换代理改动过（压缩图片、过滤、格式转换）。",
    ),
    causes: &[
        text("A data-saving or filtering proxy", "省流量代理或过滤代理"),
        text(
            "Baidu object storage: stored, but the callback failed",
            "百度对象存储：已保存，但回调失败",
        ),
    ],
    cures: &[text(
        "To get the original, bypass the proxy or send `Cache-Control: no-transform`",
        "要取得原始内容，请绕过代理或发送 `Cache-Control: no-transform`",
    )],
    remarks: &[text(
        "Before RFC 7231 it meant that some header fields came from elsewhere; RFC 9110 speaks of \
         changed content only.",
        "旧规范的含义是“部分报头来自别处”；RFC 9110 只指内容被改动。",
    )],
    related: &[200, 206],
    ..Status::REGISTERED
};

pub(super) static NO_CONTENT: Status = Status {
    code: 204,
    phrase: "No Content",
    sources: &[rfc(9110, &["15.3.5"]), rfc(9112, &["6.3"])],
    content: Content::Forbidden,
    cacheable: true,
    gist: text("success, nothing to send", "成功，没有内容可返回"),
    meaning: text(
        "Success without content; the user agent stays where it is. The header fields speak of the \
         resource after the action, such as ETag after PUT. The message ends at the empty line, \
         always.",
        "成功但没有内容，客户端保持当前界面。报头描述操作之后的资源（如 PUT 后的 ETag）。报文总是\
         在空行处结束。",
    ),
    response: &[
        must_not(
            "carry Content-Length or Transfer-Encoding",
            "携带 Content-Length 或 Transfer-Encoding",
        ),
        may("carry ETag after PUT", "在 PUT 之后携带 ETag"),
    ],
    causes: &[
        text(
            "A save from a page, DELETE, CORS preflight, beacons, connectivity probes",
            "页面内的保存、DELETE、CORS 预检、埋点上报、联网探测",
        ),
        text("For GET: the resource exists and is empty", "对 GET：资源存在，但内容为空"),
    ],
    distinguish: &[
        text(
            "Octets behind the empty line of a 204 are taken for the next response: requests and \
             responses on that connection no longer match.",
            "204 空行之后若还有字节，会被当成下一个响应：该连接上的请求与响应从此错位。",
        ),
        text(
            "Strange errors on the next request of the same connection, none on a fresh one: look \
             for a body behind an earlier 204.",
            "同一连接的下一个请求莫名出错、新连接却正常：检查前面的 204 之后是否带了主体。",
        ),
    ],
    cures: &[
        text(
            "Remove the body in the application; some frameworks add `{}`, `null` or a line break",
            "在应用中去掉主体；有些框架会自动加上 `{}`、`null` 或换行",
        ),
        text(
            "Drop `Content-Length: 0` as well: harmless to most clients, but forbidden",
            "也去掉 `Content-Length: 0`：多数客户端能容忍，但规范禁止",
        ),
    ],
    remarks: &[text(
        "304 also has no body, but for another reason: there the client already has it.",
        "304 同样没有主体，但原因不同：那是因为客户端手里已经有了。",
    )],
    related: &[200, 205, 304],
    ..Status::REGISTERED
};

pub(super) static RESET_CONTENT: Status = Status {
    code: 205,
    phrase: "Reset Content",
    sources: &[rfc(9110, &["15.3.6"]), rfc(9112, &["6.3"])],
    content: Content::Forbidden,
    gist: text("success, reset the form", "成功，请重置表单"),
    meaning: text(
        "Success; the user agent should reset the form or view that caused the request, ready for \
         the next entry.",
        "成功，客户端应把发出请求的表单或视图恢复到初始状态，便于继续录入。",
    ),
    response: &[must(
        "show that it is empty: `Content-Length: 0`, an empty chunked body, or a close",
        "明确表示主体为空：`Content-Length: 0`、空的分块主体或关闭连接",
    )],
    causes: &[text("Data entry forms; rare", "数据录入表单；少见")],
    distinguish: &[text(
        "The client waits after a 205: neither a length nor a close came, so it cannot know that \
         the message is over.",
        "客户端收到 205 后一直等待：既没有长度也没有关闭，它不知道报文已结束。",
    )],
    cures: &[text("Send `Content-Length: 0`", "返回 `Content-Length: 0`")],
    remarks: &[text(
        "Often called \"like 204\", but 204 ends by itself at the empty line and 205 does not.",
        "常被说成“与 204 类似”，但 204 在空行处自动结束，205 不会。",
    )],
    related: &[204, 200],
    ..Status::REGISTERED
};

pub(super) static PARTIAL_CONTENT: Status = Status {
    code: 206,
    phrase: "Partial Content",
    sources: &[rfc(9110, &["15.3.7", "14"])],
    content: Content::Expected,
    cacheable: true,
    gist: text("the ranges that were asked for", "返回所请求的部分范围"),
    meaning: text(
        "One or more ranges of the resource, in answer to a GET with Range: resumed downloads, \
         video, PDF viewers. Several ranges come as multipart/byteranges.",
        "对带 Range 的 GET 的响应，只返回资源的一个或多个范围：断点续传、视频播放、PDF 阅读。多个\
         范围用 multipart/byteranges 返回。",
    ),
    request: &[
        must("carry Range", "携带 Range"),
        may(
            "carry If-Range with a strong validator when it resumes",
            "在续传时携带 If-Range 与强校验值",
        ),
    ],
    response: &[
        must("carry Content-Range if it has one part", "在只有一个范围时携带 Content-Range"),
        must(
            "be multipart/byteranges if it has several parts, with Content-Range in each and none \
             in the head",
            "在有多个范围时使用 multipart/byteranges，每一部分各带 Content-Range，响应头中不带",
        ),
        must(
            "carry Date, ETag, Cache-Control, Expires, Content-Location and Vary where a 200 would",
            "带上 200 会带的 Date、ETag、Cache-Control、Expires、Content-Location、Vary",
        ),
    ],
    causes: &[
        text("A download that goes on, a player that seeks", "续传下载，播放器跳转"),
        text(
            "A client that did not ask: a cache or proxy mixed things up",
            "客户端没有请求范围却收到：缓存或代理弄混了",
        ),
    ],
    distinguish: &[
        text(
            "Joined files are corrupt: compare ETag and total length of all the parts; different \
             values mean different back ends or a changed file.",
            "拼接后的文件损坏：对比各段的 ETag 与总长度；不一致说明后端不同或文件已变。",
        ),
        text(
            "200 in answer to Range: the server ignores ranges, which it may.",
            "请求 Range 却得到 200：服务器忽略了范围，这是允许的。",
        ),
    ],
    cures: &[
        text(
            "Give all back ends the same ETag (nginx makes it of time and size: keep both equal), \
             and send If-Range",
            "保证所有后端 ETag 一致（nginx 由修改时间和大小生成，两者都要一致），客户端使用 \
             If-Range",
        ),
        text("To cache parts: nginx `slice` module", "需要缓存分片时：nginx 的 `slice` 模块"),
    ],
    remarks: &[text(
        "A 206 may well cover the whole resource (`bytes 0-99/100`).",
        "206 也可以覆盖整个资源（`bytes 0-99/100`）。",
    )],
    related: &[200, 416, 304, 412],
    ..Status::REGISTERED
};

pub(super) static MULTI_STATUS: Status = Status {
    code: 207,
    phrase: "Multi-Status",
    sources: &[rfc(4918, &["11.1", "13"])],
    content: Content::Expected,
    gist: text("several statuses, see the body", "多个状态，见主体"),
    meaning: text(
        "WebDAV: an XML body with a status for each resource. The 207 itself says nothing about \
         success. JSON batch interfaces borrow it.",
        "WebDAV：主体是 XML，逐个给出每个资源的状态；外层的 207 不代表成功。一些 JSON 批量接口也借\
         用它。",
    ),
    response: &[must(
        "carry an XML multistatus body (WebDAV)",
        "携带 XML multistatus 主体（WebDAV）",
    )],
    causes: &[text(
        "PROPFIND, PROPPATCH; COPY, MOVE or DELETE that failed in part",
        "PROPFIND、PROPPATCH；或部分失败的 COPY、MOVE、DELETE",
    )],
    cures: &[text(
        "Read the inner statuses; count those as the result",
        "查看内层状态，以它们为准",
    )],
    related: &[208, 422, 423, 424, 507],
    ..Status::REGISTERED
};

pub(super) static ALREADY_REPORTED: Status = Status {
    code: 208,
    phrase: "Already Reported",
    sources: &[rfc(5842, &["7.1"])],
    content: Content::Optional,
    gist: text("already listed in this answer", "本响应中已列出过"),
    meaning: text(
        "WebDAV bindings: inside a 207 body it marks members that were listed before, so that they \
         are not listed again. It is not meant as the status of a whole response.",
        "WebDAV 绑定扩展：在 207 的主体内部标记已经列出过的成员，避免重复；不应作为整个响应的状态\
         码。",
    ),
    causes: &[text(
        "PROPFIND with `Depth: infinity` on bound collections",
        "对含绑定的集合执行 `Depth: infinity` 的 PROPFIND",
    )],
    cures: &[text("Use it inside 207 only", "只在 207 内部使用")],
    related: &[207, 508],
    ..Status::REGISTERED
};

pub(super) static IM_USED: Status = Status {
    code: 226,
    phrase: "IM Used",
    sources: &[rfc(3229, &["10.4.1"])],
    content: Content::Expected,
    gist: text("a difference to the copy you have", "返回的是与已有副本的差异"),
    meaning: text(
        "Delta encoding: the content is the result of the manipulations named in IM, as the client \
         asked for with A-IM. Practically only feed readers use it.",
        "增量编码：内容是对当前资源施加 IM 所列操作的结果，由请求的 A-IM 触发。实际只有订阅阅读器\
         使用。",
    ),
    request: &[must("carry A-IM", "携带 A-IM")],
    response: &[must("carry IM", "携带 IM")],
    causes: &[text("A feed reader with `A-IM: feed`", "订阅阅读器发送了 `A-IM: feed`")],
    cures: &[text(
        "Keep caches that don't know 226 away: `Cache-Control: no-store`",
        "防止不认识 226 的缓存存储它：`Cache-Control: no-store`",
    )],
    related: &[200, 206, 304],
    ..Status::REGISTERED
};
