//! Rows of the codes of AWS load balancers.

use crate::status::{Content, Status, text};

pub(super) static CLIENT_CLOSED_CONNECTION: Status = Status {
    code: 460,
    phrase: "Client Closed Connection",
    vendor: Some("AWS Application Load Balancer"),
    log_only: true,
    content: Content::Forbidden,
    gist: text("the client left first (ALB)", "客户端先断开（ALB）"),
    meaning: text(
        "In the log of an AWS load balancer: the client closed the connection before the answer \
         and before the idle timeout. Not on the wire.",
        "仅见于 AWS 负载均衡器日志：客户端在应答之前、空闲超时之前关闭了连接。线上没有此状态码。",
    ),
    causes: &[text(
        "Timeout of the client shorter than the answer takes",
        "客户端超时短于处理时间",
    )],
    distinguish: &[text(
        "The client's FIN or RST before the first response octet.",
        "首个响应字节之前出现客户端的 FIN 或 RST。",
    )],
    cures: &[text(
        "Faster target, or a client timeout above the idle timeout",
        "优化后端，或让客户端超时大于空闲超时",
    )],
    related: &[499, 504],
    ..Status::UNREGISTERED
};

pub(super) static X_FORWARDED_FOR_TOO_MANY_ADDRESSES: Status = Status {
    code: 463,
    phrase: "X-Forwarded-For Too Many Addresses",
    vendor: Some("AWS Application Load Balancer"),
    content: Content::Optional,
    gist: text("too many X-Forwarded-For addresses", "X-Forwarded-For 地址过多"),
    meaning: text(
        "X-Forwarded-For has more than 30 addresses.",
        "X-Forwarded-For 中的地址超过 30 个。",
    ),
    causes: &[text(
        "Proxies in a loop, each adding an address; or a forged field",
        "代理成环，每次追加一个地址；或被伪造",
    )],
    distinguish: &[text(
        "The same addresses come again and again in the field.",
        "字段中反复出现相同的地址。",
    )],
    cures: &[text(
        "Break the loop; set the field anew at the edge",
        "打破循环；在边缘重新设置该字段",
    )],
    related: &[400, 508],
    ..Status::UNREGISTERED
};

pub(super) static INCOMPATIBLE_PROTOCOL: Status = Status {
    code: 464,
    phrase: "Incompatible Protocol",
    vendor: Some("AWS Application Load Balancer"),
    content: Content::Optional,
    gist: text("wrong protocol for the target group", "与目标组协议不兼容"),
    meaning: text(
        "The request's protocol does not fit the target group's version (HTTP/1.1, HTTP/2, gRPC).",
        "请求协议与目标组的协议版本（HTTP/1.1、HTTP/2、gRPC）不兼容。",
    ),
    causes: &[text(
        "HTTP/1.1 request to a gRPC or HTTP/2 target group",
        "用 HTTP/1.1 请求 gRPC 或 HTTP/2 目标组",
    )],
    cures: &[text("Correct the target group's protocol version", "修正目标组的协议版本")],
    related: &[400, 505],
    ..Status::UNREGISTERED
};

pub(super) static UNAUTHORIZED_561: Status = Status {
    code: 561,
    phrase: "Unauthorized",
    vendor: Some("AWS Application Load Balancer"),
    content: Content::Optional,
    gist: text("the identity provider failed (ALB)", "身份提供方出错（ALB）"),
    meaning: text(
        "The identity provider answered with an error while the load balancer authenticated the \
         user.",
        "负载均衡器做用户认证时，身份提供方返回了错误。",
    ),
    causes: &[text(
        "Wrong client secret or endpoint; provider down; no way out to it",
        "客户端密钥或端点错误；提供方故障；负载均衡器无法访问它",
    )],
    cures: &[text(
        "Check client id, secret, endpoints, and that the balancer can reach them",
        "检查 client id、密钥、端点及出网连通性",
    )],
    related: &[401, 500],
    ..Status::UNREGISTERED
};

pub(super) static JWKS_REQUEST_FAILED: Status = Status {
    code: 562,
    phrase: "JWKS Request Failed",
    aliases: &["Credential Error"],
    vendor: Some("AWS Application Load Balancer; Akamai EAA"),
    content: Content::Optional,
    gist: text("the signing keys could not be fetched", "无法获取签名公钥"),
    meaning: text(
        "The load balancer could not fetch the keys that verify tokens: error, too slow, or too \
         large. Akamai EAA: NTLM credential error.",
        "负载均衡器无法取得校验令牌的公钥：出错、太慢或太大。Akamai EAA 表示 NTLM 凭证错误。",
    ),
    causes: &[text("JWKS address not reachable", "JWKS 地址不可达")],
    cures: &[text(
        "Check address, speed and size of the JWKS document",
        "检查 JWKS 文档的地址、速度和大小",
    )],
    related: &[561, 502],
    ..Status::UNREGISTERED
};
