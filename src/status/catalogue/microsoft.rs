//! Rows of the codes of Microsoft IIS, Exchange and ActiveSync.

use crate::status::{Content, Status, text};

pub(super) static LOGIN_TIME_OUT: Status = Status {
    code: 440,
    phrase: "Login Time-out",
    aliases: &["Login Timeout"],
    vendor: Some("Microsoft IIS / Exchange"),
    content: Content::Optional,
    gist: text("session expired, log in again", "会话过期，请重新登录"),
    meaning: text(
        "The session has expired (IIS, Outlook on the web).",
        "会话已过期（IIS、Outlook 网页版）。",
    ),
    causes: &[text(
        "Long idle time, or a load balancer without sticky sessions",
        "空闲过久，或负载均衡没有会话保持",
    )],
    distinguish: &[text(
        "Look whether the session cookie comes back with the request.",
        "看请求是否带回了会话 Cookie。",
    )],
    cures: &[text(
        "Log in again; check session timeout and stickiness",
        "重新登录；检查会话超时与会话保持",
    )],
    related: &[401, 419],
    ..Status::UNREGISTERED
};

pub(super) static RETRY_WITH: Status = Status {
    code: 449,
    phrase: "Retry With",
    vendor: Some("Microsoft IIS"),
    content: Content::Optional,
    gist: text("do what is asked, then retry", "按提示操作后重试"),
    meaning: text(
        "Exchange ActiveSync: the device must be provisioned before it may retry.",
        "Exchange ActiveSync：设备须先完成策略下发才能重试。",
    ),
    causes: &[text("A new device, or a changed policy", "新设备，或策略有变")],
    cures: &[text("Run the Provision command, then retry", "执行 Provision 命令后重试")],
    related: &[401, 451],
    ..Status::UNREGISTERED
};

pub(super) static BLOCKED_BY_WINDOWS_PARENTAL_CONTROLS: Status = Status {
    code: 450,
    phrase: "Blocked by Windows Parental Controls",
    vendor: Some("Microsoft"),
    content: Content::Optional,
    gist: text("blocked by parental controls", "被家长控制拦截"),
    meaning: text(
        "Windows parental controls block the page; the answer comes from the client's own machine \
         or its filter.",
        "页面被 Windows 家长控制拦截，应答来自本机或其过滤器。",
    ),
    causes: &[text("The family filter on the client", "客户端上的家庭安全过滤器")],
    cures: &[text("Allow the site in the family settings", "在家庭设置中放行该站点")],
    related: &[403, 451],
    ..Status::UNREGISTERED
};

pub(super) static BLOCKED: Status = Status {
    code: 456,
    phrase: "Blocked",
    aliases: &["Unrecoverable Error"],
    vendor: Some("Microsoft ActiveSync / HAProxy reason table"),
    content: Content::Optional,
    gist: text("account blocked", "账户被锁定"),
    meaning: text("ActiveSync: the account is blocked.", "ActiveSync：账户被锁定。"),
    causes: &[text("Too many failed logins", "登录失败次数过多")],
    cures: &[text("Unlock the account", "解锁账户")],
    related: &[403, 457],
    ..Status::UNREGISTERED
};

pub(super) static EXPIRED_PASSWORD: Status = Status {
    code: 457,
    phrase: "Expired Password",
    vendor: Some("Microsoft ActiveSync"),
    content: Content::Optional,
    gist: text("password expired", "密码已过期"),
    meaning: text("ActiveSync: the password has expired.", "ActiveSync：密码已过期。"),
    causes: &[text("The password is past its maximum age", "密码超过最长使用期限")],
    cures: &[text("Change it, then log the device in again", "修改密码后让设备重新登录")],
    related: &[401, 456],
    ..Status::UNREGISTERED
};
