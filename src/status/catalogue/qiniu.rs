//! Rows of the codes of Qiniu Cloud, some of them outside the valid range.

use crate::status::{Content, Status, text};

pub(super) static PARTIAL_OK: Status = Status {
    code: 298,
    phrase: "Partial OK",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("some of the batch succeeded", "批量操作部分成功"),
    meaning: text(
        "Some operations of a batch succeeded and some did not; the body has a code for each.",
        "七牛云：批量操作部分成功，逐项状态码见主体。",
    ),
    causes: &[text("A batch with some failing items", "批量请求中有部分条目失败")],
    cures: &[text(
        "Read the codes in the body and repeat the failed items",
        "解析主体中的逐项结果，重试失败的条目",
    )],
    related: &[207],
    ..Status::UNREGISTERED
};

pub(super) static MIRROR_SOURCE_FAILED: Status = Status {
    code: 478,
    phrase: "Mirror Source Failed",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("fetching from the origin failed", "镜像回源失败"),
    meaning: text(
        "Qiniu could not fetch the object from the mirror origin.",
        "七牛云：镜像回源时源站异常。",
    ),
    causes: &[text(
        "The origin is down, refuses Qiniu's addresses, or answers an error",
        "源站宕机、拒绝七牛的地址或返回错误",
    )],
    cures: &[text("Check what the origin answers to Qiniu's request", "检查源站对七牛请求的应答")],
    related: &[502, 404],
    ..Status::UNREGISTERED
};

pub(super) static RESOURCE_ACCESS_FREQUENCY_TOO_HIGH: Status = Status {
    code: 573,
    phrase: "Resource Access Frequency Too High",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("one object is requested too often", "单个资源访问过频"),
    meaning: text("One object is requested too often.", "七牛云：单个资源的访问频率过高。"),
    causes: &[text("A popular object without a CDN in front", "热点资源前面没有 CDN")],
    cures: &[text("Put a CDN in front", "接入 CDN")],
    related: &[429],
    ..Status::UNREGISTERED
};

pub(super) static CALLBACK_FAILED: Status = Status {
    code: 579,
    phrase: "Callback Failed",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("stored, but the callback failed", "上传成功，回调失败"),
    meaning: text(
        "The upload was stored, but the callback to your server failed.",
        "七牛云：文件已上传成功，但回调业务服务器失败。",
    ),
    causes: &[text(
        "Callback address not public, too slow, or a wrong answer",
        "回调地址不可公网访问、太慢或应答不对",
    )],
    distinguish: &[text(
        "Capture at the callback server: did the POST come, and what was the answer?",
        "在回调服务器抓包：POST 是否到达，应答是什么。",
    )],
    cures: &[text(
        "The callback must take POST and answer 200",
        "回调服务必须接受 POST 并返回 200",
    )],
    related: &[502],
    ..Status::UNREGISTERED
};

pub(super) static RESOURCE_MODIFIED: Status = Status {
    code: 608,
    phrase: "Resource Modified",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("the object was modified", "资源内容被修改"),
    meaning: text(
        "An API error outside the valid range 100-599: the object changed meanwhile.",
        "七牛云 API 错误（超出 100-599 的合法范围）：资源内容已被修改。",
    ),
    causes: &[text("The object was overwritten between two operations", "两次操作之间对象被覆盖")],
    cures: &[text(
        "Read the error text; generic clients treat the number as 5xx",
        "查看主体中的错误文本；通用客户端会按 5xx 处理",
    )],
    related: &[409],
    ..Status::UNREGISTERED
};

pub(super) static NO_SUCH_FILE: Status = Status {
    code: 612,
    phrase: "No Such File",
    aliases: &["no such file or directory"],
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("no such object", "资源不存在"),
    meaning: text(
        "An API error outside the valid range: the object is not there.",
        "七牛云 API 错误（超出合法范围）：资源不存在或已被删除。",
    ),
    causes: &[text("Wrong key or bucket, deleted or expired", "key 或空间写错，已删除或过期")],
    cures: &[text(
        "Check the key; generic clients treat the number as 5xx",
        "检查 key；通用客户端会按 5xx 处理",
    )],
    related: &[404],
    ..Status::UNREGISTERED
};

pub(super) static FILE_EXISTS: Status = Status {
    code: 614,
    phrase: "File Exists",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("the object exists already", "目标资源已存在"),
    meaning: text(
        "An API error outside the valid range: the target is there already.",
        "七牛云 API 错误（超出合法范围）：目标资源已存在。",
    ),
    causes: &[text(
        "The upload policy forbids overwriting (insertOnly)",
        "上传策略禁止覆盖（insertOnly）",
    )],
    cures: &[text("Take another key, or allow overwriting", "换一个 key，或允许覆盖")],
    related: &[409],
    ..Status::UNREGISTERED
};

pub(super) static TOO_MANY_BUCKETS: Status = Status {
    code: 630,
    phrase: "Too Many Buckets",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("bucket limit reached", "空间数量达到上限"),
    meaning: text(
        "An API error outside the valid range: the account has as many buckets as it may.",
        "七牛云 API 错误（超出合法范围）：空间数量已达上限。",
    ),
    causes: &[text("Quota of the account", "账户配额")],
    cures: &[text("Delete a bucket or raise the quota", "删除空间或提高配额")],
    related: &[403],
    ..Status::UNREGISTERED
};

pub(super) static NO_SUCH_BUCKET: Status = Status {
    code: 631,
    phrase: "No Such Bucket",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("no such bucket", "指定空间不存在"),
    meaning: text(
        "An API error outside the valid range: the bucket does not exist.",
        "七牛云 API 错误（超出合法范围）：指定的空间不存在。",
    ),
    causes: &[text("Wrong bucket name or region host", "空间名或区域域名写错")],
    cures: &[text("Check name and region", "检查名称与区域")],
    related: &[404],
    ..Status::UNREGISTERED
};

pub(super) static INVALID_LIST_MARKER: Status = Status {
    code: 640,
    phrase: "Invalid List Marker",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("invalid list marker", "列举 marker 非法"),
    meaning: text(
        "An API error outside the valid range: the marker of a listing is invalid.",
        "七牛云 API 错误（超出合法范围）：列举时的 marker 参数非法。",
    ),
    causes: &[text(
        "The marker was changed or is from another listing",
        "marker 被改动或来自另一次列举",
    )],
    cures: &[text("Use the marker of the last answer unchanged", "原样使用上次应答返回的 marker")],
    related: &[400],
    ..Status::UNREGISTERED
};

pub(super) static INVALID_UPLOAD_CONTEXT: Status = Status {
    code: 701,
    phrase: "Invalid Upload Context",
    vendor: Some("Qiniu Cloud"),
    content: Content::Optional,
    gist: text("resumed upload is not valid", "续传上下文无效"),
    meaning: text(
        "An API error outside the valid range: the context of a resumed upload is wrong or \
         expired.",
        "七牛云 API 错误（超出合法范围）：断点续传的 ctx 不正确或已过期。",
    ),
    causes: &[text(
        "Context older than 7 days, or parts sent to another host",
        "ctx 超过 7 天，或分片发到了其他上传域名",
    )],
    cures: &[text("Start the upload again", "重新上传")],
    related: &[400],
    ..Status::UNREGISTERED
};
