//! Rows of the codes that Cloudflare sends about the origin behind it.

use crate::status::{Content, Status, text};

pub(super) static WEB_SERVER_RETURNED_AN_UNKNOWN_ERROR: Status = Status {
    code: 520,
    phrase: "Web Server Returned an Unknown Error",
    aliases: &["Web server is returning an unknown error", "Unknown Error"],
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("the origin's answer was not usable", "源站响应异常"),
    meaning: text(
        "Cloudflare reached the origin but got an empty, malformed or too large response.",
        "Cloudflare 连上了源站，但得到空的、畸形的或过大的响应。",
    ),
    causes: &[
        text(
            "The origin crashed, or reset an idle connection in use",
            "源站崩溃，或重置了正在复用的空闲连接",
        ),
        text(
            "Response head too large (128 KB), often cookies",
            "响应头过大（128 KB），常因 Cookie",
        ),
    ],
    distinguish: &[text(
        "Capture at the origin: a reset or FIN in place of a response names it.",
        "在源站抓包：应答位置出现 RST 或 FIN 即为原因。",
    )],
    cures: &[text(
        "Look for crashes in the origin's log; keep idle connections open longer than Cloudflare \
         does",
        "查源站崩溃日志；空闲连接保持时间要长于 Cloudflare",
    )],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static WEB_SERVER_IS_DOWN: Status = Status {
    code: 521,
    phrase: "Web Server Is Down",
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("the origin refused the connection", "源站拒绝连接"),
    meaning: text(
        "The origin refused Cloudflare's TCP connection.",
        "源站拒绝了 Cloudflare 的 TCP 连接。",
    ),
    causes: &[text(
        "Web server stopped, or a firewall that rejects Cloudflare's addresses",
        "Web 服务器未运行，或防火墙拒绝 Cloudflare 的地址",
    )],
    distinguish: &[text("At the origin: SYN answered by RST.", "在源站抓包：SYN 直接收到 RST。")],
    cures: &[text(
        "Start it; allow Cloudflare's address ranges",
        "启动服务；放行 Cloudflare 的地址段",
    )],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static CONNECTION_TIMED_OUT: Status = Status {
    code: 522,
    phrase: "Connection Timed Out",
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("no connection to the origin in time", "连接源站超时"),
    meaning: text(
        "Cloudflare got no TCP connection to the origin in time, or its data was not acknowledged.",
        "Cloudflare 未能及时与源站建立 TCP 连接，或发出的数据没有被确认。",
    ),
    causes: &[text(
        "A firewall drops SYNs; wrong address record; origin overloaded",
        "防火墙丢弃 SYN；A 记录错误；源站过载",
    )],
    distinguish: &[text(
        "At the origin: SYNs without SYN-ACK (dropped there), or no SYN at all (wrong address).",
        "在源站抓包：有 SYN 无 SYN-ACK（被丢弃），或根本没有 SYN（地址错误）。",
    )],
    cures: &[text(
        "Allow Cloudflare's ranges, check the A and AAAA records and the accept queue",
        "放行 Cloudflare 地址段，检查 A、AAAA 记录和 accept 队列",
    )],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static ORIGIN_IS_UNREACHABLE: Status = Status {
    code: 523,
    phrase: "Origin Is Unreachable",
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("no route to the origin", "无法到达源站"),
    meaning: text(
        "Cloudflare has no route to the origin's address.",
        "Cloudflare 到源站地址没有路由。",
    ),
    causes: &[text(
        "The address record is out of date, or routing broke",
        "地址记录过期，或路由中断",
    )],
    cures: &[text(
        "Check the A and AAAA records and the provider's routing",
        "检查 A、AAAA 记录与运营商路由",
    )],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static A_TIMEOUT_OCCURRED: Status = Status {
    code: 524,
    phrase: "A Timeout Occurred",
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("the origin did not answer in time", "源站响应超时"),
    meaning: text(
        "Connected, but the origin sent no response in time (120 s by default, formerly 100 s).",
        "已建立连接，但源站没有按时响应（默认 120 秒，旧为 100 秒）。",
    ),
    causes: &[text("Long work: reports, exports, slow queries", "耗时操作：报表、导出、慢查询")],
    distinguish: &[text(
        "At the origin: request acknowledged, no response until Cloudflare closes.",
        "在源站抓包：请求已确认，直到 Cloudflare 关闭都没有响应。",
    )],
    cures: &[text(
        "Answer 202 and let the client ask later; or use a host that is not proxied",
        "返回 202 让客户端稍后查询；或使用不走代理的域名",
    )],
    related: &[504, 522],
    ..Status::UNREGISTERED
};

pub(super) static SSL_HANDSHAKE_FAILED: Status = Status {
    code: 525,
    phrase: "SSL Handshake Failed",
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("TLS with the origin failed", "与源站 TLS 握手失败"),
    meaning: text(
        "The TLS handshake between Cloudflare and the origin failed.",
        "Cloudflare 与源站的 TLS 握手失败。",
    ),
    causes: &[text(
        "No TLS on port 443, no certificate for this name, no common cipher",
        "443 端口未启用 TLS、没有该域名证书或无共同加密套件",
    )],
    distinguish: &[text(
        "The TLS alert, and who sends it, are visible at the origin.",
        "在源站可看到 TLS alert 及其发送方。",
    )],
    cures: &[text("Certificate, ciphers and SNI at the origin", "检查源站的证书、加密套件与 SNI")],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static INVALID_SSL_CERTIFICATE: Status = Status {
    code: 526,
    phrase: "Invalid SSL Certificate",
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("the origin's certificate is invalid", "源站证书无效"),
    meaning: text(
        "The origin's certificate does not validate (mode Full strict). Cloud Foundry's router \
         uses the number as well.",
        "源站证书校验不通过（Full strict 模式）。Cloud Foundry 路由器也使用此代码。",
    ),
    causes: &[text("Expired, self-signed, or for another name", "过期、自签名或域名不符")],
    cures: &[text(
        "Install a public or a Cloudflare origin certificate",
        "安装公信 CA 或 Cloudflare 源站证书",
    )],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static RAILGUN_ERROR: Status = Status {
    code: 527,
    phrase: "Railgun Error",
    aliases: &["Railgun Listener to Origin Error"],
    vendor: Some("Cloudflare"),
    content: Content::Optional,
    gist: text("Railgun failed (discontinued)", "Railgun 出错（已停用）"),
    meaning: text(
        "An error of Railgun, a product that Cloudflare has discontinued.",
        "Cloudflare 已停用的 Railgun 产品出错。",
    ),
    causes: &[text("A Railgun listener that is still set up", "仍保留着 Railgun 配置")],
    cures: &[text("Remove Railgun", "移除 Railgun")],
    related: &[502, 504],
    ..Status::UNREGISTERED
};

pub(super) static ORIGIN_ERROR: Status = Status {
    code: 530,
    phrase: "Origin Error",
    aliases: &[
        "Site is frozen",
        "Origin DNS Error",
        "The origin has been unregistered from Argo Tunnel",
    ],
    vendor: Some(
        "Cloudflare (with a 1xxx error in the body); Pantheon (site frozen); Shopify (origin DNS)",
    ),
    content: Content::Optional,
    gist: text("see the 1xxx error in the body", "见主体中的 1xxx 错误"),
    meaning: text(
        "Cloudflare wraps its 1xxx errors in it, such as 1016: the origin's name does not resolve. \
         Pantheon: the site is frozen.",
        "Cloudflare 用它承载 1xxx 错误，例如 1016 表示源站域名无法解析；Pantheon 表示站点被冻结。",
    ),
    causes: &[text(
        "Origin name does not resolve, tunnel (cloudflared) down, site suspended",
        "源站域名无法解析、cloudflared 隧道断开、站点被停用",
    )],
    cures: &[text("Read the 1xxx number in the body", "查看主体中的 1xxx 编号")],
    related: &[502, 503],
    ..Status::UNREGISTERED
};
